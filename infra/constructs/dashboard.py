"""The dashboard: one page that says how the stations are, what they are answered, and what it costs."""

from typing import Final

from aws_cdk import Duration, Stack
from aws_cdk.aws_apigatewayv2 import WebSocketStage
from aws_cdk.aws_cloudwatch import (
    Dashboard,
    GraphWidget,
    IMetric,
    IWidget,
    MathExpression,
    Metric,
    SingleValueWidget,
    Stats,
)
from aws_cdk.aws_dynamodb import ITableV2
from aws_cdk.aws_lambda import Function
from aws_cdk.aws_sqs import Queue
from constructs import Construct

from csms.metrics import DIMENSIONS, NAMESPACE
from infra.config import Config

_PERIOD: Final = Duration.minutes(5)
_WIDTH: Final = 8


class FleetDashboard(Construct):
    """Metrics of ours and those that AWS keeps anyway."""

    def __init__(self, scope: Construct, construct_id: str, config: Config, table: ITableV2) -> None:
        super().__init__(scope, construct_id)
        self._stage, self._table = config.stage, table
        Dashboard(self, "Dashboard", widgets=[self._stations(), self._answers(), self._work(), self._cost_drivers()])

    def _stations(self) -> list[IWidget]:
        names = ("stations_known", "stations_online", "open_transactions")
        now = [self._ours(name, Stats.AVERAGE) for name in names]
        return [
            SingleValueWidget(title="Now", metrics=[*now], width=_WIDTH),
            _graph("Stations and transactions", *now),
            _graph("Refused connections by status", self._search("refused_connections", Stats.SUM)),
        ]

    def _answers(self) -> list[IWidget]:
        return [
            _graph("CALLs by action and outcome", self._search("answer_time", Stats.SAMPLE_COUNT)),
            _graph(
                "Time to answer, ms",
                self._ours("answer_time", Stats.percentile(50), outcome="answered"),
                self._ours("answer_time", Stats.percentile(99), outcome="answered"),
            ),
            _graph("Ended calls by outcome", self._search("calls", Stats.SUM)),
        ]

    def _work(self) -> list[IWidget]:
        functions = [found for found in Stack.of(self).node.find_all() if isinstance(found, Function)]
        queues = [found for found in Stack.of(self).node.find_all() if isinstance(found, Queue)]
        return [
            _graph("Errors of functions", *(each.metric_errors(period=_PERIOD) for each in functions)),
            _graph(
                "Messages in queues",
                *(each.metric_approximate_number_of_messages_visible(period=_PERIOD) for each in queues),
            ),
            _graph("Events", self._search("events", Stats.SUM)),
        ]

    def _cost_drivers(self) -> list[IWidget]:
        found = Stack.of(self).node.find_all()
        stages = [each for each in found if isinstance(each, WebSocketStage)]
        functions = [each for each in found if isinstance(each, Function)]
        return [
            _graph(
                "Messages and connections",
                *(
                    each.metric(name, statistic=Stats.SUM)
                    for each in stages
                    for name in ("MessageCount", "ConnectCount")
                ),
            ),
            _graph(
                "Capacity of the table",
                self._table.metric_consumed_read_capacity_units(period=_PERIOD),
                self._table.metric_consumed_write_capacity_units(period=_PERIOD),
            ),
            _graph("Seconds of functions", *(each.metric_duration(statistic=Stats.SUM) for each in functions)),
        ]

    def _ours(self, name: str, statistic: str, **words: str) -> Metric:
        return Metric(
            namespace=NAMESPACE,
            metric_name=name,
            dimensions_map={"stage": self._stage, **words},
            statistic=statistic,
            period=_PERIOD,
        )

    def _search(self, name: str, statistic: str) -> IMetric:
        """All values of a metric's dimensions, those that come into being later as well."""
        schema = ",".join((NAMESPACE, *DIMENSIONS[name][0]))
        return MathExpression(
            expression=f"""SEARCH('{{{schema}}} MetricName="{name}" stage="{self._stage}"', '{statistic}', 300)""",
            label="",
            period=_PERIOD,
        )


def _graph(title: str, *metrics: IMetric) -> GraphWidget:
    return GraphWidget(title=title, left=[*metrics], width=_WIDTH)
