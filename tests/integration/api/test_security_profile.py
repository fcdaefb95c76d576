"""Raising the security profile over OCPP [W3 A05]: whatever is lost on the way, the station is not (TC_083)."""

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from csms.credentials import hash_secret
from csms.gateway import Posted
from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.calls import CallState
from tests.called_station import CalledStation
from tests.integration.test_crashes import Killer
from tests.lambda_operator import Answer, LambdaOperator, claims_of
from tests.process_died import ProcessDied

CP001 = ChargePointId("CP001")
PASSWORD = bytes(range(16))
PROFILE_1 = {"X-Forwarded-Proto": "http"}
PROFILE_2 = {"X-Forwarded-Proto": "https"}
RAISE = {"key": "SecurityProfile", "value": "2"}
AGREED = {"status": "Accepted"}


@pytest.fixture
def guarded(csms: Runtime, called: CalledStation, monkeypatch: pytest.MonkeyPatch) -> CalledStation:
    """A charge point that logs in with a password, over a connection without TLS. Hashes are cheap here."""
    monkeypatch.setattr("csms.credentials._SCRYPT_COST", 2)
    csms.store.charge_points.change(CP001, {"security_profile": 1, "secrets": [hash_secret(PASSWORD, b"salt")]})
    return called


@pytest.fixture
def upgrade(guarded: CalledStation, admin: LambdaOperator) -> Callable[..., Answer]:
    """Ask for profile 2, or another."""

    def ask(profile: int = 2, *, key: str | None = None, query: str = "") -> Answer:
        admin.now = guarded.now
        headers = {"Idempotency-Key": key} if key else None
        body = json.dumps({"securityProfile": profile})
        return admin.send("POST", "/charge-points/CP001/security-profile", body=body, headers=headers, query=query)

    return ask


def comes(station: CalledStation, headers: dict[str, str], password: bytes | None = PASSWORD) -> int:
    """Let the station connect anew; returns the status that it gets to see."""
    station.wait(seconds=1)
    return int(station.connect(password=password, **headers)["statusCode"])


def speaks(station: CalledStation) -> None:
    """Let it say what it says first, and let the queue deliver what waited for that."""
    station.result("Heartbeat", {})
    station.wait(seconds=2)
    station.run_wakes()


def state(csms: Runtime) -> tuple[int, list[tuple[int, str | None]]]:
    """The security profile, and what it may come with besides."""
    found = csms.store.charge_points.get(CP001)
    assert found is not None
    told = [(candidate.profile.value, candidate.status) for candidate in found.profile_candidates]
    return found.security_profile.value, told


def sent(station: CalledStation) -> list[tuple[str, Any]]:
    return [(call[2], call[3]) for call in station.posted]


def is_silent(station: CalledStation) -> None:
    station.wait(seconds=31)
    station.run_wakes()


def test_the_station_is_told_restarted_and_comes_with_no_lower_profile_again(
    csms: Runtime, guarded: CalledStation, upgrade: Callable[..., Answer], admin: LambdaOperator
) -> None:
    answer = upgrade()
    assert (answer.status, answer.json["action"], answer.json["payload"]) == (202, "ChangeConfiguration", RAISE)
    guarded.reply(AGREED)
    guarded.wait(seconds=1)
    guarded.run_wakes()
    guarded.reply(AGREED)
    assert sent(guarded) == [("ChangeConfiguration", RAISE), ("Reset", {"type": "Hard"})]
    told = admin.get("/charge-points/CP001").json
    assert (told["securityProfile"], told["securityProfileUpgrade"]["securityProfile"]) == (1, 2)
    assert told["securityProfileUpgrade"]["status"] == "Accepted"

    assert comes(guarded, PROFILE_2) == 200
    told = admin.get("/charge-points/CP001").json
    assert (told["securityProfile"], told["securityProfileUpgrade"]) == (2, None)
    assert comes(guarded, PROFILE_1) == 401
    assert comes(guarded, PROFILE_2) == 200
    (event,) = admin.items("/charge-points/CP001/security-events")
    assert event["details"] == {
        "type": "SecurityProfileRaised",
        "techInfo": "from 1 to 2",
        "reportedBy": "central system",
    }


