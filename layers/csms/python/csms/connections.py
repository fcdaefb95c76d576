"""Connecting and disconnecting: identity, authentication, sub-protocol, session, link (DESIGN §3)."""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from csms import credentials, password_change, profile_upgrade, refused_logins
from csms.call_queue import CallQueue, Dispatch
from csms.edge import UNPROVEN, Edges, Passage
from csms.gateway import Gateway
from csms.ids import ChargePointId
from csms.ocpp.primitives import format_timestamp
from csms.sessions import FIRST_WORD, Connection
from csms.settings import Settings, UnknownChargePoints
from csms.store import Store
from csms.store.charge_points import ChargePoint, IdentityTaken, Quirk, SecurityProfile
from csms.store.errors import ConditionFailed
from csms.store.history import Event, EventKind
from csms.store.links import Registration

SUBPROTOCOL: Final = "ocpp1.6"
IDENTITY: Final = re.compile(r"(?! )[A-Za-z0-9 *\-_=+|@.:/]{1,48}(?<! )")
"""What a charge point may be called: [S 7.28]'s characters and those that stations in the field use."""

_LONGEST_IDENTITY_ON_RECORD: Final = 64
_LONGEST_USER_AGENT_ON_RECORD: Final = 200

_SMALLER_MESSAGES: Final = (
    "desired configuration: StopTxnSampledData and StopTxnAlignedData empty, fewer MeterValuesSampledData and "
    "MeterValuesAlignedData; a transaction that it cannot report for its size is to be closed by hand"
)
_SMALLER_ANSWERS: Final = (
    "ask for fewer keys at once: PATCH its capabilities, or PUT its model, with the quirk readsConfigurationInBatches"
)


@dataclass(frozen=True)
class Handshake:
    """A WebSocket upgrade as API Gateway reports it."""

    connection: Connection
    identity_parameter: str | None
    """`?cp=`, decoded once by API Gateway."""
    headers: Mapping[str, str]
    """Lower-case names."""
    source_ip: str | None = None
    user_agent: str | None = None
    passage: Passage = UNPROVEN
    """What of the headers is certain."""


@dataclass(frozen=True)
class Welcome:
    """The upgrade goes ahead with this sub-protocol, if the station offered it."""

    subprotocol: str | None


