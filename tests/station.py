"""A charge point for tests, written from the OCPP-J specification and sharing no code with anything it tests.

It sends frames as given, matches answers to calls by message id, and holds every frame that the Central System sends
against the official JSON schemas. It keeps a trace of the wire, and logs it. A CALL of the Central System is answered
by script; one that the script does not foresee waits to be looked at, and is a fault if nobody does.
"""

import asyncio
import base64
import collections
import contextlib
import itertools
import json
import logging
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Self
from urllib.parse import quote

from jsonschema import Draft4Validator, FormatChecker
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

CALL, CALLRESULT, CALLERROR = 2, 3, 4
ERROR_CODES = frozenset(
    (
        "NotImplemented",
        "NotSupported",
        "InternalError",
        "ProtocolError",
        "SecurityError",
        "FormationViolation",
        "PropertyConstraintViolation",
        "OccurenceConstraintViolation",
        "TypeConstraintViolation",
        "GenericError",
    )
)
"""OCPP-J 1.6 table 7, misspellings included."""
LONGEST_MESSAGE_ID = 36
ANSWER_WITHIN_S = 20.0
OCPP16 = "ocpp1.6"

SCHEMAS = frozenset(file.name.removesuffix(".json") for file in files("ocpp.v16").joinpath("schemas").iterdir())
"""Names of the official schemas."""

Payload = dict[str, Any]

WIRE = logging.getLogger("tests.wire")
"""Every handshake and every frame of every station, as it is sent or received: station, direction, text."""


class CallError(Exception):
    """The Central System answered with a CALLERROR."""

    def __init__(self, code: str, description: str, details: Payload) -> None:
        self.code = code
        self.description = description
        self.details = details

    def __str__(self) -> str:
        return f"{self.code}: {self.description} {self.details}"


@dataclass(frozen=True)
class Call:
    """A CALL that the Central System made."""

    message_id: str
    action: str
    payload: Payload


