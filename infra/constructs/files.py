"""Files: firmware for charge points, diagnostics from them."""

from typing import Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk.aws_s3 import BlockPublicAccess, Bucket, BucketEncryption, LifecycleRule
from constructs import Construct

from infra.config import Config
from infra.nag import acknowledge

_ABANDONED_UPLOAD_DAYS: Final = 7


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
                LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(_ABANDONED_UPLOAD_DAYS))
            ],
            removal_policy=RemovalPolicy.RETAIN if config.is_retained else RemovalPolicy.DESTROY,
        )
        acknowledge(self.bucket, "Objects are reached through functions only, and those log each access.", "S1")
