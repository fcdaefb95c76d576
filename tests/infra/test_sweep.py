from infra.definitions import SWEEP_SCHEDULE
from tests.infra.synthesized import Synthesized, flat


def test_what_is_due_is_swept_every_minute(deployed: Synthesized) -> None:
    rule = deployed.only("AWS::Events::Rule")["Properties"]
    assert SWEEP_SCHEDULE.every_s == 60
    assert (rule["ScheduleExpression"], rule["State"]) == ("rate(1 minute)", "ENABLED")
    (target,) = rule["Targets"]
    assert deployed.function_behind(target["Arn"]) == SWEEP_SCHEDULE.function


def test_a_sweep_that_failed_is_made_up_for_by_the_next_not_repeated(deployed: Synthesized) -> None:
    (target,) = deployed.only("AWS::Events::Rule")["Properties"]["Targets"]
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0}
    invocation = deployed.only("AWS::Lambda::EventInvokeConfig")["Properties"]
    (function,) = deployed.resources("AWS::Lambda::Function").keys() & {invocation["FunctionName"]["Ref"]}
    assert "Sweep" in function
    assert invocation["MaximumRetryAttempts"] == 0


def test_only_the_clock_may_run_it(deployed: Synthesized) -> None:
    (rule,) = deployed.resources("AWS::Events::Rule")
    (permission,) = [
        permission
        for permission in deployed.properties("AWS::Lambda::Permission")
        if permission["Principal"] == "events.amazonaws.com"
    ]
    assert flat(permission["SourceArn"]) == f"<{rule}.Arn>"
    assert deployed.function_behind(permission["FunctionName"]) == SWEEP_SCHEDULE.function
