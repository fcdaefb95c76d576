from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from csms.ocpp.primitives import EnergyWh, Integer, LenientInteger, Timestamp, format_timestamp, parse_timestamp

MOMENTS = st.datetimes(timezones=st.just(UTC)).map(lambda m: m.replace(microsecond=m.microsecond // 1000 * 1000))


class Model(BaseModel):
    timestamp: Timestamp = datetime(2026, 1, 1, tzinfo=UTC)
    integer: Integer = 0
    energy: EnergyWh = 0
    lenient: LenientInteger = None


@given(MOMENTS)
def test_a_timestamp_survives_and_sorts_as_text(moment: datetime) -> None:
    text = format_timestamp(moment)
    assert parse_timestamp(text) == moment
    assert len(text) == len("2026-01-01T00:00:00.000Z")
    later = min(moment, datetime(9999, 1, 1, tzinfo=UTC)) + timedelta(milliseconds=1)
    assert (format_timestamp(later) > text) == (later > moment)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-05T12:00:00Z", datetime(2026, 3, 5, 12, tzinfo=UTC)),
        ("2026-03-05T12:00:00", datetime(2026, 3, 5, 12, tzinfo=UTC)),
        ("2026-03-05T12:00:00.1234567+01:00", datetime(2026, 3, 5, 11, 0, 0, 123000, tzinfo=UTC)),
        ("2026-03-05 12:00:00-0030", datetime(2026, 3, 5, 12, 30, tzinfo=UTC)),
    ],
)
def test_timestamps_are_read_as_stations_write_them(text: str, moment: datetime) -> None:
    assert Model.model_validate({"timestamp": text}).timestamp == moment


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00", None, []])
def test_what_is_no_timestamp_is_refused(text: object) -> None:
    with pytest.raises(ValidationError):
        Model.model_validate({"timestamp": text})


def test_timestamps_are_written_in_utc_with_milliseconds() -> None:
    berlin = timezone(timedelta(hours=1))
    written = Model(timestamp=datetime(2026, 3, 5, 12, tzinfo=berlin)).model_dump(mode="json")["timestamp"]
    assert written == "2026-03-05T11:00:00.000Z"


@pytest.mark.parametrize("value", [True, 2**63, -(2**63) - 1, "x", 1.5, None, []])
def test_what_is_no_integer_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        Model.model_validate({"integer": value})


@pytest.mark.parametrize(("value", "integer"), [(7, 7), ("7", 7), (7.0, 7)])
def test_integers_are_read_as_stations_write_them(value: object, integer: int) -> None:
    assert Model.model_validate({"integer": value}).integer == integer


@pytest.mark.parametrize(("value", "energy"), [(7, 7), ("7.6", 8), (7.4, 7), ("7", 7), (2**60 + 1, 2**60 + 1)])
def test_a_register_with_a_fraction_is_rounded(value: object, energy: int) -> None:
    assert Model.model_validate({"energy": value}).energy == energy


@pytest.mark.parametrize(
    ("value", "number"), [(7, 7), ("7", 7), (True, None), ("x", None), ([], None), (2**70, None), (-1, -1)]
)
def test_a_lenient_number_is_none_where_it_cannot_be_read(value: object, number: int | None) -> None:
    assert Model.model_validate({"lenient": value}).lenient == number
