"""The operations a Central System starts: which exist, what stands against sending one, what its answer changes.

Every module of `csms.v16.commands` defines one `Operation` and is discovered. The engine (`csms.calls`) knows none of
them: it asks `V16Operations`.
"""

import importlib
import json
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar, get_args

from pydantic import ConfigDict, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from csms.calls import CallRefused, Order
from csms.ids import CallId, ChargePointId
from csms.ocpp import frames
from csms.ocpp.errors import ErrorCode
from csms.ocpp.frames import CallError, CallResult
from csms.ocpp.json_types import JsonObject
from csms.redaction import REDACTED, blot, hide_texts, redact, redact_frame, secrets_in
from csms.secrets import LONGEST_SECRET, Secrets, SecretTooLong
from csms.settings import Settings
from csms.store import Store
from csms.store.calls import Call, CallState, Outcome
from csms.store.links import Link, Registration
from csms.v16.official import is_official
from csms.v16.payload import Payload

if TYPE_CHECKING:
    from csms.files import Files

_ACCEPTED: Final = frozenset({"Accepted", "Unlocked", "Scheduled", "RebootRequired"})
_UNREADABLE: Final = "unreadable answer"
_CALL_ERROR: Final = ("errorCode", "errorDescription", "errorDetails")
_ALL_OF_IT: Final = ""
_LONGEST_STATUS: Final = 50
WARNINGS: Final = "warnings"
"""Where the context of a call keeps what its operator was told."""
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
    call_id: CallId | None = None
    """None while the call is being prepared."""
    payload: JsonObject | None = None
    """What will go out, verbatim; None while the call is being prepared."""
    context: JsonObject | None = None
    """What the action wanted to know again; None while the call is being prepared."""
    files: "Callable[[], Files] | None" = None
    """Known where calls are prepared, not where they are sent."""


