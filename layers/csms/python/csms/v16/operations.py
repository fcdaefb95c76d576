"""The operations a Central System starts: which exist, what stands against sending one, what its answer changes.

Every module of `csms.v16.commands` defines one `Operation` and is discovered. The engine (`csms.calls`) knows none of
them: it asks `V16Operations`.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any, Final, Generic, Self, TypeVar

from pydantic import ConfigDict, ValidationError, model_validator

from csms.calls import CallRefused, Order
from csms.ids import ChargePointId
from csms.ocpp import frames
from csms.ocpp.frames import CallError, CallResult
from csms.ocpp.json_types import JsonObject
from csms.settings import Settings
from csms.store import Store
from csms.store.calls import Call, CallState, Outcome
from csms.store.links import Link, Registration
from csms.v16.payload import Payload

_ACCEPTED: Final = frozenset({"Accepted", "Unlocked", "Scheduled", "RebootRequired"})
LARGEST_MESSAGE: Final = 16 * 1024
"""Bytes; many stations cannot take more, and 32 KB is the platform's frame."""


class CommandRequest(Payload):
    """A payload we send: exactly what the official schema allows, nothing coerced, nothing more, no null."""

    model_config = ConfigDict(extra="forbid", strict=True, coerce_numbers_to_str=False, populate_by_name=False)

    @model_validator(mode="after")
    def _has_no_null(self) -> Self:
        if any(getattr(self, name) is None for name in self.model_fields_set):
            raise ValueError("null is no value: leave the field out")
        return self


class CommandResponse(Payload):
    """A payload a station answers with: read tolerantly."""


@dataclass(frozen=True)
class Situation:
    """What a rule may look at before a call is sent."""

    charge_point_id: ChargePointId
    link: Link
    store: Store
    settings: Settings
    now: datetime
    is_forced: bool = False


@dataclass(frozen=True)
class Settled:
    """A call that has ended, for what its end changes."""

    call: Call
    store: Store
    settings: Settings
    now: datetime
    place: Callable[[Order], Call]
    """Places a further call. With an idempotency key, because effects may run again."""

    @property
    def is_accepted(self) -> bool:
        """Whether the station agreed."""
        return self.call.state is CallState.ACCEPTED


@dataclass(frozen=True)
class Prepared:
    """A payload as it will be sent, and what the action wants to know again when the answer comes."""

    payload: JsonObject
    context: JsonObject | None = None


RequestT = TypeVar("RequestT", bound=CommandRequest)
ResponseT = TypeVar("ResponseT", bound=CommandResponse)


@dataclass
class Operation(Generic[RequestT, ResponseT]):
    """One operation. Its functions are entered by the decorators below; all of them are optional."""

    name: str
    request: type[RequestT]
    response: type[ResponseT]
    is_immediate: bool = False
    """Meant for this moment: not kept for a station that is offline."""
    _prepare: Callable[[JsonObject, Situation], Prepared] | None = field(default=None, repr=False)
    _check: Callable[[RequestT, Situation], None] | None = field(default=None, repr=False)
    _apply: Callable[[RequestT, ResponseT | None, Settled], None] | None = field(default=None, repr=False)

    def prepares(self, function: Callable[[JsonObject, Situation], Prepared]) -> Callable[..., Prepared]:
        """Fills in what the operator left out, before the schema is checked."""
        self._prepare = function
        return function

    def checks(self, function: Callable[[RequestT, Situation], None]) -> Callable[..., None]:
        """Raises CallRefused where a rule stands against sending, when placed and again when dispatched."""
        self._check = function
        return function

    def applies(self, function: Callable[[RequestT, ResponseT | None, Settled], None]) -> Callable[..., None]:
        """Changes what the end of the call changes, whatever the end. Runs at least once; must be idempotent."""
        self._apply = function
        return function

    def prepare(self, body: JsonObject, situation: Situation) -> Prepared:
        """The payload to send; the operator's own words stay verbatim.

        Raises:
            pydantic.ValidationError: the payload does not satisfy the schema.
            CallRefused: what was left out cannot be filled in.
        """
        prepared = self._prepare(body, situation) if self._prepare else Prepared(body)
        self.request.model_validate_json(_as_json(prepared.payload))
        return prepared

    def check(self, call: Call, situation: Situation) -> None:
        """Run the rules.

        Raises:
            CallRefused: one stands against it.
        """
        if self._check and not situation.is_forced:
            self._check(self.request.model_validate_json(_as_json(call.payload)), situation)

    @property
    def has_effects(self) -> bool:
        """Whether the end of a call changes anything."""
        return self._apply is not None

    def apply(self, settled: Settled) -> None:
        """Change what the end of the call changes."""
        if self._apply is None:
            return
        request = self.request.model_validate_json(_as_json(settled.call.payload))
        self._apply(request, self._read_response(settled.call.response), settled)

    def _read_response(self, response: Any) -> ResponseT | None:
        try:
            return self.response.model_validate(response)
        except ValidationError:
            return None


