"""The ways in which the code is broken to see who notices: each still fits the code."""

import pytest

from proof.call_protocol.mutations import MUTATIONS as PROTOCOL
from proof.fault_mutations import MUTATIONS as FAULTS
from proof.fuzz.mutations import MUTATIONS as FUZZ
from proof.reconnections.mutations import MUTATIONS as RECONNECTIONS
from tests.mutations import Mutation, source_of


@pytest.mark.parametrize("mutation", [*PROTOCOL, *RECONNECTIONS, *FAULTS, *FUZZ], ids=lambda mutation: mutation.what)
def test_what_is_broken_stands_once_in_the_code(mutation: Mutation) -> None:
    assert source_of(mutation).count(mutation.old) == 1