@pytest.mark.parametrize(
    "end",
    [
        lambda station: station.reply({"status": "Rejected"}),
        lambda station: station.reply({"status": "NotSupported"}),
        lambda station: station.refuse("NotImplemented"),
    ],
    ids=["Rejected", "NotSupported", "CALLERROR"],
)
def test_a_station_that_refuses_keeps_its_profile_and_is_not_restarted(
    csms: Runtime, guarded: CalledStation, upgrade: Callable[..., Answer], end: Callable[[CalledStation], None]
) -> None:
    upgrade()
    end(guarded)
    guarded.wait(minutes=5)
    guarded.run_wakes()
    assert state(csms) == (1, [])
    assert len(guarded.posted) == 1
    assert comes(guarded, PROFILE_1) == 200


@pytest.mark.parametrize(
    "end", [is_silent, lambda station: station.reply({"status": "OK"})], ids=["silence", "another word"]
)
def test_a_station_whose_answer_is_lost_is_restarted_and_shows_what_it_has(
    csms: Runtime, guarded: CalledStation, upgrade: Callable[..., Answer], end: Callable[[CalledStation], None]
) -> None:
    upgrade()
    end(guarded)
    guarded.wait(seconds=1)
    guarded.run_wakes()
    assert sent(guarded)[-1] == ("Reset", {"type": "Hard"})
    assert state(csms) == (1, [(2, None)])
    assert comes(guarded, PROFILE_1) == 200
    assert comes(guarded, PROFILE_2) == 200
    assert comes(guarded, PROFILE_1) == 401


def test_both_profiles_count_from_before_the_call_goes_out(
    csms: Runtime, guarded: CalledStation, upgrade: Callable[..., Answer]
) -> None:
    guarded.post_result = Posted.UNKNOWN
    upgrade()
    assert state(csms) == (1, [(2, None)])
    assert comes(guarded, PROFILE_2) == 200
    assert state(csms) == (2, [])


def test_a_station_that_falls_back_is_let_in_and_the_operator_told_once(
    csms: Runtime, guarded: CalledStation, upgrade: Callable[..., Answer], admin: LambdaOperator
) -> None:
    upgrade()
    guarded.reply(AGREED)
    for _ in range(3):
        assert comes(guarded, PROFILE_1) == 200
    (notice,) = admin.items("/charge-points/CP001/notices")
    assert (notice["details"]["has"], notice["details"]["agreedTo"]) == (1, 2)
    assert state(csms) == (1, [(2, "Accepted")])


def test_a_station_that_is_away_when_it_is_to_be_restarted_is_restarted_later(
    guarded: CalledStation, upgrade: Callable[..., Answer]
) -> None:
    upgrade()
    guarded.post_result = Posted.GONE
    guarded.wait(seconds=15)
    guarded.reply(AGREED)
    guarded.wait(seconds=5)
    guarded.run_wakes()
    guarded.post_result = Posted.DELIVERED
    assert comes(guarded, PROFILE_1) == 200
    speaks(guarded)
    assert sent(guarded)[-1] == ("Reset", {"type": "Hard"})


def test_a_station_that_restarted_by_itself_is_not_restarted_again(
    csms: Runtime, guarded: CalledStation, upgrade: Callable[..., Answer], admin: LambdaOperator
) -> None:
    upgrade()
    guarded.post_result = Posted.GONE
    guarded.wait(seconds=15)
    guarded.reply({"status": "RebootRequired"})
    guarded.post_result = Posted.DELIVERED
    assert comes(guarded, PROFILE_2) == 200
    speaks(guarded)
    assert sent(guarded) == [("ChangeConfiguration", RAISE)]
    reset = admin.items("/charge-points/CP001/commands", action="Reset")[0]
    assert (reset["state"], reset["status"]) == ("failed", "the charge point has security profile 2 already")


def test_asked_again_a_station_that_agreed_is_only_restarted(
    guarded: CalledStation, upgrade: Callable[..., Answer]
) -> None:
    upgrade()
    guarded.reply(AGREED)
    guarded.wait(seconds=1)
    guarded.run_wakes()
    guarded.reply({"status": "Rejected"})
    assert upgrade().json["action"] == "Reset"


