"""Synchronising a local list with the tags of its site and groups."""

from datetime import timedelta
from typing import Any

import pytest

from csms.authorization import AuthorizationStatus, IdTag
from csms.calls import CallRefused
from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.calls import Call
from csms.store.configuration import Reported
from csms.store.links import Registration
from csms.store.local_lists import LocalList, Sync
from csms.v16.local_list_sync import SyncWish, start_sync
from tests.called_station import CalledStation

CP001 = ChargePointId("CP001")
FULL = {
    "localAuthorizationList": [{"idTag": each, "idTagInfo": {"status": "Accepted"}} for each in "ABC"],
    "updateType": "Full",
}


class ListedStation:
    """A station that holds a local list and answers every call about it at once."""

    def __init__(self, called: CalledStation) -> None:
        self.called = called
        self.version = 0
        self.entries: dict[str, Any] = {}
        self.refusals: list[str | None] = []
        """Statuses to answer the next lists with; None takes the list."""
        self.sent: list[dict[str, Any]] = []
        self._answered = 0

    def sync(self, *, adopts: bool = False) -> Call:
        """Let an operator synchronise, and answer until nothing more comes."""
        call = self.begin(adopts=adopts)
        self.answer_all()
        return call

    def begin(self, *, adopts: bool = False) -> Call:
        called = self.called
        called.wait(seconds=1)
        charge_point = called.csms.store.charge_points.get(CP001)
        assert charge_point is not None
        wish = SyncWish("operator", adopts=adopts)
        return start_sync(called.csms.store, called.engine, charge_point, wish, called.now)

    def answer_all(self) -> None:
        while self._answered < len(self.called.posted):
            _, _, action, payload = self.called.posted[self._answered]
            self._answered += 1
            self.called.wait(milliseconds=20)
            if action == "GetLocalListVersion":
                self.called.reply({"listVersion": self.version if self.entries else 0})
            else:
                self.sent.append(payload)
                refusal = self.refusals.pop(0) if self.refusals else None
                self.called.reply({"status": refusal or self._take(payload)})

    def ignore_all(self) -> None:
        """Leave what was posted without an answer."""
        self._answered = len(self.called.posted)
        self.called.wait(seconds=31)
        self.called.run_wakes()

    def _take(self, payload: dict[str, Any]) -> str:
        if payload["updateType"] == "Full":
            self.entries = {}
        elif payload["listVersion"] <= self.version:
            return "VersionMismatch"
        for each in payload["localAuthorizationList"]:
            self.entries[each["idTag"]] = each.get("idTagInfo")
        self.entries = {tag: info for tag, info in self.entries.items() if info}
        self.version = payload["listVersion"]
        return "Accepted"

    @property
    def kinds(self) -> list[tuple[str, int, int]]:
        """What was sent: type, version, number of entries."""
        return [(each["updateType"], each["listVersion"], len(each["localAuthorizationList"])) for each in self.sent]


@pytest.fixture
def listed(csms: Runtime, called: CalledStation) -> ListedStation:
    """A station of the site North and the group fleet."""
    csms.store.charge_points.change(CP001, {"site": "North", "groups": ["fleet"]})
    return ListedStation(called)


def add(csms: Runtime, *id_tags: str, group: str = "North", **changes: Any) -> None:
    for id_tag in id_tags:
        csms.store.id_tags.put(IdTag(id_tag, groups=(group,), **changes))


def known(csms: Runtime) -> LocalList:
    return csms.store.local_lists.get(CP001)


def latest(csms: Runtime) -> Sync:
    sync = known(csms).sync
    assert sync is not None
    return sync


