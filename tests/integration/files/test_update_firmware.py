"""UpdateFirmware: the URL a station gets, what it can fetch there, and how an update ends."""

import itertools
from datetime import timedelta
from typing import Any

import boto3
import pytest

from csms.calls import CallRefused
from csms.ids import ChargePointId
from csms.ocpp.primitives import format_timestamp
from csms.runtime import Runtime
from csms.store.configuration import Reported
from csms.store.file_transfers import FileKind
from csms.v16.orders import Command
from tests.called_station import CalledStation
from tests.faults import Fault, Faults
from tests.integration.files.conftest import boot
from tests.integration.files.http_station import HttpStation
from tests.integration.files.library import CONTENT, PUBLIC_URL, added, uploaded
from tests.lambda_operator import Answer, LambdaOperator

CP001 = ChargePointId("CP001")
UPDATE = "/charge-points/CP001/commands/UpdateFirmware"
LARGE = b"0123456789abcdef" * (320 * 1024)


def update(operator: LambdaOperator, station: CalledStation, **body: Any) -> dict[str, Any]:
    """Order an update; returns the payload the station gets, which it answers."""
    answer = operator.post(UPDATE, body)
    assert answer.status == 202, answer.text
    sent: dict[str, Any] = station.posted[-1][3]
    station.reply()
    return sent


def updates(operator: LambdaOperator) -> list[dict[str, Any]]:
    return operator.items("/charge-points/CP001/firmware-updates")


def notify(station: CalledStation, *statuses: str) -> None:
    for status in statuses:
        station.result("FirmwareStatusNotification", {"status": status})
        station.wait(seconds=1)


def test_an_image_that_was_removed_while_the_call_waited_is_not_offered(
    operator: LambdaOperator, booted: CalledStation
) -> None:
    image = uploaded(operator)
    booted.disconnect()
    placed = operator.post(UPDATE, {"location": image["location"]})
    assert operator.delete(f"/firmware/{image['id']}").status == 204
    booted.wait(seconds=5)
    booted.connect()
    booted.result("Heartbeat", {})
    booted.wait(seconds=2)
    booted.run_wakes()
    ended = operator.get(placed.headers["location"]).json
    assert (ended["state"], ended["status"]) == ("failed", f"location: the firmware image {image['id']} was removed")
    assert booted.posted == []


def test_what_is_left_out_is_the_newest_image_for_the_model_now(
    operator: LambdaOperator, booted: CalledStation
) -> None:
    uploaded(operator, version="1.9", name="old.bin")
    operator.now += timedelta(minutes=1)
    uploaded(operator)
    operator.now += timedelta(minutes=1)
    added(operator, name="still-to-come.bin")
    uploaded(operator, vendor="Other", model="Two", name="other.bin")
    payload = update(operator, booted)
    assert payload["location"].startswith(f"{PUBLIC_URL}/f/")
    assert payload["location"].endswith("/one-2.0.bin")
    assert len(payload["location"]) < 80
    assert payload["retrieveDate"] == format_timestamp(operator.now)
    assert list(payload) == ["location", "retrieveDate"]


def test_an_image_is_chosen_by_its_id(operator: LambdaOperator, booted: CalledStation) -> None:
    older = uploaded(operator, version="1.9", name="old.bin")
    uploaded(operator)
    payload = update(operator, booted, location=older["location"], retries=3, retryInterval=60)
    assert payload["location"].endswith("/old.bin")
    assert list(payload) == ["location", "retries", "retrieveDate", "retryInterval"]


