"""How long stations may remember that a tag is accepted."""

from datetime import timedelta

import pytest

from csms.authorization import IdTag
from csms.ids import ChargePointId
from csms.runtime import Runtime, runtime
from tests.lambda_station import LambdaStation


@pytest.fixture
def csms(csms: Runtime, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """One whose stations forget within a day."""
    monkeypatch.setenv("AUTHORIZATION_CACHE_HOURS", "24")
    runtime.cache_clear()
    return runtime()


def test_an_accepted_tag_expires_when_it_is_to_be_asked_about_again(station: LambdaStation) -> None:
    tomorrow = station.timestamp(days=-1)
    assert station.result("Authorize", {"idTag": "TAG1"})["idTagInfo"]["expiryDate"] == tomorrow
    started = station.start()
    assert started["idTagInfo"]["expiryDate"] == tomorrow
    stopped = station.stop(started["transactionId"], idTag="TAG1")
    assert stopped["idTagInfo"]["expiryDate"] == tomorrow


def test_an_earlier_expiry_stays(csms: Runtime, station: LambdaStation) -> None:
    csms.store.id_tags.put(IdTag("SHORT", expiry_date=station.now + timedelta(hours=1)))
    info = station.result("Authorize", {"idTag": "SHORT"})["idTagInfo"]
    assert info["expiryDate"] == station.timestamp(hours=-1)


@pytest.mark.parametrize("id_tag", ["BLOCKED", "NOBODY"])
def test_what_is_not_accepted_does_not_expire(station: LambdaStation, id_tag: str) -> None:
    assert "expiryDate" not in station.result("Authorize", {"idTag": id_tag})["idTagInfo"]


def test_in_quiet_mode_the_tag_alone_decides(csms: Runtime, station: LambdaStation) -> None:
    csms.store.links.set_quiet(ChargePointId("CP001"), is_quiet=True)
    assert "expiryDate" not in station.result("Authorize", {"idTag": "TAG1"})["idTagInfo"]
