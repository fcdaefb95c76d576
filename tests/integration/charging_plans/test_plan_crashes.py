"""A process may die before or after any AWS call of a step. The site stays below its limit, and the plan goes on."""

import pytest

from csms.ids import ChargePointId
from csms.store.keys import SHARDS
from tests.integration.test_crashes import Killer
from tests.played_site import PlayedSite
from tests.process_died import ProcessDied

LIMIT_A = 40


class CrashingSite:
    """Runs a step as the state machine does: a part that decides is repeated, one that waits for an answer is not."""

    def __init__(self, site: PlayedSite, killer: Killer) -> None:
        self._site = site
        self._killer = killer

    def change(self, at: int) -> bool:
        """What follows a change, with a process that dies at its n-th call; whether one died."""
        self._killer.aim(at)
        has_died = self._run()
        self._killer.aim(None)
        if has_died:
            self._recover()
        return has_died

    def _run(self) -> bool:
        site = self._site
        try:
            site.csms.charging_plans.wake(site.plan.site_id)
            site.go_on()
            site.settle()
        except ProcessDied:
            return True
        return False

    def _recover(self) -> None:
        """What was under way at stations is answered or given up; then `sweep` finds that no step is taken."""
        site = self._site
        for _ in range(3):
            site.answer_all()
            assert site.total_a() <= LIMIT_A
            site.wait(seconds=40)
            site.run_wakes()
        for identity in site.stations:  # what the stream of ended calls makes up for
            for call in site.csms.store.calls.list(ChargePointId(identity), limit=100).calls:
                if call.state.is_ended:
                    site.csms.calls.finish(call)
        site.wait(minutes=10)
        for shard in range(SHARDS):
            for plan in site.csms.store.charging_plans.due(site.now, shard):
                site.csms.charging_plans.restart(plan)
        assert site.executions
        site.settle()


@pytest.mark.parametrize(("moment", "first_call"), [("before", 0), ("after", 5)])
def test_a_plan_survives_a_death_at_any_call(site: PlayedSite, moment: str, first_call: int) -> None:
    site.add_site(LIMIT_A)
    first, second = site.add_station("A"), site.add_station("B")
    first.begin()
    site.add_plan()
    site.settle()
    crashing = CrashingSite(site, Killer(site.csms, moment))
    for at in range(first_call, 200, 17):  # not all of them: each takes a second
        second.begin()
        has_died = crashing.change(at)
        assert (first.limit_a(site.now), second.limit_a(site.now)) == (20, 20)
        second.finish()
        crashing.change(-1)
        assert first.limit_a(site.now) == 32
        site.wait(minutes=1)
        if not has_died:
            return
    raise AssertionError("the calls of a step were not counted to their end")
