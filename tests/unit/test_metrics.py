"""Metrics are log lines that CloudWatch reads: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/
CloudWatch_Embedded_Metric_Format_Specification.html"""

import json

import pytest

from csms import metrics


def test_a_line_is_what_cloudwatch_reads(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGE", "dev")
    metrics.emit("answer_time", 12, action="Heartbeat", outcome="answered")
    (line,) = capsys.readouterr().out.splitlines()
    fields = json.loads(line)
    (directive,) = fields["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "csms"
    assert directive["Dimensions"] == [["stage", "action", "outcome"], ["stage", "outcome"]]
    assert directive["Metrics"] == [{"Name": "answer_time", "Unit": "Milliseconds"}]
    assert fields["_aws"]["Timestamp"] > 1_700_000_000_000
    assert {name: fields[name] for name in ("stage", "action", "outcome", "answer_time")} == {
        "stage": "dev",
        "action": "Heartbeat",
        "outcome": "answered",
        "answer_time": 12,
    }
    assert len(line) < 320  # it is paid for by the byte, with every message


def test_every_metric_is_told_apart_by_its_stage_and_by_nothing_that_grows_with_the_fleet() -> None:
    for name, sets in metrics.DIMENSIONS.items():
        for dimensions in sets:
            assert dimensions[0] == "stage", name
            assert not {"charge_point_id", "site_id", "connection_id"} & set(dimensions), name
            assert len(dimensions) <= 3


@pytest.mark.parametrize("words", [{}, {"action": "Heartbeat"}, {"action": "a", "outcome": "b", "more": "c"}])
def test_a_value_without_exactly_its_dimensions_is_a_mistake(words: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="answer_time"):
        metrics.line("answer_time", 1, **words)


def test_the_local_stack_writes_none(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")
    metrics.emit("stations_known", 1)
    assert capsys.readouterr().out == ""
