"""Charging plans whose execution ended with the stack: MiniStack cannot go on with one that waits.

`sweep` would find them when their next step is overdue, which takes minutes. Here it is started at once; a plan that
has gone on meanwhile, or takes no steps, lets it end without doing anything.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import boto3

from csms.ids import PlanId
from csms.workflows import StepFunctions
from local.environment import CHARGING_PLAN_ARN

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


def resume_plans(workflows: StepFunctions) -> None:
    """Start the step after the last one of each plan that failed."""
    for plan_id, step in _last_steps(_failed(boto3.client("stepfunctions"))).items():
        workflows.start(plan_id, step + 1)


def _failed(client: "SFNClient") -> Iterable[str]:
    """The names of executions that failed."""
    pages = client.get_paginator("list_executions").paginate(stateMachineArn=CHARGING_PLAN_ARN, statusFilter="FAILED")
    return (execution["name"] for page in pages for execution in page["executions"])


def _last_steps(names: Iterable[str]) -> dict[PlanId, int]:
    steps: dict[PlanId, int] = {}
    for name in names:
        plan_id, _, step = name.rpartition("-")
        steps[PlanId(plan_id)] = max(int(step), steps.get(PlanId(plan_id), 0))
    return steps