def test_a_refusal_does_not_undo_what_an_earlier_call_may_have_changed(
    csms: Runtime, guarded: CalledStation, upgrade: Callable[..., Answer]
) -> None:
    """A station that has the profile already, and has not been restarted, may reject it the second time."""
    upgrade()
    is_silent(guarded)
    guarded.wait(seconds=1)
    guarded.run_wakes()
    guarded.reply({"status": "Rejected"})
    guarded.wait(seconds=1)
    upgrade()
    assert sent(guarded)[-1] == ("ChangeConfiguration", RAISE)
    guarded.reply({"status": "Rejected"})
    assert state(csms) == (1, [(2, None)])
    assert comes(guarded, PROFILE_2) == 200


def test_a_request_that_is_repeated_is_the_command_it_became(
    guarded: CalledStation, upgrade: Callable[..., Answer]
) -> None:
    first = upgrade(key="one")
    guarded.reply(AGREED)
    assert upgrade(key="one").json["id"] == first.json["id"]
    guarded.wait(seconds=1)
    guarded.run_wakes()
    assert [action for action, _ in sent(guarded)] == ["ChangeConfiguration", "Reset"]
    guarded.reply({"status": "Rejected"})
    second = upgrade(key="two")
    guarded.reply(AGREED)
    assert comes(guarded, PROFILE_2) == 200
    assert (second.json["action"], upgrade(key="two").json["id"]) == ("Reset", second.json["id"])


def test_a_charging_station_is_restarted_only_by_force(guarded: CalledStation, upgrade: Callable[..., Answer]) -> None:
    guarded.start()
    refusal = upgrade()
    assert (refusal.status, guarded.posted) == (409, [])
    assert "transaction is open" in refusal.json["detail"]
    assert upgrade(query="force=true").status == 202
    guarded.reply(AGREED)
    guarded.wait(seconds=1)
    guarded.run_wakes()
    assert sent(guarded)[-1] == ("Reset", {"type": "Hard"})


def test_a_station_that_began_to_charge_is_not_restarted_and_the_operator_told(
    guarded: CalledStation, upgrade: Callable[..., Answer], admin: LambdaOperator
) -> None:
    upgrade()
    guarded.start()
    guarded.reply(AGREED)
    assert [action for action, _ in sent(guarded)] == ["ChangeConfiguration"]
    (notice,) = admin.items("/charge-points/CP001/notices")
    assert "transaction is open" in notice["details"]["reason"]


@pytest.mark.parametrize(("profile", "reason"), [(1, "already"), (0, None), (4, None), ("2", None)])
def test_there_is_nothing_to_raise_to(upgrade: Callable[..., Answer], profile: Any, reason: str | None) -> None:
    refusal = upgrade(profile)
    assert refusal.status == (422 if reason is None else 409)
    assert reason is None or reason in refusal.json["detail"]


def test_a_station_without_a_password_is_given_one_first(
    csms: Runtime, called: CalledStation, upgrade: Callable[..., Answer]
) -> None:
    csms.store.charge_points.change(CP001, {"security_profile": 0, "secrets": None})
    refusal = upgrade(1)
    assert refusal.status == 409
    assert "AuthorizationKey" in refusal.json["detail"]
    called.is_called("ChangeConfiguration", {"key": "AuthorizationKey", "value": PASSWORD.hex()})
    called.reply(AGREED)
    called.wait(seconds=1)
    assert upgrade(1).status == 202
    called.reply(AGREED)
    assert comes(called, PROFILE_1, password=None) == 200
    assert comes(called, PROFILE_1, password=b"not the right one") == 200
    assert comes(called, PROFILE_1) == 200
    assert comes(called, PROFILE_1, password=None) == 401
    assert state(csms) == (1, [])


