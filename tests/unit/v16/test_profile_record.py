"""The record of installed profiles against everything a station may have made of the same calls."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from csms.ids import CallId, ChargePointId, TransactionId
from csms.smart_charging.composite import Connector, Window, composite_schedule
from csms.smart_charging.profiles import ChargingRateUnit, Profile, RunningTransaction, Supply
from csms.smart_charging.worst_case import worst_case_a
from csms.store.charging_profiles import InstalledProfile, ProfileState
from csms.v16 import profile_record
from csms.v16.charging_profiles import translate
from csms.v16.installed_profiles import knowledge_of

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
TRANSACTION = RunningTransaction(TransactionId(7), NOW)
PURPOSES = {"ChargePointMaxProfile": (0, 0), "TxDefaultProfile": (0, 2), "TxProfile": (1, 2)}
HARDWARE_A = Decimal(32)


class End(Enum):
    """What became of a call: at the station, and as far as we know."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    UNSETTLED = "unsettled"
    """Still in flight, or its answer not seen to."""


@st.composite
def requests(draw: st.DrawFn) -> tuple[int, dict[str, Any]]:
    """A connector and a profile that is at work all the time, under one of a few ids."""
    purpose = draw(st.sampled_from(sorted(PURPOSES)))
    profile = {
        "chargingProfileId": draw(st.integers(1, 3)),
        "stackLevel": draw(st.integers(0, 1)),
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "startSchedule": "2026-03-05T00:00:00Z",
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": float(draw(st.integers(1, 31)))}],
        },
    }
    return draw(st.integers(*PURPOSES[purpose])), profile | (
        {"transactionId": draw(st.sampled_from([7, 8]))} if purpose == "TxProfile" else {}
    )


criteria = st.fixed_dictionaries(
    {},
    optional={
        "id": st.integers(1, 3),
        "connector_id": st.integers(0, 2),
        "purpose": st.sampled_from(sorted(PURPOSES)),
        "stack_level": st.integers(0, 1),
    },
)
calls = st.tuples(requests() | criteria, st.sampled_from(End))


@dataclass
class Both:
    """What is on record, and everything that the station may have."""

    rows: dict[int, InstalledProfile] = field(default_factory=dict)
    worlds: list[tuple[Profile, ...]] = field(default_factory=lambda: [()])
    calls: int = 0

    def see(self, what: Any, end: End) -> None:
        """Let a call happen."""
        self.calls += 1
        call_id, at = CallId(f"c{self.calls}"), NOW + timedelta(seconds=self.calls)
        if isinstance(what, dict):
            self._clear(lambda one: all(getattr(one, name) == value for name, value in what.items()), end, call_id, at)
        else:
            connector_id, payload = what
            self._set(connector_id, payload, end, call_id, at)

    def _set(self, connector_id: int, payload: dict[str, Any], end: End, call_id: CallId, at: datetime) -> None:
        number = payload.get("transactionId")
        row = InstalledProfile(
            charge_point_id=ChargePointId("CP001"),
            id=payload["chargingProfileId"],
            connector_id=connector_id,
            purpose=payload["chargingProfilePurpose"],
            stack_level=payload["stackLevel"],
            profile=payload,
            state=ProfileState.INSTALLED,
            as_of=at,
            call_id=call_id,
            transaction_id=None if number is None else TransactionId(number),
        )
        self._put(profile_record.sent(self._all, row))
        new = translate(payload, connector_id, row.transaction_id)
        self._happen(lambda world: (*(one for one in world if not new.replaces(one)), new), end)
        if end is End.ACCEPTED:
            self._put(profile_record.taken(self._all, row))
        elif end is End.REFUSED:
            self._put(profile_record.refused(self._all, call_id, at))

    def _clear(self, fits: Callable[[Any], bool], end: End, call_id: CallId, at: datetime) -> None:
        self._put(profile_record.clearing(self._all, fits, call_id, at))
        self._happen(lambda world: tuple(one for one in world if not fits(one)), end)
        if end is End.ACCEPTED:
            self._put(profile_record.cleared(self._all, fits, call_id, at))
        elif end is End.REFUSED:
            self._put(profile_record.refused(self._all, call_id, at))

    @property
    def _all(self) -> list[InstalledProfile]:
        return list(self.rows.values())

    def _put(self, rows: Iterable[InstalledProfile]) -> None:
        self.rows |= {row.id: row for row in rows}

    def _happen(self, change: Callable[[tuple[Profile, ...]], tuple[Profile, ...]], end: End) -> None:
        changed = [] if end is End.REFUSED else [change(world) for world in self.worlds]
        kept = [] if end is End.ACCEPTED else self.worlds
        self.worlds = list(dict.fromkeys([*kept, *changed]))


