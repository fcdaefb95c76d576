"""Housekeeping: the clock that ends what is due."""

from aws_cdk import Duration
from aws_cdk.aws_events import Rule
from aws_cdk.aws_events import Schedule as Rate
from aws_cdk.aws_events_targets import LambdaFunction
from constructs import Construct

from infra.constructs.functions import Functions
from infra.definitions import SWEEP_SCHEDULE


class Sweep(Construct):
    """The schedule of `sweep`."""

    def __init__(self, scope: Construct, construct_id: str, functions: Functions) -> None:
        super().__init__(scope, construct_id)
        period = Duration.seconds(SWEEP_SCHEDULE.every_s)
        function = functions[SWEEP_SCHEDULE.function]
        # One that failed or came late is made up for by the next.
        function.configure_async_invoke(retry_attempts=0, max_event_age=period)
        target = LambdaFunction(function, retry_attempts=0, max_event_age=period)
        Rule(self, "Schedule", description="Ends what is due", schedule=Rate.rate(period), targets=[target])
