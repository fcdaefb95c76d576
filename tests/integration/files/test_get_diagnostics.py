"""GetDiagnostics: whatever way a station uploads and whatever it calls the file, the operator finds it."""

import json
from typing import Any
from urllib.parse import quote, urlsplit

import boto3
import pytest

from csms.store import file_transfers
from csms.store.received_files import ReceivedFiles
from tests.called_station import CalledStation
from tests.integration.files.http_station import HttpStation
from tests.integration.files.library import PUBLIC_URL
from tests.lambda_operator import LambdaOperator

GET_DIAGNOSTICS = "/charge-points/CP001/commands/GetDiagnostics"
LOG = b"\x1f\x8b\x00\xff" + b"line\r\nline\n--not-a-boundary\r\n" * 20


@pytest.fixture
def directory(operator: LambdaOperator, booted: CalledStation) -> str:
    """The location a station got."""
    answer = operator.post(GET_DIAGNOSTICS, {})
    assert answer.status == 202, answer.text
    location: str = booted.posted[-1][3]["location"]
    booted.reply({"fileName": "announced.zip"})
    return location


def diagnostics(operator: LambdaOperator) -> list[dict[str, Any]]:
    return operator.items("/charge-points/CP001/diagnostics")


def content_of(file: dict[str, Any]) -> bytes:
    """What the operator downloads."""
    key = urlsplit(file["downloadUrl"]).path.removeprefix("/")
    content: bytes = boto3.client("s3").get_object(Bucket="files", Key=key)["Body"].read()
    return content


def form(*parts: tuple[str, bytes]) -> bytes:
    text = b"a preamble\r\n"
    for disposition, content in parts:
        text += b"--BoUnDaRy\r\nContent-Disposition: form-data; " + disposition.encode() + b"\r\n"
        text += b"Content-Type: application/octet-stream\r\n\r\n" + content + b"\r\n"
    return text + b"--BoUnDaRy--\r\n"


def test_the_location_is_a_short_directory(directory: str) -> None:
    assert directory.startswith(f"{PUBLIC_URL}/u/")
    assert directory.endswith("/")
    assert len(directory) < 60


@pytest.mark.parametrize("method", ["put", "post"])
@pytest.mark.parametrize(
    ("appended", "name"),
    [
        ("announced.zip", "announced.zip"),
        ("invented%20name%20%C3%A9.log", "invented_name_.log"),
        ("deep/er/file.txt", "file.txt"),
        ("/doubled.gz", "doubled.gz"),
        ("..%2F..%2Fetc%2Fpasswd", "passwd"),
        (".hidden", "hidden"),
        ("", "diagnostics-20260305T120104Z"),
    ],
)
def test_a_file_is_found_under_whatever_name_it_comes(
    operator: LambdaOperator, http: HttpStation, directory: str, method: str, appended: str, name: str
) -> None:
    http.station.now = http.station.now.replace(minute=1, second=4)
    send = http.put if method == "put" else http.post
    assert send(directory + appended, LOG).status == 200
    (request,) = diagnostics(operator)
    (file,) = request["files"]
    assert (file["name"], file["sizeBytes"]) == (name, len(LOG))
    assert content_of(file) == LOG
    assert (request["fileName"], request["state"]) == ("announced.zip", "completed")


def test_a_station_may_lose_the_slash(operator: LambdaOperator, http: HttpStation, directory: str) -> None:
    assert http.put(f"{directory.rstrip('/')}name.zip", LOG).status == 200
    assert http.put(directory.rstrip("/"), LOG).status == 200
    assert {file["sentAs"] for file in diagnostics(operator)[0]["files"]} == {"name.zip", None}


def test_a_form_is_taken_apart(operator: LambdaOperator, http: HttpStation, directory: str) -> None:
    body = form(('name="comment"', b"hello"), ('name="file"; filename="C:\\logs\\a.bin"', LOG))
    assert http.post(directory, body, content_type="multipart/form-data; boundary=BoUnDaRy").status == 200
    (file,) = diagnostics(operator)[0]["files"]
    assert file["name"] == "a.bin"
    assert content_of(file) == LOG


def test_a_form_without_a_file_name_is_a_file_still(
    operator: LambdaOperator, http: HttpStation, directory: str
) -> None:
    body = form(('name="file"', LOG))
    assert http.post(directory, body, content_type='Multipart/Form-Data; boundary="BoUnDaRy"').status == 200
    (file,) = diagnostics(operator)[0]["files"]
    assert content_of(file) == LOG