def worst(both: Both, connector_id: int) -> Decimal:
    known = knowledge_of(both.rows.values())
    return worst_case_a(
        known.certain,
        known.uncertain,
        connector_id=connector_id,
        transaction=TRANSACTION,
        may_be_another_transaction=False,
        at=NOW,
        maximum_a=HARDWARE_A,
    )


@given(st.lists(calls, max_size=8))
def test_nothing_that_the_station_may_follow_is_above_the_worst_case_of_the_record(happened: list[Any]) -> None:
    both = Both()
    for what, end in happened:
        both.see(what, end)
    for connector_id in (1, 2):
        most, connector = worst(both, connector_id), Connector(connector_id, TRANSACTION, Supply(maximum_a=HARDWARE_A))
        for world in both.worlds:
            (step,) = composite_schedule(world, connector, Window(NOW, 1), ChargingRateUnit.A)
            assert step.limit is not None
            assert step.limit <= most


@given(st.lists(st.tuples(requests() | criteria, st.sampled_from([End.ACCEPTED, End.REFUSED])), max_size=8))
def test_where_every_call_was_answered_the_record_is_what_the_station_has(happened: list[Any]) -> None:
    both = Both()
    for what, end in happened:
        both.see(what, end)
    known = knowledge_of(row for row in both.rows.values())
    (world,) = both.worlds
    assert set(known.certain) == set(world)
    assert known.uncertain == ()


def limit(limit_a: float, **changes: Any) -> tuple[int, dict[str, Any]]:
    schedule = {"startSchedule": "2026-03-05T00:00:00Z", "chargingRateUnit": "A"}
    periods = {"chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit_a}]}
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Absolute",
        "transactionId": 7,
        "chargingSchedule": schedule | periods,
    }
    return 1, profile | changes


def test_while_it_is_not_known_which_one_it_has_the_larger_one_counts() -> None:
    both = Both()
    for limit_a, end, expected in [
        (16, End.ACCEPTED, 16),
        (10, End.UNANSWERED, 16),
        (20, End.UNANSWERED, 20),
        (6, End.UNSETTLED, 20),
        (12, End.REFUSED, 20),
        (8, End.ACCEPTED, 8),
    ]:
        both.see(limit(limit_a), end)
        assert worst(both, 1) == expected


def test_under_another_id_in_the_same_place_likewise() -> None:
    both = Both()
    both.see(limit(16), End.ACCEPTED)
    both.see(limit(10, chargingProfileId=2), End.UNANSWERED)
    assert worst(both, 1) == 16
    both.see({"id": 2}, End.ACCEPTED)
    assert worst(both, 1) == HARDWARE_A
    both.see(limit(16), End.ACCEPTED)
    assert worst(both, 1) == 16


def test_what_may_have_been_cleared_limits_nothing_until_it_is_acknowledged_again() -> None:
    both = Both()
    both.see(limit(16), End.ACCEPTED)
    both.see({}, End.UNANSWERED)
    assert worst(both, 1) == HARDWARE_A
    both.see(limit(10), End.ACCEPTED)
    assert worst(both, 1) == 10


def test_with_more_unanswered_than_are_kept_nothing_is_relied_on() -> None:
    both = Both()
    both.see(limit(31), End.UNANSWERED)
    for limit_a in range(profile_record.MOST_EARLIER + 3):
        both.see(limit(limit_a), End.UNANSWERED)
    assert len(both.rows[1].earlier) == profile_record.MOST_EARLIER
    assert worst(both, 1) == HARDWARE_A
    both.see(limit(10), End.ACCEPTED)
    assert worst(both, 1) == 10