def test_a_location_of_ones_own_goes_out_as_it_is(operator: LambdaOperator, booted: CalledStation) -> None:
    body = {"retrieveDate": "2026-03-06T00:00:00Z", "location": "ftp://host/image.bin"}
    assert update(operator, booted, **body) == body
    (shown,) = updates(operator)
    assert (shown["imageId"], shown["expectedVersion"]) == (None, None)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "the library has no firmware for Acme One"),
        ({"location": "firmware:0123456789abcdef"}, "there is no firmware image 0123456789abcdef"),
        ({"location": "image.bin"}, "a URL with its protocol is expected"),
        ({"location": "https://h/i", "retries": -1}, "retries: must not be negative"),
    ],
)
def test_what_cannot_work_is_refused_with_the_reason(
    operator: LambdaOperator, booted: CalledStation, body: dict[str, Any], reason: str
) -> None:
    answer = operator.post(UPDATE, body)
    assert answer.status == 409
    assert reason in answer.json["detail"]
    assert not [frame for frame in booted.posted if frame[2] == "UpdateFirmware"]
    assert updates(operator) == []


def test_an_image_without_content_is_not_sent_for(operator: LambdaOperator, booted: CalledStation) -> None:
    answer = operator.post(UPDATE, {"location": added(operator)["location"]})
    assert answer.status == 409
    assert "is not uploaded yet" in answer.json["detail"]


def test_a_station_that_knows_ftp_only_is_told_of_before_sending(
    csms: Runtime, operator: LambdaOperator, booted: CalledStation
) -> None:
    uploaded(operator)
    reported = Reported("SupportedFileTransferProtocols", "FTP, FTPS")
    csms.store.configuration.report(CP001, [reported], booted.now)
    answer = operator.post(UPDATE, {})
    assert answer.status == 409
    assert "transfers files by FTP, FTPS only" in answer.json["detail"]
    assert update(operator, booted, location="ftps://host/i", retrieveDate="2026-03-06T00:00:00Z")
    assert operator.send("POST", UPDATE, query="force=true", body="{}").status == 202


def test_the_station_downloads_the_image(operator: LambdaOperator, booted: CalledStation, http: HttpStation) -> None:
    image = uploaded(operator)
    url = update(operator, booted)["location"]
    whole = http.get(url)
    assert (whole.status, whole.text.encode("latin-1")) == (200, CONTENT)
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["etag"] == f'"{image["sha256"]}"'
    (shown,) = updates(operator)
    assert shown["fetchedAt"] == format_timestamp(booted.now)
    assert shown["state"] == "under way"


