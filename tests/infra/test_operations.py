"""Whoever runs it hears of what goes wrong, and finds in the runbook what to do."""

import json
import re
from pathlib import Path

import pytest

from csms.metrics import DIMENSIONS, NAMESPACE
from infra.definitions import CHANGES_STREAM, FUNCTIONS, SITE_CHANGES_STREAM
from tests.infra.synthesized import ROOT, Properties, Synthesized, flat

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
REFERENCE = re.compile(r": docs/runbook\.md#([a-z]+)$")


def _alarms(stack: Synthesized) -> list[Properties]:
    return stack.properties("AWS::CloudWatch::Alarm")


def _watched(stack: Synthesized) -> list[tuple[str, str, frozenset[tuple[str, str]]]]:
    """Namespace, name and dimensions of every metric that an alarm looks at."""
    metrics = [alarm for alarm in _alarms(stack) if "MetricName" in alarm]
    parts = [
        part["MetricStat"]["Metric"]
        for alarm in _alarms(stack)
        for part in alarm.get("Metrics", [])
        if "MetricStat" in part
    ]
    return [
        (
            metric["Namespace"],
            metric["MetricName"],
            frozenset((each["Name"], flat(each["Value"])) for each in metric.get("Dimensions", [])),
        )
        for metric in (*metrics, *parts)
    ]


def _sections() -> set[str]:
    chapter = RUNBOOK.partition("\n## Alarms\n")[2].partition("\n## ")[0]
    return {heading.lower() for heading in re.findall(r"(?m)^### (\w+)$", chapter)}


def test_every_alarm_says_where_the_runbook_says_what_to_do(deployed: Synthesized) -> None:
    named = {found[1] for alarm in _alarms(deployed) if (found := REFERENCE.search(alarm["AlarmDescription"]))}
    assert named == _sections()
    assert all(REFERENCE.search(alarm["AlarmDescription"]) for alarm in _alarms(deployed))


def test_every_section_of_an_alarm_says_what_to_do() -> None:
    for section in RUNBOOK.partition("\n## Alarms\n")[2].partition("\n## ")[0].split("\n### ")[1:]:
        name, _, text = section.partition("\n")
        assert len(text.split()) > 25, name


def test_every_alarm_is_told_on_the_topic_and_so_is_its_end(deployed: Synthesized) -> None:
    (topic,) = deployed.resources("AWS::SNS::Topic")
    for alarm in _alarms(deployed):
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": topic}]


def test_cloudwatch_of_this_account_may_publish_to_the_topic_and_only_over_tls(deployed: Synthesized) -> None:
    statements = deployed.only("AWS::SNS::TopicPolicy")["Properties"]["PolicyDocument"]["Statement"]
    allow, deny = sorted(statements, key=lambda statement: str(statement["Effect"]))
    assert (allow["Effect"], allow["Action"]) == ("Allow", "sns:Publish")
    assert allow["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allow["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_only_housekeeping_that_does_not_run_is_wrong_where_there_are_no_data(deployed: Synthesized) -> None:
    missing = {a["AlarmDescription"]: a["TreatMissingData"] for a in _alarms(deployed)}
    assert {text.split("#")[1] for text, kind in missing.items() if kind == "breaching"} == {"sweepstopped"}
    assert set(missing.values()) == {"breaching", "notBreaching"}


def test_every_function_is_watched(deployed: Synthesized) -> None:
    ids = {
        flat({"Ref": name}): resource["Properties"]["Handler"].split(".")[0]
        for name, resource in deployed.resources("AWS::Lambda::Function").items()
    }
    watched = {dict(dimensions)["FunctionName"] for _, name, dimensions in _watched(deployed) if name == "Errors"}
    assert {ids[name] for name in watched} == set(FUNCTIONS)


def test_every_queue_is_watched_for_its_age_or_for_what_was_put_aside(deployed: Synthesized) -> None:
    queues = deployed.resources("AWS::SQS::Queue")
    for name, queue in queues.items():
        is_work = "RedrivePolicy" in queue["Properties"]
        metric = "ApproximateAgeOfOldestMessage" if is_work else "ApproximateNumberOfMessagesVisible"
        assert ("AWS/SQS", metric, frozenset({("QueueName", f"<{name}.QueueName>")})) in _watched(deployed)


def test_metrics_of_ours_are_watched_under_dimensions_that_they_have(deployed: Synthesized) -> None:
    ours = [(name, dict(dimensions)) for namespace, name, dimensions in _watched(deployed) if namespace == NAMESPACE]
    assert len(ours) >= 8
    for name, dimensions in ours:
        assert set(dimensions) in [set(each) for each in DIMENSIONS[name]], name
        assert dimensions["stage"] == "prod"


def test_a_refused_station_is_no_failure_of_the_api(deployed: Synthesized) -> None:
    watched = {name for namespace, name, _ in _watched(deployed) if namespace == "AWS/ApiGateway"}
    assert watched == {"ExecutionError", "5xx"}  # an IntegrationError is also each 4xx that `connect` answers


def test_the_runbook_explains_every_metric_of_ours() -> None:
    chapter = RUNBOOK.partition("\n## Metrics\n")[2].partition("\n## ")[0]
    rows = re.findall(r"(?m)^\| (`[^|]*)\|([^|]*)\|", chapter)
    explained = {name: re.findall(r"`(\w+)`", words) for names, words in rows for name in re.findall(r"`(\w+)`", names)}
    assert explained == {name: [word for word in sets[0] if word != "stage"] for name, sets in DIMENSIONS.items()}


def test_the_dashboard_looks_for_metrics_under_their_dimensions(deployed: Synthesized) -> None:
    body = flat(deployed.only("AWS::CloudWatch::Dashboard")["Properties"]["DashboardBody"])
    searches = re.findall(r"SEARCH\('\{(\w+),([\w,]+)\} MetricName=\\+\"(\w+)", body)
    assert {name for _, _, name in searches} == {"answer_time", "refused_connections", "calls", "events"}
    for namespace, dimensions, name in searches:
        assert (namespace, tuple(dimensions.split(","))) == (NAMESPACE, DIMENSIONS[name][0])


def test_alarms_are_mailed_where_somebody_is_named(deployed: Synthesized, varied: Synthesized) -> None:
    assert deployed.properties("AWS::SNS::Subscription") == []
    (subscription,) = varied.properties("AWS::SNS::Subscription")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "operations@example.com")


