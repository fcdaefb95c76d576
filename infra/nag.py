"""Accepted findings of cdk-nag: always at the resource, always with the reason."""

from typing import cast

from aws_cdk import Acknowledgment, Validations
from constructs import Construct, IConstruct


def acknowledge(construct: Construct, reason: str, *rules: str) -> None:
    """Accept `rules` (`APIG4`, `IAM5[Resource::*]`) of the AwsSolutions pack at a construct."""
    Validations.of(cast("IConstruct", construct)).acknowledge(
        *(Acknowledgment(id=f"AwsSolutions-{rule}", reason=reason) for rule in rules)
    )
