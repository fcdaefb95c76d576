"""What the cost model assumes of the template."""

import json

from benchmarks.cost import ACCESS_LOG_LINE, ALARM_METRICS
from benchmarks.quotas import STAGE_RATE
from tests.infra.synthesized import Synthesized


def websocket_stage(deployed: Synthesized) -> dict[str, object]:
    """Its properties."""
    stages = deployed.properties("AWS::ApiGatewayV2::Stage")
    [stage] = [stage for stage in stages if "eventType" in json.dumps(stage["AccessLogSettings"])]
    return stage


def test_the_access_log_has_the_variables_that_are_priced(deployed: Synthesized) -> None:
    settings = websocket_stage(deployed)["AccessLogSettings"]
    assert isinstance(settings, dict)
    assert json.loads(settings["Format"]).keys() == json.loads(ACCESS_LOG_LINE).keys()


def test_the_stage_is_throttled_as_reckoned(deployed: Synthesized) -> None:
    settings = websocket_stage(deployed)["DefaultRouteSettings"]
    assert isinstance(settings, dict)
    assert settings["ThrottlingRateLimit"] == STAGE_RATE


def test_alarms_look_at_as_many_metrics_as_are_priced(deployed: Synthesized) -> None:
    alarms = deployed.properties("AWS::CloudWatch::Alarm")
    parts = [[part for part in alarm.get("Metrics", [{"MetricStat": {}}]) if "MetricStat" in part] for alarm in alarms]
    assert sum(map(len, parts)) == ALARM_METRICS
