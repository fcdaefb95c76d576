from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from csms.api.waiting import pauses, wait_until_ended
from csms.ids import CallId, ChargePointId
from csms.store.calls import Call, CallState

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
QUEUED = Call(ChargePointId("CP"), CallId("c"), "Reset", {}, NOON, NOON, "ada")


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def looks(wait_s: float) -> list[float]:
    """When the row is looked at, with looks that take no time."""
    clock = Clock()
    moments = []
    for pause_s in pauses(wait_s, clock):
        clock.now += pause_s
        moments.append(clock.now - 1000)
    return moments


def test_an_answer_is_noticed_within_a_twentieth_of_the_time_it_took() -> None:
    moments = looks(25)
    gaps = [later - earlier for earlier, later in zip([0.0, *moments], moments, strict=False)]
    assert max(gap for gap, moment in zip(gaps, moments, strict=True) if moment <= 0.5) == pytest.approx(0.03)
    assert all(gap <= max(0.03, moment * 0.05) + 1e-9 for gap, moment in zip(gaps, moments, strict=True))
    assert max(gaps) == pytest.approx(0.25)


def test_the_last_look_is_at_the_end_of_the_wait() -> None:
    assert looks(25)[-1] == pytest.approx(25)
    assert looks(0.02) == [pytest.approx(0.02)]


def test_nobody_looks_where_there_is_no_time() -> None:
    assert looks(0) == []
    assert looks(-1) == []


def test_waiting_stops_at_the_end_of_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    states = iter([CallState.QUEUED, CallState.SENT, CallState.REJECTED])
    monkeypatch.setattr("csms.api.waiting.time.sleep", lambda seconds: setattr(clock, "now", clock.now + seconds))
    ended = wait_until_ended(QUEUED, lambda call: replace(call, state=next(states), has_effects_done=True), 25)
    assert ended.state is CallState.REJECTED
    assert clock.now - 1000 == pytest.approx(0.09)


def test_a_call_that_has_ended_is_not_looked_at() -> None:
    ended = replace(QUEUED, state=CallState.ACCEPTED, has_effects_done=True)
    assert wait_until_ended(ended, lambda call: pytest.fail("looked"), 25) is ended


def test_what_the_end_changes_is_waited_for_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    done = iter([False, False, True])
    monkeypatch.setattr("csms.api.waiting.time.sleep", lambda seconds: None)
    ended = wait_until_ended(
        QUEUED, lambda call: replace(call, state=CallState.ACCEPTED, has_effects_done=next(done)), 25
    )
    assert ended.has_effects_done
