"""What wakes charging plans: changes of connectors, and boundaries."""

from datetime import UTC, datetime
from typing import Any

import pytest

import wake_plans.handler
from csms.boundary_queue import Boundary, write
from csms.ids import PlanId
from csms.runtime import Runtime
from infra.definitions import SITE_CHANGES_STREAM
from local.event_sources.patterns import matches
from tests.scripted_plans import ScriptedPlans

Image = dict[str, dict[str, str]]
CHARGING: Image = {"site_id": {"S": "S1"}, "status": {"S": "Charging"}, "since": {"S": "2026-03-05T12:00:00.000Z"}}


@pytest.fixture
def plans(csms: Runtime, monkeypatch: pytest.MonkeyPatch) -> ScriptedPlans:
    scripted = ScriptedPlans(csms.workflows)
    monkeypatch.setitem(vars(csms), "charging_plans", scripted)
    return scripted


def _change(number: str, new: Image, old: Image | None = None, *, sort_key: str = "CONNECTOR#1") -> dict[str, Any]:
    images = {"NewImage": new} | ({"OldImage": old} if old is not None else {})
    return {
        "eventName": "MODIFY" if old is not None else "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {"SequenceNumber": number, "Keys": {"PK": {"S": "CP#1"}, "SK": {"S": sort_key}}, **images},
    }


def _removal(old: Image) -> dict[str, Any]:
    change = {"SequenceNumber": "1", "Keys": {"PK": {"S": "CP#1"}, "SK": {"S": "CONNECTOR#1"}}, "OldImage": old}
    return {"eventName": "REMOVE", "eventSource": "aws:dynamodb", "dynamodb": change}


def _message(message_id: str, body: str) -> dict[str, Any]:
    return {"messageId": message_id, "eventSource": "aws:sqs", "body": body}


def _failed(*records: dict[str, Any]) -> list[str]:
    """The records that come again."""
    answer = wake_plans.handler.lambda_handler({"Records": list(records)}, None)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.mark.parametrize(
    ("record", "is_fed"),
    [
        (_change("1", CHARGING), True),
        (_change("1", CHARGING, CHARGING | {"status": {"S": "Preparing"}}), True),
        (_change("1", {"status": {"S": "Charging"}}), False),
        (_change("1", CHARGING, sort_key="LINK"), False),
        (_removal(CHARGING), False),
    ],
)
def test_connectors_of_sites_are_what_it_is_fed(record: dict[str, Any], is_fed: bool) -> None:
    assert matches(SITE_CHANGES_STREAM.patterns[0], record) is is_fed


def test_a_site_is_woken_once_a_batch(plans: ScriptedPlans) -> None:
    other = CHARGING | {"site_id": {"S": "S2"}}
    assert _failed(_change("1", CHARGING), _change("2", other), _change("3", CHARGING)) == []
    assert plans.asked == ["wake S1", "wake S2"]


@pytest.mark.parametrize(
    ("changed", "is_woken"),
    [
        ({"status": {"S": "SuspendedEV"}}, True),
        ({"transaction_id": {"N": "7"}}, True),
        ({"profiles_changed_at": {"S": "2026-03-05T13:00:00.000Z"}}, True),
        ({"status": {"S": "SuspendedEVSE"}}, False),
        ({"since": {"S": "2026-03-05T13:00:00.000Z"}}, False),
        ({"reserved_until": {"S": "2026-03-05T13:00:00.000Z"}, "info": {"S": "warm"}}, False),
    ],
)
def test_a_plan_looks_only_at_what_matters_to_it(plans: ScriptedPlans, changed: Image, is_woken: bool) -> None:
    assert _failed(_change("1", CHARGING | changed, CHARGING)) == []
    assert plans.asked == (["wake S1"] if is_woken else [])


def test_a_transaction_that_left_its_connector_wakes_the_plan(plans: ScriptedPlans) -> None:
    assert _failed(_change("1", CHARGING, CHARGING | {"transaction_id": {"N": "7"}})) == []
    assert plans.asked == ["wake S1"]


def test_every_record_of_a_site_that_could_not_be_woken_comes_again(plans: ScriptedPlans) -> None:
    plans.broken = frozenset({"S1"})
    other = CHARGING | {"site_id": {"S": "S2"}}
    assert _failed(_change("1", CHARGING), _change("2", other), _change("3", CHARGING)) == ["1", "3"]
    assert plans.asked == ["wake S1", "wake S2"]


def test_boundaries_are_handled_one_by_one(plans: ScriptedPlans) -> None:
    plans.broken = frozenset({"P1"})
    at = datetime(2026, 3, 5, 12, tzinfo=UTC)
    messages = [_message(f"m{n}", write(Boundary(PlanId(f"P{n}"), 4, at))) for n in (1, 2)]
    assert _failed(*messages, _message("m3", "no boundary")) == ["m1", "m3"]
    assert plans.asked == ["boundary of P1-4", "boundary of P2-4"]