@dataclass(frozen=True)
class Settled:
    """A call that has ended, for what its end changes. What was secret in it is hidden by now."""

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

    @property
    def was_answered(self) -> bool:
        """Whether the station answered at all, if only with a CALLERROR."""
        return self.call.response is not None

    @property
    def is_not_supported(self) -> bool:
        """Whether the station says by CALLERROR that it does not know the operation."""
        return self.call.state is CallState.FAILED and self.call.status in {"NotSupported", "NotImplemented"}

    @property
    def is_unclear(self) -> bool:
        """Whether the station may have done it: it did not answer, or not in words that the operation has."""
        call, statuses = self.call, operations()[self.call.action].statuses
        is_no_word = call.state is CallState.REJECTED and bool(statuses) and call.status not in statuses
        return call.state is CallState.TIMED_OUT or call.status == _UNREADABLE or is_no_word


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
    concerns: Callable[[JsonObject], bool] = lambda _: True
    """Whether the end of a call with this payload may change anything: what it spares is a write and a stream read."""
    fills: tuple[str, ...] = ()
    """Dotted names of what an operator may leave out although the schema asks for it: `prepares` fills it in."""
    _prepare: Callable[[JsonObject, Situation], Prepared] | None = field(default=None, repr=False)
    _check: Callable[[RequestT, Situation], None] | None = field(default=None, repr=False)
    _advise: Callable[[RequestT, Situation], Iterable[str]] | None = field(default=None, repr=False)
    _precede: Callable[[RequestT, Situation], None] | None = field(default=None, repr=False)
    _apply: Callable[[RequestT, ResponseT | None, Settled], None] | None = field(default=None, repr=False)

    def prepares(self, function: Callable[[JsonObject, Situation], Prepared]) -> Callable[..., Prepared]:
        """Fills in what the operator left out, before the schema is checked."""
        self._prepare = function
        return function

    def checks(self, function: Callable[[RequestT, Situation], None]) -> Callable[..., None]:
        """Raises CallRefused where a rule stands against sending, when placed and again when dispatched."""
        self._check = function
        return function

    def advises(self, function: Callable[[RequestT, Situation], Iterable[str]]) -> Callable[..., Iterable[str]]:
        """Says what is allowed but may not be meant, once, before the call is placed."""
        self._advise = function
        return function

    def precedes(self, function: Callable[[RequestT, Situation], None]) -> Callable[..., None]:
        """Changes what must be so before the station has the call; runs again if the call has to be sent again."""
        self._precede = function
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
        request = self.request.model_validate_json(_as_json(prepared.payload))
        warnings = list(self._advise(request, situation)) if self._advise else []
        return replace(prepared, context={**(prepared.context or {}), WARNINGS: warnings}) if warnings else prepared

    def check(self, call: Call, situation: Situation) -> None:
        """Run the rules.

        Raises:
            CallRefused: one stands against it.
        """
        if self._check and not situation.is_forced:
            self._check(self.request.model_validate_json(_as_json(call.payload)), situation)

    def precede(self, call: Call, situation: Situation) -> None:
        """Change what must be so before the station has the call."""
        if self._precede:
            self._precede(self.request.model_validate_json(_as_json(call.payload)), situation)

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

    @property
    def statuses(self) -> tuple[str, ...]:
        """The statuses that a charge point may answer with; none where it answers with something else."""
        found = self.response.model_fields.get("status")
        return get_args(found.annotation) if found else ()

    def outcome(self, payload: Any) -> Outcome:
        """What an answer means. One outside the schema is flagged, and used where its meaning is clear."""
        is_flagged = not is_official(self.response, payload)
        status = self._status_in(payload)
        if status is not None:
            is_accepted = status in _ACCEPTED and (not self.statuses or status in self.statuses)
            return Outcome(CallState.ACCEPTED if is_accepted else CallState.REJECTED, status, payload, is_flagged)
        required = {to_camel(name) for name, found in self.response.model_fields.items() if found.is_required()}
        if required and not self._unreadable_in(payload).isdisjoint(required | {_ALL_OF_IT}):
            return Outcome(CallState.FAILED, _UNREADABLE, payload, is_flagged=True)
        return Outcome(CallState.ACCEPTED, None, payload, is_flagged)

    def _status_in(self, payload: Any) -> str | None:
        """In the schema's spelling; a status that the operation does not have as it came."""
        given = payload.get("status") if isinstance(payload, dict) else None
        if not isinstance(given, str):
            return None
        known = {status.casefold(): status for status in self.statuses}
        return known.get(given.strip().casefold(), given[:_LONGEST_STATUS])

    def _unreadable_in(self, payload: Any) -> set[Any]:
        """The fields of an answer that make no sense."""
        try:
            self.response.model_validate(payload)
        except ValidationError as error:
            return {finding["loc"][0] if finding["loc"] else _ALL_OF_IT for finding in error.errors()}
        return set()

    def _read_response(self, payload: Any) -> ResponseT | None:
        status = self._status_in(payload)
        try:
            return self.response.model_validate(payload if status is None else payload | {"status": status})
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


_PROFILE_ACTIONS: Final = frozenset({"SetChargingProfile", "ClearChargingProfile"})


