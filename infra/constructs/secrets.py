"""Secrets: the key for what is secret in a call that waits to be sent."""

from typing import Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk.aws_iam import PolicyStatement
from aws_cdk.aws_kms import Key
from constructs import Construct

from infra.constructs.functions import Functions
from infra.definitions import FUNCTIONS, SECRET_ACTIONS

_PENDING_DAYS: Final = 7


class Secrets(Construct):
    """The key and who may use it."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self._key = Key(
            self,
            "Key",
            description="Secrets of calls to charge points, until they are sent",
            enable_key_rotation=True,
            # Also where the table outlives the stack: a secret waits for a day at most.
            removal_policy=RemovalPolicy.DESTROY,
            pending_window=Duration.days(_PENDING_DAYS),
        )

    @property
    def key_id(self) -> str:
        """The key in the environment of the functions."""
        return self._key.key_id

    def grant(self, functions: Functions) -> None:
        """Allow functions that place and send calls to encrypt and decrypt."""
        actions = [f"kms:{action}" for action in SECRET_ACTIONS]
        for name, definition in FUNCTIONS.items():
            if definition.places_calls:
                functions.allow(name, PolicyStatement(actions=actions, resources=[self._key.key_arn]))
