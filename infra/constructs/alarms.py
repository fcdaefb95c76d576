"""Alarms: what somebody has to look at, each with a section of the runbook that says what to do, all on one topic.

Functions, queues and state machines are found in the stack, so that none is left unwatched. An alarm costs 10 cents a
month and metric.
"""

import re
from collections.abc import Mapping
from typing import Final, TypeVar

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk.aws_apigatewayv2 import HttpApi, WebSocketStage
from aws_cdk.aws_cloudwatch import Alarm, ComparisonOperator, IMetric, MathExpression, Metric, Stats, TreatMissingData
from aws_cdk.aws_cloudwatch_actions import SnsAction
from aws_cdk.aws_dynamodb import ITableV2
from aws_cdk.aws_iam import ServicePrincipal
from aws_cdk.aws_lambda import Function
from aws_cdk.aws_sns import Topic
from aws_cdk.aws_sns_subscriptions import EmailSubscription
from aws_cdk.aws_sqs import Queue
from aws_cdk.aws_stepfunctions import StateMachine
from constructs import Construct, IConstruct

from csms.metrics import NAMESPACE
from csms.store.keys import INDEXES
from infra.config import Config
from infra.definitions import CHANGES_STREAM, SITE_CHANGES_STREAM, SWEEP_SCHEDULE

RUNBOOK: Final = "docs/runbook.md"
"""An alarm's description ends with the section there that says what to do."""

T = TypeVar("T")

_FIVE_MINUTES: Final = Duration.minutes(5)
_A_QUARTER: Final = Duration.minutes(15)
_STATION_FUNCTIONS: Final = ("Connect", "Message")
_LONGEST_DELAY: Final = Duration.minutes(15)
"""Of a message that waits in a queue on purpose."""
_BEHIND: Final = Duration.minutes(5)
_SLOW: Final = Duration.seconds(5)
_MANY_REFUSED: Final = 100
"""In five minutes: more than a few stations that try again."""


