"""SetChargingProfile: the rules before sending, and what is on record as installed (TC_056, TC_057, TC_067)."""

import copy
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from csms.calls import CallRefused
from csms.gateway import Posted
from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.calls import CallState
from csms.store.charging_profiles import ProfileState
from csms.store.configuration import Reported
from csms.v16.installed_profiles import installed_profiles, knowledge_of, profiles_of
from csms.v16.operations import WARNINGS, Situation, operations
from tests.called_station import CalledStation

CP001 = ChargePointId("CP001")


def order(connector_id: int = 1, **changes: Any) -> dict[str, Any]:
    """A TxDefaultProfile as the certification tool wants it, changed as asked; `schedule` changes the schedule."""
    schedule = {
        "duration": 86400,
        "startSchedule": "2026-03-05T00:00:00Z",
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6.0, "numberPhases": 3}],
    } | changes.pop("schedule", {})
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "validFrom": "2026-03-05T00:00:00Z",
        "validTo": "2026-03-06T00:00:00.000Z",
        "chargingSchedule": schedule,
    } | changes
    without = {"chargingSchedule": {name: value for name, value in schedule.items() if value is not None}}
    present = {name: value for name, value in (profile | without).items() if value is not None}
    return {"connectorId": connector_id, "csChargingProfiles": present}


def on_record(csms: Runtime, called: CalledStation) -> dict[int, ProfileState]:
    return {profile.id: profile.state for profile in profiles_of(csms.store, CP001, called.now)}


def set_profile(called: CalledStation, payload: dict[str, Any], status: str = "Accepted") -> None:
    called.is_called("SetChargingProfile", payload)
    called.reply({"status": status})
    called.wait(seconds=1)


def know(csms: Runtime, called: CalledStation, **values: str) -> None:
    reported = [Reported(key, value) for key, value in values.items()]
    csms.store.configuration.report(CP001, reported, called.now)


PERIODS = "chargingSchedulePeriod"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (order(1, chargingProfilePurpose="ChargePointMaxProfile"), "is for connector 0"),
        (order(0, chargingProfilePurpose="TxProfile", transactionId=1), "connector of its transaction"),
        (order(1, chargingProfilePurpose="TxProfile"), "transactionId: missing"),
        (order(1, chargingProfilePurpose="TxProfile", transactionId=4711), "no such transaction"),
        (order(1, transactionId=1), "only a TxProfile"),
        (order(-1), "at least 0"),
        (order(1, stackLevel=-1), "stackLevel"),
        (order(1, recurrencyKind="Daily"), "recurrencyKind"),
        (order(1, chargingProfileKind="Recurring"), "recurrencyKind"),
        (order(1, chargingProfileKind="Relative"), "leave it out"),
        (order(1, schedule={"startSchedule": None}), "startSchedule: missing"),
        (order(1, validTo="2026-03-05T00:00:00Z"), "not after validFrom"),
        (order(1, schedule={PERIODS: []}), "at least one"),
        (order(1, schedule={PERIODS: [{"startPeriod": 1, "limit": 6}]}), "first must be 0"),
        (
            order(1, schedule={PERIODS: [{"startPeriod": 0, "limit": 6}, {"startPeriod": 0, "limit": 7}]}),
            "must ascend",
        ),
        (order(1, schedule={PERIODS: [{"startPeriod": 0, "limit": -0.1}]}), "limit"),
        (order(1, schedule={PERIODS: [{"startPeriod": 0, "limit": 6, "numberPhases": 4}]}), "1, 2 or 3"),
        (order(1, schedule={"duration": 0}), "duration"),
        (order(1, schedule={"minChargingRate": -1}), "minChargingRate"),
    ],
)
def test_what_contradicts_the_standard_is_refused_and_goes_out_by_force(
    called: CalledStation, payload: dict[str, Any], reason: str
) -> None:
    with pytest.raises(CallRefused, match=reason):
        called.is_called("SetChargingProfile", payload)
    assert called.posted == []
    called.is_called("SetChargingProfile", payload, is_forced=True)
    assert called.posted[-1][3] == payload


