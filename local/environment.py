"""The environment that the handlers see: what CDK sets on the functions, and an AWS that is surely not the real one."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

REGION: Final = "eu-west-1"
STAGE: Final = "local"
TABLE_NAME: Final = "csms"
FILES_BUCKET: Final = "csms-files"
CALLS_QUEUE_NAME: Final = "csms-calls"
BOUNDARIES_QUEUE_NAME: Final = "csms-boundaries"
EVENTS_QUEUE_NAME: Final = "csms-events"
EVENT_BUS: Final = "csms-bus"
SECRETS_KEY: Final = "alias/csms-secrets"
CREDENTIALS: Final = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
"""Of the embedded AWS, which holds presigned URLs to them."""
ACCOUNT: Final = "000000000000"
"""The account of the embedded AWS."""
CHARGING_PLAN_NAME: Final = "csms-charging-plan"
CHARGING_PLAN_ARN: Final = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{CHARGING_PLAN_NAME}"

_DEFAULTS: Final = {"UNKNOWN_CHARGE_POINTS": "accept", "POWERTOOLS_LOG_LEVEL": "WARNING"}


def handler_environment(aws_url: str, callback_url: str, public_url: str = "") -> dict[str, str]:
    """The variables of all functions; those of `_DEFAULTS` may be set from outside."""
    wiring = {
        "TABLE_NAME": TABLE_NAME,
        "FILES_BUCKET": FILES_BUCKET,
        "CALLBACK_URL": callback_url,
        "CALLS_QUEUE_URL": f"{aws_url}/{ACCOUNT}/{CALLS_QUEUE_NAME}",
        "CHARGING_PLAN_ARN": CHARGING_PLAN_ARN,
        "BOUNDARIES_QUEUE_URL": f"{aws_url}/{ACCOUNT}/{BOUNDARIES_QUEUE_NAME}",
        "EVENTS_QUEUE_URL": f"{aws_url}/{ACCOUNT}/{EVENTS_QUEUE_NAME}",
        "EVENT_BUS": EVENT_BUS,
        "SECRETS_KEY_ID": SECRETS_KEY,
        "PUBLIC_URL": public_url,
        "STAGE": STAGE,
        "POWERTOOLS_SERVICE_NAME": "csms",
        "POWERTOOLS_TRACE_DISABLED": "true",
        "POWERTOOLS_METRICS_DISABLED": "true",
        "NO_PROXY": ",".join(filter(None, (os.environ.get("NO_PROXY"), "127.0.0.1,localhost"))),
    }
    chosen = {name: os.environ.get(name, value) for name, value in _DEFAULTS.items()}
    return wiring | chosen | client_environment(aws_url)


def client_environment(url: str) -> dict[str, str]:
    """For clients of an embedded AWS: with only these none can reach an account, whatever the user's profile says."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        **CREDENTIALS,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@contextmanager
def replaced_environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set the variables and drop every other AWS one; put all back at the end."""
    before = dict(os.environ)
    for name in before:
        if name.startswith("AWS_"):
            del os.environ[name]
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