class Alarms(Construct):
    """The topic and everything that is told on it."""

    def __init__(self, scope: Construct, construct_id: str, config: Config, table: ITableV2) -> None:
        super().__init__(scope, construct_id)
        self._config = config
        self.topic = Topic(self, "Topic", enforce_ssl=True)
        # A policy of its own takes the place of the one that lets services of the account publish.
        account = {"StringEquals": {"aws:SourceAccount": Stack.of(self).account}}
        self.topic.grant_publish(ServicePrincipal("cloudwatch.amazonaws.com", conditions=account))
        if config.alarm_email:
            self.topic.add_subscription(EmailSubscription(config.alarm_email))
        CfnOutput(Stack.of(self), "AlarmTopicArn", value=self.topic.topic_arn)
        self._watch_functions()
        self._watch_queues()
        self._watch_executions()
        self._watch_apis()
        self._watch_table(table)
        self._watch_fleet()

    def of_stage(self, name: str, statistic: str, period: Duration, **words: str) -> Metric:
        """One of `csms.metrics`."""
        dimensions = {"stage": self._config.stage, **words}
        return Metric(
            namespace=NAMESPACE, metric_name=name, dimensions_map=dimensions, statistic=statistic, period=period
        )

    def _watch_functions(self) -> None:
        functions = {_name_of(function): function for function in self._all(Function)}
        for name, function in functions.items():
            self._alarm(
                f"{name}Errors",
                "FunctionErrors",
                f"the function of {name} fails",
                function.metric_errors(period=_FIVE_MINUTES),
                lasting=2,
            )
        throttles = {name: functions[name].metric_throttles(period=_FIVE_MINUTES) for name in _STATION_FUNCTIONS}
        self._alarm("FunctionsThrottled", "FunctionsThrottled", "messages of stations are turned away", _sum(throttles))
        for source in (CHANGES_STREAM, SITE_CHANGES_STREAM):
            name = "".join(word.capitalize() for word in source.function.split("_"))
            age = functions[name].metric("IteratorAge", statistic=Stats.MAXIMUM, period=_FIVE_MINUTES)
            self._alarm(
                f"{name}Behind",
                "StreamBehind",
                f"changes of the table wait for {name}",
                age,
                most=_BEHIND.to_milliseconds(),
                lasting=3,
            )
        sweeps = functions[SWEEP_SCHEDULE.function.capitalize()].metric_invocations(period=_FIVE_MINUTES)
        self._alarm("SweepStopped", "SweepStopped", "nothing is swept", sweeps, least=1, lasting=2)
        answers = self.of_stage("answer_time", Stats.SAMPLE_COUNT, _FIVE_MINUTES, outcome="InternalError")
        self._alarm("InternalErrors", "InternalErrors", "stations are asked to try again", answers, lasting=2)
        slow = self.of_stage("answer_time", Stats.percentile(99), _FIVE_MINUTES, outcome="answered")
        self._alarm("AnswersSlow", "AnswersSlow", "stations wait", slow, most=_SLOW.to_milliseconds(), lasting=3)

    def _watch_queues(self) -> None:
        for queue in self._all(Queue):
            name = _name_of(queue)
            if queue.dead_letter_queue is None:
                visible = queue.metric_approximate_number_of_messages_visible(
                    statistic=Stats.MAXIMUM, period=_FIVE_MINUTES
                )
                self._alarm(
                    f"{name}PutAside", "MessagesPutAside", f"{name} has messages that could not be handled", visible
                )
            else:
                age = queue.metric_approximate_age_of_oldest_message(period=_FIVE_MINUTES)
                most = _LONGEST_DELAY.plus(_BEHIND).to_seconds()
                self._alarm(f"{name}Behind", "QueueBehind", f"messages of {name} wait", age, most=most, lasting=2)

    def _watch_executions(self) -> None:
        for machine in self._all(StateMachine):
            name = _name_of(machine)
            for state, metric in {
                "Failed": machine.metric_failed(period=_FIVE_MINUTES),
                "TimedOut": machine.metric_timed_out(period=_FIVE_MINUTES),
                "Throttled": machine.metric_throttled(period=_FIVE_MINUTES),
            }.items():
                self._alarm(f"{name}{state}", f"{name}{state}", f"a step of a charging plan: {_words(state)}", metric)

    def _watch_apis(self) -> None:
        for stage in self._all(WebSocketStage):
            # Not IntegrationError, which counts what `connect` refuses; errors of functions have alarms of their own.
            failures = stage.metric("ExecutionError", statistic=Stats.SUM, period=_FIVE_MINUTES)
            self._alarm("StationApiFails", "StationApiFails", "stations get no OCPP answer", failures, lasting=2)
        for api in self._all(HttpApi):
            self._alarm(
                "OperatorApiFails",
                "OperatorApiFails",
                "operators get a 5xx",
                api.metric_server_error(statistic=Stats.SUM, period=_FIVE_MINUTES),
                lasting=2,
            )

    def _watch_table(self, table: ITableV2) -> None:
        sides = {
            "reads": table.metric("ReadThrottleEvents", statistic=Stats.SUM, period=_FIVE_MINUTES),
            "writes": table.metric("WriteThrottleEvents", statistic=Stats.SUM, period=_FIVE_MINUTES),
        }
        for index in INDEXES:
            dimensions = {"TableName": table.table_name, "GlobalSecondaryIndexName": index}
            sides[index.lower()] = table.metric(
                "WriteThrottleEvents", dimensions_map=dimensions, statistic=Stats.SUM, period=_FIVE_MINUTES
            )
        self._alarm("TableThrottled", "TableThrottled", "the table turns away requests", _sum(sides), lasting=2)

    def _watch_fleet(self) -> None:
        figures = {
            "known": self.of_stage("stations_known", Stats.AVERAGE, _A_QUARTER),
            "online": self.of_stage("stations_online", Stats.AVERAGE, _A_QUARTER),
        }
        offline = MathExpression(
            expression="100 * (known - online) / known", using_metrics=_metrics(figures), period=_A_QUARTER
        )
        most = self._config.offline_alarm_percent
        self._alarm("StationsOffline", "StationsOffline", "many stations are away", offline, most=most, lasting=2)
        refused = self.of_stage("refused_connections", Stats.SUM, _FIVE_MINUTES)
        self._alarm(
            "ConnectionsRefused",
            "ConnectionsRefused",
            "many connections are refused",
            refused,
            most=_MANY_REFUSED,
            lasting=3,
        )
        guessed = self.of_stage("events", Stats.SUM, _A_QUARTER, event="LoginsRefused")
        self._alarm("LoginsRefused", "LoginsRefused", "somebody guesses the password of a charge point", guessed)
        too_large = self.of_stage("events", Stats.SUM, _A_QUARTER, event="MessageTooLarge")
        self._alarm("MessagesTooLarge", "MessagesTooLarge", "stations lose messages (close 1009)", too_large)
        unheeded = self.of_stage("events", Stats.SUM, _A_QUARTER, event="LimitNotFollowed")
        self._alarm("LimitsNotFollowed", "LimitsNotFollowed", "vehicles draw more than planned", unheeded)

    def _alarm(
        self,
        construct_id: str,
        section: str,
        what: str,
        metric: IMetric,
        *,
        most: float = 0,
        least: float | None = None,
        lasting: int = 1,
    ) -> None:
        """Watch a metric.

        Args:
            construct_id: names the alarm.
            section: of the runbook.
            what: is wrong, in words.
            metric: whose period is the alarm's.
            most: above this it rings; where there are no data nothing is wrong.
            least: instead, below this it rings, and where there are no data.
            lasting: for so many periods in a row.
        """
        alarm = Alarm(
            self,
            construct_id,
            metric=metric,
            alarm_description=f"{what[0].upper()}{what[1:]}: {RUNBOOK}#{section.lower()}",
            threshold=most if least is None else least,
            comparison_operator=(
                ComparisonOperator.GREATER_THAN_THRESHOLD if least is None else ComparisonOperator.LESS_THAN_THRESHOLD
            ),
            treat_missing_data=TreatMissingData.NOT_BREACHING if least is None else TreatMissingData.BREACHING,
            evaluation_periods=lasting,
        )
        action = SnsAction(self.topic)
        alarm.add_alarm_action(action)
        alarm.add_ok_action(action)

    def _all(self, kind: type[T]) -> list[T]:
        return [found for found in Stack.of(self).node.find_all() if isinstance(found, kind)]


def _name_of(construct: IConstruct) -> str:
    """Where it is in the stack: `FinishCalls` for `csms-prod/Functions/FinishCalls/Function`."""
    _, *path = construct.node.path.removesuffix("Failures").split("/")
    return "".join(part for part in path if part not in {"Function", "Functions", "Queue", "StateMachine"})


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def _metrics(metrics: Mapping[str, Metric]) -> dict[str, IMetric]:
    return dict(metrics)


def _sum(metrics: Mapping[str, Metric]) -> MathExpression:
    """Of metrics that are missing where there is nothing to count."""
    named = {f"m{number}": metric for number, metric in enumerate(metrics.values())}
    return MathExpression(
        expression=" + ".join(f"FILL({name}, 0)" for name in named), using_metrics=_metrics(named), period=_FIVE_MINUTES
    )
