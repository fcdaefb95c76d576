"""The whole Central System, built over an AWS that breaks."""

import itertools
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, cast

import pytest

from csms.boundary_queue import BoundaryQueue
from csms.call_queue import CallQueue
from csms.event_bus import EventBus
from csms.event_queue import EventQueue
from csms.files import Files
from csms.gateway import Gateway
from csms.log import configure_logging
from csms.runtime import runtime
from csms.secrets import Secrets
from csms.workflows import StepFunctions as Workflows
from tests.faulty.aws import BrokenAws
from tests.faulty.services import S3, Connections, Events, Kms, RequestedTable, Sqs, StepFunctions
from tests.faulty.world import World

_ENVIRONMENT: Final = {
    "TABLE_NAME": "csms",
    "CALLBACK_URL": "https://example.com",
    "CALLS_QUEUE_URL": "calls",
    "BOUNDARIES_QUEUE_URL": "boundaries",
    "EVENTS_QUEUE_URL": "events",
    "EVENT_BUS": "bus",
    "FILES_BUCKET": "files",
    "PUBLIC_URL": "https://api.example.com",
    "CHARGING_PLAN_ARN": "arn",
    "SECRETS_KEY_ID": "key",
    "COMMISSIONING": "false",
    "POWERTOOLS_METRICS_DISABLED": "true",
}


@contextmanager
def faulty_system() -> Iterator[World]:
    """What scenes are played in."""
    numbers = itertools.count(1)

    def urandom(size: int) -> bytes:
        return (b"\xfe\xed" * size)[: size - 4] + next(numbers).to_bytes(4, "big")

    configure_logging()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _ENVIRONMENT.items():
            patch.setenv(name, value)
        patch.setattr(logging.getLogger("csms"), "handlers", [logging.NullHandler()])
        patch.setattr(logging.getLogger("csms"), "propagate", False)
        patch.setattr(os, "urandom", urandom)
        patch.setattr("secrets.token_urlsafe", lambda size: "feed" * 4 + f"{next(numbers):08x}" + "x" * (size - 18))
        patch.setattr("tests.lambda_station._connection_numbers", itertools.repeat("again"))
        patch.setattr("csms.credentials._SCRYPT_COST", 2)
        patch.setattr("csms.api.resources.sites._WORKERS", 1)  # requests have numbers
        patch.setattr("csms.api.waiting.pauses", lambda _: iter(()))
        runtime.cache_clear()
        csms = runtime()
        aws = BrokenAws(lambda: world.now)
        patch.setattr("csms.store.Table", lambda *_: RequestedTable(aws))
        settings = csms.settings
        sqs: Any = Sqs(aws)
        vars(csms).update(
            gateway=Gateway(cast("Any", Connections(aws))),
            call_queue=CallQueue(sqs, settings.calls_queue_url),
            boundary_queue=BoundaryQueue(sqs, settings.boundaries_queue_url),
            event_queue=EventQueue(sqs, settings.events_queue_url),
            event_bus=EventBus(Events(aws), settings.event_bus),
            files=Files(cast("Any", S3(aws)), settings.files_bucket),
            secrets=Secrets(lambda: cast("Any", Kms(aws)), settings.secrets_key_id),
            workflows=Workflows(cast("Any", StepFunctions(aws)), settings.charging_plan_arn),
        )
        world = World(csms, aws)
        world.start_process()
        with world.rivals:
            yield world
        runtime.cache_clear()
