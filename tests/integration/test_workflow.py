"""The workflow of a charging plan, every way through it; what planning and sending do is scripted."""

import pytest

from csms.runtime import Runtime
from tests.integration.state_machine import StateMachine
from tests.scripted_plans import ScriptedPlans


@pytest.fixture
def plans(csms: Runtime, monkeypatch: pytest.MonkeyPatch) -> ScriptedPlans:
    scripted = ScriptedPlans(csms.workflows)
    monkeypatch.setitem(vars(csms), "charging_plans", scripted)
    return scripted


@pytest.fixture
def machine(csms: Runtime, plans: ScriptedPlans, monkeypatch: pytest.MonkeyPatch) -> StateMachine:
    return StateMachine(csms, monkeypatch)


def test_a_step_with_nothing_to_send_waits_and_goes_on(machine: StateMachine, plans: ScriptedPlans) -> None:
    assert machine.run() == "SUCCEEDED"
    assert plans.asked == ["plan P-1", "wait at 1", "next after 1"]
    assert machine.entered() == ["Plan", "What to send", "Wait", "Next"]


def test_decreases_are_over_before_the_increases_are_decided(machine: StateMachine, plans: ScriptedPlans) -> None:
    plans.decreases, plans.increases_then = ["A", "B"], ["C", "D"]
    assert machine.run() == "SUCCEEDED"
    assert plans.asked[0] == "plan P-1"
    assert set(plans.asked[1:3]) == {"send A", "send B"}
    assert plans.asked[3] == "rebudget"
    assert set(plans.asked[4:6]) == {"send C", "send D"}
    assert plans.asked[6:] == ["wait at 1", "next after 1"]


def test_the_increases_of_the_first_decision_are_not_sent_after_decreases(
    machine: StateMachine, plans: ScriptedPlans
) -> None:
    plans.decreases, plans.increases, plans.increases_then = ["A"], ["B", "C"], ["C"]
    assert machine.run() == "SUCCEEDED"
    assert plans.asked == ["plan P-1", "send A", "rebudget", "send C", "wait at 1", "next after 1"]


def test_increases_alone_are_sent_at_once(machine: StateMachine, plans: ScriptedPlans) -> None:
    plans.increases = ["A"]
    assert machine.run() == "SUCCEEDED"
    assert plans.asked == ["plan P-1", "send A", "wait at 1", "next after 1"]


def test_decreases_that_free_nothing_are_followed_by_the_wait(machine: StateMachine, plans: ScriptedPlans) -> None:
    plans.decreases = ["A"]
    assert machine.run() == "SUCCEEDED"
    assert plans.asked == ["plan P-1", "send A", "rebudget", "wait at 1", "next after 1"]
    assert "Increase" not in machine.entered()


