import json
from typing import Any

from infra.definitions import CALLS_QUEUE, ENDED_CALLS_STREAM, FUNCTIONS
from tests.infra.synthesized import Properties, Synthesized, flat, listed

TO_THE_STREAM = {
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
}
TO_CONSUME = {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}


def _queue(stack: Synthesized) -> tuple[str, Properties]:
    (found,) = [(name, q["Properties"]) for name, q in stack.resources("AWS::SQS::Queue").items() if _redrive(q)]
    return found


def _redrive(queue: dict[str, Any]) -> Any:
    return queue["Properties"].get("RedrivePolicy")


def _mapping(stack: Synthesized, function: str) -> Properties:
    (found,) = [
        properties
        for properties in stack.properties("AWS::Lambda::EventSourceMapping")
        if stack.template["Resources"][properties["FunctionName"]["Ref"]]["Properties"]["Handler"].startswith(function)
    ]
    return found


def _allowed(stack: Synthesized, function: str, resource: str) -> set[str]:
    """The actions a function may take on a resource of exactly this ARN."""
    return {
        action
        for statement in stack.statements(function)
        for action in listed(statement["Action"])
        if resource in map(flat, listed(statement["Resource"]))
    }


def test_a_wake_up_is_tried_again_and_then_put_aside(deployed: Synthesized) -> None:
    _, queue = _queue(deployed)
    assert queue["VisibilityTimeout"] >= 6 * FUNCTIONS[CALLS_QUEUE.function].timeout_s
    assert queue["RedrivePolicy"]["maxReceiveCount"] == CALLS_QUEUE.maximum_receives
    failures, _ = queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"]
    assert deployed.resources("AWS::SQS::Queue")[failures]["Properties"]["MessageRetentionPeriod"] == 14 * 86400


def test_queues_are_encrypted_and_reached_over_tls_only(deployed: Synthesized) -> None:
    queues = deployed.resources("AWS::SQS::Queue")
    assert all(queue["Properties"]["SqsManagedSseEnabled"] for queue in queues.values())
    guarded = {policy["Queues"][0]["Ref"]: policy for policy in deployed.properties("AWS::SQS::QueuePolicy")}
    assert set(guarded) == set(queues)
    for policy in guarded.values():
        (statement,) = policy["PolicyDocument"]["Statement"]
        assert statement["Effect"] == "Deny"
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_wake_ups_are_dispatched_one_by_one_and_not_too_many_at_once(deployed: Synthesized) -> None:
    name, _ = _queue(deployed)
    mapping = _mapping(deployed, CALLS_QUEUE.function)
    assert flat(mapping["EventSourceArn"]) == f"<{name}.Arn>"
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BatchSize"] == CALLS_QUEUE.batch_size
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": CALLS_QUEUE.maximum_concurrency}


def test_who_places_calls_may_send_wake_ups_and_one_function_may_take_them(deployed: Synthesized) -> None:
    name, _ = _queue(deployed)
    for function, definition in FUNCTIONS.items():
        expected = {"sqs:SendMessage"} if definition.places_calls else set()
        expected |= TO_CONSUME if function == CALLS_QUEUE.function else set()
        assert _allowed(deployed, function, f"<{name}.Arn>") == expected, function


def test_who_places_calls_may_post_them(deployed: Synthesized) -> None:
    assert all("POST" in definition.connection_methods for definition in FUNCTIONS.values() if definition.places_calls)


def test_every_function_finds_the_queue(deployed: Synthesized) -> None:
    name, _ = _queue(deployed)
    for function in deployed.functions().values():
        assert function["Environment"]["Variables"]["CALLS_QUEUE_URL"] == {"Ref": name}


def test_calls_that_have_ended_are_finished_from_the_stream(deployed: Synthesized) -> None:
    mapping = _mapping(deployed, ENDED_CALLS_STREAM.function)
    (table,) = deployed.resources("AWS::DynamoDB::GlobalTable")
    assert flat(mapping["EventSourceArn"]) == f"<{table}.StreamArn>"
    (pattern,) = mapping["FilterCriteria"]["Filters"]
    assert json.loads(pattern["Pattern"]) == ENDED_CALLS_STREAM.pattern
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["MaximumBatchingWindowInSeconds"] == ENDED_CALLS_STREAM.window_s
    assert mapping["MaximumRetryAttempts"] == ENDED_CALLS_STREAM.retries
    assert mapping["MaximumRecordAgeInSeconds"] == ENDED_CALLS_STREAM.maximum_age_s


def test_what_could_not_be_finished_is_kept(deployed: Synthesized) -> None:
    kept_in = flat(_mapping(deployed, "finish_calls")["DestinationConfig"]["OnFailure"]["Destination"])
    assert "sqs:SendMessage" in _allowed(deployed, "finish_calls", kept_in)
    assert kept_in.strip("<>").removesuffix(".Arn") in deployed.resources("AWS::SQS::Queue")


def test_only_the_stream_reader_may_read_the_stream(deployed: Synthesized) -> None:
    (table,) = deployed.resources("AWS::DynamoDB::GlobalTable")
    for function in FUNCTIONS:
        expected = TO_THE_STREAM if function == ENDED_CALLS_STREAM.function else set()
        assert _allowed(deployed, function, f"<{table}.StreamArn>") == expected, function