class V16Operations:
    """What the engine asks about OCPP 1.6 calls."""

    def __init__(self, settings: Settings, store: Store, secrets: Secrets) -> None:
        self._settings = settings
        self._store = store
        self._secrets = secrets

    def is_immediate(self, action: str) -> bool:
        """Whether the call is meant for this moment."""
        return operations()[action].is_immediate

    def check(self, call: Call, link: Link, now: datetime) -> None:
        """Raise CallRefused if a rule stands against sending the call now."""
        text = frames.serialize(frames.Call(call.id, call.action, call.payload))
        if len(text.encode()) > LARGEST_MESSAGE:
            raise CallRefused(f"the message is larger than {LARGEST_MESSAGE} bytes")
        if not call.is_forced:
            _check_registration(call.action, link.registration)
        operations()[call.action].check(call, self._situation(call, link, now))

    def conceal(self, call: Call) -> Call:
        """The call as it is stored: what is secret in it hidden, and kept encrypted until its end."""
        shown = redact(call.payload)
        if shown == call.payload:
            return call
        try:
            secret = self._secrets.encrypt(frames.dumps(call.payload), call.charge_point_id, call.id)
        except SecretTooLong as too_long:
            raise CallRefused(f"a message with something secret in it has {LONGEST_SECRET} bytes at most") from too_long
        return replace(call, payload=shown, secret=secret)

    def reveal(self, call: Call) -> Call:
        """The call as it goes out."""
        if call.secret is None:
            return call
        payload = json.loads(self._secrets.decrypt(call.secret, call.charge_point_id, call.id))
        return replace(call, payload=payload, secret=None)

    def precede(self, call: Call, link: Link, now: datetime) -> None:
        """Change what must be so before the station has the call."""
        operations()[call.action].precede(call, self._situation(call, link, now))
        if call.action in _PROFILE_ACTIONS and call.task_token is None:  # a plan must hear of what it did not order
            self._store.connectors.note_profiles(call.charge_point_id, now)

    def outcome(self, call: Call, answer: CallResult | CallError) -> Outcome:
        """What the answer means; what is secret in it is hidden."""
        if isinstance(answer, CallError):
            said = self._without_secrets_of(call, [answer.code, answer.description, answer.details])
            details = redact(dict(zip(_CALL_ERROR, said, strict=True)))
            return Outcome(CallState.FAILED, said[0][:_LONGEST_STATUS] or "CALLERROR", details)
        (payload,) = self._without_secrets_of(call, [answer.payload])
        outcome = operations()[call.action].outcome(payload)
        is_flagged = outcome.is_flagged or not answer.is_json
        return replace(outcome, response=redact(payload), is_flagged=is_flagged)

    def show(self, call: Call, text: str) -> str:
        """The text of an answer to the call as it may be shown."""
        shown = redact_frame(text)
        if not _has_secrets(call):
            return shown
        try:
            kind, message_id, *rest = frames.writable(json.loads(shown))
        except (ValueError, TypeError, RecursionError):
            return REDACTED
        return frames.dumps([kind, message_id, *self._without_secrets_of(call, rest)])

    def has_effects(self, call: Call) -> bool:
        """Whether the end of the call changes anything else."""
        operation = operations()[call.action]
        return operation.has_effects and operation.concerns(call.payload)

    def apply(self, call: Call, now: datetime, place: Callable[[Order], Call]) -> None:
        """Change what the end of the call changes."""
        operations()[call.action].apply(Settled(call, self._store, self._settings, now, place))

    def _without_secrets_of(self, call: Call, said: list[Any]) -> list[Any]:
        """What a station answers, perhaps repeating what it was told.

        Once the secret is erased, nobody can tell where it is repeated: then only the protocol's own words are shown.
        """
        operation = operations()[call.action]
        names = map(to_camel, operation.response.model_fields)
        words = {*operation.statuses, *names, *ErrorCode, *_CALL_ERROR, _UNREADABLE}
        if call.secret is not None:
            secrets = secrets_in(self.reveal(call).payload, call.payload) - words
            return [blot(each, secrets) for each in said]
        return [hide_texts(each, words) for each in said] if _has_secrets(call) else said

    def _situation(self, call: Call, link: Link, now: datetime) -> Situation:
        return Situation(
            charge_point_id=link.charge_point_id,
            link=link,
            store=self._store,
            settings=self._settings,
            now=now,
            is_forced=call.is_forced,
            call_id=call.id,
            payload=call.payload,
            context=call.context,
        )


def _has_secrets(call: Call) -> bool:
    return call.secret is not None or REDACTED in _as_json(call.payload)


def _check_registration(action: str, registration: Registration) -> None:
    if registration is Registration.REJECTED:
        raise CallRefused("the charge point is rejected [S 4.2]")
    if registration is Registration.PENDING and action in {"RemoteStartTransaction", "RemoteStopTransaction"}:
        raise CallRefused("the charge point is pending: no remote start or stop [S 4.2]")
