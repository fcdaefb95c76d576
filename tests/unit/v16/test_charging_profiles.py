import json
from typing import Any

import pytest
from pydantic import ValidationError

from csms.v16.charging_profiles import ChargingProfile, ChargingSchedulePeriod, with_profile_id


def period(limit: str) -> ChargingSchedulePeriod:
    return ChargingSchedulePeriod.model_validate_json(f'{{"startPeriod":0,"limit":{limit}}}')


@pytest.mark.parametrize("limit", ["0.1", "6.1", "16.3", "0.7", "32", "-5", "1e15", "100000.9", "1e300"])
def test_every_limit_with_one_decimal_can_be_sent_whatever_binary_fractions_make_of_it(limit: str) -> None:
    assert period(limit).limit == float(limit)


@pytest.mark.parametrize("limit", ["NaN", "Infinity", "0.01", "1e-7", '"6.0"', "true"])
def test_no_other_limit_can_be_sent(limit: str) -> None:
    with pytest.raises(ValidationError):
        period(limit)


def test_an_integer_is_one_that_every_station_can_read() -> None:
    profile: dict[str, Any] = {
        "chargingProfileId": 2**31 - 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6}]},
    }
    ChargingProfile.model_validate_json(json.dumps(profile))
    with pytest.raises(ValidationError):
        ChargingProfile.model_validate_json(json.dumps(profile | {"chargingProfileId": 2**31}))


def test_an_id_is_filled_in_only_where_there_is_none() -> None:
    assert with_profile_id({"p": {"chargingProfileId": 0, "a": 1}}, "p") == {"p": {"chargingProfileId": 0, "a": 1}}
    assert with_profile_id({"other": 1}, "p") == {"other": 1}
    made = {with_profile_id({"p": {}}, "p")["p"]["chargingProfileId"] for _ in range(100)}
    assert len(made) == 100
    assert all(0 < number < 2**31 for number in made)
