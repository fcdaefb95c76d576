"""What others are told: one event per fact that a partner or an operator's own systems want to act on.

`docs/events.md` describes them, `docs/events/` has their JSON schemas; a test holds both to these models. An event may
come more than once, then with the same id, and not always in order: `occurredAt` is what counts.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, WithJsonSchema
from pydantic.alias_generators import to_camel

from csms.ocpp.primitives import Timestamp
from csms.redaction import redact
from csms.store import keys
from csms.store.calls import CallState
from csms.store.changes import Change
from csms.store.history import EventKind
from csms.store.table import Item
from csms.store.transactions import TransactionState

Moment = Annotated[Timestamp, WithJsonSchema({"type": "string", "format": "date-time"})]


class Event(BaseModel):
    """What every event says. Fields may be added; none changes its meaning while `version` stays."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        frozen=True,
        extra="ignore",
        coerce_numbers_to_str=True,
        hide_input_in_errors=True,
    )

    version: Literal[1] = 1
    id: str
    """The same if the event comes again."""
    charge_point_id: str
    occurred_at: Moment
    """When it happened: the charge point's own time where it can be believed."""
    recorded_at: Moment
    """When it was stored."""

    detail_type: ClassVar[str] = ""

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        cls.detail_type = cls.__name__

    @property
    def measure(self) -> tuple[str, str]:
        """Under which metric and name it is counted."""
        return "events", self.detail_type

    def write(self) -> dict[str, Any]:
        """The event's detail."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class ChargePointConnected(Event):
    """A charge point that had no connection has one."""

    connection_id: str


class ChargePointDisconnected(Event):
    """It has none any more. The platform cuts every connection after two hours: most are back within a minute."""

    connection_id: str


class ChargePointBooted(Event):
    """BootNotification."""

    charge_point_vendor: str
    charge_point_model: str
    charge_point_serial_number: str | None = None
    charge_box_serial_number: str | None = None
    firmware_version: str | None = None


class ConnectorStatusReported(Event):
    """StatusNotification; connector 0 is the charge point itself. A fault is a status like the others."""

    connector_id: int
    status: str
    error_code: str
    info: str | None = None
    vendor_id: str | None = None
    vendor_error_code: str | None = None


class TransactionStarted(Event):
    """StartTransaction, told once however often the station repeats it."""

    transaction_id: int
    connector_id: int
    id_tag: str
    id_tag_status: str
    meter_start_wh: int
    reservation_id: int | None = None


class TransactionEnded(Event):
    """A transaction ended, or ended otherwise than it seemed: a late StopTransaction makes `stopped` of the others."""

    transaction_id: int
    connector_id: int
    id_tag: str
    state: Literal["stopped", "superseded", "closed"]
    """By its own StopTransaction, by a later start on its connector, or by an operator's hand."""
    started_at: Moment
    meter_start_wh: int
    meter_stop_wh: int | None = None
    energy_wh: int | None = None
    reason: str | None = None


class ChargeDataOrphaned(Event):
    """Charge data that belongs to no transaction: somebody has to assign or dismiss it."""

    orphan_id: str
    action: str
    reason: str


class CallEnded(Event):
    """A call to the charge point ended. What was said is not part of it: `GET .../commands/{callId}` shows that."""

    call_id: str
    action: str
    state: Literal["accepted", "rejected", "failed", "timed_out", "expired", "cancelled"]
    status: str | None = None
    requested_by: str
    bulk_id: str | None = None

    @property
    def measure(self) -> tuple[str, str]:
        """Calls are counted by their outcome."""
        return "calls", self.state


class SecurityEventReported(Event):
    """SecurityEventNotification, or what we have seen ourselves: then `reportedBy` is `central system`."""

    type: str
    tech_info: str | None = None
    reported_by: str | None = None

    @property
    def measure(self) -> tuple[str, str]:
        """What we report ourselves counts by its type, such as `LoginsRefused`; what stations call theirs does not."""
        return "events", self.type if self.reported_by else self.detail_type


class FirmwareStatusReported(Event):
    """FirmwareStatusNotification, or its signed sibling."""

    status: str
    request_id: int | None = None


class DiagnosticsStatusReported(Event):
    """DiagnosticsStatusNotification."""

    status: str


class LogStatusReported(Event):
    """LogStatusNotification."""

    status: str
    request_id: int | None = None


class NoticeRaised(Event):
    """Something is wrong between the charge point and us; `fix` says what helps."""

    code: str = "Other"
    """`MessageTooLarge`: the platform closed the connection with 1009. `LimitNotFollowed`: more is drawn than a
    charging plan allows and the charge point has acknowledged."""
    problem: str
    fix: str | None = None
    connector_id: int | None = None
    transaction_id: int | None = None
    plan_id: str | None = None

    @property
    def measure(self) -> tuple[str, str]:
        """Each kind of trouble counts by itself."""
        return "events", self.code


