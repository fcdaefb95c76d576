"""What happens of our own accord when a station has booted."""

import pytest

from csms.call_queue import Commission
from csms.ids import ChargePointId
from csms.runtime import Runtime, runtime
from csms.store.charge_point_models import ChargePointModel
from csms.store.charge_points import Quirk
from csms.store.configuration import ConfigurationKey
from tests.integration.commissioning.configured_station import HEALTHY, ConfiguredStation
from tests.lambda_operator import LambdaOperator, claims_of

CP001 = ChargePointId("CP001")


def row(csms: Runtime, key: str) -> ConfigurationKey:
    found = csms.store.configuration.get(CP001, key)
    assert found is not None
    return found


def test_a_healthy_station_is_asked_once_and_left_as_it_is(csms: Runtime, booting: ConfiguredStation) -> None:
    booting.boot()
    assert booting.was_asked() == [{}]
    assert booting.was_set() == {}
    assert row(csms, "NumberOfConnectors").is_read_only


def test_what_would_make_a_station_ill_is_changed_one_key_after_the_other(
    csms: Runtime, booting: ConfiguredStation
) -> None:
    booting.values |= {"HeartbeatInterval": "900", "StopTxnSampledData": "SoC", "TransactionMessageAttempts": "1"}
    booting.boot()
    wanted = {"HeartbeatInterval": "300", "StopTxnSampledData": "", "TransactionMessageAttempts": "5"}
    assert booting.was_set() == wanted
    booting.boot()
    assert len(booting.called.posted) == 1 + 3 + 1
    assert row(csms, "HeartbeatInterval").attempt is None


def test_a_default_that_the_station_does_not_know_is_not_sent(booting: ConfiguredStation) -> None:
    del booting.values["AllowOfflineTxForUnknownId"]
    booting.boot()
    assert booting.was_set() == {}


def test_own_wishes_come_before_those_for_the_model_and_these_before_the_defaults(
    csms: Runtime, booting: ConfiguredStation
) -> None:
    booting.values |= {"HeartbeatInterval": "900", "ResetRetries": "1", "StopTxnSampledData": "SoC"}
    desired = {"heartbeatinterval": "60", "ResetRetries": "3", "StopTxnSampledData": None}
    csms.store.charge_point_models.put(ChargePointModel("VENDOR", "model", desired, skipped=("StopTxnAlignedData",)))
    csms.store.configuration.desire(CP001, {"ResetRetries": "5", "NumberOfConnectors": "9"}, booting.called.now)
    booting.boot()
    assert booting.was_set() == {"heartbeatinterval": "60", "ResetRetries": "5"}


def test_nothing_is_sent_in_quiet_mode(csms: Runtime, booting: ConfiguredStation) -> None:
    csms.store.links.set_quiet(CP001, is_quiet=True)
    booting.boot()
    assert booting.called.posted == []


