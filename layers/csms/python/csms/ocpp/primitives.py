"""OCPP's primitive types as pydantic types: lenient in what they read, strict in what they write [S 3.14, 7].

Reading: `null` optional fields, numbers as strings, a timestamp without a zone (UTC), over-long free text (cut).
Writing: `YYYY-MM-DDTHH:MM:SS.mmmZ`.
"""

import math
import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, PlainSerializer
from pydantic.functional_validators import AfterValidator

LARGEST_TRANSACTION_ID: Final = 2**31 - 1
_RFC_3339: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)


def format_timestamp(moment: datetime) -> str:
    """Write an aware datetime the way OCPP and our sort keys want it: UTC, milliseconds, fixed width."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def parse_timestamp(text: str) -> datetime:
    """Read what `format_timestamp` wrote, or any ISO 8601 instant.

    Raises:
        ValueError: not a timestamp.
    """
    return _to_utc(datetime.fromisoformat(text))


def _to_utc(moment: datetime) -> datetime:
    """In UTC and whole milliseconds, which is what is stored: a repetition must equal what was kept."""
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("out of the calendar") from error


def _exact(value: object) -> object:
    """Date, time and zone as [RFC 3339] has them."""
    if isinstance(value, datetime) and value.tzinfo:
        return value
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise ValueError("a date and time with its zone is expected, such as 2026-03-05T12:00:00Z")
    return parse_timestamp(value.upper())


def _not_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a boolean is not a number")
    return value


def _integer_or_none(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = int(value)
    except ValueError:
        return None
    return number if -(2**63) <= number < 2**63 else None


def _rounded(value: object) -> object:
    if isinstance(value, str) and "." in value:
        try:
            value = float(value)
        except ValueError:
            return value
    return round(value) if isinstance(value, float) and math.isfinite(value) else value


def _cut(length: int) -> AfterValidator:
    return AfterValidator(lambda text: text[:length])


def any_spelling_of(enum: type[StrEnum]) -> BeforeValidator:
    """Maps any spelling of a member to that member and keeps what it does not know, cut to 50 characters."""
    canonical = {member.casefold(): member.value for member in enum}

    def normalise(value: object) -> object:
        return canonical.get(value.strip().casefold(), value[:50]) if isinstance(value, str) else value

    return BeforeValidator(normalise)


Timestamp = Annotated[
    datetime, AfterValidator(_to_utc), PlainSerializer(format_timestamp, return_type=str, when_used="json")
]

GivenTimestamp = Annotated[
    datetime,
    BeforeValidator(_exact),
    PlainSerializer(format_timestamp, return_type=str, when_used="json"),
]
"""A timestamp that is sent as it was given: nothing to guess in it."""

Integer = Annotated[int, BeforeValidator(_not_boolean), Field(ge=-(2**63), le=2**63 - 1)]
"""DynamoDB keeps 38 digits; nothing a station counts needs more than 64 bits."""

LenientInteger = Annotated[int | None, BeforeValidator(_integer_or_none)]
"""A number that charge data is not refused for: None when it is no usable one."""

EnergyWh = Annotated[Integer, BeforeValidator(_rounded)]
"""A meter register in Wh; some stations send a fraction, and a bill survives its rounding better than its refusal."""

IdToken = Annotated[str, _cut(50)]
"""CiString20 [S 7.28]. A longer one is never known, so it is kept long enough not to equal one that is."""

Text20 = Annotated[str, _cut(20)]
Text25 = Annotated[str, _cut(25)]
Text50 = Annotated[str, _cut(50)]
Text255 = Annotated[str, _cut(255)]
