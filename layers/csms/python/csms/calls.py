"""Calling a charge point: place, dispatch, settle, expire (DESIGN §5).

A call is a row. Its answer arrives in another invocation, perhaps after a reconnect, perhaps never. One call may be
outstanding per charge point: its slot is `Link.flight`. The steps come in an order that leaves, wherever a process
dies, something that a deadline message, a repetition or the next message of the station repairs.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from csms.call_queue import CallQueue, Commission, Deadline, Dispatch
from csms.digest import digest
from csms.gateway import Gateway, Posted
from csms.ids import CallId, ChargePointId
from csms.ocpp import frames
from csms.ocpp.frames import CallError, CallResult
from csms.ocpp.json_types import JsonObject
from csms.sessions import FIRST_WORD
from csms.settings import Settings
from csms.store import Store
from csms.store.calls import Call, CallState, Claim, Outcome, new_call_id
from csms.store.errors import ConditionFailed
from csms.store.links import LONGEST_WAITING_LIST, POST_TIME, Flight, Link, WaitingListFull
from csms.store.messages import Exchanged

logger = logging.getLogger(__name__)

_RETRY: Final = timedelta(seconds=2)
_LONGEST_STALL: Final = timedelta(minutes=5)
"""No invocation lives longer."""
_LOOK_AGAIN: Final = timedelta(minutes=1)
_HANDSHAKE: Final = timedelta(seconds=10)
"""A post that fails so soon after connecting found a handshake that was not finished."""
_RECENTLY_LOST: Final = timedelta(minutes=1)
_GRACE: Final = timedelta(seconds=45)
_SETTINGS_LIFETIME: Final = timedelta(hours=24)
_IMMEDIATE_LIFETIME: Final = timedelta(minutes=5)
_MOST_SKIPPED: Final = 10
_NOBODY: Final = "there is no such charge point"
_QUIET: Final = "quiet mode: only what can be sent at once is sent"


class CallRefused(Exception):  # noqa: N818  it is an answer, not an error
    """A rule stands against the call; `str()` says which."""


class NotConnected(CallRefused):
    """The charge point is offline and the call makes no sense later."""


class NoChargePoint(CallRefused, LookupError):  # noqa: N818
    """There is no such charge point, or no longer."""


class Operations(Protocol):
    """What a version of OCPP knows of its calls."""

    def is_immediate(self, action: str) -> bool:
        """Whether the call is meant for this moment and pointless later."""

    def check(self, call: Call, link: Link, now: datetime) -> None:
        """Raise CallRefused if a rule stands against sending the call now."""

    def conceal(self, call: Call) -> Call:
        """The call as it is stored: what is secret in it hidden, and kept encrypted until its end.

        Raises:
            CallRefused: the secret cannot be kept.
        """

    def reveal(self, call: Call) -> Call:
        """The call as it goes out."""

    def precede(self, call: Call, link: Link, now: datetime) -> None:
        """Change what must be so before the station has the call. Safe to run again."""

    def outcome(self, call: Call, answer: CallResult | CallError) -> Outcome:
        """What the answer means; what is secret in it hidden."""

    def show(self, call: Call, text: str) -> str:
        """The text of an answer to the call as it may be shown."""

    def has_effects(self, call: Call) -> bool:
        """Whether the end of the call changes anything else."""

    def apply(self, call: Call, now: datetime, place: "Callable[[Order], Call]") -> None:
        """Change what the end of the call changes, placing further calls if need be. Safe to run again."""


class Workflows(Protocol):
    """Who waits for a call with a task token."""

    def complete(self, task_token: str, result: JsonObject) -> None:
        """Tell the waiting task; a token nobody waits for any more is ignored."""


@dataclass(frozen=True)
class Order:
    """What somebody wants to be called."""

    charge_point_id: ChargePointId
    action: str
    payload: JsonObject
    requested_by: str
    is_forced: bool = False
    context: JsonObject | None = None
    lifetime: timedelta | None = None
    idempotency_key: str | None = None
    task_token: str | None = None
    bulk_id: str | None = None
    words: JsonObject | None = None
    """What was asked for, where the payload is more than that: a repetition asks for the same."""

    @property
    def fingerprint(self) -> str:
        """What the idempotency key stands for."""
        return digest([self.idempotency_key, self.action, self.payload if self.words is None else self.words])


class CallEngine:
    """Places, dispatches and settles calls."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        gateway: Callable[[], Gateway],
        queue: Callable[[], CallQueue],
        operations: Operations,
        workflows: Callable[[], Workflows],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._store = store
        self._gateway = gateway
        self._queue = queue
        self._operations = operations
        self._workflows = workflows
        self._clock = clock

    def place(self, order: Order, link: Link | None = None) -> Call:
        """Store the call and send it if it can go out now; returns it as it was stored.

        Whoever has just read the link, strongly consistent, hands it in.

        Raises:
            CallRefused: a rule stands against it.
            NotConnected: the charge point is offline and the call is meant for now.
            WaitingListFull: too many calls wait already.
            NoChargePoint: there is no such charge point.
        """
        if earlier := self.repeated(order):
            return earlier
        now = self._clock()
        link = link or self._store.links.get(order.charge_point_id, consistent=True)
        if link is None:
            raise NoChargePoint(_NOBODY)
        call = self._new_call(order, link, now)
        self._operations.check(call, link, now)
        can_go_now = link.connection_id is not None and not link.waiting and link.flight is None
        if link.is_quiet and not (can_go_now or self._is_landing(link)):
            raise NotConnected(_QUIET)
        if len(link.waiting) >= LONGEST_WAITING_LIST:
            raise WaitingListFull
        call = self._claimed(call, order)
        concealed = self._operations.conceal(call)
        # A row that nobody sends on is found: by its deadline message, or in the due list, whose entry has its price.
        flight = self._announce(call, link) if can_go_now and self._is_time(link, now) else None
        stored = self._store.calls.create(concealed, is_swept=flight is None)
        if stored.state is not CallState.QUEUED:  # a repetition
            return stored
        if stored is not concealed:
            call = self._operations.reveal(stored)
        if not (flight and self._send(call, link, flight)):
            waiting = self._line_up(call, is_quiet=link.is_quiet, has_lost=flight is not None)
            self.dispatch(order.charge_point_id, waiting)
        return stored

    def repeated(self, order: Order) -> Call | None:
        """The call that an earlier order with the same idempotency key became, seen on its way; None if there is none.

        Raises:
            CallRefused: the key was used for another command.
            WaitingListFull: it was not seen on its way, and there is no place for it any more.
            NoChargePoint: it is gone.
        """
        if order.idempotency_key is None:
            return None
        claim = self._store.calls.claimed(order.charge_point_id, order.idempotency_key)
        call = self._store.calls.get(order.charge_point_id, _check_same(claim, order)) if claim else None
        if call and call.state is CallState.QUEUED:
            self.dispatch(call.charge_point_id, self._line_up(call))
        return call

    def dispatch(self, charge_point_id: ChargePointId, link: Link | None = None) -> None:
        """Send the next waiting call if the charge point can take it now. Safe to run at any time, anywhere."""
        for _ in range(_MOST_SKIPPED):
            link = link or self._store.links.get(charge_point_id, consistent=True)
            if link is None or link.connection_id is None:
                return
            if link.flight is not None:
                self._watch(link, link.flight)
                return
            if not link.waiting:
                return
            if not self._is_time(link, self._clock()):
                self._wake_at(link)
                return
            if self._send_next(link, link.waiting[0]):
                return
            link = None
        self._queue().send(Dispatch(charge_point_id))

    def settle(self, charge_point_id: ChargePointId, answer: CallResult | CallError, text: str) -> None:
        """End the call that a station answers. An answer to nothing, or one that is late, changes nothing newer."""
        now, call_id = self._clock(), CallId(str(answer.message_id)[:50])
        # A call that is answered was sent a while ago: the cheap read will do, unless it shows anything else.
        call = self._store.calls.get(charge_point_id, call_id, consistent=False)
        if call and call.state is CallState.SENT and self._end_with(call, answer, text, now):
            return
        for _ in range(2):  # its deadline may end it between the look and the end
            call = self._store.calls.get(charge_point_id, call_id)
            if call is None:
                logger.info("an answer to nothing we asked", extra={"charge_point_id": charge_point_id})
                return
            if call.state.is_ended:
                self._take_late(call, answer, text, now)
                return
            if self._end_with(call, answer, text, now):
                return

    def cancel(self, charge_point_id: ChargePointId, call_id: CallId) -> Call | None:
        """Withdraw a queued call; None if it is not queued any more."""
        call = self._store.calls.get(charge_point_id, call_id)
        return self._withdraw(call, CallState.CANCELLED, "withdrawn") if call else None

    def expire(self, call: Call) -> Call | None:
        """End a queued call whose time is up; None if it is not queued any more."""
        return self._withdraw(call, CallState.EXPIRED, "not sent in time")

    def abandon(self, charge_point_id: ChargePointId) -> None:
        """End all calls to a charge point that is being removed, and what follows the end of each. Safe to run again.

        One that was sent ends as not answered: the station may have acted.
        """
        now = self._clock()
        for call in self._store.calls.unfinished(charge_point_id):
            if call.state is CallState.QUEUED:
                self._end_queued(call, CallState.CANCELLED, "the charge point was removed")
            elif call.state is CallState.SENT and call.answer_by is not None:
                is_last = self._is_last(call)
                ended = self._store.calls.time_out(call, call.attempt, call.answer_by, now, is_last=is_last)
                if ended and not ended.has_effects_done:
                    self._finish(ended, now)
            else:
                self._finish(call, now)

    def meet_deadline(self, deadline: Deadline) -> None:
        """End the call that is overdue, or send on what a dead dispatcher left behind. Safe to run again."""
        now = self._clock()
        if now < deadline.until:
            self._queue().send(deadline, deadline.until - now)
            return
        is_queued = False
        # What a deadline is about happened long ago, and every write has its condition: a cheap read will mostly do.
        for is_consistent in (False, True, True):
            call = self._store.calls.get(deadline.charge_point_id, deadline.call_id, consistent=is_consistent)
            if call is None:
                if now < deadline.until + _LONGEST_STALL:  # whoever places it may be about to store it
                    self._queue().send(deadline, _LOOK_AGAIN)
                return
            is_queued = call.state is CallState.QUEUED and self._store.calls.fence_off(call, deadline.attempt)
            ended = self._time_out(call, deadline, now)
            if ended and not ended.has_effects_done:
                self._finish(ended, now)
            if is_queued or ended:
                break  # otherwise it is not as it was read: a slow dispatcher may have changed it just now
        self.dispatch(deadline.charge_point_id, self._free(deadline, is_queued=is_queued))

    def finish(self, call: Call) -> None:
        """Repeat what follows the end of a call, for one whose process died in between."""
        if not call.has_effects_done:
            self._follow(call, self._clock())

    def heal(self, link: Link, now: datetime) -> None:
        """Wake the engine for a link that is forsaken, as a message of the station showed it: somebody died."""
        begin = self._callable_from(link)
        self._queue().send(Dispatch(link.charge_point_id), max(begin - now, timedelta()) if begin else timedelta())

    def commission(self, link: Link, booted_at: datetime) -> None:
        """Have a station that was accepted commissioned when it had time to settle."""
        if self._settings.commissioning and not link.is_quiet:
            wake = Commission(link.charge_point_id, booted_at)
            self._queue().send(wake, timedelta(seconds=self._settings.call_settle_s))

    def _take_late(self, call: Call, answer: CallResult | CallError, text: str, now: datetime) -> None:
        """Keep what comes after the deadline; finish what may be left of the end of the call."""
        if call.state is CallState.TIMED_OUT:
            self._store.calls.record_late(call, self._operations.outcome(call, answer).response)
            self._log(call, self._operations.show(call, text))
        self._after_end(call, now)

    def _end_with(self, call: Call, answer: CallResult | CallError, text: str, now: datetime) -> bool:
        """End a sent call with its answer; False if the deadline, or a repetition, was faster."""
        outcome = self._operations.outcome(call, answer)
        ended = self._store.calls.end_sent(call, outcome, now, is_last=self._is_last(call))
        if ended is None:
            return False
        self._log(ended, self._operations.show(call, text))
        self._after_end(ended, now)
        return True

    def _new_call(self, order: Order, link: Link, now: datetime) -> Call:
        return Call(
            charge_point_id=order.charge_point_id,
            id=new_call_id(now),
            action=order.action,
            payload=order.payload,
            created_at=now,
            expires_at=now + self._lifetime(order, link, now),
            requested_by=order.requested_by,
            is_forced=order.is_forced,
            context=order.context,
            task_token=order.task_token,
            bulk_id=order.bulk_id,
            has_own_lifetime=order.lifetime is not None,
        )

    def _claimed(self, call: Call, order: Order) -> Call:
        """The call under the id that the order's idempotency key stands for."""
        if order.idempotency_key is None:
            return call
        claim = Claim(call.id, order.fingerprint)
        claim = self._store.calls.claim(order.charge_point_id, order.idempotency_key, claim, call.created_at)
        return replace(call, id=_check_same(claim, order))

    def _line_up(self, call: Call, *, is_quiet: bool = False, has_lost: bool = False) -> Link:
        """Put a call that is queued on the waiting list; for one that finds no place there it was never placed.

        In quiet mode one call has a place, to wait for the moment the station may be called, and none that has lost
        the slot to another.
        """
        try:
            if is_quiet and has_lost:
                raise WaitingListFull
            most = 1 if is_quiet else LONGEST_WAITING_LIST
            return self._store.links.enqueue(call.charge_point_id, call.id, most=most)
        except WaitingListFull as full:
            self._store.calls.discard(call)
            raise NotConnected(_QUIET) if is_quiet else full from None
        except ConditionFailed as gone:
            self._store.calls.discard(call)
            raise NoChargePoint(_NOBODY) from gone

    def _lifetime(self, order: Order, link: Link, now: datetime) -> timedelta:
        if order.lifetime is not None:
            return order.lifetime
        if not self._operations.is_immediate(order.action):
            return _SETTINGS_LIFETIME
        if link.connection_id is not None:
            return _IMMEDIATE_LIFETIME
        # The platform itself cuts every connection after two hours: a station that was just here will be back.
        if link.lost_at is not None and now - link.lost_at < _RECENTLY_LOST:
            return _GRACE + FIRST_WORD  # one that is back in time may have to be left alone first
        raise NotConnected("charge point offline")

    def _is_landing(self, link: Link) -> bool:
        """Whether the call in flight, the only one, has ended: whoever waited for that is faster than the slot."""
        if link.flight is None or link.waiting:
            return False
        call = self._store.calls.get(link.charge_point_id, link.flight.call_id)
        return call is not None and call.state.is_ended

    def _callable_from(self, link: Link) -> datetime | None:
        return link.callable_from(self._settings.call_settle_s, self._settings.call_gap_s)

    def _is_time(self, link: Link, now: datetime) -> bool:
        begin = self._callable_from(link)
        return begin is None or begin <= now

    def _wake_at(self, link: Link) -> None:
        begin = self._callable_from(link)
        if begin is not None:
            self._queue().send(Dispatch(link.charge_point_id), begin - self._clock())

    def _watch(self, link: Link, flight: Flight) -> None:
        """See to a flight that is overdue: its deadline message may have been lost with its sender."""
        if flight.is_overdue(self._clock()):
            self._queue().send(Deadline(link.charge_point_id, flight.call_id, flight.attempt, flight.until))

    def _send_next(self, link: Link, call_id: CallId) -> bool:
        """Send a waiting call; False if there was nothing to send under this id and the next one may be tried."""
        call = self._store.calls.get(link.charge_point_id, call_id)
        if call is None or call.state is not CallState.QUEUED:
            self._store.links.dequeue(link, call_id)
            return False
        if call.expires_at <= self._clock() or self._was_away(call, link):
            self._end_queued(call, CallState.EXPIRED, "not sent in time")
            self._store.links.dequeue(link, call_id)
            return False
        call = self._operations.reveal(call)
        try:
            self._operations.check(call, link, self._clock())
        except CallRefused as refused:
            self._end_queued(call, CallState.FAILED, str(refused))
            self._store.links.dequeue(link, call_id)
            return False
        self._send(call, link, self._announce(call, link))
        return True

    def _was_away(self, call: Call, link: Link) -> bool:
        """Whether a call that was meant for its moment has waited too long for the station to come back."""
        if call.has_own_lifetime or link.connected_at_ms is None or not self._operations.is_immediate(call.action):
            return False
        since = max(call.created_at, link.lost_at or call.created_at)
        return datetime.fromtimestamp(link.connected_at_ms / 1000, UTC) - since > _GRACE

    def _announce(self, call: Call, link: Link) -> Flight:
        """Send the deadline message of the next attempt: from here on, somebody looks after the call."""
        now = self._clock()
        flight = Flight(call.id, link.attempts + 1, now + timedelta(seconds=self._settings.call_timeout_s))
        watch = Deadline(call.charge_point_id, call.id, flight.attempt, flight.until)
        self._queue().send(watch, flight.until - now)
        return flight

    def _send(self, call: Call, link: Link, flight: Flight) -> bool:
        """Take the slot and post; False if the slot went to somebody else."""
        now = self._clock()
        try:
            self._store.links.take_off(link, flight)
        except ConditionFailed:
            return False
        try:
            self._store.calls.mark_sent(call, flight.attempt, flight.until, now)
        except ConditionFailed:  # cancelled, expired, or fenced off by an earlier dispatcher's deadline
            self._store.links.put_back(call.charge_point_id, flight)
            self._queue().send(Dispatch(call.charge_point_id))
            return True
        self._operations.precede(call, link, now)
        self._post(call, link, flight)
        return True

    def _post(self, call: Call, link: Link, flight: Flight) -> None:
        if link.connection_id is None or self._clock() >= flight.until - POST_TIME:
            return  # too late to begin: the deadline decides
        text = frames.serialize(frames.Call(call.id, call.action, call.payload))
        match self._gateway().post(link.connection_id, text):
            case Posted.GONE:
                self._take_back(call, flight)
                self._lose(link)
            case Posted.THROTTLED:
                self._take_back(call, flight)
                self._queue().send(Dispatch(call.charge_point_id), _RETRY)
            case Posted.TOO_LARGE:
                outcome = Outcome(CallState.FAILED, "message too large")
                ended = self._store.calls.end_sent(call, outcome, self._clock(), is_last=self._is_last(call))
                if ended:
                    self._after_end(ended, self._clock())
            case Posted.DELIVERED | Posted.UNKNOWN:
                return  # the answer or the deadline decides

    def _take_back(self, call: Call, flight: Flight) -> None:
        self._store.calls.unsend(call, flight.attempt)
        self._store.links.put_back(call.charge_point_id, flight)

    def _lose(self, link: Link) -> None:
        """A gone connection clears the link, unless it is so young that its handshake may not be finished."""
        connected_at = datetime.fromtimestamp((link.connected_at_ms or 0) / 1000, UTC)
        if self._clock() - connected_at < _HANDSHAKE:
            self._queue().send(Dispatch(link.charge_point_id), _RETRY)
        elif link.connection_id is not None:
            self._store.links.lose(link.charge_point_id, link.connection_id, self._clock())

    def _time_out(self, call: Call, deadline: Deadline, now: datetime) -> Call | None:
        """The call as it has ended, now or before; None if this deadline is not about its present attempt."""
        if call.state is not CallState.SENT or call.attempt != deadline.attempt:
            return call if call.state.is_ended else None
        is_last = self._is_last(call)
        ended = self._store.calls.time_out(call, deadline.attempt, deadline.until, now, is_last=is_last)
        if ended:
            self._log(ended, None)
        return ended

    def _free(self, deadline: Deadline, *, is_queued: bool) -> Link | None:
        """Free the slot; a queued call that neither waits nor flies any more goes back to the front.

        Returns the link as it is afterwards. Most deadlines find nothing to do: they cost a read.
        """
        links, charge_point_id = self._store.links, deadline.charge_point_id
        flight = Flight(deadline.call_id, deadline.attempt, deadline.until)
        link = links.get(charge_point_id)
        if link and link.flight == flight:
            freed = links.put_back(charge_point_id, flight) if is_queued else links.land(charge_point_id, flight)
            if freed or not is_queued:  # otherwise a new connection has just taken the slot from it
                return freed
        elif link is None or not is_queued or link.holds(deadline.call_id):
            return link
        return links.enqueue(charge_point_id, deadline.call_id, in_front=True)

    def _withdraw(self, call: Call, state: CallState, status: str) -> Call | None:
        """End a queued call and make room for another on the waiting list of a station that may be away for long."""
        ended = self._end_queued(call, state, status)
        link = self._store.links.get(call.charge_point_id, consistent=True) if ended else None
        if link and call.id in link.waiting:
            self._store.links.dequeue(link, call.id)
        return ended

    def _end_queued(self, call: Call, state: CallState, status: str) -> Call | None:
        now = self._clock()
        ended = self._store.calls.end_queued(call, Outcome(state, status), now, is_last=self._is_last(call))
        if ended:
            self._finish(ended, now)
        return ended

    def _after_end(self, call: Call, now: datetime) -> None:
        if not call.has_effects_done:
            self._finish(call, now)
        self._land(call)

    def _is_last(self, call: Call) -> bool:
        """Whether the end of the call is the end of the matter."""
        return call.task_token is None and not self._operations.has_effects(call)

    def _finish(self, call: Call, now: datetime) -> None:
        """What follows the end of a call, if it can be done: the stream repeats it, and the next call need not wait."""
        try:
            self._follow(call, now)
        except Exception:
            about = {"charge_point_id": call.charge_point_id, "call_id": call.id, "action": call.action}
            logger.exception("what follows the end of a call could not be done", extra=about)

    def _follow(self, call: Call, now: datetime) -> None:
        """What follows the end of a call, whatever it was: its effects, and whoever waits for it."""
        if self._operations.has_effects(call):
            self._operations.apply(call, now, self.place)
        if call.task_token:
            self._workflows().complete(call.task_token, {"callId": call.id, "state": call.state, "status": call.status})
        self._store.calls.mark_effects_done(call)

    def _land(self, call: Call) -> None:
        if call.answer_by is None:  # it never flew
            return
        flight = Flight(call.id, call.attempt, call.answer_by)
        link = self._store.links.land(call.charge_point_id, flight, answered_at=self._clock())
        if link is not None and link.waiting:
            self.dispatch(call.charge_point_id, link)

    def _log(self, call: Call, answer: str | None) -> None:
        """Enter the exchange in the message log, without an answer or, in its place, with a late one."""
        request = frames.serialize(frames.Call(call.id, call.action, call.payload))
        exchanged = Exchanged(call.sent_at or call.created_at, "central system", call.action, request, answer)
        self._store.messages.record(call.charge_point_id, exchanged)


def _check_same(claim: Claim, order: Order) -> CallId:
    if claim.fingerprint != order.fingerprint:
        raise CallRefused("the Idempotency-Key was used for another command")
    return claim.call_id