def test_an_item_that_is_never_answered_stops_no_other(
    csms: Runtime, plans: ScriptedPlans, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = StateMachine(csms, monkeypatch, token_timeout_s={"Send decrease": 1, "Send increase": 1})
    plans.decreases, plans.increases, plans.silent = ["A", "B"], ["C", "D"], frozenset({"A", "C"})
    assert machine.run() == "SUCCEEDED"
    assert {"send A", "send B", "rebudget", "send C", "send D", "next after 1"} <= set(plans.asked)


def test_an_answer_that_comes_after_its_time_is_ignored(
    csms: Runtime, plans: ScriptedPlans, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = StateMachine(csms, monkeypatch, token_timeout_s={"Send increase": 1})
    plans.increases, plans.silent = ["A"], frozenset({"A"})
    assert machine.run() == "SUCCEEDED"
    csms.workflows.complete(plans.tokens["A"], {})


@pytest.mark.parametrize("part", ["decreases", "increases"])
def test_an_item_whose_function_fails_stops_no_other_and_is_not_repeated(
    machine: StateMachine, plans: ScriptedPlans, part: str
) -> None:
    setattr(plans, part, ["A", "B", "C"])
    plans.broken = frozenset({"B"})
    assert machine.run() == "SUCCEEDED"
    assert sorted(text for text in plans.asked if text.startswith("send")) == ["send A", "send B", "send C"]


def test_an_item_whose_task_is_failed_stops_no_other(machine: StateMachine, plans: ScriptedPlans) -> None:
    plans.increases, plans.silent = ["A", "B"], frozenset({"A"})
    machine.start()
    machine.wait_until(lambda: "A" in plans.tokens)
    machine.fail_task(plans.tokens["A"])
    assert machine.finish() == "SUCCEEDED"
    assert plans.asked[-1] == "next after 1"


def test_a_change_during_the_wave_ends_it_and_the_wait_hears_of_it(machine: StateMachine, plans: ScriptedPlans) -> None:
    plans.decreases, plans.increases, plans.increases_then = ["A"], ["B"], []
    plans.version = 7
    assert machine.run() == "SUCCEEDED"
    assert plans.asked == ["plan P-1", "send A", "rebudget", "wait at 7", "next after 1"]


def test_a_wake_up_ends_the_wait(csms: Runtime, machine: StateMachine, plans: ScriptedPlans) -> None:
    plans.waits = True
    machine.start()
    machine.wait_until(lambda: "wait" in plans.tokens)
    assert "next after 1" not in plans.asked
    csms.workflows.complete(plans.tokens["wait"], {"woken": "change"})
    assert machine.finish() == "SUCCEEDED"
    assert plans.asked[-1] == "next after 1"


def test_a_wait_that_nobody_ends_is_over_with_its_time(
    csms: Runtime, plans: ScriptedPlans, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = StateMachine(csms, monkeypatch, token_timeout_s={"Wait": 1})
    plans.waits = True
    assert machine.run() == "SUCCEEDED"
    assert plans.asked[-1] == "next after 1"


def test_a_wait_that_fails_fails_the_step_and_is_not_repeated(machine: StateMachine, plans: ScriptedPlans) -> None:
    plans.broken = frozenset({"wait"})
    assert machine.run() == "FAILED"
    assert plans.asked == ["plan P-1", "wait at 1"]


def test_a_plan_that_is_over_ends_without_another_step(machine: StateMachine, plans: ScriptedPlans) -> None:
    plans.next = "end"
    assert machine.run() == "SUCCEEDED"
    assert plans.asked == ["plan P-1"]
    assert machine.entered() == ["Plan", "What to send", "Ended"]


def test_a_plan_that_stops_takes_back_what_it_sent_first(machine: StateMachine, plans: ScriptedPlans) -> None:
    plans.decreases, plans.next, plans.next_then = ["A", "B"], "send", "end"
    assert machine.run() == "SUCCEEDED"
    assert sorted(plans.asked) == ["plan P-1", "rebudget", "send A", "send B"]


@pytest.mark.parametrize("part", ["plan", "rebudget", "next"])
def test_a_function_that_lambda_does_not_run_is_tried_again_ever_later(
    machine: StateMachine, plans: ScriptedPlans, part: str
) -> None:
    plans.decreases = ["A"]
    machine.functions.refusals["plan_charging", part] = 3
    assert machine.run() == "SUCCEEDED"
    assert plans.asked == ["plan P-1", "send A", "rebudget", "wait at 1", "next after 1"]
    assert len(machine.pauses_s) == 3
    assert all(pause <= limit for pause, limit in zip(machine.pauses_s, (1, 2, 4), strict=True))


def test_a_function_that_keeps_failing_fails_the_step(machine: StateMachine, plans: ScriptedPlans) -> None:
    plans.broken = frozenset({"plan"})
    assert machine.run() == "FAILED"
    assert plans.asked == ["plan P-1"] * 6


@pytest.mark.parametrize(("function", "part"), [("send_profile", "A"), ("plan_charging", "wait")])
def test_a_task_with_a_token_that_lambda_does_not_run_is_not_tried_again(
    machine: StateMachine, plans: ScriptedPlans, function: str, part: str
) -> None:
    plans.increases = ["A", "B"]
    machine.functions.refusals[function, part] = 1
    machine.run()
    assert machine.pauses_s == []
    assert not [event for name, event in machine.functions.invoked if part in {event.get("do"), event.get("target")}]


def test_a_send_that_lambda_does_not_run_stops_no_other(machine: StateMachine, plans: ScriptedPlans) -> None:
    plans.increases = ["A", "B"]
    machine.functions.refusals["send_profile", "A"] = 1
    assert machine.run() == "SUCCEEDED"
    assert plans.asked == ["plan P-1", "send B", "wait at 1", "next after 1"]


def test_a_step_that_is_started_twice_runs_once(machine: StateMachine, plans: ScriptedPlans) -> None:
    plans.waits = True
    machine.start()
    machine.start()
    machine.wait_until(lambda: "wait" in plans.tokens)
    plans.workflows.complete(plans.tokens["wait"], {})
    assert machine.finish() == "SUCCEEDED"
    machine.start()
    assert machine.executions() == ["P-1"]
    assert plans.asked.count("plan P-1") == 1


def test_the_steps_of_two_plans_are_apart(machine: StateMachine, plans: ScriptedPlans) -> None:
    machine.start("P", 1)
    machine.start("P", 2)
    machine.start("Q", 1)
    assert {machine.finish("P", 1), machine.finish("P", 2), machine.finish("Q", 1)} == {"SUCCEEDED"}
    assert sorted(machine.executions()) == ["P-1", "P-2", "Q-1"]


def test_what_functions_are_told_is_small_and_says_whose_it_is(machine: StateMachine, plans: ScriptedPlans) -> None:
    plans.decreases, plans.increases = ["A"], ["B"]
    machine.run()
    events = [event for _, event in machine.functions.invoked]
    assert all((event["schema"], event["plan"], event["step"]) == (1, "P", 1) for event in events)
    assert {tuple(sorted(set(event) - {"schema", "plan", "step"})) for event in events} == {
        ("do",),
        ("target", "task_token"),
        ("do", "task_token", "version"),
    }