TWO_PERIODS = [{"startPeriod": 0, "limit": 6, "numberPhases": 1}, {"startPeriod": 60, "limit": 6}]


@pytest.mark.parametrize(
    ("key", "value", "payload", "is_refused"),
    [
        ("ChargeProfileMaxStackLevel", "2", order(stackLevel=3), True),
        ("ChargeProfileMaxStackLevel", "3", order(stackLevel=3), False),
        ("ChargingScheduleMaxPeriods", "1", order(schedule={PERIODS: TWO_PERIODS}), True),
        ("ChargingScheduleAllowedChargingRateUnit", "Power", order(), True),
        ("ChargingScheduleAllowedChargingRateUnit", "Current,Power", order(), False),
        ("ChargingScheduleAllowedChargingRateUnit", "A", order(), False),
        ("ConnectorSwitch3to1PhaseSupported", "false", order(schedule={PERIODS: TWO_PERIODS}), True),
        ("ConnectorSwitch3to1PhaseSupported", "true", order(schedule={PERIODS: TWO_PERIODS}), False),
        ("NumberOfConnectors", "2", order(3), True),
        ("MaxChargingProfilesInstalled", "none of your business", order(), False),
    ],
)
def test_what_the_station_is_known_not_to_take_is_refused(
    csms: Runtime, called: CalledStation, key: str, value: str, payload: dict[str, Any], is_refused: bool
) -> None:
    know(csms, called, **{key: value})
    if is_refused:
        with pytest.raises(CallRefused, match=key):
            called.is_called("SetChargingProfile", payload)
    else:
        called.is_called("SetChargingProfile", payload)


def test_no_more_profiles_are_installed_than_the_station_takes_but_one_may_be_replaced(
    csms: Runtime, called: CalledStation
) -> None:
    know(csms, called, MaxChargingProfilesInstalled="1")
    set_profile(called, order())
    with pytest.raises(CallRefused, match="MaxChargingProfilesInstalled"):
        called.is_called("SetChargingProfile", order(chargingProfileId=2, stackLevel=1))
    set_profile(called, order(chargingProfileId=2))
    assert on_record(csms, called) == {1: ProfileState.REPLACED, 2: ProfileState.INSTALLED}


def test_a_tx_profile_is_for_an_open_transaction_on_its_connector(csms: Runtime, called: CalledStation) -> None:
    number = called.start()["transactionId"]
    tx = {"chargingProfilePurpose": "TxProfile", "transactionId": number}
    with pytest.raises(CallRefused, match="runs on connector 1, not 2"):
        called.is_called("SetChargingProfile", order(2, **tx))
    set_profile(called, order(1, **tx))
    (installed,) = installed_profiles(csms.store, CP001, called.now)
    assert installed.transaction_id == number

    called.stop(number)
    assert on_record(csms, called) == {1: ProfileState.ENDED}
    assert installed_profiles(csms.store, CP001, called.now) == []
    with pytest.raises(CallRefused, match="has ended"):
        called.is_called("SetChargingProfile", order(1, **tx))


def test_a_waiting_tx_profile_does_not_go_out_when_its_transaction_has_ended(called: CalledStation) -> None:
    number = called.start()["transactionId"]
    called.is_called("ClearCache")
    waiting = called.is_called("SetChargingProfile", order(1, chargingProfilePurpose="TxProfile", transactionId=number))
    called.stop(number)
    called.reply({"status": "Accepted"})
    assert called.stored(waiting).state is CallState.FAILED
    assert len(called.posted) == 1


@pytest.mark.parametrize("status", ["Rejected", "NotSupported"])
def test_what_the_station_refuses_is_not_installed(csms: Runtime, called: CalledStation, status: str) -> None:
    set_profile(called, order(), status)
    called.is_called("SetChargingProfile", order())
    called.refuse("PropertyConstraintViolation")
    assert on_record(csms, called) == {}