def test_a_form_whose_boundary_cannot_be_told_is_kept_as_it_came(
    operator: LambdaOperator, http: HttpStation, directory: str
) -> None:
    body = form(('name="file"; filename="a.bin"', LOG))
    odd = "multipart/form-data; boundary*0*=a; boundary*=b; boundary*zz=c"
    assert http.post(f"{directory}a.form", body, content_type=odd).status == 200
    (file,) = diagnostics(operator)[0]["files"]
    assert content_of(file) == body


def test_text_is_taken_as_well(operator: LambdaOperator, http: HttpStation, directory: str) -> None:
    assert http.put(f"{directory}log.txt", b"\xe9\xff latin", content_type="text/plain").status == 200
    assert content_of(diagnostics(operator)[0]["files"][0]) == b"\xe9\xff latin"


def test_every_upload_has_a_place_of_its_own_whatever_it_is_called(
    operator: LambdaOperator, http: HttpStation, directory: str
) -> None:
    sent = {
        "log.txt": b"zero",
        "a/log.txt": b"one",
        "b/log.txt": b"two",
        "\u00e9.txt": b"three",
        "\u00fc.txt": b"three",
    }
    for name, content in sent.items():
        assert http.put(directory + quote(name), content).status == 200
    assert http.put(f"{directory}log.txt", b"zero and more").status == 200
    files = diagnostics(operator)[0]["files"]
    found = {(file["sentAs"], content_of(file)) for file in files}
    assert found == {*sent.items(), ("log.txt", b"zero and more")}
    assert {file["name"] for file in files} == {"log.txt", "_.txt"}


def test_a_station_that_tries_again_sends_nothing_new(
    operator: LambdaOperator, http: HttpStation, directory: str
) -> None:
    for _ in range(3):
        assert http.put(f"{directory}log", LOG).status == 200
        assert http.post(directory, LOG).status == 200
        http.station.wait(seconds=30)
    assert {file["sentAs"] for file in diagnostics(operator)[0]["files"]} == {"log", None}
    assert len(boto3.client("s3").list_objects_v2(Bucket="files", Prefix="diagnostics/")["Contents"]) == 2


def test_all_files_of_a_large_form_are_found(operator: LambdaOperator, http: HttpStation, directory: str) -> None:
    parts = [(f'name="f{number}"; filename="p{number}.log"', b"hello") for number in range(120)]
    assert http.post(directory, form(*parts), content_type="multipart/form-data; boundary=BoUnDaRy").status == 200
    (request,) = diagnostics(operator)
    assert (len(request["files"]), request["hasMoreFiles"]) == (50, True)
    files = operator.items(f"/charge-points/CP001/diagnostics/{request['id']}/files", limit=50)
    assert {file["name"] for file in files} == {f"p{number}.log" for number in range(120)}
    assert len(boto3.client("s3").list_objects_v2(Bucket="files", Prefix="diagnostics/")["Contents"]) == 120
    assert content_of(files[0]) == b"hello"


def test_files_of_what_was_never_asked_for_are_not_there(operator: LambdaOperator, booted: CalledStation) -> None:
    assert operator.get("/charge-points/CP001/diagnostics/nothing/files").status == 404


def test_nothing_is_no_file(operator: LambdaOperator, http: HttpStation, directory: str) -> None:
    assert http.put(f"{directory}log", b"").status == 400
    assert http.post(directory, b"--x", content_type="multipart/form-data; boundary=BoUnDaRy").status == 400
    assert diagnostics(operator)[0]["files"] == []


def test_nobody_fills_the_bucket_without_end(
    operator: LambdaOperator, http: HttpStation, directory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_transfers, "MOST_FILES", 3)
    monkeypatch.setattr(file_transfers, "MOST_BYTES", 10)
    assert http.put(f"{directory}a", b"1234").status == 200
    too_many = form(*((f'name="f"; filename="{number}"', b"x") for number in range(3)))
    refused = http.post(directory, too_many, content_type="multipart/form-data; boundary=BoUnDaRy")
    assert refused.status == 409
    assert http.put(f"{directory}b", b"1234567").status == 409
    assert http.put(f"{directory}b", b"12345678901").status == 409
    assert http.put(f"{directory}b", b"123456").status == 200
    assert http.put(f"{directory}a", b"1234").status == 200
    assert http.put(f"{directory}c", b"1").status == 409
    assert {file["name"] for file in diagnostics(operator)[0]["files"]} == {"a", "b"}


def test_a_directory_is_not_read(http: HttpStation, directory: str) -> None:
    assert http.get(directory).status == 405
    assert http.get(directory.replace("/u/", "/f/")).status == 404