def test_the_list_is_the_tags_of_site_and_groups_blocked_ones_too(csms: Runtime, listed: ListedStation) -> None:
    add(csms, "MINE", parent_id_tag="FAMILY")
    add(csms, "FLEET", group="fleet", expiry_date=listed.called.now + timedelta(days=1))
    add(csms, "LOST", status=AuthorizationStatus.BLOCKED)
    add(csms, "OLD", expiry_date=listed.called.now - timedelta(days=1))
    add(csms, "OTHER", group="South")
    listed.sync()
    assert listed.entries == {
        "FLEET": {"expiryDate": "2026-03-06T12:00:04.000Z", "status": "Accepted"},
        "LOST": {"status": "Blocked"},
        "MINE": {"parentIdTag": "FAMILY", "status": "Accepted"},
        "OLD": {"expiryDate": "2026-03-04T12:00:04.000Z", "status": "Expired"},
    }
    assert listed.kinds == [("Full", 1, 4)]
    assert latest(csms).state == "done"


def test_a_list_in_step_is_left_alone(csms: Runtime, listed: ListedStation) -> None:
    add(csms, "A")
    listed.sync()
    listed.sync()
    assert listed.kinds == [("Full", 1, 1)]
    assert latest(csms).state == "done"


def test_changes_go_out_as_a_differential(csms: Runtime, listed: ListedStation) -> None:
    add(csms, *"ABCDEFGH")
    listed.sync()
    csms.store.id_tags.delete("A")
    add(csms, "B", status=AuthorizationStatus.BLOCKED)
    add(csms, "I")
    listed.sync()
    assert listed.sent[-1] == {
        "listVersion": 2,
        "localAuthorizationList": [
            {"idTag": "A"},
            {"idTag": "B", "idTagInfo": {"status": "Blocked"}},
            {"idTag": "I", "idTagInfo": {"status": "Accepted"}},
        ],
        "updateType": "Differential",
    }
    assert sorted(listed.entries) == list("BCDEFGHI")


def test_a_full_list_is_sent_where_it_is_no_longer_than_the_changes(csms: Runtime, listed: ListedStation) -> None:
    add(csms, *"ABCD")
    listed.sync()
    for id_tag in "ABCD":
        csms.store.id_tags.delete(id_tag)
    add(csms, "E")
    listed.sync()
    assert listed.kinds == [("Full", 1, 4), ("Full", 2, 1)]


def test_a_list_that_has_become_empty_is_cleared(csms: Runtime, listed: ListedStation) -> None:
    add(csms, "A")
    listed.sync()
    csms.store.id_tags.delete("A")
    listed.sync()
    listed.sync()
    assert listed.kinds == [("Full", 1, 1), ("Full", 2, 0)]
    assert listed.entries == {}


def test_a_long_list_is_cut_to_what_the_station_takes_at_once(csms: Runtime, listed: ListedStation) -> None:
    csms.store.configuration.report(CP001, [Reported("SendLocalListMaxLength", "4")], listed.called.now)
    add(csms, *"ABCDEFGHIJ")
    listed.sync()
    assert listed.kinds == [("Full", 1, 4), ("Differential", 2, 4), ("Differential", 3, 2)]
    assert sorted(listed.entries) == list("ABCDEFGHIJ")


def test_a_long_list_is_cut_to_the_size_of_a_message(csms: Runtime, listed: ListedStation) -> None:
    expiry = listed.called.now + timedelta(days=1)
    add(
        csms, *(f"TAG-{number:016d}" for number in range(150)), parent_id_tag="PARENT-0000000000000", expiry_date=expiry
    )
    listed.sync()
    assert [kind for kind, _, _ in listed.kinds] == ["Full", "Differential"]
    assert len(listed.entries) == 150


@pytest.mark.parametrize("status", ["Failed", "VersionMismatch"])
def test_a_differential_that_is_not_taken_becomes_a_full(csms: Runtime, listed: ListedStation, status: str) -> None:
    add(csms, *"ABCDEFGH")
    listed.sync()
    add(csms, "I")
    listed.refusals = [status]
    listed.sync()
    assert listed.kinds[1:] == [("Differential", 2, 1), ("Full", 3, 9)]
    assert latest(csms).state == "done"
    assert known(csms).is_trusted


