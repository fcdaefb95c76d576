import json

from infra.workflow import DEFINITION_FILE, FUNCTIONS_BY_PLACEHOLDER
from tests.infra.synthesized import Properties, Synthesized, flat, listed


def _machine(stack: Synthesized) -> Properties:
    properties: Properties = stack.only("AWS::StepFunctions::StateMachine")["Properties"]
    return properties


def _statements(stack: Synthesized) -> list[Properties]:
    """What the state machine's role is allowed."""
    (role, _) = _machine(stack)["RoleArn"]["Fn::GetAtt"]
    policies = [policy for policy in stack.properties("AWS::IAM::Policy") if {"Ref": role} in policy["Roles"]]
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


def test_it_is_the_definition_that_tests_and_the_local_stack_run(deployed: Synthesized) -> None:
    machine = _machine(deployed)
    assert machine["StateMachineType"] == "STANDARD"
    assert json.loads(machine["DefinitionString"]) == json.loads(DEFINITION_FILE.read_text())
    arns = deployed.live_functions
    filled_in = {key: flat(value) for key, value in machine["DefinitionSubstitutions"].items()}
    assert filled_in == {key: arns[name] for key, name in FUNCTIONS_BY_PLACEHOLDER.items()}


def test_it_may_run_its_functions_and_otherwise_only_tell_what_it_does(deployed: Synthesized) -> None:
    (runs,) = [s for s in _statements(deployed) if s["Action"] == "lambda:InvokeFunction"]
    arns = deployed.live_functions
    assert {flat(arn) for arn in runs["Resource"]} == {arns[name] for name in FUNCTIONS_BY_PLACEHOLDER.values()}
    services = {action.split(":")[0] for s in _statements(deployed) for action in listed(s["Action"])}
    assert services == {"lambda", "logs"}


def test_it_is_traced_where_functions_are(deployed: Synthesized, varied: Synthesized) -> None:
    traced = [_machine(stack).get("TracingConfiguration", {}).get("Enabled") for stack in (deployed, varied)]
    assert traced == [False, True]


def test_it_writes_what_failed_to_a_log(deployed: Synthesized) -> None:
    machine = _machine(deployed)
    assert machine["LoggingConfiguration"]["Level"] == "ERROR"
    assert not machine["LoggingConfiguration"].get("IncludeExecutionData")


def test_functions_know_it_by_the_name_it_has(deployed: Synthesized, varied: Synthesized) -> None:
    for stack in (deployed, varied):
        for function in stack.functions().values():
            arn = flat(function["Environment"]["Variables"]["CHARGING_PLAN_ARN"])
            assert arn.endswith(f":stateMachine:{_machine(stack)['StateMachineName']}")
    assert _machine(deployed)["StateMachineName"] != _machine(varied)["StateMachineName"]


def test_a_step_that_fails_times_out_or_is_throttled_raises_an_alarm(deployed: Synthesized) -> None:
    (machine,) = deployed.resources("AWS::StepFunctions::StateMachine")
    watched = {}
    for alarm in deployed.properties("AWS::CloudWatch::Alarm"):
        if alarm.get("Namespace") == "AWS/States":
            assert alarm["Dimensions"] == [{"Name": "StateMachineArn", "Value": {"Ref": machine}}]
            assert (alarm["Statistic"], alarm["ComparisonOperator"]) == ("Sum", "GreaterThanThreshold")
            assert (alarm["Threshold"], alarm["TreatMissingData"]) == (0, "notBreaching")
            watched[alarm["MetricName"]] = alarm
    assert set(watched) == {"ExecutionsFailed", "ExecutionsTimedOut", "ExecutionThrottled"}
