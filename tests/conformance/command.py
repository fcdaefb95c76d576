"""The "manual action" of a case: the operator has the Central System send a CALL, which the charge point answers."""

import asyncio
from dataclasses import dataclass
from typing import Any

from tests.conformance.operator_client import Operator
from tests.station import Payload, Station

AGREED = frozenset({None, "Accepted", "Unlocked", "Scheduled", "RebootRequired"})
"""Statuses by which a station agrees; some answers have none."""


@dataclass(frozen=True)
class Command:
    """Commands to the charge point under test, one after the other."""

    operator: Operator
    identity: str
    station: Station

    async def __call__(
        self, action: str, body: Payload | None = None, *, answer: Payload, is_forced: bool = False
    ) -> Payload:
        """Have the action sent, answer it, check that the operator is told so; returns the payload that was sent.

        Nothing else may be sent meanwhile, and what the operator asked for is sent in their words.
        """
        before = len(self.station.received)
        self.station.will_answer(action, answer)
        told = await asyncio.to_thread(self.operator.command, self.identity, action, body or {}, is_forced=is_forced)
        calls = self.station.received[before:]
        assert [call.action for call in calls] == [action]
        assert (body or {}).items() <= calls[0].payload.items()
        _check_what_is_told(told, action, answer)
        return calls[0].payload


def _check_what_is_told(told: dict[str, Any], action: str, answer: Payload) -> None:
    status = answer.get("status")
    assert told["action"] == action
    assert told["state"] == ("accepted" if status in AGREED else "rejected")
    assert (told["status"], told["response"], told["flagged"]) == (status, answer, False)