def test_the_same_purpose_and_level_on_the_connector_is_replaced_and_nothing_else(
    csms: Runtime, called: CalledStation
) -> None:
    set_profile(called, order(1, chargingProfileId=1))
    set_profile(called, order(2, chargingProfileId=2))
    set_profile(called, order(1, chargingProfileId=3, stackLevel=1))
    set_profile(called, order(1, chargingProfileId=4))
    assert on_record(csms, called) == {
        1: ProfileState.REPLACED,
        2: ProfileState.INSTALLED,
        3: ProfileState.INSTALLED,
        4: ProfileState.INSTALLED,
    }


def test_the_same_id_is_replaced_wherever_it_was(csms: Runtime, called: CalledStation) -> None:
    set_profile(called, order(1))
    set_profile(called, order(2, stackLevel=5))
    (installed,) = installed_profiles(csms.store, CP001, called.now)
    assert (installed.connector_id, installed.stack_level) == (2, 5)


def test_after_silence_a_profile_is_unknown_and_what_was_acknowledged_is_kept(
    csms: Runtime, called: CalledStation
) -> None:
    set_profile(called, order(1, chargingProfileId=1))
    set_profile(called, order(1, chargingProfileId=2, stackLevel=1))
    new = order(1, chargingProfileId=1, stackLevel=1)
    called.is_called("SetChargingProfile", new)
    called.wait(seconds=31)
    called.run_wakes()
    first, second = installed_profiles(csms.store, CP001, called.now)
    assert (first.state, second.state) == (ProfileState.UNKNOWN, ProfileState.UNKNOWN)
    assert first.profile == new["csChargingProfiles"]
    assert first.acknowledged == order(1, chargingProfileId=1)["csChargingProfiles"]


def test_effects_that_run_again_later_change_nothing(csms: Runtime, called: CalledStation) -> None:
    first = called.is_called("SetChargingProfile", order(1, chargingProfileId=1))
    called.reply({"status": "Accepted"})
    called.wait(seconds=1)
    set_profile(called, order(1, chargingProfileId=2))
    before = profiles_of(csms.store, CP001, called.now)
    operations_again(csms, called, first.id)
    assert profiles_of(csms.store, CP001, called.now) == before


def operations_again(csms: Runtime, called: CalledStation, call_id: str) -> None:
    call = next(call for call in csms.store.calls.list(CP001, limit=20).calls if call.id == call_id)
    called.engine._operations.apply(call, called.now, lambda order: pytest.fail("no further call"))


def test_an_id_that_is_left_out_is_filled_in_and_all_else_stays_as_it_was(csms: Runtime, called: CalledStation) -> None:
    body = order(1, chargingProfileId=None)
    given = copy.deepcopy(body)
    link = csms.store.links.get(CP001)
    assert link is not None
    situation = Situation(CP001, link, csms.store, csms.settings, called.now)
    prepared = operations()["SetChargingProfile"].prepare(body, situation).payload
    number = prepared["csChargingProfiles"].pop("chargingProfileId")
    assert 0 < number < 2**31
    assert prepared == given == body


@pytest.mark.parametrize("body", [{}, {"connectorId": 1}, {"connectorId": 1, "csChargingProfiles": 7}])
def test_a_body_without_a_profile_fails_the_schema(csms: Runtime, called: CalledStation, body: dict[str, Any]) -> None:
    link = csms.store.links.get(CP001)
    assert link is not None
    with pytest.raises(ValidationError):
        operations()["SetChargingProfile"].prepare(body, Situation(CP001, link, csms.store, csms.settings, called.now))


def test_while_no_answer_has_come_the_station_may_have_it(csms: Runtime, called: CalledStation) -> None:
    set_profile(called, order(1, chargingProfileId=1))
    called.is_called("SetChargingProfile", order(1, chargingProfileId=2))
    assert on_record(csms, called) == {1: ProfileState.UNKNOWN, 2: ProfileState.UNKNOWN}
    known = knowledge_of(profiles_of(csms.store, CP001, called.now))
    assert [[one.id for one in some] for some in (known.certain, known.uncertain)] == [[1], [2]]


