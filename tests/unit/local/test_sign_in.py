"""The authorization server here checks what Cognito checks: the redirect, the code and the proof that belongs to it."""

import base64
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from socket import socket
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from local.sign_in import Client, SignInError


@dataclass
class Pool:
    """Asks nobody for a password."""

    client_id: str = "people"
    challenge: str = ""
    redirect_url: str = ""
    answers: dict[str, str] = field(default_factory=lambda: {"code": "c0de"})
    """What it sends the browser back with, besides the state."""
    failures: list[Exception] = field(default_factory=list)

    def browse(self, url: str) -> None:
        """A browser with a person before it: it asks for an icon first."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert url.startswith("https://pool.example/oauth2/authorize?")
        assert (asked["response_type"], asked["client_id"], asked["scope"]) == ("code", self.client_id, "openid")
        assert asked["code_challenge_method"] == "S256"
        self.challenge, self.redirect_url = asked["code_challenge"], asked["redirect_uri"]
        parameters = {"state": asked["state"], **self.answers}
        threading.Thread(target=self._return, args=(parameters,), daemon=True).start()

    def _return(self, parameters: dict[str, str]) -> None:
        address = self.redirect_url.replace("localhost", "127.0.0.1")
        try:
            assert httpx.get(f"{address}favicon.ico").status_code == 404
            assert httpx.get(address, params=parameters).status_code == 200
        except Exception as error:  # noqa: BLE001  told to the test
            self.failures.append(error)

    def redeem(self, url: str, data: dict[str, str]) -> httpx.Response:
        proof = base64.urlsafe_b64encode(hashlib.sha256(data["code_verifier"].encode()).digest()).decode().rstrip("=")
        assert url == "https://pool.example/oauth2/token"
        is_right = (proof, data["code"], data["client_id"]) == (self.challenge, "c0de", self.client_id)
        assert data["redirect_uri"] == self.redirect_url
        return httpx.Response(200, json={"access_token": "t0ken"}) if is_right else httpx.Response(400, text="no")


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
    pool = Pool()
    monkeypatch.setattr(httpx, "post", pool.redeem)
    yield pool
    assert not pool.failures


@pytest.fixture
def client() -> Client:
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return Client("https://pool.example", "people", f"http://localhost:{port}/")


def test_a_person_comes_back_with_a_code_that_only_the_program_can_redeem(pool: Pool, client: Client) -> None:
    assert client.token(pool.browse) == "t0ken"


def test_a_code_that_is_not_taken_is_told(pool: Pool, client: Client) -> None:
    pool.answers = {"code": "stolen"}
    with pytest.raises(SignInError, match="no token: 400 no"):
        client.token(pool.browse)


def test_somebody_who_does_not_sign_in_is_told_why(pool: Pool, client: Client) -> None:
    pool.answers = {"error": "access_denied", "error_description": "the user refused"}
    with pytest.raises(SignInError, match="the user refused"):
        client.token(pool.browse)


def test_an_answer_to_another_request_is_not_believed(pool: Pool, client: Client) -> None:
    pool.answers = {"code": "c0de", "state": "forged"}
    with pytest.raises(SignInError, match="not to this request"):
        client.token(pool.browse)
