"""ChangeConfiguration: a key is set; AuthorizationKey changes the password (TC_021, TC_040_1, TC_040_2, TC_073)."""

import json
from collections.abc import Callable

import pytest

from csms.calls import CallRefused
from csms.credentials import hash_secret
from csms.gateway import Gateway, Posted
from csms.ids import ChargePointId, ConnectionId
from csms.runtime import Runtime
from csms.store.calls import CallState
from csms.store.configuration import Reported
from tests.called_station import CalledStation

CP001 = ChargePointId("CP001")
OLD, NEW = b"the old password", bytes(range(16))
NEW_KEY = {"key": "AuthorizationKey", "value": NEW.hex()}
INTERVAL = {"key": "MeterValueSampleInterval", "value": "60"}


def known(csms: Runtime, key: str) -> tuple[str | None, bool, bool] | None:
    """Value, unknown, needs reboot."""
    found = csms.store.configuration.get(CP001, key)
    return (found.value, found.is_unknown, found.needs_reboot) if found else None


@pytest.mark.parametrize(
    ("status", "kept"),
    [
        ("Accepted", ("60", False, False)),
        ("RebootRequired", ("60", False, True)),
        ("Rejected", None),
        ("NotSupported", (None, True, False)),
    ],
)
def test_what_the_station_took_on_is_on_record(
    csms: Runtime, called: CalledStation, status: str, kept: tuple[str | None, bool, bool] | None
) -> None:
    call = called.is_called("ChangeConfiguration", INTERVAL)
    assert called.posted[-1][3] == INTERVAL
    called.reply({"status": status})
    assert called.stored(call).status == status
    assert known(csms, "MeterValueSampleInterval") == kept