def _as_json(payload: JsonObject) -> str:
    return frames.dumps(payload)


@cache
def operations() -> Mapping[str, Operation[Any, Any]]:
    """Every operation a Central System may start, by its exact name.

    Raises:
        ValueError: two modules define the same one.
    """
    package = importlib.import_module("csms.v16.commands")
    found: dict[str, Operation[Any, Any]] = {}
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        for operation in (value for value in vars(module).values() if isinstance(value, Operation)):
            if found.setdefault(operation.name, operation) is not operation:
                raise ValueError(f"{operation.name} is defined twice")
    return MappingProxyType(found)


class V16Operations:
    """What the engine asks about OCPP 1.6 calls."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store

    def is_immediate(self, action: str) -> bool:
        """Whether the call is meant for this moment."""
        return operations()[action].is_immediate

    def check(self, call: Call, link: Link, now: datetime) -> None:
        """Raise CallRefused if a rule stands against sending the call now."""
        text = frames.serialize(frames.Call(call.id, call.action, call.payload))
        if len(text.encode()) > LARGEST_MESSAGE:
            raise CallRefused(f"the message is larger than {LARGEST_MESSAGE} bytes")
        situation = Situation(link.charge_point_id, link, self._store, self._settings, now, call.is_forced)
        if not call.is_forced:
            _check_registration(call.action, link.registration)
        operations()[call.action].check(call, situation)

    def outcome(self, call: Call, answer: CallResult | CallError) -> Outcome:
        """What the answer means: the raw status is kept; none at all counts as accepted."""
        if isinstance(answer, CallError):
            details = {"errorCode": answer.code, "errorDescription": answer.description, "errorDetails": answer.details}
            return Outcome(CallState.FAILED, answer.code or "CALLERROR", details)
        status = answer.payload.get("status") if isinstance(answer.payload, dict) else None
        is_flagged = not self._is_valid(call.action, answer.payload)
        if isinstance(status, str):
            state = CallState.ACCEPTED if status in _ACCEPTED else CallState.REJECTED
            return Outcome(state, status[:50], answer.payload, is_flagged)
        has_no_status = "status" not in operations()[call.action].response.model_fields
        state = CallState.ACCEPTED if has_no_status else CallState.FAILED
        return Outcome(state, None if has_no_status else "unreadable answer", answer.payload, is_flagged)

    def has_effects(self, call: Call) -> bool:
        """Whether the end of the call changes anything else."""
        return operations()[call.action].has_effects

    def apply(self, call: Call, now: datetime, place: Callable[[Order], Call]) -> None:
        """Change what the end of the call changes."""
        operations()[call.action].apply(Settled(call, self._store, self._settings, now, place))

    @staticmethod
    def _is_valid(action: str, payload: Any) -> bool:
        try:
            operations()[action].response.model_validate(payload)
        except ValidationError:
            return False
        return True


def _check_registration(action: str, registration: Registration) -> None:
    if registration is Registration.REJECTED:
        raise CallRefused("the charge point is rejected [S 4.2]")
    if registration is Registration.PENDING and action in {"RemoteStartTransaction", "RemoteStopTransaction"}:
        raise CallRefused("the charge point is pending: no remote start or stop [S 4.2]")
