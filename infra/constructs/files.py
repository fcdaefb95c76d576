"""Files: firmware for charge points, diagnostics from them."""

from typing import Final, cast

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk.aws_iam import PolicyStatement, Role
from aws_cdk.aws_lambda import IFunction
from aws_cdk.aws_s3 import BlockPublicAccess, Bucket, BucketEncryption, CfnBucket, LifecycleRule
from constructs import Construct

from infra.config import Config
from infra.constructs.functions import Functions
from infra.definitions import FUNCTIONS
from infra.nag import acknowledge

_ABANDONED_UPLOAD_DAYS: Final = 7
_LONGEST_UPLOAD_DAYS: Final = 32
"""A station's URL works that long at most; what is known of the files is kept from its end."""


class Files(Construct):
    """The bucket; charge points reach it only through the operator API."""

    def __init__(self, scope: Construct, construct_id: str, config: Config) -> None:
        super().__init__(scope, construct_id)
        self.bucket = Bucket(
            self,
            "Bucket",
            block_public_access=BlockPublicAccess.BLOCK_ALL,
            encryption=BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            lifecycle_rules=[
                LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(_ABANDONED_UPLOAD_DAYS)),
                LifecycleRule(
                    prefix="diagnostics/", expiration=Duration.days(_LONGEST_UPLOAD_DAYS + config.history_days)
                ),
            ],
            removal_policy=RemovalPolicy.RETAIN if config.is_retained else RemovalPolicy.DESTROY,
        )
        acknowledge(self.bucket, "Objects are reached through functions only, and those log each access.", "S1")

    def grant(self, functions: Functions) -> None:
        """Allow functions their actions in the folders; without ListBucket a missing object would look forbidden."""
        for name, definition in FUNCTIONS.items():
            for folder, operations in definition.file_actions.items():
                actions = [f"s3:{operation}" for operation in operations]
                arn = self.bucket.arn_for_objects(f"{folder}/*")
                functions.allow(name, PolicyStatement(actions=actions, resources=[arn]))
                self._acknowledge_any_object(functions[name], folder)
            if definition.file_actions:
                functions.allow(name, PolicyStatement(actions=["s3:ListBucket"], resources=[self.bucket.bucket_arn]))

    def _acknowledge_any_object(self, function: IFunction, folder: str) -> None:
        bucket = Stack.of(self).get_logical_id(cast("CfnBucket", self.bucket.node.default_child))
        acknowledge(
            cast("Role", function.role),
            "Files come into being at run time; everything in this folder is theirs.",
            f"IAM5[Resource::<{bucket}.Arn>/{folder}/*]",
        )