def test_a_key_that_has_a_value_is_not_unknown_whatever_is_said_of_another_value(
    csms: Runtime, called: CalledStation
) -> None:
    csms.store.configuration.report(CP001, [Reported("MeterValueSampleInterval", "30")], called.now)
    called.is_called("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "-1"})
    called.reply({"status": "NotSupported"})
    assert known(csms, "MeterValueSampleInterval") == ("30", False, False)


def test_silence_and_callerror_leave_the_value_as_it_was(csms: Runtime, called: CalledStation) -> None:
    called.is_called("ChangeConfiguration", INTERVAL)
    called.refuse()
    called.is_called("ChangeConfiguration", INTERVAL)
    called.wait(seconds=31)
    called.run_wakes()
    assert known(csms, "MeterValueSampleInterval") is None


def test_a_read_only_key_is_refused_unless_forced(csms: Runtime, called: CalledStation) -> None:
    reported = [Reported("NumberOfConnectors", "2", is_read_only=True)]
    csms.store.configuration.report(CP001, reported, called.now)
    order = {"key": "numberofconnectors", "value": "3"}
    with pytest.raises(CallRefused, match="read-only"):
        called.is_called("ChangeConfiguration", order)
    called.is_called("ChangeConfiguration", order, is_forced=True)
    assert called.posted[-1][3] == order


def test_a_list_is_no_longer_than_the_station_takes(csms: Runtime, called: CalledStation) -> None:
    csms.store.configuration.report(CP001, [Reported("MeterValuesSampledDataMaxLength", "2")], called.now)
    with pytest.raises(CallRefused, match="3 items, and the charge point takes 2"):
        called.is_called("ChangeConfiguration", {"key": "MeterValuesSampledData", "value": "Voltage,SoC,RPM"})
    called.is_called("ChangeConfiguration", {"key": "MeterValuesSampledData", "value": "Voltage,SoC"})
    called.is_called("ChangeConfiguration", {"key": "MeterValuesAlignedData", "value": "Voltage,SoC,RPM"})


def test_a_security_profile_is_never_lowered(csms: Runtime, called: CalledStation) -> None:
    csms.store.charge_points.change(CP001, {"security_profile": 2})
    with pytest.raises(CallRefused, match="never lowered"):
        called.is_called("ChangeConfiguration", {"key": "SecurityProfile", "value": "1"})
    called.is_called("ChangeConfiguration", {"key": "SecurityProfile", "value": "3"})


@pytest.mark.parametrize("value", ["too short", "f" * 31, "longer than twenty characters", "g" * 32])
def test_a_password_is_16_to_20_bytes_or_their_hexadecimal_digits(called: CalledStation, value: str) -> None:
    with pytest.raises(CallRefused, match="16 to 20 bytes"):
        called.is_called("ChangeConfiguration", {"key": "AuthorizationKey", "value": value})
    assert called.posted == []


@pytest.fixture
def guarded(csms: Runtime, called: CalledStation) -> CalledStation:
    """A station that logs in with the old password."""
    csms.store.charge_points.change(CP001, {"security_profile": 1, "secrets": [hash_secret(OLD)]})
    return called


def can_log_in(station: CalledStation, password: bytes) -> bool:
    station.wait(seconds=1)
    return bool(station.connect(password=password)["statusCode"] == 200)


def test_both_passwords_count_from_before_the_call_goes_out(
    csms: Runtime, guarded: CalledStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def look(_: Gateway, __: ConnectionId, ___: str) -> Posted:
        charge_point = csms.store.charge_points.get(CP001)
        seen.append(len(charge_point.candidates) if charge_point else 0)
        return Posted.DELIVERED

    monkeypatch.setattr(Gateway, "post", look)
    guarded.is_called("ChangeConfiguration", NEW_KEY)
    assert seen == [1]
    assert can_log_in(guarded, OLD)
    assert can_log_in(guarded, NEW)


@pytest.mark.parametrize(
    ("end", "accepted"),
    [
        (lambda station: station.reply({"status": "Accepted"}), {NEW}),
        (lambda station: station.reply({"status": "Rejected"}), {OLD}),
        (lambda station: station.reply({"status": "NotSupported"}), {OLD}),
        (lambda station: station.refuse("InternalError"), {OLD}),
        (lambda station: station.reply({"status": "RebootRequired"}), {OLD, NEW}),
        (lambda station: (station.wait(seconds=31), station.run_wakes()), {OLD, NEW}),
        (lambda station: station.reply({"status": "accepted"}), {NEW}),
        (lambda station: station.reply({"status": "OK"}), {OLD, NEW}),
        (lambda station: station.reply({"status": None}), {OLD, NEW}),
        (lambda station: station.reply({}), {OLD, NEW}),
        (lambda station: station.send(json.dumps([3, station.posted[-1][1], [{"status": "Accepted"}]])), {OLD, NEW}),
    ],
    ids=[
        *("Accepted", "Rejected", "NotSupported", "CALLERROR", "RebootRequired", "silence"),
        *("in another spelling", "another word", "null", "no status", "a list"),
    ],
)
def test_the_end_of_the_call_decides_which_password_counts(
    guarded: CalledStation, end: Callable[[CalledStation], object], accepted: set[bytes]
) -> None:
    guarded.is_called("ChangeConfiguration", NEW_KEY)
    end(guarded)
    # The old one first: a login with the new one ends the old one.
    assert {password for password in (OLD, NEW) if can_log_in(guarded, password)} == accepted


def test_after_silence_the_first_login_with_the_new_password_ends_the_old_one(guarded: CalledStation) -> None:
    guarded.is_called("ChangeConfiguration", NEW_KEY)
    guarded.wait(seconds=31)
    guarded.run_wakes()
    assert can_log_in(guarded, OLD)
    assert can_log_in(guarded, NEW)
    assert not can_log_in(guarded, OLD)


def test_a_login_with_an_earlier_new_password_leaves_the_one_that_is_under_way(guarded: CalledStation) -> None:
    last = bytes(range(100, 116))
    guarded.is_called("ChangeConfiguration", NEW_KEY)
    guarded.reply({"status": "RebootRequired"})
    guarded.wait(seconds=1)
    guarded.is_called("ChangeConfiguration", {"key": "AuthorizationKey", "value": last.hex()})
    assert can_log_in(guarded, NEW)
    guarded.reply({"status": "Accepted"})
    assert [can_log_in(guarded, password) for password in (OLD, NEW, last)] == [False, False, True]


def test_a_password_that_was_never_sent_is_not_accepted(csms: Runtime, guarded: CalledStation) -> None:
    guarded.is_called("ClearCache")
    waiting = guarded.is_called("ChangeConfiguration", NEW_KEY)
    guarded.engine.cancel(CP001, waiting.id)
    assert not can_log_in(guarded, NEW)
    assert can_log_in(guarded, OLD)


def test_a_password_that_could_not_be_delivered_and_is_withdrawn_is_not_accepted(guarded: CalledStation) -> None:
    guarded.wait(minutes=1)
    guarded.post_result = Posted.GONE
    call = guarded.is_called("ChangeConfiguration", NEW_KEY)
    guarded.engine.cancel(CP001, call.id)
    assert not can_log_in(guarded, NEW)
    assert can_log_in(guarded, OLD)


def test_a_waiting_password_goes_out_in_clear_and_is_kept_encrypted_until_its_end(
    csms: Runtime, guarded: CalledStation
) -> None:
    guarded.is_called("ClearCache")
    call = guarded.is_called("ChangeConfiguration", NEW_KEY)
    assert guarded.stored(call).secret is not None
    guarded.reply({"status": "Accepted"})
    assert guarded.posted[-1][3] == NEW_KEY
    guarded.reply({"status": "Accepted"})
    assert guarded.stored(call).state is CallState.ACCEPTED
    assert guarded.stored(call).secret is None
    assert can_log_in(guarded, NEW)


def test_the_password_is_nowhere_in_clear(
    csms: Runtime, guarded: CalledStation, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG", logger="csms"):
        placed = guarded.is_called("ChangeConfiguration", NEW_KEY)
        during = stored_items(csms)
        guarded.reply({"status": "Accepted"})
    for place in (placed, during, stored_items(csms), [record.__dict__ for record in caplog.records]):
        assert NEW.hex() not in str(place)
    assert known(csms, "AuthorizationKey") == ("***", False, False)


def test_two_changes_after_one_another_leave_the_last(guarded: CalledStation) -> None:
    last = bytes(range(100, 116))
    guarded.is_called("ChangeConfiguration", NEW_KEY)
    guarded.wait(seconds=31)
    guarded.run_wakes()
    guarded.is_called("ChangeConfiguration", {"key": "AuthorizationKey", "value": last.hex()})
    guarded.reply({"status": "Accepted"})
    assert [can_log_in(guarded, password) for password in (OLD, NEW, last)] == [False, False, True]


def test_an_odd_password_sent_by_force_counts_as_it_is(guarded: CalledStation) -> None:
    guarded.is_called("ChangeConfiguration", {"key": "AuthorizationKey", "value": "short"}, is_forced=True)
    guarded.reply({"status": "Accepted"})
    assert can_log_in(guarded, b"short")


def stored_items(csms: Runtime) -> object:
    client, name = csms.store.links._table._client, csms.settings.table_name
    return client.scan(TableName=name)["Items"]
