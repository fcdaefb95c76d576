"""The state machine's definition, read as text: rules that no interpreter checks."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from csms.charging_plans import MOST_IN_A_WAVE
from infra.definitions import FUNCTIONS
from infra.workflow import DEFINITION_FILE, FUNCTIONS_BY_PLACEHOLDER, definition, states

MACHINE = json.loads(DEFINITION_FILE.read_text())
STATES = states()
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}
TOKEN_TASKS = {name: task for name, task in TASKS.items() if task["Resource"].endswith(".waitForTaskToken")}
PLAIN_TASKS = {name: task for name, task in TASKS.items() if name not in TOKEN_TASKS}
MAPS = {name: state for name, state in STATES.items() if state["Type"] == "Map"}
SENDS = {name: task for name, task in TOKEN_TASKS.items() if "SendProfile" in task["Parameters"]["FunctionName"]}


def _machines(machine: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield machine
    for state in machine["States"].values():
        if "ItemProcessor" in state:
            yield from _machines(state["ItemProcessor"])


def _successors(state: Mapping[str, Any]) -> list[str]:
    branches = [*state.get("Choices", ()), *state.get("Catch", ())]
    named = [one[key] for one in (state, *branches) for key in ("Next", "Default") if key in one]
    return [str(name) for name in named]


def test_every_state_can_be_reached_and_leads_to_an_end() -> None:
    for machine in _machines(MACHINE):
        reached, waiting = set(), [machine["StartAt"]]
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += _successors(machine["States"][name])
        assert reached == set(machine["States"])
        assert any(state.get("End") or state["Type"] == "Succeed" for state in machine["States"].values())


def test_names_are_unique_in_the_whole_machine() -> None:
    names = [name for machine in _machines(MACHINE) for name in machine["States"]]
    assert len(names) == len(set(names)) == len(STATES)


def test_there_are_the_sends_and_the_wait() -> None:
    assert set(TOKEN_TASKS) == {"Send decrease", "Send increase", "Wait"}
    assert set(SENDS) == {"Send decrease", "Send increase"}


@pytest.mark.parametrize("name", TASKS)
def test_no_task_waits_for_ever(name: str) -> None:
    assert 0 < TASKS[name]["TimeoutSeconds"] <= 3600
    assert "TimeoutSecondsPath" not in TASKS[name]


def test_a_step_has_the_time_that_its_waits_and_two_waves_of_silent_targets_take() -> None:
    waves = math.ceil(MOST_IN_A_WAVE / MAPS["Decrease"]["MaxConcurrency"]) * SENDS["Send decrease"]["TimeoutSeconds"]
    assert 2 * waves + STATES["Wait"]["TimeoutSeconds"] < MACHINE["TimeoutSeconds"] <= 4 * 3600


def test_functions_have_their_own_time_before_their_tasks_are_over() -> None:
    for task in TASKS.values():
        name = FUNCTIONS_BY_PLACEHOLDER[task["Parameters"]["FunctionName"].strip("${}")]
        assert task["TimeoutSeconds"] > FUNCTIONS[name].timeout_s


@pytest.mark.parametrize("name", TOKEN_TASKS)
def test_what_hands_out_a_token_is_never_repeated(name: str) -> None:
    assert "Retry" not in TOKEN_TASKS[name]
    assert TOKEN_TASKS[name]["Parameters"]["Payload"]["task_token.$"] == "$$.Task.Token"


@pytest.mark.parametrize("name", PLAIN_TASKS)
def test_what_hands_out_no_token_is_repeated_ever_later(name: str) -> None:
    (retrier,) = PLAIN_TASKS[name]["Retry"]
    assert set(retrier["ErrorEquals"]) == {"States.TaskFailed", "States.Timeout"}
    assert retrier["BackoffRate"] > 1
    assert retrier["JitterStrategy"] == "FULL"
    assert "Catch" not in PLAIN_TASKS[name]


@pytest.mark.parametrize("name", SENDS)
def test_an_item_keeps_its_failure_to_itself(name: str) -> None:
    (catcher,) = SENDS[name]["Catch"]
    assert catcher["ErrorEquals"] == ["States.ALL"]


def test_only_the_end_of_its_time_lets_the_wait_go_on_without_its_token() -> None:
    (catcher,) = STATES["Wait"]["Catch"]
    assert catcher["ErrorEquals"] == ["States.Timeout"]
    assert catcher["Next"] == STATES["Wait"]["Next"]


def test_increases_are_sent_as_decreases_are() -> None:
    decrease, increase = (_shape(MAPS[name], name) for name in ("Decrease", "Increase"))
    assert decrease == increase


def _shape(value: Any, name: str) -> Any:
    """A state without what it is called, where it leads and what is said about it."""
    if isinstance(value, dict):
        kept = {key: inner for key, inner in value.items() if key not in {"Comment", "Next"}}
        return {key.replace(name.lower(), "").replace(name, ""): _shape(inner, name) for key, inner in kept.items()}
    if isinstance(value, list):
        return [_shape(inner, name) for inner in value]
    return value.replace(name.lower(), "").replace(name, "") if isinstance(value, str) else value


@pytest.mark.parametrize("name", MAPS)
def test_a_map_sends_no_more_at_once_than_it_may_and_leaves_no_results(name: str) -> None:
    assert 0 < MAPS[name]["MaxConcurrency"] <= 40  # what an inline map can do
    assert MAPS[name]["ResultPath"] is None
    assert all(state["OutputPath"] is None for state in MAPS[name]["ItemProcessor"]["States"].values())


def test_a_choice_always_leads_somewhere() -> None:
    assert all("Default" in state for state in STATES.values() if state["Type"] == "Choice")


@pytest.mark.parametrize("name", TASKS)
def test_what_a_function_gets_says_its_shape_and_whose_step_it_is(name: str) -> None:
    payload = TASKS[name]["Parameters"]["Payload"]
    assert (payload["schema"], payload["plan.$"], payload["step.$"]) == (1, "$.plan", "$.step")


def test_it_runs_the_functions_named_and_nothing_else() -> None:
    resources = {task["Resource"].removesuffix(".waitForTaskToken") for task in TASKS.values()}
    functions = {task["Parameters"]["FunctionName"] for task in TASKS.values()}
    assert resources == {"arn:aws:states:::lambda:invoke"}
    assert functions == {f"${{{placeholder}}}" for placeholder in FUNCTIONS_BY_PLACEHOLDER}


def test_the_functions_are_filled_in_by_name() -> None:
    text = definition(lambda name: f"arn:{name}")
    assert "${" not in text
    assert "arn:plan_charging" in text
    assert "arn:send_profile" in text
    assert "$$.Task.Token" in text