@dataclass
class Station:
    """One connection of a charge point."""

    connection: ClientConnection
    identity: str
    trace: list[tuple[str, str]] = field(default_factory=list)
    """Every frame with its direction, ">" from the charge point, "<" to it."""
    violations: list[str] = field(default_factory=list)
    """What the Central System sent and must not send."""
    received: list[Call] = field(default_factory=list)
    """Every CALL of the Central System, in the order of arrival."""
    calls: asyncio.Queue[Call] = field(default_factory=asyncio.Queue)
    """Those that no script answered and nobody has looked at yet."""
    _unanswered: list[str] = field(default_factory=list)
    """Message ids of CALLs that wait for an answer; there may be one [J 4.1.1]."""
    _script: collections.deque[tuple[str, Payload]] = field(default_factory=collections.deque)
    _pending: dict[str, tuple[str, asyncio.Future[Payload]]] = field(default_factory=dict)
    _message_ids: "itertools.count[int]" = field(default_factory=itertools.count)

    @classmethod
    @contextlib.asynccontextmanager
    async def connected(
        cls,
        url: str,
        identity: str,
        *,
        password: str | bytes | None = None,
        subprotocols: Sequence[str] = (OCPP16,),
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[Self]:
        """Connect to `<url>/<identity>`, and disconnect at the end.

        Raises:
            websockets.exceptions.InvalidStatus: the upgrade was refused.
        """
        credentials = {} if password is None else {"Authorization": basic_credentials(identity, password)}
        try:
            connection = await connect(
                f"{url}/{quote(identity, safe='')}",
                subprotocols=[Subprotocol(name) for name in subprotocols],
                additional_headers={**credentials, **(headers or {})},
                open_timeout=ANSWER_WITHIN_S,
            )
        except InvalidStatus as refusal:
            WIRE.info("%s %s %s", identity, "refused", refusal.response.status_code)
            raise
        WIRE.info("%s %s %s", identity, "connected", connection.subprotocol)
        async with connection:
            station = cls(connection, identity)
            listening = asyncio.create_task(station._listen())
            try:
                yield station
            finally:
                await connection.close()
                await listening

    async def call(self, action: str, payload: Payload | None = None, *, message_id: str | None = None) -> Payload:
        """Send a CALL with a valid payload and return the payload of the CALLRESULT.

        Raises:
            CallError: a CALLERROR came instead.
        """
        body = payload or {}
        _validator(action).validate(body)
        return await self.call_unchecked(action, body, message_id=message_id)

    async def call_unchecked(self, action: str, payload: Any, *, message_id: str | None = None) -> Payload:
        """The same with a payload that may break the rules."""
        one = message_id or f"{action}-{next(self._message_ids)}"
        answer: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
        self._pending[one] = (action, answer)
        await self.send_text(json.dumps([CALL, one, action, payload], separators=(",", ":")))
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return await answer

    async def send_text(self, text: str) -> None:
        """Send any text frame."""
        self._note(">", text)
        await self.connection.send(text)

    async def next_call(self, action: str) -> Call:
        """The next CALL of the Central System, which must be of this action."""
        async with asyncio.timeout(ANSWER_WITHIN_S):
            call = await self.calls.get()
        assert call.action == action, f"expected {action}, got {call}"
        return call

    def will_answer(self, action: str, payload: Payload) -> None:
        """Answer the next CALL, which must be of this action; said more than once, in this order."""
        _validator(f"{action}Response").validate(payload)
        self._script.append((action, payload))

    async def answer(self, call: Call, payload: Payload) -> None:
        """Answer a CALL of the Central System."""
        _validator(f"{call.action}Response").validate(payload)
        await self.answer_unchecked(call, payload)

    async def answer_unchecked(self, call: Call, payload: Any) -> None:
        """The same with a payload that may break the rules."""
        self._unanswered.remove(call.message_id)
        await self.send_text(json.dumps([CALLRESULT, call.message_id, payload], separators=(",", ":")))

    def assert_clean(self) -> None:
        """Nothing that must not be sent was sent, and nothing that nobody asked for."""
        assert self.violations == [], "\n".join([*self.violations, *map(" ".join, self.trace)])
        assert self.calls.empty(), f"unsolicited: {self.calls.get_nowait()}"
        assert not self._script, f"never came: {self._script[0][0]}"

    async def _listen(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for frame in self.connection:
                text = frame if isinstance(frame, str) else frame.decode()
                self._note("<", text)
                await self._take(text)
        for action, answer in self._pending.values():
            answer.set_exception(ConnectionError(f"connection closed before the answer to {action}"))

    async def _take(self, text: str) -> None:
        try:
            frame = json.loads(text)
        except ValueError:
            self._violated("not JSON", text)
            return
        match frame:
            case [2, str(message_id), str(action), dict(payload)]:
                self._check(action, payload, text)
                await self._take_call(Call(message_id, action, payload), text)
            case [3, str(message_id), dict(payload)]:
                self._settle(message_id, payload, text)
            case [4, str(message_id), str(code), str(description), dict(details)]:
                self._fail(message_id, CallError(code, description, details), text)
            case _:
                self._violated("not an OCPP-J frame", text)

    async def _take_call(self, call: Call, text: str) -> None:
        if len(call.message_id) > LONGEST_MESSAGE_ID:
            self._violated(f"message id over {LONGEST_MESSAGE_ID} characters", text)
        if any(call.message_id == earlier.message_id for earlier in self.received):
            self._violated("message id used before", text)
        if self._unanswered:
            self._violated(f"sent before the answer to {self._unanswered}", text)
        self.received.append(call)
        self._unanswered.append(call.message_id)
        if self._script and self._script[0][0] == call.action:
            await self.answer(call, self._script.popleft()[1])
        else:
            self.calls.put_nowait(call)

    def _settle(self, message_id: str, payload: Payload, text: str) -> None:
        action, answer = self._pending.pop(message_id, (None, None))
        if action is None or answer is None:
            self._violated("an answer to no call", text)
            return
        self._check(f"{action}Response", payload, text)
        answer.set_result(payload)

    def _fail(self, message_id: str, error: CallError, text: str) -> None:
        if error.code not in ERROR_CODES:
            self._violated("unknown error code", text)
        _, answer = self._pending.pop(message_id, (None, None))
        if answer is None:
            self._violated("an error for no call", text)
        else:
            answer.set_exception(error)

    def _check(self, schema: str, payload: Payload, text: str) -> None:
        if schema not in SCHEMAS:
            self._violated(f"there is no {schema}", text)
            return
        for error in _validator(schema).iter_errors(payload):
            self._violated(f"against {schema}.json: {error.message}", text)

    def _note(self, direction: str, text: str) -> None:
        self.trace.append((direction, text))
        WIRE.info("%s %s %s", self.identity, direction, text)

    def _violated(self, rule: str, text: str) -> None:
        self.violations.append(f"{rule}: {text}")


def basic_credentials(user: str, password: str | bytes) -> str:
    """Value of an Authorization header; the password may be any bytes (OCPP-J 1.6 §6.2.2)."""
    secret = password.encode() if isinstance(password, str) else password
    return "Basic " + base64.b64encode(user.encode() + b":" + secret).decode()


def timestamp(at: datetime | None = None) -> str:
    """A time as charge points write it; now if none is given."""
    return (at or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")


_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("date-time")
def _is_utc_time(value: object) -> bool:
    """Stricter than the schema: what a Central System sends is UTC with milliseconds."""
    return not isinstance(value, str) or bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", value))


@cache
def _validator(schema: str) -> Draft4Validator:
    source = files("ocpp.v16").joinpath("schemas", f"{schema}.json")
    return Draft4Validator(json.loads(source.read_text(encoding="utf-8-sig")), format_checker=_FORMATS)