def test_quiet_mode_does_not_keep_an_upgrade_from_going_on(
    csms: Runtime, guarded: CalledStation, upgrade: Callable[..., Answer]
) -> None:
    csms.store.links.set_quiet(CP001, is_quiet=True)
    upgrade()
    guarded.reply(AGREED)
    guarded.wait(seconds=1)
    guarded.run_wakes()
    assert [action for action, _ in sent(guarded)] == ["ChangeConfiguration", "Reset"]


def test_an_upgrade_that_was_never_sent_changes_nothing(
    csms: Runtime, guarded: CalledStation, upgrade: Callable[..., Answer]
) -> None:
    guarded.is_called("ClearCache")
    waiting = upgrade().json
    assert waiting["state"] == CallState.QUEUED
    guarded.engine.cancel(CP001, waiting["id"])
    assert state(csms) == (1, [])
    assert sent(guarded) == [("ClearCache", {})]


def test_a_wrong_password_over_tls_does_not_count_as_coming_with_the_new_profile(
    csms: Runtime, guarded: CalledStation, upgrade: Callable[..., Answer]
) -> None:
    upgrade()
    guarded.reply(AGREED)
    assert comes(guarded, PROFILE_2, password=b"not the right one") == 401
    assert state(csms) == (1, [(2, "Accepted")])


def settle_down(csms: Runtime, station: CalledStation) -> None:
    """Let everything end that a dead process left behind, as deadlines and the stream see to it."""
    is_busy = True
    while is_busy:
        station.wait(seconds=31)
        station.run_wakes()
        for call in csms.store.calls.unfinished(CP001):
            if call.state.is_ended:
                station.engine.finish(call)
        link = csms.store.links.get(CP001, consistent=True)
        is_busy = link is not None and (link.flight is not None or bool(link.waiting))


def test_whatever_dies_the_station_is_let_in_and_restarted_or_can_be(
    csms: Runtime, guarded: CalledStation, upgrade: Callable[..., Answer]
) -> None:
    killer = Killer(csms, "before")
    for at in itertools.count():
        csms.store.charge_points.change(CP001, {"security_profile": 1, "profile_candidates": None})
        guarded.posted.clear()
        killer.aim(at)
        has_died = False
        try:
            upgrade()
            guarded.reply(AGREED)
        except ProcessDied:
            has_died = True
        killer.aim(None)
        settle_down(csms, guarded)
        actions = [action for action, _ in sent(guarded)]
        was_told = "ChangeConfiguration" in actions
        assert actions.count("Reset") <= 1
        if was_told and "Reset" not in actions:  # it died in the moment of sending; nothing is sent twice
            assert upgrade().json["action"] == "Reset"
        assert comes(guarded, PROFILE_2 if was_told else PROFILE_1) == 200
        assert comes(guarded, PROFILE_1) == (401 if was_told else 200)
        assert comes(guarded, PROFILE_2 if was_told else PROFILE_1) == 200
        speaks(guarded)
        if not has_died:
            break
    assert actions == ["ChangeConfiguration", "Reset"]
    assert at > 20


@pytest.mark.parametrize(
    "change",
    [
        RAISE,
        {"key": "authorizationkey", "value": PASSWORD.hex()},
        {"key": "AuthorizationKey", "value": "x" * 16},
        {"key": " AuthorizationKey ", "value": "x" * 16},
    ],
)
def test_how_a_station_logs_in_is_for_admins_whatever_way_it_is_told(
    guarded: CalledStation, admin: LambdaOperator, change: dict[str, str]
) -> None:
    path, operator = "/charge-points/CP001/commands/ChangeConfiguration", LambdaOperator(claims_of("operate"))
    operator.now = admin.now = guarded.now
    assert operator.post(path, change).status == 403
    cut_short = json.dumps({**change, "key": change["key"] + "\0"})  # some stations read on no further
    assert operator.send("POST", path, body=cut_short, query="force=true").status == 403
    bulk = {"action": "ChangeConfiguration", "payload": change, "chargePointIds": ["CP001"]}
    assert operator.post("/commands", bulk).status == 403
    assert guarded.posted == []
    assert operator.post(path, {"key": "MeterValueSampleInterval", "value": "60"}).status == 202
    guarded.reply(AGREED)
    guarded.wait(seconds=2)
    assert admin.post(path, change).status == 202
