"""The workflow of charging plans in MiniStack, its functions in this process; what they do is scripted."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from csms.ids import PlanId
from csms.runtime import runtime
from csms.workflows import StepFunctions
from infra.definitions import FUNCTIONS
from infra.workflow import FUNCTIONS_BY_PLACEHOLDER
from local.aws import EmbeddedAws
from local.environment import CHARGING_PLAN_ARN, handler_environment, replaced_environment
from local.function import LambdaFunction
from local.invocations import Invocations
from local.listener import HOST, Listener
from local.provision import provision
from local.resumed_plans import resume_plans
from local.server import serving
from tests.scripted_plans import ScriptedPlans

P = PlanId("P")
_PATIENCE_S = 20


@asynccontextmanager
async def embedded_aws(directory: Path) -> AsyncIterator[ScriptedPlans]:
    """MiniStack, provisioned; what its functions ask."""
    with Listener("INVOCATIONS_PORT", 0).bind() as listening, ThreadPoolExecutor(8) as pool:
        url = f"http://{HOST}:{listening.getsockname()[1]}/secret"
        aws = EmbeddedAws.start(Listener("AWS_PORT", 0), directory, url)
        try:
            with replaced_environment(handler_environment(aws.url, "", "")):
                runtime.cache_clear()
                await aws.wait_until_ready()
                await asyncio.to_thread(provision)
                scripted = ScriptedPlans(runtime().workflows)
                vars(runtime())["charging_plans"] = scripted
                names = FUNCTIONS_BY_PLACEHOLDER.values()
                functions = {name: LambdaFunction.load(FUNCTIONS[name], pool) for name in names}
                async with serving(Invocations(functions, "secret"), listening):
                    yield scripted
        finally:
            runtime.cache_clear()
            aws.stop()


@pytest.fixture
async def plans(tmp_path: Path) -> AsyncIterator[ScriptedPlans]:
    async with embedded_aws(tmp_path) as scripted:
        yield scripted


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.02)


async def _finished(step: int = 1) -> dict[str, Any]:
    """A step that has ended."""
    client: Any = boto3.client("stepfunctions")
    arn = f"{CHARGING_PLAN_ARN.replace(':stateMachine:', ':execution:')}:{P}-{step}"
    async with asyncio.timeout(_PATIENCE_S):
        while True:
            found = await asyncio.to_thread(client.describe_execution, executionArn=arn)
            if found["status"] != "RUNNING":
                return dict(found)
            await asyncio.sleep(0.05)


def _workflows() -> StepFunctions:
    return runtime().workflows


async def test_a_step_takes_its_way_as_deployed(plans: ScriptedPlans) -> None:
    plans.decreases, plans.increases_then, plans.waits = ["A", "B"], ["C"], True
    await asyncio.to_thread(_workflows().start, P, 1)
    await asyncio.to_thread(_workflows().start, P, 1)
    await _until(lambda: "wait" in plans.tokens)
    await asyncio.to_thread(_workflows().complete, plans.tokens["wait"], {"woken": "change"})
    assert (await _finished())["status"] == "SUCCEEDED"
    assert sorted(plans.asked[1:3]) == ["send A", "send B"]
    assert [plans.asked[0], *plans.asked[3:]] == ["plan P-1", "rebudget", "send C", "wait at 1", "next after 1"]
    await asyncio.to_thread(_workflows().start, P, 1)
    await asyncio.to_thread(_workflows().complete, plans.tokens["wait"], {"woken": "twice"})
    assert plans.asked.count("plan P-1") == 1


async def test_a_target_whose_function_fails_stops_no_other(plans: ScriptedPlans) -> None:
    plans.increases, plans.broken = ["A", "B", "C"], frozenset({"B"})
    await asyncio.to_thread(_workflows().start, P, 1)
    assert (await _finished())["status"] == "SUCCEEDED"
    assert {"send A", "send B", "send C", "next after 1"} <= set(plans.asked)


async def test_a_wait_that_fails_fails_the_step_at_once(plans: ScriptedPlans) -> None:
    plans.broken = frozenset({"wait"})
    await asyncio.to_thread(_workflows().start, P, 1)
    assert (await _finished())["status"] == "FAILED"
    assert plans.asked == ["plan P-1", "wait at 1"]


async def test_a_plan_that_is_over_ends(plans: ScriptedPlans) -> None:
    plans.next = "end"
    await asyncio.to_thread(_workflows().start, P, 1)
    assert (await _finished())["status"] == "SUCCEEDED"
    assert plans.asked == ["plan P-1"]


async def test_a_plan_that_waited_when_the_stack_stopped_goes_on_when_it_starts(tmp_path: Path) -> None:
    async with embedded_aws(tmp_path) as before:
        before.waits = True
        await asyncio.to_thread(_workflows().start, P, 1)
        await _until(lambda: "wait" in before.tokens)
    async with embedded_aws(tmp_path) as after:
        after.next = "end"
        await asyncio.to_thread(resume_plans, _workflows())
        assert (await _finished(step=2))["status"] == "SUCCEEDED"
        assert after.asked == ["plan P-2"]
        await asyncio.to_thread(resume_plans, _workflows())
        assert after.asked == ["plan P-2"]
