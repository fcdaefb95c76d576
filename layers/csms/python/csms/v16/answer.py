"""The frame boundary: one text in, at most one text out, and never an exception [J 4].

A readable CALL gets exactly one answer. Everything else gets none.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from csms.ocpp import frames
from csms.ocpp.errors import CallViolation, ErrorCode, InvalidPayload, MalformedCall, UnreadableFrame
from csms.ocpp.frames import Call, CallError, CallResult, Frame
from csms.ocpp.json_types import JsonObject, MessageId
from csms.sessions import Connection, LiveSessions, Session, UnknownSessionError
from csms.settings import Settings
from csms.store import Store
from csms.store.links import Link, Registration
from csms.store.messages import Exchanged
from csms.store.table import deadline
from csms.v16.exchange import Exchange
from csms.v16.registry import Action, actions

if TYPE_CHECKING:
    from csms.calls import CallEngine

logger = logging.getLogger(__name__)

_TIME_TO_ANSWER_S: Final = 12.0
"""No further table call starts after this: one that then uses up all its retries (10 s) still leaves time to answer
before the function's 25 s and API Gateway's 29 s are over."""


class Answerer:
    """Answers what charge points send."""

    def __init__(
        self, settings: Settings, store: Store, sessions: LiveSessions, calls: Callable[[], "CallEngine"]
    ) -> None:
        self._settings = settings
        self._store = store
        self._sessions = sessions
        self._calls = calls

    def answer(self, text: str, connection: Connection, now: datetime) -> str | None:
        """The frame to send back, or None where none is due."""
        try:
            frame = _read(text)
        except UnreadableFrame as violation:
            extra = {"connection_id": connection.id, "characters": len(text)}
            logger.warning("unreadable frame: %s", violation, extra=extra)
            return None
        try:
            with deadline(_TIME_TO_ANSWER_S):
                return self._receive(frame, text, connection, now)
        except UnknownSessionError:
            logger.warning("a message of no charge point", extra={"connection_id": connection.id})
            return None if _is_answer(frame) else frames.serialize(_stranger(frame))
        except Exception:  # the one place: the station gets an OCPP answer and tries again
            logger.exception("a frame could not be processed", extra={"connection_id": connection.id})
            if _is_answer(frame):
                return None  # the deadline settles what this would have settled
            return frames.serialize(CallError(frame.message_id, ErrorCode.INTERNAL_ERROR, "try again later"))

    def _receive(self, frame: Frame | MalformedCall, text: str, connection: Connection, now: datetime) -> str | None:
        is_boot = isinstance(frame, Call) and frame.action == "BootNotification"
        session = self._sessions.resume(connection, now, is_boot=is_boot, is_answer=_is_answer(frame))
        if session.is_touched:
            heal_if_forsaken(session.link, now, self._calls)
        match frame:
            case Call():
                reply = self._answer_call(frame, text, session, now)
                if is_boot and session.link.registration is Registration.ACCEPTED:
                    self._calls().commission(session.link, now)
                return reply
            case MalformedCall():
                return self._refuse(frame, text, session, now)
            case _:
                self._calls().settle(session.charge_point_id, frame, text)
                return None

    def _refuse(self, call: MalformedCall, text: str, session: Session, now: datetime) -> str:
        action = actions().get(call.action or "")
        if action and action.is_charge_data:
            self._store.orphans.keep(session.charge_point_id, action.name, str(call), {"frame": text}, now)
        reply = frames.serialize(_refusal(call.message_id, call))
        self._log(session, now, call.action or "", text, reply)
        return reply

    def _answer_call(self, call: Call, text: str, session: Session, now: datetime) -> str:
        action = actions().get(call.action)
        try:
            reply = frames.serialize(CallResult(call.message_id, self._handle(action, call, session, now)))
            is_logged = action is None or action.is_logged
        except CallViolation as violation:
            logger.info("refused: %s", violation, extra={"action": call.action[:50], "code": violation.code})
            reply = frames.serialize(_refusal(call.message_id, violation))
            is_logged = True
        if is_logged:
            self._log(session, now, call.action, text, reply)
        return reply

    def _log(self, session: Session, now: datetime, action: str, text: str, reply: str) -> None:
        exchanged = Exchanged(now, "charge point", action[:50], text, reply)
        self._store.messages.record(session.charge_point_id, exchanged)

    def _handle(self, action: Action | None, call: Call, session: Session, now: datetime) -> JsonObject:
        if action is None:
            raise CallViolation("unknown action", code=ErrorCode.NOT_IMPLEMENTED)
        _check_registration(action, session, now)
        try:
            request = action.request.read(call.payload)
        except InvalidPayload as violation:
            if action.is_charge_data:
                self._store.orphans.keep(session.charge_point_id, call.action, str(violation), call.payload, now)
            raise
        exchange = Exchange(
            charge_point_id=session.charge_point_id,
            message_id=str(call.message_id)[:50],
            payload=call.payload,
            received_at=now,
            link=session.link,
            store=self._store,
            settings=self._settings,
        )
        return action.answer(request, exchange).write()


def heal_if_forsaken(link: Link, now: datetime, calls: Callable[[], "CallEngine"]) -> None:
    """See to calls that stand still, as a link that was read just now shows them: whoever was to, died."""
    if link.is_forsaken(now):
        calls().heal(link, now)


def _check_registration(action: Action, session: Session, now: datetime) -> None:
    """Before it is accepted a station may boot and send what we asked for [JE 3.8]; charge data is always taken."""
    link = session.link
    if link.registration is Registration.ACCEPTED or action.is_charge_data or action.name == "BootNotification":
        return
    if link.registration is Registration.PENDING and link.allows(action.name, now):
        return
    raise CallViolation("send BootNotification until it is accepted", code=ErrorCode.SECURITY_ERROR)


def _read(text: str) -> Frame | MalformedCall:
    try:
        return frames.parse(text)
    except MalformedCall as malformed:
        return malformed


def _is_answer(frame: Frame | MalformedCall) -> bool:
    return isinstance(frame, CallResult | CallError)


def _stranger(frame: Frame | MalformedCall) -> CallError:
    return CallError(frame.message_id, ErrorCode.SECURITY_ERROR, "connect again")


def _refusal(message_id: MessageId, violation: CallViolation) -> CallError:
    return CallError(message_id, violation.code, str(violation)[:255], violation.details)
