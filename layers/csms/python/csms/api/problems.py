"""What the API answers when it cannot do as asked: problem details [RFC 9457].

Problem
+-- MalformedRequest       400  cannot be read at all
+-- NotAuthenticated       401  no access token
+-- NotAllowed             403  the token lacks the scope
+-- NotFound               404
+-- MethodNotAllowed       405
+-- Conflict               409  not in the state things are in
+-- UnsupportedMediaType   415
+-- RangeNotSatisfiable    416
+-- InvalidRequest         422  read, but fields are wrong; names them
+-- TooManyRequests        429
+-- InternalError          500  details are in the log only
+-- Unavailable            503  a service behind this one has failed: worth asking again
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any, ClassVar, Final

from aws_lambda_powertools.event_handler import Response

from csms.aws_failures import is_passing

MEDIA_TYPE: Final = "application/problem+json"
_MOST_FINDINGS: Final = 100
_LONGEST_FIELD: Final = 100
"""Names are the client's, and an answer has its limits."""


@dataclass(frozen=True)
class Finding:
    """What is wrong with one field. `field` is a dotted path in the words of the request."""

    field: str
    reason: str


class Problem(Exception):  # noqa: N818  it is an answer, not an error
    """An answer that is not what the caller hoped for."""

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR

    def __init__(self, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = dict(headers or {})

    def document(self) -> dict[str, Any]:
        """The problem details. The type is `about:blank`: the status says which kind it is."""
        return {"type": "about:blank", "title": self.status.phrase, "status": int(self.status), "detail": self.detail}

    def response(self) -> Response[str]:
        """The answer for the resolver."""
        return Response(int(self.status), MEDIA_TYPE, json.dumps(self.document()), headers=dict(self.headers))

    def answer(self) -> dict[str, Any]:
        """The answer for API Gateway, where no resolver is left to make it."""
        return {
            "statusCode": int(self.status),
            "headers": {"Content-Type": MEDIA_TYPE, **self.headers},
            "body": json.dumps(self.document()),
            "isBase64Encoded": False,
        }


class MalformedRequest(Problem):
    """The request cannot be read."""

    status = HTTPStatus.BAD_REQUEST


class NotAuthenticated(Problem):
    """Nobody has vouched for the caller."""

    status = HTTPStatus.UNAUTHORIZED

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


class NotAllowed(Problem):
    """The caller may not do that."""

    status = HTTPStatus.FORBIDDEN


class NotFound(Problem):
    """There is no such thing."""

    status = HTTPStatus.NOT_FOUND


class MethodNotAllowed(Problem):
    """There is such a thing, but it does not take this method."""

    status = HTTPStatus.METHOD_NOT_ALLOWED

    def __init__(self, allowed: Sequence[str]) -> None:
        methods = ", ".join(sorted(allowed))
        super().__init__(f"this takes {methods}", headers={"Allow": methods})


class Conflict(Problem):
    """Not possible in the present state."""

    status = HTTPStatus.CONFLICT


class UnsupportedMediaType(Problem):
    """The body is of a type that the route does not read."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class RangeNotSatisfiable(Problem):
    """The file has none of the bytes asked for."""

    status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE

    def __init__(self, size: int) -> None:
        super().__init__(f"the file has {size} bytes", headers={"Content-Range": f"bytes */{size}"})


class InvalidRequest(Problem):
    """Fields of the request are wrong."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, *findings: Finding) -> None:
        super().__init__("; ".join(f"{finding.field}: {finding.reason}" for finding in findings))
        self.findings = findings

    def document(self) -> dict[str, Any]:
        """The problem details with one entry per wrong field."""
        return {**super().document(), "errors": [asdict(finding) for finding in self.findings]}


class TooManyRequests(Problem):
    """There is no room for another one now."""

    status = HTTPStatus.TOO_MANY_REQUESTS


class InternalError(Problem):
    """Something nobody foresaw; the log knows what."""

    def __init__(self) -> None:
        super().__init__("something went wrong here; the log of this request has the details")


class Unavailable(Problem):
    """A service behind this one is throttled, away, or has failed."""

    status = HTTPStatus.SERVICE_UNAVAILABLE

    def __init__(self) -> None:
        super().__init__("something behind this did not answer in time: ask again", headers={"Retry-After": "1"})


def problem_of(error: Exception) -> Problem:
    """What an exception that nobody has handled is to the caller: something that passes, or a mistake of ours."""
    return Unavailable() if is_passing(error) else InternalError()


def findings_of(errors: Sequence[Any]) -> list[Finding]:
    """Pydantic's errors as findings, the first ones, without the values: they may be secrets."""
    return [Finding(_field(error["loc"]), _reason(error)) for error in errors[:_MOST_FINDINGS]]


def _field(location: Sequence[str | int]) -> str:
    """The path below `body`, `query` or `path`."""
    source, *path = location
    return (".".join(map(str, path)) or str(source))[:_LONGEST_FIELD]


def _reason(error: Mapping[str, Any]) -> str:
    text = str(error.get("msg", error["type"]))
    return text.removeprefix("Value error, ")
