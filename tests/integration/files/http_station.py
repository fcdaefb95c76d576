"""A station that downloads and uploads: it has a URL and no token of an operator."""

import base64
from dataclasses import dataclass
from typing import Any

from tests.called_station import CalledStation
from tests.integration.files.library import PUBLIC_URL
from tests.lambda_operator import Answer, LambdaOperator


@dataclass
class HttpStation:
    """Sends requests to URLs it was given, at the time its other half has."""

    station: CalledStation

    def get(self, url: str, **headers: str) -> Answer:
        return self._send("GET", url, headers=headers)

    def head(self, url: str) -> Answer:
        return self._send("HEAD", url)

    def put(self, url: str, content: bytes, **headers: str) -> Answer:
        return self._send("PUT", url, content, headers)

    def post(self, url: str, content: bytes, **headers: str) -> Answer:
        return self._send("POST", url, content, headers)

    def _send(
        self, method: str, url: str, content: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        assert url.startswith(f"{PUBLIC_URL}/")
        named: dict[str, Any] = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        body = None if content is None else base64.b64encode(content).decode()
        return LambdaOperator(None, now=self.station.now).send(
            method,
            url.removeprefix(PUBLIC_URL),
            body=body,
            headers={"content-type": "application/octet-stream"} | named,
            is_base64=content is not None,
        )
