"""Which stations may have a tag in their authorization cache."""

from csms.authorization import IdTag
from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.id_tags import MOST_CACHED_BY
from tests.called_station import CalledStation
from tests.lambda_station import LambdaStation


def cached_by(csms: Runtime, id_tag: str) -> frozenset[ChargePointId]:
    tag = csms.store.id_tags.get(id_tag)
    assert tag is not None
    return tag.cached_by


def test_a_station_that_is_told_yes_may_remember_the_tag(csms: Runtime, station: LambdaStation) -> None:
    station.result("Authorize", {"idTag": "TAG1"})
    started = station.start(idTag="tag2")
    station.stop(started["transactionId"], idTag="STRANGER")
    for id_tag in ("TAG1", "TAG2", "STRANGER"):
        assert cached_by(csms, id_tag) == {"CP001"}


def test_a_station_that_is_told_no_is_not_noted(csms: Runtime, station: LambdaStation) -> None:
    for id_tag in ("BLOCKED", "EXPIRED"):
        station.result("Authorize", {"idTag": id_tag})
        station.start(idTag=id_tag)
        assert not cached_by(csms, id_tag)
    station.result("Authorize", {"idTag": "NOBODY"})
    assert csms.store.id_tags.get("NOBODY") is None


def test_what_is_noted_is_not_written_again(csms: Runtime, called: CalledStation) -> None:
    called.result("Authorize", {"idTag": "TAG1"})
    called.operations.clear()
    called.result("Authorize", {"idTag": "TAG1"})
    assert "UpdateItem" not in called.operations


def test_so_many_stations_are_noted(csms: Runtime, station: LambdaStation) -> None:
    for number in range(MOST_CACHED_BY):
        tag = csms.store.id_tags.get("TAG1")
        assert tag is not None
        csms.store.id_tags.note_cached(tag, ChargePointId(f"OTHER{number}"))
    station.result("Authorize", {"idTag": "TAG1"})
    assert len(cached_by(csms, "TAG1")) == MOST_CACHED_BY
    assert "CP001" not in cached_by(csms, "TAG1")


def test_changing_a_tag_forgets_nothing(csms: Runtime, station: LambdaStation) -> None:
    station.result("Authorize", {"idTag": "TAG1"})
    csms.store.id_tags.put(IdTag("TAG1", note="imported once more"))
    csms.store.id_tags.change("TAG1", {"note": None})
    assert cached_by(csms, "TAG1") == {"CP001"}


def test_a_tag_that_is_deleted_meanwhile_stays_deleted(csms: Runtime, station: LambdaStation) -> None:
    tag = csms.store.id_tags.get("TAG1")
    assert tag is not None
    csms.store.id_tags.delete("TAG1")
    csms.store.id_tags.note_cached(tag, ChargePointId("CP001"))
    assert csms.store.id_tags.get("TAG1") is None
