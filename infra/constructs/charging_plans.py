"""Charging plans: the state machine, and what wakes it (`DESIGN.md` §7)."""

from aws_cdk import ArnFormat, Stack
from aws_cdk.aws_dynamodb import ITableV2
from aws_cdk.aws_iam import PolicyStatement, Role, ServicePrincipal
from aws_cdk.aws_stepfunctions import DefinitionBody, LogLevel, LogOptions, StateMachine, StateMachineType
from constructs import Construct

from infra.config import Config
from infra.constructs.event_sources import feed_from_queue, feed_from_stream
from infra.constructs.functions import Functions
from infra.constructs.logs import log_group
from infra.constructs.queues import work_queue
from infra.definitions import BOUNDARIES_QUEUE, FUNCTIONS, SITE_CHANGES_STREAM
from infra.nag import acknowledge
from infra.workflow import DEFINITION_FILE, FUNCTIONS_BY_PLACEHOLDER


class ChargingPlans(Construct):
    """The workflow and the queue of boundaries.

    The state machine has a name, unlike everything else: it runs functions that in turn know its ARN, and references in
    both directions would make a circle (CloudFormation's F3004). So the functions' side is put together from the name.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self._queue = work_queue(self, BOUNDARIES_QUEUE)
        self._name = f"{Stack.of(self).stack_name}-charging-plan"

    @property
    def queue_url(self) -> str:
        """Where boundaries are sent."""
        return self._queue.queue_url

    @property
    def state_machine_arn(self) -> str:
        """The state machine, without a reference to it."""
        return Stack.of(self).format_arn(
            service="states",
            resource="stateMachine",
            resource_name=self._name,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )

    def grant(self, functions: Functions) -> None:
        """Allow functions to start steps, to complete tasks and to send boundaries."""
        for name, definition in FUNCTIONS.items():
            if definition.workflow_actions:
                # SendTaskSuccess as well is judged by the state machine whose task it is.
                actions = [f"states:{action}" for action in definition.workflow_actions]
                functions.allow(name, PolicyStatement(actions=actions, resources=[self.state_machine_arn]))
            if definition.sends_boundaries:
                functions.allow(name, PolicyStatement(actions=["sqs:SendMessage"], resources=[self._queue.queue_arn]))

    def feed(self, functions: Functions, table: ITableV2) -> None:
        """Hand boundaries, and changes of connectors, to `wake_plans`.

        With it the stream has its two readers, and DynamoDB throttles more: whoever else wants to hear of changes
        (events for others, say) shares one of them, by a wider filter and a function that tells its records apart.
        """
        feed_from_queue(self, "Boundaries", BOUNDARIES_QUEUE, functions, self._queue)
        feed_from_stream(self, "Changes", SITE_CHANGES_STREAM, functions, table)

    def run(self, functions: Functions, config: Config) -> None:
        """Build the state machine."""
        arns = {key: functions[name].function_arn for key, name in FUNCTIONS_BY_PLACEHOLDER.items()}
        role = Role(self, "Role", assumed_by=ServicePrincipal("states.amazonaws.com"))
        role.add_to_policy(PolicyStatement(actions=["lambda:InvokeFunction"], resources=list(arns.values())))
        machine = StateMachine(
            self,
            "StateMachine",
            state_machine_name=self._name,
            state_machine_type=StateMachineType.STANDARD,
            definition_body=DefinitionBody.from_string(DEFINITION_FILE.read_text()),
            definition_substitutions=arns,
            role=role,
            tracing_enabled=config.tracing,
            logs=LogOptions(destination=log_group(self, "Logs", config), level=LogLevel.ERROR),
        )
        reason = "Log delivery and X-Ray know no resources; functions are named one by one."
        acknowledge(role, reason, "IAM5[Resource::*]")
        acknowledge(machine, "Every step is in the execution's history for 90 days; the log is for what failed.", "SF1")
        if not config.tracing:
            acknowledge(machine, "Optional, it costs per trace: context tracing.", "SF2")
