"""The end of a connection in every state of a station, and of everybody's at once; `make prove` has larger storms."""

import os
from collections.abc import Iterator

import pytest

from csms.runtime import Runtime
from proof.fuzz.world import fuzzed_system
from proof.reconnections.play import CUTS, Cut
from proof.reconnections.run import reconnect_in_each, storm
from proof.reconnections.states import states

STORMS = int(os.environ.get("STORMS", "4"))


@pytest.fixture(scope="module")
def system() -> Iterator[Runtime]:
    with fuzzed_system() as csms:
        yield csms


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: cut.what)
@pytest.mark.parametrize("late", [True, False], ids=["answered late", "not answered"])
def test_nothing_is_lost_or_done_twice_in_any_state(system: Runtime, cut: Cut, late: bool) -> None:
    reconnect_in_each(system, states(), cut, late=late)


@pytest.mark.parametrize("seed", range(STORMS))
def test_nothing_is_lost_or_done_twice_when_everybody_reconnects_at_once(system: Runtime, seed: int) -> None:
    storm(system, seed, stations=30)
