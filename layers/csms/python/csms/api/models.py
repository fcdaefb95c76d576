"""What requests and answers are made of: snake_case here, camelCase on the wire, OCPP's words where OCPP has one."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Generic, TypeVar
from urllib.parse import unquote

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from csms.ocpp.primitives import LARGEST_TRANSACTION_ID, Timestamp

T = TypeVar("T")

_DEEPEST: Final = 64
_TOO_DEEP: Final = "(nested too deep to be shown)"
PRINTABLE: Final = r"^[^\x00-\x1f\x7f]+$"


_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def _written_out(value: Any) -> Any:
    """Not seconds since 1970, which pydantic takes as well, also in quotes."""
    if not isinstance(value, date) and not (isinstance(value, str) and _DATE.match(value)):
        raise ValueError("a day is written as 2026-03-05, a moment as 2026-03-05T12:00:00Z")
    return value


Day = Annotated[date, BeforeValidator(_written_out)]
Moment = Annotated[Timestamp, BeforeValidator(_written_out), WithJsonSchema({"type": "string", "format": "date-time"})]
OF_OUR_TIMES: Final = Field(ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(2200, 1, 1, tzinfo=UTC))
"""Far enough from both ends of the calendar to reckon with."""
QueryMoment = Annotated[Moment, OF_OUR_TIMES]
ShortText = Annotated[str, Field(min_length=1, max_length=100, pattern=PRINTABLE)]
Flag = Annotated[bool, Field(strict=True)]
"""Nothing that merely looks like true or false."""
MOST_GROUPS: Final = 100
Groups = Annotated[tuple[ShortText, ...], Field(max_length=MOST_GROUPS)]
LongText = Annotated[str, Field(min_length=1, max_length=500)]
IdTagText = Annotated[str, Field(min_length=1, max_length=20, pattern=PRINTABLE)]
"""CiString20 [S 7.28]."""

PathIdentity = Annotated[
    str,
    AfterValidator(unquote),
    Path(description="Identity of the charge point, percent-encoded; its case is ignored."),
]
PathTransaction = Annotated[int, Path(ge=1, le=LARGEST_TRANSACTION_ID, description="Transaction id.")]


class RequestModel(BaseModel):
    """A request body; a field it does not know is a mistake, not a wish to ignore."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid", hide_input_in_errors=True
    )


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema["properties"].values():
        field.pop("default", None)


class ChangesModel(RequestModel):
    """The body of a PATCH: what is left out is not set to any default, so the document names none."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)


def _bounded(value: Any, depth: int = _DEEPEST) -> Any:
    if not isinstance(value, dict | list):
        return value
    if depth == 0:
        return _TOO_DEEP
    if isinstance(value, list):
        return [_bounded(inner, depth - 1) for inner in value]
    return {name: _bounded(inner, depth - 1) for name, inner in value.items()}


AsSent = BeforeValidator(_bounded)
"""JSON of a station, but for what is nested deeper than any writer of JSON follows."""


class View(BaseModel):
    """What an answer shows of something."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, hide_input_in_errors=True)


class Page(View, Generic[T]):
    """A page of a list."""

    items: list[T]
    cursor: str | None = Field(description="Where the next page begins; null on the last one.")