@pytest.mark.parametrize("refusals", [["Failed", "Failed"], ["VersionMismatch", None, "Failed"]])
def test_a_station_that_refuses_again_is_given_up_until_the_next_time(
    csms: Runtime, listed: ListedStation, refusals: list[str | None]
) -> None:
    csms.store.configuration.report(CP001, [Reported("SendLocalListMaxLength", "8")], listed.called.now)
    add(csms, *"ABCDEFGH")
    listed.sync()
    add(csms, "I")
    listed.refusals = list(refusals)
    listed.sync()
    assert len(listed.sent) == 1 + len(refusals)
    assert (latest(csms).state, latest(csms).reason) == ("failed", "SendLocalList: Failed")
    listed.sync()
    assert len(listed.entries) == 9


def test_a_station_without_lists_is_given_up(csms: Runtime, listed: ListedStation) -> None:
    add(csms, "A")
    listed.refusals = ["NotSupported"]
    listed.sync()
    assert latest(csms).state == "failed"
    with pytest.raises(CallRefused, match="no local authorization list"):
        listed.sync()
    assert len(listed.sent) == 1


def test_a_list_of_somebody_else_is_overwritten_only_to_adopt_it(csms: Runtime, listed: ListedStation) -> None:
    add(csms, "A")
    listed.version, listed.entries = 17, {"THEIRS": {"status": "Accepted"}}
    listed.sync()
    assert (listed.sent, latest(csms).state) == ([], "failed")
    assert "not ours" in str(latest(csms).reason)
    with pytest.raises(CallRefused, match="not ours"):
        listed.sync()
    listed.sync(adopts=True)
    assert listed.kinds == [("Full", 18, 1)]
    assert listed.entries.keys() == {"A"}
    listed.sync()
    assert latest(csms).state == "done"


def test_a_list_that_somebody_replaced_is_not_overwritten(csms: Runtime, listed: ListedStation) -> None:
    add(csms, "A")
    listed.sync()
    listed.version, listed.entries = 17, {"THEIRS": {"status": "Accepted"}}
    add(csms, "B")
    listed.sync()
    assert listed.entries.keys() == {"THEIRS"}
    assert known(csms).is_foreign


def test_a_station_that_lost_its_list_gets_it_again(csms: Runtime, listed: ListedStation) -> None:
    add(csms, *"ABC")
    listed.sync()
    listed.entries = {}
    listed.sync()
    assert listed.kinds == [("Full", 1, 3), ("Full", 2, 3)]


def test_a_reported_conflict_is_answered_with_a_full_list(csms: Runtime, listed: ListedStation) -> None:
    add(csms, *"ABC")
    listed.sync()
    listed.called.result(
        "StatusNotification", {"connectorId": 0, "errorCode": "LocalListConflict", "status": "Available"}
    )
    assert not known(csms).is_trusted
    listed.sync()
    assert listed.kinds == [("Full", 1, 3), ("Full", 2, 3)]
    assert known(csms).conflict_at is None


def test_a_list_without_an_answer_ends_it_and_the_next_one_sends_a_full(csms: Runtime, listed: ListedStation) -> None:
    add(csms, *"ABC")
    listed.sync()
    add(csms, "D")
    listed.begin()
    listed.called.wait(milliseconds=20)
    listed.called.reply({"listVersion": 1})
    listed.ignore_all()
    assert (latest(csms).state, latest(csms).reason) == ("failed", "SendLocalList: no answer")
    listed.version = 2  # it had arrived
    listed.sync()
    assert listed.kinds[-1] == ("Full", 3, 4)


def test_a_later_synchronisation_takes_over(csms: Runtime, listed: ListedStation) -> None:
    csms.store.configuration.report(CP001, [Reported("SendLocalListMaxLength", "2")], listed.called.now)
    add(csms, *"ABCDEF")
    listed.begin()
    listed.begin()
    listed.answer_all()
    assert sorted(listed.entries) == list("ABCDEF")
    assert [version for _, version, _ in listed.kinds] == [1, 2, 3]


