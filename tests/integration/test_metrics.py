"""What is counted: by the functions, once per invocation at most where a station waits."""

import json
from datetime import timedelta
from typing import Any

import pytest

import sweep.handler
from csms.ocpp.primitives import format_timestamp
from csms.runtime import Runtime
from csms.store import keys
from tests.lambda_station import LambdaStation

Measured = tuple[str, dict[str, Any], float]


@pytest.fixture(autouse=True)
def counting(csms: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POWERTOOLS_METRICS_DISABLED", raising=False)


def measured(capsys: pytest.CaptureFixture[str]) -> list[Measured]:
    """Name, dimensions and value of each metric written since."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    return [_measured(line) for line in lines]


def _measured(line: dict[str, Any]) -> Measured:
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    (metric,), (dimensions, *_) = directive["Metrics"], directive["Dimensions"]
    return metric["Name"], {name: line[name] for name in dimensions if name != "stage"}, line[metric["Name"]]


@pytest.mark.parametrize(
    ("action", "payload", "words"),
    [
        ("Heartbeat", {}, {"action": "Heartbeat", "outcome": "answered"}),
        ("Authorize", {}, {"action": "Authorize", "outcome": "OccurenceConstraintViolation"}),
    ],
)
def test_every_answer_is_counted_with_its_action_and_outcome(
    station: LambdaStation,
    capsys: pytest.CaptureFixture[str],
    action: str,
    payload: dict[str, Any],
    words: dict[str, str],
) -> None:
    capsys.readouterr()
    station.call(action, payload)
    assert [(name, found) for name, found, _ in measured(capsys)] == [("answer_time", words)]


def test_an_answer_that_failed_shows_in_the_figures_though_the_function_did_not_fail(
    csms: Runtime, station: LambdaStation, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csms.store.history, "record", lambda *_, **__: 1 / 0)
    station.call("FirmwareStatusNotification", {"status": "Idle"})
    assert [found["outcome"] for _, found, _ in measured(capsys) if found] == ["InternalError"]


def test_what_a_station_makes_up_makes_no_metric_of_its_own(
    csms: Runtime, station: LambdaStation, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    posted: list[str] = []
    monkeypatch.setattr(csms.gateway, "post", lambda _, text: posted.append(text))
    capsys.readouterr()
    station.send('[2,"1","MadeUp",{}]')
    station.send('[3,"1",{}]')
    station.send("{")
    assert [found for _, found, _ in measured(capsys)] == [{"action": "other", "outcome": "NotImplemented"}]


def test_a_refused_connection_is_counted_by_its_status(csms: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    assert LambdaStation("REFUSED").connect(subprotocol="ocpp2.0.1")["statusCode"] == 400
    assert measured(capsys) == [("refused_connections", {"status": "400"}, 1)]


def test_the_fleet_is_counted_shard_by_shard_and_told_when_all_are(
    csms: Runtime, station: LambdaStation, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(20):
        silent = LambdaStation(f"SILENT{number}", now=station.now)
        silent.connect()
        silent.disconnect()
    station.start()
    station.start(connectorId=2, idTag="TAG2")
    assert len({keys.shard_of(f"SILENT{number}") for number in range(20)}) > 5
    capsys.readouterr()
    figures: list[list[Measured]] = []
    for _ in range(keys.SHARDS + 1):
        sweep.handler.lambda_handler({"time": format_timestamp(station.now)}, None)
        figures.append(measured(capsys))
        station.wait(minutes=1)
        station.result("Heartbeat", {})
        capsys.readouterr()
    assert figures[: keys.SHARDS - 1] == [[]] * (keys.SHARDS - 1)
    for found in figures[keys.SHARDS - 1 :]:
        assert found == [("stations_known", {}, 21), ("stations_online", {}, 1), ("open_transactions", {}, 2)]


def test_a_figure_is_not_told_with_parts_that_are_old(
    csms: Runtime, station: LambdaStation, capsys: pytest.CaptureFixture[str]
) -> None:
    for minute in (*range(keys.SHARDS), 120):
        capsys.readouterr()
        sweep.handler.lambda_handler({"time": format_timestamp(station.now + timedelta(minutes=minute))}, None)
    assert measured(capsys) == []