def test_a_directory_closes_two_days_later_or_when_withdrawn(
    operator: LambdaOperator, booted: CalledStation, http: HttpStation, directory: str
) -> None:
    booted.wait(hours=47)
    assert http.put(f"{directory}late", LOG).status == 200
    booted.wait(hours=2)
    assert http.put(f"{directory}later", LOG).status == 404


def test_diagnostics_are_completed_when_the_file_is_there_and_not_before(
    operator: LambdaOperator, http: HttpStation, directory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = ReceivedFiles.add
    seen: list[str] = []

    def watched(files: ReceivedFiles, *arguments: Any) -> None:
        seen.append(diagnostics(operator)[0]["state"])
        add(files, *arguments)
        seen.append(diagnostics(operator)[0]["state"])

    monkeypatch.setattr(ReceivedFiles, "add", watched)
    assert http.put(f"{directory}log", LOG).status == 200
    assert seen == ["under way", "completed"]


def test_a_withdrawn_directory_takes_nothing(operator: LambdaOperator, http: HttpStation, directory: str) -> None:
    (request,) = diagnostics(operator)
    assert operator.delete(f"/charge-points/CP001/diagnostics/{request['id']}").status == 204
    assert http.put(f"{directory}log", LOG).status == 404
    assert diagnostics(operator)[0]["state"] == "withdrawn"


def test_statuses_belong_to_the_request(operator: LambdaOperator, booted: CalledStation, directory: str) -> None:
    for status in ("Uploading", "UploadFailed", "Uploading", "Uploaded", "Idle", "Uploaded"):
        booted.result("DiagnosticsStatusNotification", {"status": status})
    (request,) = diagnostics(operator)
    assert [told["status"] for told in request["statuses"]] == ["Uploading", "UploadFailed", "Uploading", "Uploaded"]
    assert request["state"] == "completed"


def test_a_location_of_ones_own_goes_out_as_it_is_and_its_credentials_are_not_shown(
    operator: LambdaOperator, booted: CalledStation
) -> None:
    body = {"startTime": "2026-03-04T00:00:00Z", "location": "ftp://user:hidden@host/in/", "retries": 2}
    assert operator.post(GET_DIAGNOSTICS, body).status == 202
    assert booted.posted[-1][3] == body
    booted.reply({})
    (request,) = diagnostics(operator)
    assert (request["fileName"], request["files"], request["state"]) == (None, [], "under way")
    assert "hidden" not in operator.get("/charge-points/CP001/commands").text


@pytest.mark.parametrize("force", ["true", "false"])
@pytest.mark.parametrize("path", ["u/a", "u/a/b", "u/AAAAAAAAAAAAAAAAAAAAAA/log"])
def test_nobody_else_makes_up_a_location_of_ours(
    operator: LambdaOperator, http: HttpStation, path: str, force: str
) -> None:
    location = f"{PUBLIC_URL}/{path}"
    answer = operator.send("POST", GET_DIAGNOSTICS, query=f"force={force}", body=json.dumps({"location": location}))
    assert answer.status == 409
    assert "leave the location out" in answer.json["detail"]
    assert http.put(location, LOG).status == 404


@pytest.mark.parametrize("reported", ["\x00", ",;,", "", "\x00,HTTPS"])
def test_protocols_that_are_none_do_not_stand_in_the_way(
    operator: LambdaOperator, booted: CalledStation, reported: str
) -> None:
    told = {"key": "SupportedFileTransferProtocols", "readonly": True, "value": reported}
    assert operator.post("/charge-points/CP001/commands/GetConfiguration", {}).status == 202
    booted.reply({"configurationKey": [told]})
    assert operator.post(GET_DIAGNOSTICS, {}).status == 202


def test_a_period_that_ends_before_it_starts_is_refused(operator: LambdaOperator, booted: CalledStation) -> None:
    body = {"startTime": "2026-03-04T00:00:00Z", "stopTime": "2026-03-03T00:00:00Z"}
    answer = operator.post(GET_DIAGNOSTICS, body)
    assert answer.status == 409
    assert "stopTime" in answer.json["detail"]


def test_a_station_that_never_answers_may_upload_still(
    operator: LambdaOperator, booted: CalledStation, http: HttpStation
) -> None:
    operator.post(GET_DIAGNOSTICS, {})
    location = booted.posted[-1][3]["location"]
    booted.wait(seconds=31)
    booted.run_wakes()
    assert diagnostics(operator)[0]["commandState"] == "timed_out"
    assert http.put(f"{location}log", LOG).status == 200
    assert diagnostics(operator)[0]["state"] == "completed"