class Refused(Exception):  # noqa: N818  it is an answer, not an error
    """The upgrade is refused with this HTTP status; the reason is for the operator, not for the station."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Connections:
    """Lets charge points in and sees them off."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        gateway: Callable[[], Gateway],
        queue: Callable[[], CallQueue],
        edges: Edges,
    ) -> None:
        self._settings = settings
        self._store = store
        self._gateway = gateway
        self._queue = queue
        self._edges = edges
        self._misses = credentials.KnownMisses()

    def connect(self, handshake: Handshake, now: datetime) -> Welcome:
        """Open a session for a charge point that proves to be one of ours.

        Raises:
            Refused: kept for the operator, unless a newer connection simply won.
        """
        identity = identity_of(handshake)
        passage = self._edges.passage(handshake.headers, now)
        handshake = replace(handshake, passage=passage, source_ip=passage.source_ip or handshake.source_ip)
        charge_point: ChargePoint | None = None
        try:
            if self._settings.edge_only and passage.edge is None:
                raise Refused(403, "not through a distribution of this deployment")
            charge_point = self._charge_point(identity, now)
            proof = _authenticate(charge_point, handshake, self._misses)
            welcome = Welcome(negotiate(handshake.headers, charge_point))
        except Refused as refused:
            self._note_refusal(identity, charge_point, handshake, refused, now)
            raise
        self._confirm(charge_point, proof, now)
        self._open_session(charge_point, handshake, now)
        return welcome

    def disconnect(self, connection: Connection, reason: str, now: datetime, *, is_too_large: bool = False) -> None:
        """Close the session. Best effort by nature: API Gateway may never tell.

        Args:
            connection: which.
            reason: why, for the history.
            now: when.
            is_too_large: API Gateway closed it for a message that was larger than it takes.
        """
        opened = self._store.sessions.get(connection.id)
        if opened is None:
            return
        if is_too_large:
            self._notice_too_large(opened.charge_point_id, connection, now)
        self._store.links.release(opened.charge_point_id, connection.id, now)
        details = {"sourceIp": opened.source_ip, "endedAt": format_timestamp(now), "endReason": reason}
        self._record_session(opened.charge_point_id, connection, now, details)

    def _notice_too_large(self, charge_point_id: ChargePointId, connection: Connection, now: datetime) -> None:
        link = self._store.links.get(charge_point_id)
        flight = link.flight if link else None
        call = self._store.calls.get(charge_point_id, flight.call_id) if flight else None
        details = {
            "code": "MessageTooLarge",
            "problem": "the charge point sent a message that is larger than the platform takes",
            "connectionId": connection.id,
            "callInFlight": call.action if call else None,
            "fix": _SMALLER_ANSWERS if call and call.action == "GetConfiguration" else _SMALLER_MESSAGES,
        }
        self._store.history.record(charge_point_id, Event(EventKind.NOTICE, now, now, details))
        if call and call.action == "GetConfiguration" and not call.payload.get("key") and link and not link.is_quiet:
            with suppress(ConditionFailed):  # the charge point was deleted meanwhile
                self._store.charge_points.set_quirks(charge_point_id, {Quirk.READS_IN_BATCHES: True})

    def _charge_point(self, identity: str, now: datetime) -> ChargePoint:
        if not IDENTITY.fullmatch(identity):
            raise Refused(404, "no usable identity")
        known = self._store.charge_points.find(identity)
        if known:
            return known
        if self._settings.unknown_charge_points is UnknownChargePoints.REJECT:
            raise Refused(404, "unknown charge point")
        return self._register(ChargePointId(identity), now)

    def _note_refusal(
        self, identity: str, charge_point: ChargePoint | None, handshake: Handshake, refused: Refused, now: datetime
    ) -> None:
        attempt = self._store.connection_attempts.record(
            charge_point.id if charge_point else identity[:_LONGEST_IDENTITY_ON_RECORD] or "(none)",
            refused.reason,
            now,
            handshake.source_ip,
            handshake.user_agent and handshake.user_agent[:_LONGEST_USER_AGENT_ON_RECORD],
            with_credentials="authorization" in handshake.headers,
            is_stranger=charge_point is None,
        )
        if charge_point and refused.status == HTTPStatus.UNAUTHORIZED:
            refused_logins.note(self._store, charge_point.id, attempt)

    def _confirm(self, charge_point: ChargePoint, proof: "Proof", now: datetime) -> None:
        """Of what the station was told, it has what it used: what was before that is over."""

        def change(found: ChargePoint) -> ChargePoint:
            return profile_upgrade.confirmed(password_change.confirmed(found, proof.used_hash), proof.profile)

        if change(charge_point) != charge_point:
            with suppress(ConditionFailed):  # changed by others again and again; the next login will do
                self._store.charge_points.alter(charge_point.id, change)
        if charge_point.profile_candidates:
            profile_upgrade.note_connection(self._store, charge_point, proof.profile, now)

    def _register(self, charge_point_id: ChargePointId, now: datetime) -> ChargePoint:
        is_accepted = self._settings.unknown_charge_points is UnknownChargePoints.ACCEPT
        newcomer = ChargePoint(id=charge_point_id, security_profile=SecurityProfile.NONE, created_at=now)
        # The link first: a charge point that exists always has one.
        self._store.links.create(charge_point_id, Registration.ACCEPTED if is_accepted else Registration.PENDING)
        try:
            self._store.charge_points.create(newcomer)
        except (ConditionFailed, IdentityTaken):  # a second socket was faster
            return self._store.charge_points.find(charge_point_id) or newcomer
        return newcomer

    def _open_session(self, charge_point: ChargePoint, handshake: Handshake, now: datetime) -> None:
        connection, charge_point_id, life = handshake.connection, charge_point.id, charge_point.life
        self._store.sessions.open(connection.id, charge_point_id, handshake.source_ip, now, life=life)
        try:
            before = self._store.links.take(
                charge_point_id, connection.id, connection.connected_at_ms, now, now + FIRST_WORD, life=life
            )
        except ConditionFailed as newer:
            raise Refused(503, "a newer connection is open") from newer
        if before.connection_id not in {None, connection.id}:
            self._gateway().close(before.connection_id)
        self._record_session(charge_point_id, connection, now, {"sourceIp": handshake.source_ip})
        if before.waiting:  # the station may say nothing that would wake the engine
            self._queue().send(Dispatch(charge_point_id), FIRST_WORD)

    def _record_session(
        self, charge_point_id: ChargePointId, connection: Connection, now: datetime, details: dict[str, str | None]
    ) -> None:
        connected_at = datetime.fromtimestamp(connection.connected_at_ms / 1000, UTC)
        event = Event(EventKind.SESSION, connected_at, now, {"connectionId": connection.id, **details})
        self._store.history.record(charge_point_id, event, identity=connection.id)


