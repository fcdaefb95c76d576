"""Charging plans that do what a test says, for what is around them: the workflow and its functions."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from csms.boundary_queue import Boundary
from csms.ids import PlanId, SiteId
from csms.workflows import StepFunctions


@dataclass
class ScriptedPlans:
    """In the place of `csms.charging_plans.ChargingPlans`. `asked` is what was asked of it, in order."""

    workflows: StepFunctions
    decreases: Sequence[str] = ()
    increases: Sequence[str] = ()
    increases_then: Sequence[str] | None = None
    """What may increase after the decreases, if that is something else."""
    next: str = "wait"
    next_then: str | None = None
    version: int = 1
    silent: frozenset[str] = frozenset()
    """Targets whose call nobody answers."""
    broken: frozenset[str] = frozenset()
    """What raises: targets, or parts."""
    waits: bool = False
    """Whether the wait is left to somebody who completes its token."""
    asked: list[str] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    """Of the tasks that were left waiting."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take_step(self, plan_id: PlanId, step: int) -> dict[str, Any]:
        self._note("plan", f"plan {plan_id}-{step}")
        lists = {"decreases": list(self.decreases), "increases": list(self.increases)}
        return lists | {"next": self.next, "version": self.version}

    def rebudget(self, plan_id: PlanId, step: int) -> dict[str, Any]:
        self._note("rebudget", "rebudget")
        increases = self.increases if self.increases_then is None else self.increases_then
        return {"increases": list(increases), "next": self.next_then or self.next, "version": self.version}

    def send(self, plan_id: PlanId, step: int, target: str, task_token: str) -> None:
        self._note(target, f"send {target}")
        self._end_task(target, task_token, is_left=target in self.silent)

    def wait(self, plan_id: PlanId, step: int, version: int, task_token: str) -> None:
        self._note("wait", f"wait at {version}")
        self._end_task("wait", task_token, is_left=self.waits)

    def next_step(self, plan_id: PlanId, step: int) -> None:
        self._note("next", f"next after {step}")

    def wake(self, site_id: SiteId) -> None:
        self._note(site_id, f"wake {site_id}")

    def reach_boundary(self, boundary: Boundary) -> None:
        self._note(boundary.plan_id, f"boundary of {boundary.plan_id}-{boundary.step}")

    def _note(self, name: str, text: str) -> None:
        with self._lock:
            self.asked.append(text)
        if name in self.broken:
            raise RuntimeError(name)

    def _end_task(self, name: str, task_token: str, *, is_left: bool) -> None:
        self.tokens[name] = task_token
        if not is_left:
            self.workflows.complete(task_token, {})