def test_quiet_mode_ends_what_is_under_way(csms: Runtime, booting: ConfiguredStation) -> None:
    booting.values["HeartbeatInterval"] = "900"
    booting.called.result("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
    booting.called.wait(seconds=6)
    booting.called.run_wakes()
    csms.store.links.set_quiet(CP001, is_quiet=True)
    booting.live()
    assert len(booting.called.posted) == 1


def test_a_deployment_can_do_without(booting: ConfiguredStation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMISSIONING", "false")
    runtime.cache_clear()
    booting.called.result("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
    assert not [wake for _, wake in booting.called.wakes if isinstance(wake, Commission)]


def test_a_wake_up_that_comes_twice_or_late_doubles_nothing(csms: Runtime, booting: ConfiguredStation) -> None:
    booting.values["HeartbeatInterval"] = "900"
    booted_at = booting.called.now
    booting.boot()
    assert len(booting.called.posted) == 2
    booting.called.wakes.append((booting.called.now, Commission(CP001, booted_at)))
    booting.live()
    booting.boot()
    booting.called.wakes.append((booting.called.now, Commission(CP001, booted_at)))
    booting.live()
    assert len(booting.called.posted) == 3


def test_effects_that_run_again_double_nothing(csms: Runtime, booting: ConfiguredStation) -> None:
    booting.values |= {"HeartbeatInterval": "900", "StopTxnSampledData": "SoC"}
    booting.boot()
    sent = len(booting.called.posted)
    for call in csms.store.calls.list(CP001, limit=50).calls:
        csms.calls._finish(call, booting.called.now)
    booting.live()
    assert len(booting.called.posted) == sent


def test_a_station_silent_about_everything_is_asked_for_the_standard_keys_by_tens(
    csms: Runtime, booting: ConfiguredStation
) -> None:
    booting.most_keys = 10
    booting.values["HeartbeatInterval"] = "900"
    booting.boot()
    whole, *batches = booting.was_asked()
    assert whole == {}
    assert {len(batch["key"]) for batch in batches[:-1]} == {10}
    assert HEALTHY.keys() <= {name for batch in batches for name in batch["key"]}
    assert booting.was_set() == {"HeartbeatInterval": "300"}
    found = csms.store.charge_points.get(CP001)
    assert found is not None
    assert found.quirks == {Quirk.READS_IN_BATCHES: True}
    booting.called.posted.clear()
    booting.answered = 0
    booting.boot()
    assert booting.was_asked() == batches


def test_a_connection_that_was_lost_says_nothing_about_the_station(csms: Runtime, booting: ConfiguredStation) -> None:
    booting.called.result("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
    booting.called.wait(seconds=6)
    booting.called.run_wakes()
    booting.answered = 1  # the connection goes before the answer
    booting.called.wait(seconds=1)
    booting.called.connect()
    booting.called.wait(seconds=1)
    booting.called.result("Heartbeat", {})
    booting.live()
    assert len(booting.was_asked()[1]["key"]) == 10
    found = csms.store.charge_points.get(CP001)
    assert found is not None
    assert found.quirks == {}


def test_batches_are_as_large_as_the_station_says(booting: ConfiguredStation) -> None:
    booting.most_keys = 20
    booting.values["GetConfigurationMaxKeys"] = "20"
    booting.boot()
    assert [len(asked.get("key", ())) for asked in booting.was_asked()][:3] == [0, 10, 20]


@pytest.mark.parametrize("status", ["Rejected", "NotSupported", "RebootRequired"])
def test_what_a_station_refuses_or_wants_to_reboot_for_is_not_sent_again_until_the_wish_changes(
    csms: Runtime, booting: ConfiguredStation, status: str
) -> None:
    booting.values["HeartbeatInterval"] = "900"
    booting.says["HeartbeatInterval"] = status
    for _ in range(3):
        booting.boot()
    assert list(booting.was_set().values()) == ["300"]
    assert len(booting.called.posted) == 4
    attempt = row(csms, "HeartbeatInterval").attempt
    assert attempt is not None
    assert (attempt.status, attempt.is_final) == (status, True)
    csms.store.configuration.desire(CP001, {"HeartbeatInterval": "200"}, booting.called.now)
    booting.boot()
    assert booting.was_set() == {"HeartbeatInterval": "200"}


def test_a_station_that_accepts_and_forgets_is_told_three_times(booting: ConfiguredStation) -> None:
    for _ in range(5):
        booting.values["HeartbeatInterval"] = "900"
        booting.boot()
    assert len(booting.called.posted) == 5 + 3


def test_a_wish_with_something_secret_in_it_is_sent_once(csms: Runtime, booting: ConfiguredStation) -> None:
    wish = {"Backend": "wss://backend.example.com/ocpp?token=abcdef"}
    csms.store.configuration.desire(CP001, wish, booting.called.now)
    for _ in range(2):
        booting.boot()
    assert [frame[3] for frame in booting.called.posted if frame[2] == "ChangeConfiguration"] == [
        {"key": "Backend", "value": wish["Backend"]}
    ]


def test_a_wish_reaches_a_station_that_comes_back_without_a_boot(csms: Runtime, booting: ConfiguredStation) -> None:
    booting.boot()
    called = booting.called
    called.disconnect()
    operator = LambdaOperator(claims_of("admin"), now=called.now)
    wish = {"values": {"HeartbeatInterval": "60"}}
    assert operator.put("/charge-points/CP001/desired-configuration", wish).status == 200
    called.wait(hours=23)
    called.connect()
    called.result("Heartbeat", {})
    booting.live()
    assert booting.was_set() == wish["values"]


def test_a_wish_that_a_rule_stands_against_does_not_hold_up_the_others(
    csms: Runtime, booting: ConfiguredStation
) -> None:
    booting.values |= {"A": "x", "AMaxLength": "1", "B": "x"}
    csms.store.configuration.desire(CP001, {"A": "y,z", "B": "y"}, booting.called.now)
    booting.boot()
    assert booting.was_set() == {"B": "y"}
    attempt = row(csms, "A").attempt
    assert attempt is not None
    assert attempt.status == "A: 2 items, and the charge point takes 1 (AMaxLength)"