def test_how_many_stations_may_be_away_is_a_choice(deployed: Synthesized, varied: Synthesized) -> None:
    for stack, percent in ((deployed, 20), (varied, 5)):
        (alarm,) = [a for a in _alarms(stack) if a["AlarmDescription"].endswith("#stationsoffline")]
        assert alarm["Threshold"] == percent


def test_a_budget_is_a_choice(deployed: Synthesized, varied: Synthesized) -> None:
    assert deployed.properties("AWS::Budgets::Budget") == []
    (budget,) = varied.properties("AWS::Budgets::Budget")
    assert budget["Budget"]["BudgetLimit"] == {"Amount": 500, "Unit": "USD"}
    warnings = {each["Notification"]["NotificationType"] for each in budget["NotificationsWithSubscribers"]}
    assert warnings == {"ACTUAL", "FORECASTED"}


def test_copies_in_a_vault_are_a_choice(deployed: Synthesized, varied: Synthesized) -> None:
    assert deployed.properties("AWS::Backup::BackupPlan") == []
    (plan,) = varied.properties("AWS::Backup::BackupPlan")
    (rule,) = plan["BackupPlan"]["BackupPlanRule"]
    assert rule["Lifecycle"] == {"DeleteAfterDays": 90}
    (table,) = varied.resources("AWS::DynamoDB::GlobalTable")
    (selection,) = varied.properties("AWS::Backup::BackupSelection")
    assert table in json.dumps(selection["BackupSelection"]["Resources"])


def test_tracing_is_a_choice_and_needs_its_permission(deployed: Synthesized, varied: Synthesized) -> None:
    for name in FUNCTIONS:
        assert "TracingConfig" not in deployed.functions()[name]
        assert varied.functions()[name]["TracingConfig"] == {"Mode": "Active"}
        assert "xray:PutTraceSegments" in varied.allowed(name, "*")


def test_a_restored_table_takes_the_place_of_the_stacks_own_everywhere(tmp_path: Path) -> None:
    arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/csms-restored"
    stream_arn = f"{arn}/stream/2026-03-05T12:00:00.000"
    restored = Synthesized.of(tmp_path, monitoring="false", tableStreamArn=stream_arn)
    assert restored.properties("AWS::DynamoDB::GlobalTable") == []
    assert "GlobalTable" not in json.dumps(restored.template)
    for name, definition in FUNCTIONS.items():
        assert restored.functions()[name]["Environment"]["Variables"]["TABLE_NAME"] == "csms-restored"
        assert {f"dynamodb:{action}" for action in definition.table_actions} <= restored.allowed(name, arn)
    for source in (CHANGES_STREAM, SITE_CHANGES_STREAM):
        assert stream_arn in restored.feeds(source.function)
    # and, with the same stack: a stage that does without them
    assert restored.properties("AWS::CloudWatch::Alarm") == restored.properties("AWS::CloudWatch::Dashboard") == []


@pytest.mark.parametrize("kind", ["deployed", "varied"])
def test_every_service_that_watches_is_told_apart_by_its_stage(kind: str, request: pytest.FixtureRequest) -> None:
    stack: Synthesized = request.getfixturevalue(kind)
    stages = {dict(dimensions)["stage"] for space, _, dimensions in _watched(stack) if space == NAMESPACE}
    assert stages == {"prod" if kind == "deployed" else "dev"}
