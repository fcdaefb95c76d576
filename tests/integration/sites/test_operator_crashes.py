"""A request may die before or after any AWS call: its repetition and `sweep` bring about what was asked."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from csms.ids import ChargePointId, PlanId
from csms.runtime import Runtime, runtime
from csms.store.charging_plans import PlanState
from csms.store.keys import SHARDS
from csms.store.planned_profiles import PlannedProfile, ProfileRole
from tests.integration.sites.workflow import Workflow
from tests.integration.test_crashes import Killer
from tests.lambda_operator import Answer, LambdaOperator
from tests.lambda_station import NOON
from tests.process_died import ProcessDied

CP = ChargePointId("CP001")
NEW_PLAN = {"periods": [{"start": "2026-03-05T12:00:00Z", "end": "2026-03-05T13:00:00Z", "limitA": 50}], "name": "x"}


@dataclass
class Scene:
    """A site and its plan, and what is asked."""

    admin: LambdaOperator
    site: str
    plan: str = ""

    def begin(self, *verbs: str) -> None:
        """Make the plan, paused, and do this with it."""
        answer = self.admin.post("/charging-plans", NEW_PLAN | {"siteId": self.site, "state": "paused"})
        self.plan = answer.json["id"]
        for verb in verbs:
            assert self.ask(verb).status == 200

    def ask(self, verb: str) -> Answer:
        body = {"release": "failsafe"} if verb == "stop" else None
        return self.admin.post(f"/charging-plans/{self.plan}/{verb}", body)

    def begin_ended(self) -> None:
        self.begin("resume")
        runtime().store.planned_profiles.put_many(
            PlanId(self.plan), [PlannedProfile(CP, 1, ProfileRole.TRANSACTION, 1, NOON)]
        )
        runtime().store.charging_plans.finish(PlanId(self.plan), PlanState.ENDED, NOON)

    def delete(self) -> Answer:
        return self.admin.delete(f"/charging-plans/{self.plan}")

    def add(self) -> Answer:
        return self.admin.put(f"/sites/{self.site}/charge-points/CP001", {})

    def remove(self) -> Answer:
        return self.admin.delete(f"/sites/{self.site}/charge-points/CP001")

    def begin_member(self) -> None:
        assert self.add().status == 200

    def outcome(self, workflow: Workflow) -> dict[str, Any]:
        """What has come of it, once `sweep` has looked."""
        sweep()
        plan = runtime().store.charging_plans.get(PlanId(self.plan), consistent=True) if self.plan else None
        return {
            "state": plan.state if plan else None,
            "wanted": runtime().store.planned_profiles.all(PlanId(self.plan)),
            "has execution": plan and plan.state.takes_steps and f"{plan.id}-{plan.step + 1}" in workflow.started,
            "site is taken": self.admin.get(f"/sites/{self.site}").json["chargingPlanId"] == self.plan,
            "members": self.admin.items(f"/sites/{self.site}/charge-points"),
            "is at site": self.admin.get("/charge-points/CP001").json["siteId"] == self.site,
            "connectors": [found.site_id == self.site for found in runtime().store.connectors.all(CP)],
        }


def sweep() -> None:
    later = NOON + timedelta(minutes=2)
    for shard in range(SHARDS):
        for plan in runtime().store.charging_plans.due(later, shard):
            runtime().charging_plans.restart(plan)


SCENES: dict[str, tuple[Callable[[Scene], object], Callable[[Scene], Answer]]] = {
    "start": (lambda scene: scene.begin(), lambda scene: scene.ask("resume")),
    "pause": (lambda scene: scene.begin("resume"), lambda scene: scene.ask("pause")),
    "resume": (lambda scene: scene.begin("resume", "pause"), lambda scene: scene.ask("resume")),
    "stop": (lambda scene: scene.begin("resume"), lambda scene: scene.ask("stop")),
    "stop paused": (lambda scene: scene.begin("resume", "pause"), lambda scene: scene.ask("stop")),
    "stop unused": (lambda scene: scene.begin(), lambda scene: scene.ask("stop")),
    "delete": (Scene.begin_ended, Scene.delete),
    "delete unused": (lambda scene: scene.begin(), Scene.delete),
    "add": (lambda scene: None, Scene.add),
    "remove": (Scene.begin_member, Scene.remove),
}


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("name", SCENES)
def test_a_repetition_repairs_what_a_dead_request_left(
    csms: Runtime,
    admin: LambdaOperator,
    workflow: Workflow,
    add_charge_point: Callable[[str], ChargePointId],
    name: str,
    moment: str,
) -> None:
    prepare, act = SCENES[name]
    add_charge_point("CP001")
    killer = Killer(runtime(), moment)

    def new_scene() -> Scene:
        killer.aim(None)
        site = admin.post("/sites", {"name": "x", "maximumA": 100, "safeLimitA": 6}).json["id"]
        scene = Scene(admin, site)
        prepare(scene)
        return scene

    undisturbed = new_scene()
    assert act(undisturbed).status < 300
    expected = undisturbed.outcome(workflow)
    undisturbed.remove()

    for at in itertools.count(step=2):  # dead after a call is dead before the next: together, all of them
        scene = new_scene()
        killer.aim(at)
        try:
            act(scene)
            break
        except ProcessDied:
            killer.aim(None)
        assert act(scene).status in {200, 204, 404}, f"died at call {at}"
        assert scene.outcome(workflow) == expected, f"died at call {at}"
        scene.remove()
    assert at > 1