def test_repeated_effects_send_nothing_twice(csms: Runtime, listed: ListedStation) -> None:
    add(csms, *"ABC")
    asked = listed.sync()
    for call in [asked, *csms.store.calls.list(CP001, limit=5).calls]:
        csms.calls._finish(listed.called.stored(call), listed.called.now)
    listed.answer_all()
    assert listed.kinds == [("Full", 1, 3)]


def test_a_death_after_the_answer_was_stored_is_made_up_for(
    csms: Runtime, listed: ListedStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(csms, *"ABC")
    asked = listed.begin()
    listed.called.wait(milliseconds=20)
    with monkeypatch.context() as dying:
        dying.setattr(type(csms.calls), "_after_end", lambda *_: None)
        listed.called.reply({"listVersion": 0})
    csms.calls.finish(listed.called.stored(asked))
    csms.calls.finish(listed.called.stored(asked))
    listed.called.wait(seconds=31)
    listed.called.run_wakes()
    assert [frame[2] for frame in listed.called.posted] == ["GetLocalListVersion", "SendLocalList"]


def test_more_than_the_station_can_hold_is_not_begun(csms: Runtime, listed: ListedStation) -> None:
    csms.store.configuration.report(CP001, [Reported("LocalAuthListMaxLength", "2")], listed.called.now)
    add(csms, *"ABC")
    with pytest.raises(CallRefused, match="LocalAuthListMaxLength"):
        listed.sync()
    assert listed.called.posted == []


def test_in_quiet_mode_an_operator_may_still_synchronise(csms: Runtime, listed: ListedStation) -> None:
    add(csms, "A")
    csms.store.links.set_quiet(CP001, is_quiet=True)
    listed.sync()
    assert (listed.kinds, latest(csms).state) == ([("Full", 1, 1)], "done")


@pytest.mark.parametrize("answer", [{}, {"listVersion": "abc"}, {"listVersion": None}, {"listVersion": 10**20}])
def test_a_synchronisation_ends_with_an_answer_nobody_can_read(
    csms: Runtime, listed: ListedStation, answer: dict[str, Any]
) -> None:
    add(csms, "A")
    listed.begin()
    listed.called.reply(answer)
    assert (latest(csms).state, latest(csms).reason) == ("failed", "GetLocalListVersion: unreadable answer")


def test_after_the_largest_version_a_full_list_begins_anew(csms: Runtime, listed: ListedStation) -> None:
    add(csms, "A", "B", "C")
    listed.entries, listed.version = {"X": {"status": "Accepted"}}, 2**31 - 1
    listed.sync(adopts=True)
    assert listed.kinds == [("Full", 1, 3)]
    listed.called.is_called("SendLocalList", {"listVersion": 2**31 - 1, **FULL})
    listed.answer_all()
    add(csms, "D", "E", "F")
    listed.sync()
    add(csms, "G")
    listed.sync()
    assert listed.kinds[2:] == [("Full", 1, 6), ("Differential", 2, 1)]
    assert latest(csms).state == "done"


def test_an_entry_that_cannot_be_sent_ends_the_synchronisation(csms: Runtime, listed: ListedStation) -> None:
    add(csms, "X" * 30)
    listed.sync()
    assert latest(csms).state == "failed"
    assert "breaks the schema" in str(latest(csms).reason)


def test_tags_that_look_like_urls_are_tags(csms: Runtime, listed: ListedStation) -> None:
    add(csms, "tp://a?key=1", "http://u:p@h/", '{"password":"x"}')
    listed.sync()
    listed.sync()
    assert len(listed.kinds) == 1
    assert latest(csms).state == "done"


def test_a_synchronisation_ends_when_its_next_step_may_not_be_made(csms: Runtime, listed: ListedStation) -> None:
    add(csms, "A")
    listed.begin()
    csms.store.links.set_registration(CP001, Registration.REJECTED)
    listed.answer_all()
    assert (listed.sent, latest(csms).state) == ([], "failed")
    assert "rejected" in str(latest(csms).reason)
