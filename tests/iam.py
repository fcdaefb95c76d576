"""What a call needs of IAM, and what a function needs without a call, as a template has it.

A need is an action and a resource, the resource as `tests.infra.synthesized.flat` writes it: `<Table.Arn>/index/GSI1`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from tests.infra.synthesized import Properties, Synthesized, flat, listed

Need = tuple[str, str]

ACTIONS: Final = {
    "apigatewaymanagementapi:DeleteConnection": "execute-api:ManageConnections",
    "apigatewaymanagementapi:PostToConnection": "execute-api:ManageConnections",
    "dynamodb:BatchGetItem": "dynamodb:BatchGetItem",
    "dynamodb:BatchWriteItem": "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem": "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem": "dynamodb:DeleteItem",
    "dynamodb:GetItem": "dynamodb:GetItem",
    "dynamodb:PutItem": "dynamodb:PutItem",
    "dynamodb:Query": "dynamodb:Query",
    "dynamodb:UpdateItem": "dynamodb:UpdateItem",
    "events:PutEvents": "events:PutEvents",
    "kms:Decrypt": "kms:Decrypt",
    "kms:Encrypt": "kms:Encrypt",
    "s3:DeleteObject": "s3:DeleteObject",
    "s3:GetObject": "s3:GetObject",
    "s3:HeadObject": "s3:GetObject",
    "s3:PutObject": "s3:PutObject",
    "secretsmanager:GetSecretValue": "secretsmanager:GetSecretValue",
    "sqs:SendMessage": "sqs:SendMessage",
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "stepfunctions:SendTaskSuccess": "states:SendTaskSuccess",
    "stepfunctions:StartExecution": "states:StartExecution",
}
"""The action by which IAM judges a call. A presigned URL is judged as the call that it stands for, with the signer's
permissions; a transaction as its parts, with no action of its own: both are on record as such."""
_METHODS: Final = {"DeleteConnection": "DELETE", "PostToConnection": "POST"}
_OF_TASK_TOKENS: Final = "CHARGING_PLAN_ARN"
"""The call names a token; it is judged by the state machine whose task that is."""
_TO_TELL_MISSING: Final = {"s3:GetObject", "s3:HeadObject"}
"""Without ListBucket an object that is not there is forbidden (403) rather than missing (404)."""
_TO_LOG: Final = ("logs:CreateLogStream", "logs:PutLogEvents")
_TO_TRACE: Final = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")
_TO_CONSUME: Final = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
_TO_READ_STREAM: Final = (
    *("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"),
)


@dataclass(frozen=True)
class Function:
    """One function of a template, and what it needs."""

    stack: Synthesized
    name: str

    def needs(self, calls: frozenset[str]) -> set[Need]:
        """Everything, given its calls."""
        return {*self._for_calls(calls), *self._to_log_and_trace(), *self._to_be_fed()}

    def allowed(self) -> set[Need]:
        """What its role allows.

        Raises:
            AssertionError: something is allowed or denied in a way that a list of needs cannot tell.
        """
        statements = self.stack.statements(self.name)
        for statement in statements:
            assert statement.keys() <= {"Action", "Effect", "Resource", "Sid"}, statement
            assert statement["Effect"] == "Allow"
        (role, _) = self._properties["Role"]["Fn::GetAtt"]
        assert not self.stack.template["Resources"][role]["Properties"].keys() & {"Policies", "ManagedPolicyArns"}
        return {
            (action, flat(resource))
            for statement in statements
            for action in listed(statement["Action"])
            for resource in listed(statement["Resource"])
        }

    @property
    def _properties(self) -> Properties:
        return self.stack.functions()[self.name]

    def _for_calls(self, calls: frozenset[str]) -> Iterator[Need]:
        for call in calls:
            name, _, resource = call.partition(" ")
            variable, _, part = (resource or _OF_TASK_TOKENS).partition("/")
            value = self._properties["Environment"]["Variables"][variable]
            if value == "":
                continue  # this deployment has no such resource
            arn = self._arn(value)
            yield ACTIONS[name], self._part(name, arn, part)
            if name in _TO_TELL_MISSING:
                yield "s3:ListBucket", arn

    def _part(self, name: str, arn: str, part: str) -> str:
        """The ARN of what of a resource is meant."""
        service, _, operation = name.partition(":")
        if service == "apigatewaymanagementapi":
            return f"{arn}/{_METHODS[operation]}/@connections/*"
        separator = "/index/" if service == "dynamodb" else "/"
        return f"{arn}{separator}{part}" if part else arn

    def _arn(self, value: Any) -> str:
        """The ARN of the resource that a variable of the environment names: by URL, name, id or ARN."""
        text = flat(value)
        if endpoint := re.fullmatch(r"https://(<\w+>)\.execute-api\.(.+?)\.<AWS::URLSuffix>/(.+)", text):
            api, region, stage = endpoint.groups()
            return f"arn:<AWS::Partition>:execute-api:{region}:<AWS::AccountId>:{api}/{stage}"
        is_arn = text.startswith("arn:") or self._type_of(text) == "AWS::SecretsManager::Secret"
        return text if is_arn else f"<{text.strip('<>')}.Arn>"

    def _type_of(self, reference: str) -> object:
        return self.stack.template["Resources"].get(reference.strip("<>"), {}).get("Type")

    def _to_log_and_trace(self) -> Iterator[Need]:
        group = self._properties["LoggingConfig"]["LogGroup"]["Ref"]
        yield from ((action, f"<{group}.Arn>") for action in _TO_LOG)
        if self._properties.get("TracingConfig", {}).get("Mode") == "Active":
            yield from ((action, "*") for action in _TO_TRACE)

    def _to_be_fed(self) -> Iterator[Need]:
        """Lambda reads queues and streams with the function's permissions, and puts aside what it cannot handle."""
        for source, mapping in self.stack.feeds(self.name).items():
            actions = _TO_READ_STREAM if source.endswith(".StreamArn>") else _TO_CONSUME
            yield from ((action, source) for action in actions)
            if "DestinationConfig" in mapping:
                yield "sqs:SendMessage", flat(mapping["DestinationConfig"]["OnFailure"]["Destination"])