@pytest.mark.parametrize("number", [1, 2])
def test_after_a_refusal_all_is_as_it_was(csms: Runtime, called: CalledStation, number: int) -> None:
    set_profile(called, order(1, chargingProfileId=1))
    before = knowledge_of(profiles_of(csms.store, CP001, called.now))
    set_profile(called, order(1, chargingProfileId=number, validTo="2026-04-01T00:00:00Z"), "Rejected")
    assert on_record(csms, called) == {1: ProfileState.INSTALLED}
    assert knowledge_of(profiles_of(csms.store, CP001, called.now)) == before


def test_an_answer_nobody_can_read_leaves_open_whether_it_is_there(csms: Runtime, called: CalledStation) -> None:
    called.is_called("SetChargingProfile", order())
    called.reply({"status": 7})
    assert on_record(csms, called) == {1: ProfileState.UNKNOWN}


def test_a_profile_that_never_went_out_is_not_on_record(csms: Runtime, called: CalledStation) -> None:
    called.post_result = Posted.GONE
    call = called.is_called("SetChargingProfile", order(), lifetime=timedelta(minutes=1))
    assert on_record(csms, called) == {1: ProfileState.UNKNOWN}
    called.wait(minutes=2)
    called.engine.expire(called.stored(call))
    assert on_record(csms, called) == {}


def test_a_profile_of_a_transaction_that_is_over_is_no_longer_read(csms: Runtime, called: CalledStation) -> None:
    number = called.start()["transactionId"]
    set_profile(called, order(1, chargingProfilePurpose="TxProfile", transactionId=number))
    called.stop(number)
    other = called.start()["transactionId"]
    set_profile(called, order(1, chargingProfileId=2, chargingProfilePurpose="TxProfile", transactionId=other))
    stored = {row.id: row.state for row in csms.store.charging_profiles.all(CP001)}
    assert stored == {1: ProfileState.ENDED, 2: ProfileState.INSTALLED}


def test_a_tx_profile_takes_the_place_of_what_the_remote_start_brought(csms: Runtime, called: CalledStation) -> None:
    relative = order(1, chargingProfilePurpose="TxProfile", chargingProfileKind="Relative")["csChargingProfiles"]
    del relative["chargingSchedule"]["startSchedule"]
    called.is_called("RemoteStartTransaction", {"idTag": "TAG1", "chargingProfile": relative})
    called.reply({"status": "Accepted"})
    called.wait(seconds=5)
    number = called.start()["transactionId"]
    set_profile(called, order(1, chargingProfileId=2, chargingProfilePurpose="TxProfile", transactionId=number))
    assert on_record(csms, called) == {1: ProfileState.REPLACED, 2: ProfileState.INSTALLED}


def advice(called: CalledStation, body: dict[str, Any]) -> list[str]:
    link = called.csms.store.links.get(CP001)
    assert link is not None
    situation = Situation(CP001, link, called.csms.store, called.csms.settings, called.now)
    prepared = operations()["SetChargingProfile"].prepare(body, situation)
    return list((prepared.context or {}).get(WARNINGS, []))


@pytest.mark.parametrize(
    ("body", "warning"),
    [
        (order(), None),
        (order(schedule={"duration": 60, PERIODS: TWO_PERIODS}), "startPeriod 60: past the duration"),
        (order(validFrom="2026-03-01T00:00:00Z", validTo="2026-03-02T00:00:00Z"), "validTo: has passed"),
        (order(validFrom="2026-03-05T23:00:00Z"), "validFrom: lies ahead"),
        (order(schedule={"duration": 60}), "duration: has passed"),
    ],
)
def test_what_is_allowed_but_odd_is_pointed_out(
    called: CalledStation, body: dict[str, Any], warning: str | None
) -> None:
    found = advice(called, body)
    assert any(warning in one for one in found) if warning else found == []


def test_a_transaction_whose_start_was_reported_late_may_be_over(called: CalledStation) -> None:
    number = called.start(timestamp="2026-03-05T11:00:00Z")["transactionId"]
    body = order(1, chargingProfilePurpose="TxProfile", transactionId=number)
    (warning,) = advice(called, body)
    assert "it may have ended meanwhile [S 5.16.1]" in warning
    called.is_called("SetChargingProfile", body)
