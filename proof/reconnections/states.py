"""The states that a connection can end in: how a station gets there, what happens meanwhile, what is so afterwards."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from csms.authorization import IdTag
from csms.call_queue import Commission
from csms.store.calls import Call, CallState
from csms.store.charging_profiles import ProfileState
from csms.store.configuration import Reported
from csms.store.file_transfers import FileKind, TransferState
from csms.store.links import Registration
from csms.store.local_lists import SyncState
from csms.store.reservations import ReservationState
from csms.store.transactions import TransactionState
from csms.v16 import commissioning
from proof.fuzz.world import FUZZED
from proof.reconnections.play import ME, Play

_BOOT: Final = {"chargePointVendor": "Acme", "chargePointModel": "One"}
_TAGS: Final = ("TAG1", "TAG2", "TAG3", "TAG4")
_PROFILE: Final[dict[str, Any]] = {
    "connectorId": 0,
    "csChargingProfiles": {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "ChargePointMaxProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "startSchedule": "2026-03-05T12:00:00Z",
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.0}],
        },
    },
}


def _nothing(_: Play) -> None:
    """Nothing happens."""


@dataclass
class State:
    """`late` says whether a station that has a call answers it over its new connection, or never."""

    prepare: Callable[[Play], None] = _nothing
    meanwhile: Callable[[Play], None] = _nothing
    afterwards: Callable[[Play, bool], None] = lambda *_: None
    calls: list[Call] = field(default_factory=list)


def states() -> dict[str, State]:
    """All of them, fresh."""
    return {
        "idle": State(),
        "pending": _pending(),
        "a start was answered, and the answer lost": _start_unanswered(),
        "charging": _charging(),
        "a stop was answered, and the answer lost": _stop_unanswered(),
        "charging goes on without a connection": _charging_offline(),
        "just booted, so that a call waits": _call_waits(),
        "calls are placed meanwhile": _called_meanwhile(),
        "a call is on the line": _in_flight("ClearCache", _nothing_more),
        "another waits behind it": _behind_another(),
        "quiet mode": _quiet(),
        "commissioning": _commissioning(),
        "a firmware update is under way": _firmware(),
        "diagnostics are under way": _diagnostics(),
        "a list is half sent": _half_a_list(),
        "a reservation is on the line": _in_flight("ReserveNow", _reserved, **_reservation()),
        "a profile is on the line": _in_flight("SetChargingProfile", _profiled, **_PROFILE),
        "a reset is on the line": _in_flight("Reset", _nothing_more, type="Soft"),
    }


def _in_flight(action: str, truth: Callable[[Play, bool], None], **payload: Any) -> State:
    """The station has the call. It is not sent again, and its end is what the operator sees."""
    state = State()

    def afterwards(play: Play, late: bool) -> None:
        (call,) = state.calls
        assert play.state_of(call) is (CallState.ACCEPTED if late else CallState.TIMED_OUT)
        truth(play, late)

    state.prepare = lambda play: state.calls.append(play.command(action, **payload))
    state.afterwards = afterwards
    return state


def _nothing_more(_: Play, late: bool) -> None:
    """The end of the call is all there is to see."""


def _reservation() -> dict[str, Any]:
    return {"connectorId": 1, "idTag": "TAG1", "reservationId": 7, "expiryDate": "2026-03-06T12:00:00Z"}


def _reserved(play: Play, late: bool) -> None:
    (reservation,) = play.csms.store.reservations.open_of(ME)
    assert reservation.state is (ReservationState.ACCEPTED if late else ReservationState.UNKNOWN)


def _profiled(play: Play, late: bool) -> None:
    (profile,) = play.csms.store.charging_profiles.all(ME)
    assert profile.state is (ProfileState.INSTALLED if late else ProfileState.UNKNOWN)


def _call_waits() -> State:
    state = State()

    def prepare(play: Play) -> None:
        play.station.result("BootNotification", _BOOT)
        state.calls.append(play.command("ClearCache"))
        assert not play.is_delivered(state.calls[0])

    state.prepare = prepare
    state.afterwards = lambda play, _: _all_accepted(play, state.calls)
    return state


def _all_accepted(play: Play, calls: list[Call]) -> None:
    assert [play.state_of(call) for call in calls] == [CallState.ACCEPTED] * len(calls)


def _called_meanwhile() -> State:
    """What was taken for a dead line is lost, and not sent again; what was not is sent on the new one."""
    state = State()
    state.meanwhile = lambda play: state.calls.extend([play.command("ClearCache"), play.command("Reset", type="Soft")])

    def afterwards(play: Play, late: bool) -> None:
        first, second = state.calls
        is_lost = play.state_of(first) is CallState.TIMED_OUT and play.is_delivered(first)
        assert is_lost or play.state_of(first) is CallState.ACCEPTED
        assert play.state_of(second) is CallState.ACCEPTED

    state.afterwards = afterwards
    return state


def _behind_another() -> State:
    state = State()

    def afterwards(play: Play, late: bool) -> None:
        first, *others = state.calls
        assert play.state_of(first) is (CallState.ACCEPTED if late else CallState.TIMED_OUT)
        _all_accepted(play, others)

    state.prepare = lambda play: state.calls.extend(play.command("ClearCache") for _ in range(3))
    state.afterwards = afterwards
    return state


def _pending() -> State:
    """Nothing is sent until an operator accepts it, whatever connection it then has."""
    state = State()

    def prepare(play: Play) -> None:
        play.ask("PUT", f"/charge-points/{FUZZED}/registration", {"status": "Pending"})
        play.station.wait(seconds=61)
        assert play.station.result("BootNotification", _BOOT)["status"] == "Pending"

    def meanwhile(play: Play) -> None:
        play.csms.store.links.set_registration(ME, Registration.ACCEPTED)

    state.prepare, state.meanwhile = prepare, meanwhile
    state.afterwards = lambda play, _: _accepts_a_start(play)
    return state


def _accepts_a_start(play: Play) -> None:
    assert play.station.result("BootNotification", _BOOT)["status"] == "Accepted"
    assert play.station.start(idTag="TAG2")["idTagInfo"]["status"] == "Accepted"


def _start_unanswered() -> State:
    start: dict[str, Any] = {}
    state = State()

    def prepare(play: Play) -> None:
        start.update(connectorId=1, idTag="TAG1", meterStart=1000, timestamp=play.station.timestamp())
        start["answer"] = play.station.result("StartTransaction", {**start})

    def afterwards(play: Play, late: bool) -> None:
        answer = start.pop("answer")
        assert play.station.result("StartTransaction", start) == answer
        play.station.stop(answer["transactionId"], meterStop=5000)
        _one_transaction(play, 4000)

    state.prepare, state.afterwards = prepare, afterwards
    return state


def _one_transaction(play: Play, energy_wh: int) -> None:
    """Seen by the operator, once."""
    found = play.ask("GET", "/transactions")["items"]
    mine = [each for each in found if each["chargePointId"] == FUZZED]
    assert [(each["state"], each["energyWh"]) for each in mine] == [(TransactionState.STOPPED.value, energy_wh)]


def _charging() -> State:
    number: list[int] = []
    state = State()

    def afterwards(play: Play, late: bool) -> None:
        sample = [{"timestamp": play.station.timestamp(), "sampledValue": [{"value": "3000"}]}]
        play.station.result("MeterValues", {"connectorId": 1, "transactionId": number[0], "meterValue": sample})
        play.station.stop(number[0], meterStop=9000)
        _one_transaction(play, 8000)

    state.prepare = lambda play: number.append(play.station.start()["transactionId"])
    state.afterwards = afterwards
    return state


def _stop_unanswered() -> State:
    stop: dict[str, Any] = {}
    state = State()

    def prepare(play: Play) -> None:
        stop.update(transactionId=play.station.start()["transactionId"], meterStop=7000)
        play.station.wait(minutes=5)
        stop["timestamp"] = play.station.timestamp()
        play.station.result("StopTransaction", stop)

    def afterwards(play: Play, late: bool) -> None:
        play.station.result("StopTransaction", stop)
        _one_transaction(play, 6000)

    state.prepare, state.afterwards = prepare, afterwards
    return state


def _charging_offline() -> State:
    """Started and stopped without a connection; what it queued comes first, the id being one of its own."""
    queued: list[tuple[str, dict[str, Any]]] = []
    state = State()

    def meanwhile(play: Play) -> None:
        station = play.station
        start = {"connectorId": 1, "idTag": "TAG2", "meterStart": 500, "timestamp": station.timestamp()}
        station.wait(seconds=20)
        sample = [{"timestamp": station.timestamp(), "sampledValue": [{"value": "900"}]}]
        station.wait(seconds=20)
        queued.append(("StartTransaction", start))
        queued.append(("MeterValues", {"connectorId": 1, "transactionId": -1, "meterValue": sample}))
        queued.append(("StopTransaction", {"transactionId": -1, "meterStop": 1500, "timestamp": station.timestamp()}))

    def afterwards(play: Play, late: bool) -> None:
        for action, payload in [*queued, queued[0], queued[2]]:
            play.station.result(action, payload)
        _one_transaction(play, 1000)

    state.meanwhile, state.afterwards = meanwhile, afterwards
    return state


def _quiet() -> State:
    state = State()

    def prepare(play: Play) -> None:
        play.ask("PUT", f"/charge-points/{FUZZED}/quiet", {"quiet": True})
        state.calls.append(play.command("ClearCache"))

    def afterwards(play: Play, late: bool) -> None:
        assert play.state_of(state.calls[0]) is (CallState.ACCEPTED if late else CallState.TIMED_OUT)
        seen = len(play.posted)
        play.station.result("BootNotification", _BOOT)
        play.settle()
        assert not play.station.calls_received(seen), "of its own accord"

    state.prepare, state.afterwards = prepare, afterwards
    return state


def _commissioning() -> State:
    """The lost call says nothing about the station, and the next boot takes the rest up."""
    state = State()

    def begin(play: Play) -> None:
        play.station.result("BootNotification", _BOOT)
        commissioning.begin(play.csms.store, play.csms.calls.place, Commission(ME, play.station.now))
        play.station.wait(seconds=6)
        play.run_wakes()

    def prepare(play: Play) -> None:
        play.ask("PUT", f"/charge-points/{FUZZED}/desired-configuration", {"values": {"HeartbeatInterval": "240"}})
        play.settle()
        begin(play)

    def afterwards(play: Play, late: bool) -> None:
        begin(play)
        play.settle()
        rows = play.csms.store.configuration.values(ME, "HeartbeatInterval", "NumberOfConnectors")
        assert rows["NumberOfConnectors"] == "1"
        charge_point = play.csms.store.charge_points.get(ME)
        assert charge_point is not None
        assert not charge_point.quirks, "a lost line is taken for a station that cannot answer"

    state.prepare, state.afterwards = prepare, afterwards
    return state


def _firmware() -> State:
    state = State()

    def prepare(play: Play) -> None:
        body = {"location": "https://files.example.com/new.bin", "retrieveDate": play.station.timestamp()}
        play.ask("POST", f"/charge-points/{FUZZED}/commands/UpdateFirmware", body)
        play.settle()
        play.station.result("FirmwareStatusNotification", {"status": "Downloading"})

    def afterwards(play: Play, late: bool) -> None:
        for status in ("Downloaded", "Installing", "Installed"):
            play.station.result("FirmwareStatusNotification", {"status": status})
        _is_completed(play, FileKind.FIRMWARE)

    state.prepare, state.afterwards = prepare, afterwards
    return state


def _diagnostics() -> State:
    state = State()

    def prepare(play: Play) -> None:
        body = {"location": "https://files.example.com/uploads/"}
        play.ask("POST", f"/charge-points/{FUZZED}/commands/GetDiagnostics", body)
        play.settle()
        play.station.result("DiagnosticsStatusNotification", {"status": "Uploading"})

    def afterwards(play: Play, late: bool) -> None:
        play.station.result("DiagnosticsStatusNotification", {"status": "Uploaded"})
        _is_completed(play, FileKind.DIAGNOSTICS)

    state.prepare, state.afterwards = prepare, afterwards
    return state


def _is_completed(play: Play, kind: FileKind) -> None:
    (transfer,) = play.csms.store.file_transfers.list(ME, kind, limit=5).transfers
    assert transfer.state(play.station.now) is TransferState.COMPLETED


def _half_a_list() -> State:
    """A part that was not answered makes the list doubtful: the next synchronisation sends all of it."""
    state = State()

    def prepare(play: Play) -> None:
        for tag in _TAGS:
            play.csms.store.id_tags.put(IdTag(tag, groups=("fleet",)))
        play.ask("PATCH", f"/charge-points/{FUZZED}", {"groups": ["fleet"]})
        play.csms.store.configuration.report(ME, [Reported("SendLocalListMaxLength", "1")], play.station.now)
        play.ask("POST", f"/charge-points/{FUZZED}/local-list/sync")
        for _ in range(2):
            play.answer_one()

    def afterwards(play: Play, late: bool) -> None:
        sync = play.csms.store.local_lists.get(ME).sync
        assert sync is not None
        assert sync.state is (SyncState.DONE if late else SyncState.FAILED)
        if not late:
            play.ask("POST", f"/charge-points/{FUZZED}/local-list/sync")
            play.settle()
        known = play.csms.store.local_lists.get(ME)
        assert known.is_trusted
        assert play.ask("GET", f"/charge-points/{FUZZED}/local-list")["drift"] == []

    state.prepare, state.afterwards = prepare, afterwards
    return state
