import json
from pathlib import Path

import httpx
import pytest

from local.fleet.__main__ import main
from local.fleet.id_tags import MOST_AT_ONCE, IdTagsError, operator_api, provide_id_tags


def api(status: int, body: object) -> tuple[httpx.Client, list[httpx.Request]]:
    """An API that always answers the same, and what it was asked."""
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(status, json=body)

    return httpx.Client(base_url="http://api", transport=httpx.MockTransport(answer)), requests


def test_tags_are_created_in_portions() -> None:
    client, requests = api(200, {"invalid": 0})
    with client:
        provide_id_tags(client, [f"TAG-{n}" for n in range(MOST_AT_ONCE + 1)])
    sent = [tag["idTag"] for request in requests for tag in json.loads(request.content)]
    assert len(requests) == 2
    assert sent == [f"TAG-{n}" for n in range(MOST_AT_ONCE + 1)]


@pytest.mark.parametrize(("status", "body"), [(401, {}), (200, {"invalid": 1})])
def test_a_refusal_says_so(status: int, body: object) -> None:
    client, _ = api(status, body)
    with client, pytest.raises(IdTagsError):
        provide_id_tags(client, ["TAG"])


def test_without_a_running_stack_the_error_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(IdTagsError, match="make run"):
        operator_api("http://127.0.0.1:1", tmp_path / "token")
    (tmp_path / "token").write_text("secret")
    with operator_api("http://127.0.0.1:1", tmp_path / "token") as client, pytest.raises(IdTagsError, match="make run"):
        provide_id_tags(client, ["TAG"])


def test_the_command_says_at_once_that_nothing_listens(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--url", "ws://127.0.0.1:1/ocpp", "--id-tags", "TAG"]) == 2
    assert "make run" in capsys.readouterr().err


def test_the_fleet_looks_for_the_stack_where_this_environment_puts_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("token")
    monkeypatch.setenv("API_PORT", "1")
    monkeypatch.setenv("LOCAL_DIRECTORY", str(tmp_path))
    assert main([]) == 2
    assert "http://127.0.0.1:1" in capsys.readouterr().err