def event_types() -> dict[str, type[Event]]:
    """Every event by its detail type."""
    return {found.detail_type: found for found in Event.__subclasses__()}


def event_of(change: Change) -> Event | None:
    """What others are told of a change; None if nothing.

    Raises:
        ValueError: the items are not of a form that is known.
    """
    if change.new is None:
        return None
    return next((tell(change, change.new) for prefix, tell in _TELLERS.items() if _is_of(change, prefix)), None)


def _is_of(change: Change, prefix: str) -> bool:
    return change.sort_key.startswith(prefix) if prefix.endswith("#") else change.sort_key == prefix


def _about(change: Change, occurred_at: str | datetime) -> dict[str, Any]:
    return {
        "id": change.id,
        "chargePointId": keys.charge_point_of(change.partition),
        "occurredAt": occurred_at,
        "recordedAt": change.recorded_at,
    }


def _tell_link(change: Change, new: Item) -> Event | None:
    before, now = (change.old or {}).get("connection_id"), new.get("connection_id")
    if now and not before:
        return ChargePointConnected.model_validate({**_about(change, new["last_seen"]), "connectionId": now})
    if before and not now:
        return ChargePointDisconnected.model_validate({**_about(change, new["lost_at"]), "connectionId": before})
    return None


def _tell_transaction(change: Change, new: Item) -> Event | None:
    about = {
        "transactionId": new["transaction_id"],
        "connectorId": new["connector_id"],
        "idTag": new["id_tag"],
        "meterStartWh": new["meter_start_wh"],
    }
    if change.old is None:
        about |= {"idTagStatus": new["tag_status"], "reservationId": new.get("reservation_id")}
        return TransactionStarted.model_validate({**_about(change, new["started_at"]), **about})
    if new["state"] in {change.old["state"], TransactionState.OPEN.value}:
        return None
    is_stopped = new["state"] == TransactionState.STOPPED.value
    ended_at = new["stopped_at"] if is_stopped else new.get("closed_at", change.recorded_at)
    meter_stop_wh = new.get("meter_stop_wh") if is_stopped else new.get("closed_meter_wh")
    drawn_wh = None if meter_stop_wh is None else meter_stop_wh - new["meter_start_wh"]
    return TransactionEnded.model_validate(
        {
            **_about(change, ended_at),
            **about,
            "state": new["state"],
            "startedAt": new["started_at"],
            "meterStopWh": meter_stop_wh,
            "energyWh": drawn_wh if drawn_wh is None or drawn_wh >= 0 else None,
            "reason": new.get("stop_reason") if is_stopped else new.get("closed_reason"),
        }
    )


def _tell_orphan(change: Change, new: Item) -> Event | None:
    if change.old is not None:
        return None
    about = {"orphanId": new["orphan_id"], "action": new["action"], "reason": new["reason"]}
    return ChargeDataOrphaned.model_validate({**_about(change, new["received_at"]), **about})


def _tell_call(change: Change, new: Item) -> Event | None:
    was_open = change.old is not None and not CallState(change.old["state"]).is_ended
    if not was_open or not CallState(new["state"]).is_ended:
        return None
    names = {"callId": "call_id", "requestedBy": "requested_by", "bulkId": "bulk_id"}
    about = {name: new.get(attribute) for name, attribute in names.items()}
    about |= {"action": new["action"], "state": new["state"], "status": redact(new.get("status"))}
    return CallEnded.model_validate({**_about(change, new["ended_at"]), **about})


def _tells(kind: type[Event]) -> Callable[[Change, Item], Event | None]:
    def tell(change: Change, new: Item) -> Event | None:
        if change.old is not None:  # told again by the station
            return None
        return kind.model_validate({**redact(new["details"]), **_about(change, new["occurred_at"])})

    return tell


_TELLERS: Final[Mapping[str, Callable[[Change, Item], Event | None]]] = {
    keys.LINK: _tell_link,
    keys.TRANSACTION_PREFIX: _tell_transaction,
    keys.ORPHAN_PREFIX: _tell_orphan,
    keys.CALL_PREFIX: _tell_call,
    keys.event_prefix(EventKind.BOOT): _tells(ChargePointBooted),
    keys.event_prefix(EventKind.STATUS): _tells(ConnectorStatusReported),
    keys.event_prefix(EventKind.SECURITY): _tells(SecurityEventReported),
    keys.event_prefix(EventKind.FIRMWARE): _tells(FirmwareStatusReported),
    keys.event_prefix(EventKind.DIAGNOSTICS): _tells(DiagnosticsStatusReported),
    keys.event_prefix(EventKind.LOG_UPLOAD): _tells(LogStatusReported),
    keys.event_prefix(EventKind.NOTICE): _tells(NoticeRaised),
}
"""What is told of a change, by the prefix of its sort key, or by all of it."""
