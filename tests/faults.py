"""Faults of AWS as a client meets them: below botocore's own retries, at the n-th request that goes out."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

import botocore.retries.standard
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from moto.core.models import botocore_stubber

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from moto.core.botocore_stubber import BotocoreStubber


class Fault(Enum):
    """What a request meets; `ONCE` lets the client's own retry through, `ALWAYS` meets every later request too."""

    THROTTLED_ONCE = "throttled once"
    THROTTLED_ALWAYS = "throttled from there on"
    ANSWER_LOST_ONCE = "took effect, but its answer was lost once"
    ANSWER_LOST_ALWAYS = "took effect, but every answer was lost from there on"
    UNREACHABLE_ALWAYS = "not reached from there on"
    BROKEN_ONCE = "failed inside the service once, after it took effect"

    @property
    def is_lasting(self) -> bool:
        """Whether repeating does not help."""
        return self.name.endswith("_ALWAYS")


_TAKES_EFFECT: Final = {Fault.ANSWER_LOST_ONCE, Fault.ANSWER_LOST_ALWAYS, Fault.BROKEN_ONCE}


class Faults:
    """Counts the requests of a client and lets one of them, or all from one on, meet a fault."""

    def __init__(self, client: "BaseClient", monkeypatch: pytest.MonkeyPatch) -> None:
        self.requests = 0
        """Since the last aim."""
        self._fault: Fault | None = None
        self._at = 0
        name = client.meta.service_model.service_id.hyphenize()
        client.meta.events.register_first(f"before-send.{name}", self._meet)  # type: ignore[arg-type]
        monkeypatch.setattr(botocore.retries.standard.ExponentialBackoff, "delay_amount", lambda *_: 0)

    @contextmanager
    def at(self, number: int, fault: Fault | None) -> Iterator[None]:
        """Within, the request of this number meets the fault; None only counts."""
        self.requests, self._at, self._fault = 0, number, fault
        yield
        self._fault = None

    def _meet(self, request: AWSPreparedRequest, **named: Any) -> AWSResponse | None:
        number, fault = self.requests, self._fault
        self.requests += 1
        if fault is None or number < self._at or (number > self._at and not fault.is_lasting):
            return None
        if fault in _TAKES_EFFECT:
            stubber: BotocoreStubber = botocore_stubber
            stubber(request=request, **named)
        match fault:
            case Fault.UNREACHABLE_ALWAYS:
                raise ConnectTimeoutError(endpoint_url=request.url)
            case Fault.ANSWER_LOST_ONCE | Fault.ANSWER_LOST_ALWAYS:
                raise ReadTimeoutError(endpoint_url=request.url)
            case Fault.BROKEN_ONCE:
                return _refusal(request, 500, "InternalServerError")
            case _:
                return _refusal(request, 400, "ProvisionedThroughputExceededException")


def _refusal(request: AWSPreparedRequest, status: int, code: str) -> AWSResponse:
    body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "for a test"}).encode()
    return AWSResponse(request.url, status, {}, _Raw(body))  # type: ignore[arg-type]


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        """As urllib3 has it."""
        yield self.read()
