"""Negative conformance: every message of a station, every field of it broken in every way, into the function."""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import boto3
import pytest

from csms.gateway import Gateway
from csms.ids import ChargePointId, TransactionId
from csms.runtime import Runtime
from csms.v16.registry import actions
from tests.lambda_station import LambdaStation
from tests.negative.expected import CHARGE_DATA, fault_in
from tests.negative.frames import call_text
from tests.negative.samples import counted
from tests.negative.variants import Variant, full_payload, variants
from tests.schemas import assert_valid_answer, schema

CP001: Final = ChargePointId("CP001")


@dataclass(frozen=True)
class Sent:
    """One wrong CALL and its answer."""

    variant: Variant
    text: str
    payload: Any
    answer: list[Any]
    at: datetime
    transaction_id: int
    """Of the transaction that ran meanwhile."""


@pytest.fixture(autouse=True)
def _untouched(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing is sent but the answers, the connection is not closed, and nothing goes wrong inside."""
    touched: list[Any] = []
    for method in ("post", "close"):
        monkeypatch.setattr(Gateway, method, lambda _, *said: touched.append(said))
    yield
    assert touched == []
    assert [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("action", actions())
def test_each_wrong_call_is_answered_as_specified_and_charge_data_is_kept(
    csms: Runtime, station: LambdaStation, action: str, record_property: Callable[[str, object], None]
) -> None:
    payload = full_payload(schema(action), {"idTag": "TAG1"})
    wrong = list(variants(schema(action), payload))
    record_property("negative", {action: counted(wrong)})
    assert station.call(action, payload)[0] == 3  # it is each variant's own fault that is answered
    exchanges = list(send_all(station, action, wrong))
    faults = [fault for sent in exchanges if (fault := fault_in(action, sent.variant, sent.answer))]
    if action in CHARGE_DATA:
        faults += [f"{sent.variant}: lost" for sent in lost(csms, action, exchanges)]
    assert faults == []
    station.result("Heartbeat", {})


def send_all(station: LambdaStation, action: str, wrong: list[Variant]) -> Iterator[Sent]:
    """Each at a time of its own, and about a transaction that is running."""
    running = 0
    for variant in wrong:
        station.wait(seconds=1)
        if not running and action in CHARGE_DATA - {"StartTransaction"}:
            running = station.start(timestamp=station.timestamp(seconds=0.5))["transactionId"]
        payload = variant.at(station.timestamp(), transaction_id=running)
        text = call_text(str(variant), action, payload)
        answer = json.loads(station.send(text) or "null")
        assert_valid_answer(action, answer)
        yield Sent(variant, text, payload, answer, station.now, running)
        if action == "StopTransaction" and answer[0] == 3:
            running = 0


def lost(csms: Runtime, action: str, exchanges: list[Sent]) -> list[Sent]:
    """The charge data that is nowhere to be found, neither where it belongs nor among the orphans."""
    kept = set(kept_texts())
    is_kept = {"StartTransaction": is_begun, "StopTransaction": is_ended, "MeterValues": is_recorded}[action]
    return [
        sent
        for sent in exchanges
        if kept.isdisjoint({canonical(sent.payload or {}), canonical({"frame": sent.text})})
        and not (sent.answer[0] == 3 and is_kept(csms, sent, kept))
    ]


def is_begun(csms: Runtime, sent: Sent, _: set[str]) -> bool:
    """This very start, not an earlier one under the same id."""
    transaction = csms.store.transactions.get(CP001, TransactionId(sent.answer[2]["transactionId"]))
    return transaction is not None and transaction.received_at == sent.at


def is_ended(csms: Runtime, sent: Sent, kept: set[str]) -> bool:
    """The transaction that ran, with its values as they came; each accepted stop had one of its own."""
    transaction = csms.store.transactions.get(CP001, TransactionId(sent.transaction_id))
    values = sent.payload.get("transactionData")
    return transaction is not None and transaction.stop is not None and (not values or canonical(values) in kept)


def is_recorded(_: Runtime, sent: Sent, kept: set[str]) -> bool:
    """As it came."""
    return canonical(sent.payload["meterValue"]) in kept


def kept_texts() -> Iterator[str]:
    """The messages that stand in the table."""
    for page in boto3.client("dynamodb").get_paginator("scan").paginate(TableName="csms"):
        for item in page["Items"]:
            for name in ("payload", "meter_value"):
                if name in item:
                    yield canonical(json.loads(item[name]["S"]))


def canonical(value: Any) -> str:
    """JSON that is the same for the same value; what is no JSON is a text of its own."""
    return json.dumps(value, sort_keys=True, default=str)
