"""Backup: a copy of the table a day, in a vault that the table's own end does not reach."""

from typing import Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk.aws_backup import BackupPlan, BackupPlanRule, BackupResource, BackupSelection, BackupVault
from aws_cdk.aws_dynamodb import ITableV2
from aws_cdk.aws_events import Schedule
from aws_cdk.aws_iam import ManagedPolicy, Role, ServicePrincipal
from constructs import Construct

from infra.config import Config
from infra.nag import acknowledge

_POLICY: Final = "service-role/AWSBackupServiceRolePolicyForBackup"


class Backup(Construct):
    """The vault, the plan, and who copies. Files are not copied: firmware can be uploaded again."""

    def __init__(self, scope: Construct, construct_id: str, config: Config, table: ITableV2) -> None:
        super().__init__(scope, construct_id)
        vault = BackupVault(
            self,
            "Vault",
            removal_policy=RemovalPolicy.RETAIN if config.is_retained else RemovalPolicy.DESTROY,
        )
        plan = BackupPlan(self, "Plan", backup_vault=vault)
        plan.add_rule(
            BackupPlanRule(
                rule_name="Daily",
                schedule_expression=Schedule.cron(hour="3", minute="0"),
                delete_after=Duration.days(config.backup_days),
            )
        )
        role = Role(
            self,
            "Role",
            assumed_by=ServicePrincipal("backup.amazonaws.com"),
            managed_policies=[ManagedPolicy.from_aws_managed_policy_name(_POLICY)],
        )
        policy = f"IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{_POLICY}]"
        acknowledge(role, "AWS Backup is meant to be allowed by this policy.", policy)
        BackupSelection(
            self,
            "Selection",
            backup_plan=plan,
            resources=[BackupResource.from_dynamo_db_table(table)],
            role=role,
            disable_default_backup_policy=True,
        )
