"""Random input for all that strangers and operators reach: some of it in every run, a lot more by `make fuzz`."""

import os

import pytest

from proof.fuzz.families import SHARES
from proof.fuzz.run import Batch, run_chunk
from proof.fuzz.world import World

CASES = int(os.environ.get("FUZZ_CASES", "300"))


@pytest.mark.parametrize("world", SHARES, ids=lambda world: world.family)
def test_nothing_random_escapes(world: type[World]) -> None:
    cases, escapes = run_chunk(Batch.series(world, seed=1, cases=CASES))
    assert escapes == []
    assert cases == CASES
