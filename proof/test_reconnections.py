"""A failure of a whole Region, at a size at which everything meets everything."""

import pytest

from proof.fuzz.world import fuzzed_system
from proof.reconnections.run import storm


@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_lost_or_done_twice_when_everybody_reconnects_at_once(seed: int) -> None:
    with fuzzed_system() as csms:
        storm(csms, seed, stations=250)
