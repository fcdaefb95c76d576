"""Whatever dies while a profile is set or cleared, the record never promises less than what the station may draw."""

import itertools
from decimal import Decimal
from typing import Any

import pytest

from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.smart_charging.profiles import RunningTransaction
from csms.smart_charging.worst_case import worst_case_a
from csms.v16.installed_profiles import installed_profiles, knowledge_of
from tests.called_station import CalledStation
from tests.integration.commands.test_set_charging_profile import PERIODS, order, set_profile
from tests.integration.test_crashes import Killer
from tests.process_died import ProcessDied

CP001 = ChargePointId("CP001")
OLD_A, NEW_A, HARDWARE_A = 16, 20, 32


def limited(limit_a: int, **changes: Any) -> dict[str, Any]:
    return order(1, **changes, schedule={PERIODS: [{"startPeriod": 0, "limit": limit_a}]})


CALLS = {
    "another limit": ("SetChargingProfile", limited(NEW_A), NEW_A),
    "another id": ("SetChargingProfile", limited(NEW_A, chargingProfileId=2), NEW_A),
    "none any more": ("ClearChargingProfile", {"id": 1}, HARDWARE_A),
}


def worst_a(csms: Runtime, called: CalledStation) -> Decimal:
    known = knowledge_of(installed_profiles(csms.store, CP001, called.now))
    return worst_case_a(
        known.certain,
        known.uncertain,
        connector_id=1,
        transaction=RunningTransaction(None, called.now),
        may_be_another_transaction=False,
        at=called.now,
        maximum_a=Decimal(HARDWARE_A),
    )


def answer(called: CalledStation, *, is_taken: bool) -> None:
    if is_taken:
        called.reply({"status": "Accepted"})
    else:
        called.refuse("InternalError")


def begin(csms: Runtime, called: CalledStation) -> None:
    """What a dead process left behind is over; the old limit holds, and nothing else is in question."""
    is_busy = True
    while is_busy:
        called.wait(seconds=60)
        called.run_wakes()
        link = csms.store.links.get(CP001, consistent=True)
        is_busy = link is not None and (link.flight is not None or bool(link.waiting))
    called.is_called("ClearChargingProfile")
    called.reply({"status": "Accepted"})
    called.wait(seconds=1)
    set_profile(called, limited(OLD_A))


@pytest.mark.parametrize(("is_taken", "moment"), [(True, "before"), (True, "after"), (False, "after")])
@pytest.mark.parametrize("name", CALLS)
def test_a_process_that_dies_hides_no_profile(
    csms: Runtime, called: CalledStation, name: str, is_taken: bool, moment: str
) -> None:
    action, payload, then_a = CALLS[name]
    killer = Killer(csms, moment)
    for at in itertools.count(step=2):  # dead after a call is dead before the next: together, all of them
        killer.aim(None)
        begin(csms, called)
        assert worst_a(csms, called) == OLD_A
        posted = len(called.posted)
        killer.aim(at)
        try:
            called.is_called(action, payload)
            answer(called, is_taken=is_taken)
        except ProcessDied:
            killer.aim(None)
            is_done = is_taken and len(called.posted) > posted
            assert worst_a(csms, called) >= (then_a if is_done else OLD_A)
            continue
        killer.aim(None)
        assert worst_a(csms, called) == (then_a if is_taken else OLD_A)
        break
    assert at > 10