def test_the_station_asks_for_size_and_ranges(
    operator: LambdaOperator, booted: CalledStation, http: HttpStation
) -> None:
    uploaded(operator)
    url = update(operator, booted)["location"]
    size = len(CONTENT)
    assert http.head(url).headers["content-length"] == str(size)
    part = http.get(url, range="bytes=10-19")
    assert (part.status, part.text.encode("latin-1")) == (206, CONTENT[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{size}"
    assert http.get(url, range="bytes=-5").text.encode("latin-1") == CONTENT[-5:]
    assert http.get(url, range=f"bytes={size - 3}-").text.encode("latin-1") == CONTENT[-3:]
    behind = http.get(url, range=f"bytes={size}-")
    assert (behind.status, behind.headers["content-range"]) == (416, f"bytes */{size}")
    assert http.get(url, range="bytes=0-1", if_range='"another"').status == 200


def test_a_large_image_is_redirected_to_s3_and_can_be_had_in_ranges(
    operator: LambdaOperator, booted: CalledStation, http: HttpStation
) -> None:
    uploaded(operator, LARGE)
    url = update(operator, booted)["location"]
    redirect = http.get(url)
    assert redirect.status == 302
    assert redirect.headers["location"].startswith("https://files.s3.eu-central-1.amazonaws.com/firmware/")
    assert http.head(url).status == 200
    part = http.get(url, range=f"bytes=0-{4 * 1024 * 1024 - 1}")
    assert (part.status, len(part.text)) == (206, 4 * 1024 * 1024)


def test_the_url_lives_through_the_retrieve_date_and_all_retries(
    operator: LambdaOperator, booted: CalledStation, http: HttpStation
) -> None:
    uploaded(operator)
    retrieve_date = booted.now + timedelta(days=10)
    url = update(operator, booted, retrieveDate=format_timestamp(retrieve_date), retries=4, retryInterval=3600)[
        "location"
    ]
    booted.now = retrieve_date + timedelta(hours=4 + 48, seconds=-1)
    assert http.get(url).status == 200
    booted.wait(seconds=2)
    assert http.get(url).status == 404


@pytest.mark.parametrize("retrieve_date", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
def test_no_date_and_no_number_of_retries_is_too_odd(
    operator: LambdaOperator, booted: CalledStation, retrieve_date: str
) -> None:
    uploaded(operator)
    body = {"retrieveDate": retrieve_date, "retries": 2**31 - 1, "retryInterval": 2**31 - 1}
    assert update(operator, booted, **body)["retrieveDate"] == retrieve_date


def test_no_url_works_before_the_call_goes_out_or_after_it_was_refused(
    csms: Runtime, operator: LambdaOperator, booted: CalledStation, http: HttpStation
) -> None:
    uploaded(operator)
    booted.is_called("ClearCache")
    assert operator.post(UPDATE, {}).status == 202
    assert updates(operator) == []
    booted.reply({"status": "Accepted"})
    url = booted.posted[-1][3]["location"]
    assert http.get(url).status == 200
    booted.refuse("NotSupported")
    assert http.get(url).status == 404
    (shown,) = updates(operator)
    assert (shown["state"], shown["commandState"]) == ("failed", "failed")


def test_a_withdrawn_update_leads_nowhere(operator: LambdaOperator, booted: CalledStation, http: HttpStation) -> None:
    uploaded(operator)
    url = update(operator, booted)["location"]
    (shown,) = updates(operator)
    assert operator.delete(f"/charge-points/CP001/firmware-updates/{shown['id']}").status == 204
    assert http.get(url).status == 404
    assert updates(operator)[0]["state"] == "withdrawn"
    assert operator.delete("/charge-points/CP001/firmware-updates/nothing").status == 404


def test_a_url_that_was_not_given_leads_nowhere(
    operator: LambdaOperator, booted: CalledStation, http: HttpStation
) -> None:
    image = uploaded(operator)
    url = update(operator, booted)["location"]
    for other in (f"{PUBLIC_URL}/f/x", f"{PUBLIC_URL}/f/{'A' * 22}/one-2.0.bin", url.replace("/f/", "/f/x")):
        assert http.get(other).status == 404, other
    assert http.put(url.replace("/f/", "/u/"), b"content").status == 404
    operator.delete(f"/firmware/{image['id']}")
    assert http.get(url).status == 404


def test_statuses_belong_to_the_update_until_it_is_installed(operator: LambdaOperator, booted: CalledStation) -> None:
    uploaded(operator)
    update(operator, booted)
    notify(booted, "Idle", "Downloading", "Downloading", "DownloadFailed")
    assert updates(operator)[0]["state"] == "failed"
    notify(booted, "Downloading", "Downloaded", "Installing", "Installed")
    notify(booted, "Idle", "Downloading")
    (shown,) = updates(operator)
    assert [told["status"] for told in shown["statuses"]] == [
        *("Downloading", "DownloadFailed", "Downloading", "Downloaded", "Installing", "Installed")
    ]
    assert shown["state"] == "completed"
    assert shown["completedAt"] is not None


def test_statuses_belong_to_the_last_update_that_was_not_refused(
    operator: LambdaOperator, booted: CalledStation
) -> None:
    uploaded(operator)
    update(operator, booted)
    booted.wait(seconds=1)
    operator.now = booted.now
    assert operator.post(UPDATE, {}).status == 202
    booted.refuse("InternalError")
    notify(booted, "Downloading")
    refused, running = updates(operator)
    assert refused["statuses"] == []
    assert [told["status"] for told in running["statuses"]] == ["Downloading"]


def test_a_boot_with_the_expected_version_completes_an_update(operator: LambdaOperator, booted: CalledStation) -> None:
    uploaded(operator)
    update(operator, booted)
    notify(booted, "Downloading", "Downloaded", "Installing")
    boot(booted, "1.0")
    assert updates(operator)[0]["state"] == "under way"
    boot(booted, "2.0")
    assert updates(operator)[0]["state"] == "completed"
    notify(booted, "Installed")
    assert updates(operator)[0]["statuses"][-1]["status"] == "Installed"


def test_a_boot_proves_nothing_where_the_version_is_no_news(operator: LambdaOperator, booted: CalledStation) -> None:
    uploaded(operator, version="1.0")
    update(operator, booted)
    boot(booted, "1.0")
    assert updates(operator)[0]["state"] == "under way"


def test_an_update_nobody_hears_of_lapses(operator: LambdaOperator, booted: CalledStation) -> None:
    uploaded(operator)
    update(operator, booted)
    operator.now += timedelta(days=3)
    assert updates(operator)[0]["state"] == "lapsed"


def test_a_status_that_belongs_to_no_update_writes_nothing_but_history(csms: Runtime, booted: CalledStation) -> None:
    notify(booted, "Downloading", "Installed")
    assert csms.store.file_transfers.list(CP001, FileKind.FIRMWARE, limit=5).transfers == []


def test_no_answer_and_no_log_shows_the_token(csms: Runtime, operator: LambdaOperator, booted: CalledStation) -> None:
    uploaded(operator)
    url = update(operator, booted)["location"]
    token = url.split("/")[4]
    pages: list[Answer] = [
        operator.get("/charge-points/CP001/commands"),
        operator.get("/charge-points/CP001/messages", day="2026-03-05"),
        operator.get("/charge-points/CP001/firmware-updates"),
    ]
    for page in pages:
        assert page.status == 200, page.text
        assert token not in page.text
    stored = boto3.client("dynamodb").scan(TableName="csms")["Items"]
    assert token not in str(stored)


def test_the_same_idempotency_key_gets_the_same_update(operator: LambdaOperator, booted: CalledStation) -> None:
    uploaded(operator)
    headers = {"idempotency-key": "once"}
    first = operator.send("POST", UPDATE, body="{}", headers=headers)
    operator.now += timedelta(seconds=5)
    second = operator.send("POST", UPDATE, body="{}", headers=headers)
    assert first.json["id"] == second.json["id"]


def test_without_a_public_address_the_location_must_be_given(
    csms: Runtime, booted: CalledStation, operator: LambdaOperator
) -> None:
    uploaded(operator)
    link = csms.store.links.get(CP001)
    assert link is not None
    unreachable = Runtime(csms.settings.model_copy(update={"public_url": ""}))
    with pytest.raises(CallRefused, match="no public URL"):
        unreachable.commands.place(link, Command("UpdateFirmware", {}, "me"), booted.now)


def test_a_status_is_noted_once_though_the_answer_to_its_note_was_lost(
    csms: Runtime, operator: LambdaOperator, booted: CalledStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploaded(operator)
    update(operator, booted)
    faults = Faults(csms.store.links._table._client, monkeypatch)
    with faults.at(0, None):
        notify(booted, "Downloading")
        requests = faults.requests
    told = ["Downloading"]
    for at, status in zip(range(requests), itertools.cycle(("Downloaded", "Installing")), strict=False):
        with faults.at(at, Fault.ANSWER_LOST_ONCE):
            notify(booted, status)
        told.append(status)
    [found] = updates(operator)
    assert [each["status"] for each in found["statuses"]] == told


def test_a_status_is_noted_though_another_one_came_meanwhile(
    csms: Runtime, operator: LambdaOperator, booted: CalledStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploaded(operator)
    update(operator, booted)
    read = csms.store.file_transfers.latest
    outdated = read(CP001, FileKind.FIRMWARE)
    notify(booted, "Downloading")
    monkeypatch.setattr(
        csms.store.file_transfers,
        "latest",
        lambda *about, consistent=False: read(*about, consistent=True) if consistent else outdated,
    )
    notify(booted, "Downloaded")
    [found] = updates(operator)
    assert [each["status"] for each in found["statuses"]] == ["Downloading", "Downloaded"]
