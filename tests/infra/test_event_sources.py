"""What runs functions without a request, for every queue and every reader of the stream."""

import json

import pytest

from infra.definitions import (
    BOUNDARIES_QUEUE,
    CALLS_QUEUE,
    CHANGES_STREAM,
    EVENTS_QUEUE,
    FUNCTIONS,
    SITE_CHANGES_STREAM,
    QueueSource,
    StreamSource,
)
from tests.infra.synthesized import Synthesized, flat

QUEUES = {
    "CALLS_QUEUE_URL": CALLS_QUEUE,
    "BOUNDARIES_QUEUE_URL": BOUNDARIES_QUEUE,
    "EVENTS_QUEUE_URL": EVENTS_QUEUE,
}
STREAMS = [CHANGES_STREAM, SITE_CHANGES_STREAM]
TO_CONSUME = {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
TO_READ = {
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
}

MOST_FILTERS = 5
LONGEST_FILTER = 4096
"""What a mapping takes without asking AWS for more."""

each_queue = pytest.mark.parametrize(("variable", "source"), QUEUES.items())
each_stream = pytest.mark.parametrize("source", STREAMS, ids=lambda source: source.function)


@each_queue
def test_a_message_is_tried_again_and_then_put_aside(deployed: Synthesized, variable: str, source: QueueSource) -> None:
    _, queue = deployed.queue(variable)
    assert queue["VisibilityTimeout"] >= 6 * FUNCTIONS[source.function].timeout_s
    assert queue["RedrivePolicy"]["maxReceiveCount"] == source.maximum_receives
    failures, _ = queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"]
    assert deployed.resources("AWS::SQS::Queue")[failures]["Properties"]["MessageRetentionPeriod"] == 14 * 86400


@each_queue
def test_messages_are_handled_one_by_one_and_not_too_many_at_once(
    deployed: Synthesized, variable: str, source: QueueSource
) -> None:
    name, _ = deployed.queue(variable)
    mapping = deployed.feeds(source.function)[f"<{name}.Arn>"]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BatchSize"] == source.batch_size
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": source.maximum_concurrency}


@each_queue
def test_one_function_may_take_the_messages_of_a_queue(
    deployed: Synthesized, variable: str, source: QueueSource
) -> None:
    name, _ = deployed.queue(variable)
    for function in FUNCTIONS:
        expected = TO_CONSUME if function == source.function else set()
        assert deployed.allowed(function, f"<{name}.Arn>") - {"sqs:SendMessage"} == expected, function


@each_stream
def test_changes_are_handled_from_the_stream(deployed: Synthesized, source: StreamSource) -> None:
    mapping = deployed.feeds(source.function)[deployed.stream_arn]
    filters = [json.loads(each["Pattern"]) for each in mapping["FilterCriteria"]["Filters"]]
    assert filters == list(source.patterns)
    assert len(filters) <= MOST_FILTERS
    assert max(len(json.dumps(each)) for each in filters) <= LONGEST_FILTER
    assert mapping["BatchSize"] == source.batch_size
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["MaximumBatchingWindowInSeconds"] == source.window_s
    assert mapping["MaximumRetryAttempts"] == source.retries
    assert mapping["MaximumRecordAgeInSeconds"] == source.maximum_age_s


@each_stream
def test_what_could_not_be_handled_is_kept(deployed: Synthesized, source: StreamSource) -> None:
    mapping = deployed.feeds(source.function)[deployed.stream_arn]
    kept_in = flat(mapping["DestinationConfig"]["OnFailure"]["Destination"])
    assert "sqs:SendMessage" in deployed.allowed(source.function, kept_in)
    assert kept_in.strip("<>").removesuffix(".Arn") in deployed.resources("AWS::SQS::Queue")


def test_only_its_readers_may_read_the_stream(deployed: Synthesized) -> None:
    readers = {source.function for source in STREAMS}
    for function in FUNCTIONS:
        expected = TO_READ if function in readers else set()
        assert deployed.allowed(function, deployed.stream_arn) == expected, function


def test_the_stream_has_no_more_readers_than_dynamodb_feeds(deployed: Synthesized) -> None:
    mappings = deployed.properties("AWS::Lambda::EventSourceMapping")
    assert len([mapping for mapping in mappings if flat(mapping["EventSourceArn"]) == deployed.stream_arn]) <= 2


def test_queues_are_encrypted_and_reached_over_tls_only(deployed: Synthesized) -> None:
    queues = deployed.resources("AWS::SQS::Queue")
    assert all(queue["Properties"]["SqsManagedSseEnabled"] for queue in queues.values())
    guarded = {policy["Queues"][0]["Ref"]: policy for policy in deployed.properties("AWS::SQS::QueuePolicy")}
    assert set(guarded) == set(queues)
    for policy in guarded.values():
        (statement,) = policy["PolicyDocument"]["Statement"]
        assert statement["Effect"] == "Deny"
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
