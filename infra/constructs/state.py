"""State: one table for everything (`DESIGN.md` §6)."""

from typing import Final, cast

from aws_cdk import RemovalPolicy
from aws_cdk.aws_dynamodb import (
    Attribute,
    AttributeType,
    GlobalSecondaryIndexPropsV2,
    ITableV2,
    PointInTimeRecoverySpecification,
    ProjectionType,
    StreamViewType,
    TableV2,
)
from aws_cdk.aws_iam import PolicyStatement
from constructs import Construct

from csms.store.keys import INDEXES, PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE
from infra.config import Config
from infra.constructs.functions import Functions
from infra.definitions import FUNCTIONS, STREAM_VIEW

_RECOVERY_DAYS: Final = 35


class State(Construct):
    """The table, its indexes and who may do what with it."""

    def __init__(self, scope: Construct, construct_id: str, config: Config) -> None:
        super().__init__(scope, construct_id)
        self.table = self._restored(config.table_stream_arn) if config.table_stream_arn else self._new(config)

    def _restored(self, stream_arn: str) -> ITableV2:
        """A table that somebody has restored from an earlier moment of ours, which stays, outside the stack."""
        return TableV2.from_table_attributes(
            self,
            "Restored",
            table_arn=stream_arn.partition("/stream/")[0],
            table_stream_arn=stream_arn,
            global_indexes=list(INDEXES),
        )

    def _new(self, config: Config) -> ITableV2:
        table = TableV2(
            self,
            "Table",
            partition_key=_string(PARTITION_KEY),
            sort_key=_string(SORT_KEY),
            global_secondary_indexes=[_index(name) for name in INDEXES],
            time_to_live_attribute=TTL_ATTRIBUTE,
            dynamo_stream=StreamViewType(STREAM_VIEW),
            point_in_time_recovery_specification=PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True, recovery_period_in_days=_RECOVERY_DAYS
            ),
            deletion_protection=config.is_retained,
            removal_policy=RemovalPolicy.RETAIN if config.is_retained else RemovalPolicy.DESTROY,
        )
        return cast("ITableV2", table)

    def grant(self, functions: Functions) -> None:
        """Allow every function its own actions on the table, and Query on its own indexes."""
        for name, definition in FUNCTIONS.items():
            if not definition.table_actions:
                continue
            actions = [f"dynamodb:{action}" for action in definition.table_actions]
            functions.allow(name, PolicyStatement(actions=actions, resources=[self.table.table_arn]))
            if definition.indexes:
                arns = [f"{self.table.table_arn}/index/{index}" for index in definition.indexes]
                functions.allow(name, PolicyStatement(actions=["dynamodb:Query"], resources=arns))


def _string(name: str) -> Attribute:
    return Attribute(name=name, type=AttributeType.STRING)


def _index(name: str) -> GlobalSecondaryIndexPropsV2:
    return GlobalSecondaryIndexPropsV2(
        index_name=name,
        partition_key=_string(f"{name}PK"),
        sort_key=_string(f"{name}SK"),
        projection_type=ProjectionType.ALL,
    )