def identity_of(handshake: Handshake) -> str:
    """Who the station says it is: `?cp=`, else the Basic user name, else nothing."""
    if handshake.identity_parameter is not None:
        return handshake.identity_parameter.strip("/")
    return credentials.user_of(handshake.headers.get("authorization", "")) or ""


def negotiate(headers: Mapping[str, str], charge_point: ChargePoint) -> str | None:
    """The sub-protocol to answer with [J 3.1.2, 3.2]; None only for a station that may omit it.

    Raises:
        Refused: nothing in common; the certification tool wants the upgrade itself refused (TC_088).
    """
    offered = [name.strip() for name in headers.get("sec-websocket-protocol", "").split(",") if name.strip()]
    if SUBPROTOCOL in offered:
        return SUBPROTOCOL
    if offered or not charge_point.allows_missing_subprotocol:
        raise Refused(400, "no common sub-protocol" if offered else "no sub-protocol offered")
    return None


@dataclass(frozen=True)
class Proof:
    """How a station proved to be the one it says."""

    profile: SecurityProfile
    used_hash: str | None = None
    """The hash of the password it used."""


def _authenticate(charge_point: ChargePoint, handshake: Handshake, misses: credentials.KnownMisses) -> Proof:
    """By the highest security profile that the charge point may have and that the connection fits.

    Raises:
        Refused: the connection fits none, in the words of the one it has; or the password is not right.
    """
    told = (candidate.profile for candidate in charge_point.profile_candidates)
    profiles = (charge_point.security_profile, *told)
    misfits = {profile: _misfit(profile, charge_point.id, handshake.passage) for profile in profiles}
    fitting = [profile for profile, misfit in misfits.items() if misfit is None]
    if not fitting:
        raise Refused(401, misfits[charge_point.security_profile] or "")
    profile = max(fitting)
    if profile in _WITH_PASSWORD:
        try:
            return Proof(profile, _password_used(charge_point, handshake, misses))
        except Refused:
            if SecurityProfile.NONE not in fitting:
                raise
            profile = SecurityProfile.NONE  # it has not changed yet
    return Proof(profile)


_WITH_PASSWORD: Final = frozenset({SecurityProfile.BASIC, SecurityProfile.BASIC_TLS})


def _misfit(profile: SecurityProfile, charge_point_id: ChargePointId, passage: Passage) -> str | None:
    """Why a station with this profile cannot have opened the connection; None if it can, with the right password."""
    if profile >= SecurityProfile.BASIC_TLS and not passage.is_proven:
        return "said to come through a distribution, without the secret of that distribution"
    if profile is SecurityProfile.BASIC_TLS and not passage.is_tls:
        return "security profile 2 needs TLS"
    if profile is SecurityProfile.CLIENT_CERTIFICATE:
        if passage.certified_name is None:
            return "no client certificate was asserted"
        if passage.certified_name.encode().lower() != charge_point_id.encode().lower():  # ASCII alone has a case here
            return "the client certificate names another charge point"
    return None


def _password_used(charge_point: ChargePoint, handshake: Handshake, misses: credentials.KnownMisses) -> str:
    """The hash of the password the station proved to have."""
    password = credentials.password_of(handshake.headers.get("authorization", ""), charge_point.id)
    if password is None:
        raise Refused(401, "no credentials for this identity")
    accepted = (*(candidate.hash for candidate in charge_point.candidates), *charge_point.secrets)
    used = misses.match(password, accepted)
    if used is None:
        raise Refused(401, "wrong password")
    return used
