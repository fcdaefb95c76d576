"""The table in memory that `make fuzz` writes to does what DynamoDB does, as far as moto knows: the same on both."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from csms.store.errors import ConditionFailed
from csms.store.table import Page, Table
from proof.fuzz.families import SHARES
from proof.fuzz.run import Batch, run_chunk
from proof.fuzz.table import StoringTable
from proof.fuzz.world import World
from tests.integration.test_call_interleavings import forget_everything

CASES = 100


class MirroredTable(StoringTable):
    """Does everything twice, and holds the results against each other."""

    def __init__(self) -> None:
        super().__init__()
        forget_everything()
        self.real = Table(boto3.client("dynamodb"), "csms")
        for name in ("get", "put", "update", "delete", "query"):
            setattr(self, name, self._mirrored(getattr(self, name), getattr(self.real, name)))

    def _mirrored(self, ours: Callable[..., Any], theirs: Callable[..., Any]) -> Callable[..., Any]:
        def both(*arguments: Any, **named: Any) -> Any:
            expected, found = _outcome(theirs, *arguments, **named), _outcome(ours, *arguments, **named)
            assert _comparable(found) == _comparable(expected), (ours, arguments, named)
            if isinstance(found, Exception):
                raise found
            return found

        return both


def _outcome(work: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    try:
        return work(*arguments, **named)
    except Exception as error:  # noqa: BLE001  it is compared, and raised again
        return error


def _comparable(outcome: Any) -> Any:
    """Without the version of the schema, and without a cursor: moto has none where a page ends with the list."""
    match outcome:
        case Page():
            return [_comparable(item) for item in outcome.items]
        case ConditionFailed():
            return type(outcome), _comparable(outcome.item)
        case Exception():
            return type(outcome)
        case dict():
            return {name: value for name, value in outcome.items() if name != "v"}
        case _:
            return outcome


@pytest.mark.parametrize("world", SHARES, ids=lambda world: world.family)
def test_both_tables_do_the_same(world: type[World], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proof.fuzz.world.StoringTable", MirroredTable)
    cases, escapes = run_chunk(Batch.series(world, seed=1, cases=CASES))
    assert escapes == []
    assert cases == CASES
