"""Signs a person in to a deployed system and prints the access token: authorization code with PKCE (RFC 8252, 7636).

`python -m local.sign_in SIGN_IN_URL CLIENT_ID`: what the deployment has put out as SignInUrl and PeopleClientId. The
browser comes back to an address on this machine; the token is all that is written to standard output.
"""

import argparse
import base64
import hashlib
import secrets
import sys
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from infra.definitions import SIGN_IN_URL

_GOODBYE: Final = b"Signed in: this window can be closed.\n"


class SignInError(Exception):
    """Nobody was signed in."""


@dataclass(frozen=True)
class Client:
    """The application that people sign in to, as their pool knows it."""

    sign_in_url: str
    client_id: str
    redirect_url: str = SIGN_IN_URL

    def token(self, open_browser: Callable[[str], object]) -> str:
        """Send the person to the browser and wait for them to come back; their access token.

        Raises:
            SignInError: they refused, or what came back was not asked for.
        """
        state, verifier = secrets.token_urlsafe(), secrets.token_urlsafe(64)
        address = urlsplit(self.redirect_url)
        with _Return(("127.0.0.1", address.port or 0), _Page) as returned:
            open_browser(self._authorize_url(state, verifier))
            while not returned.query:
                returned.handle_request()
        if not secrets.compare_digest(returned.query.get("state", ""), state):
            raise SignInError("the answer is not to this request")
        if "code" not in returned.query:
            raise SignInError(returned.query.get("error_description") or returned.query.get("error", "no code"))
        return self._redeem(returned.query["code"], verifier)

    def _authorize_url(self, state: str, verifier: str) -> str:
        digest = hashlib.sha256(verifier.encode()).digest()
        parameters = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_url,
            "scope": "openid",
            "state": state,
            "code_challenge_method": "S256",
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        }
        return f"{self.sign_in_url}/oauth2/authorize?{urlencode(parameters)}"

    def _redeem(self, code: str, verifier: str) -> str:
        form = {
            "grant_type": "authorization_code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_url,
            "code": code,
            "code_verifier": verifier,
        }
        answer = httpx.post(f"{self.sign_in_url}/oauth2/token", data=form)
        if answer.is_error:
            raise SignInError(f"no token: {answer.status_code} {answer.text}")
        return str(answer.json()["access_token"])


class _Return(HTTPServer):
    """Waits for the browser; what it brought is in `query`."""

    query: dict[str, str] = {}  # noqa: RUF012  replaced, never changed


class _Page(BaseHTTPRequestHandler):
    """What the browser comes back to. Whatever else it asks for (an icon) is not it."""

    server: _Return

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        self.send_response(200 if query else 404)
        self.end_headers()
        self.wfile.write(_GOODBYE if query else b"")
        self.server.query = {name: values[0] for name, values in query.items()}

    def log_message(self, *_: object) -> None:
        """The code is in the path."""


def main() -> None:
    """Print the token."""
    parser = argparse.ArgumentParser(prog="make sign-in", description="Prints an access token of a person.")
    parser.add_argument("sign_in_url", help="the output SignInUrl of the deployment")
    parser.add_argument("client_id", help="the output PeopleClientId")
    arguments = parser.parse_args()
    client = Client(arguments.sign_in_url.rstrip("/"), arguments.client_id)
    try:
        print(client.token(_open))
    except SignInError as error:
        sys.exit(str(error))


def _open(url: str) -> None:
    print(f"Sign in at {url}", file=sys.stderr)
    webbrowser.open(url)


if __name__ == "__main__":
    main()
