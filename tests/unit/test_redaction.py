import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.redaction import REDACTED, is_secret, redact, redact_frame, redact_url, redact_value

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize("key", ["AuthorizationKey", "authorizationkey", "WifiPassword", "ClientSecret", "ModemAPN"])
def test_keys_with_secret_values_are_known_by_their_names(key: str) -> None:
    assert is_secret(key)
    assert redact({"key": key, "value": "hunter2"}) == {"key": key, "value": REDACTED}
    assert redact_value(key, "hunter2") == REDACTED
    assert redact_value(key, None) is None


@pytest.mark.parametrize("key", ["HeartbeatInterval", "AuthorizationCacheEnabled", "LocalAuthListEnabled", ""])
def test_other_values_are_shown(key: str) -> None:
    assert redact({"key": key, "value": "300"}) == {"key": key, "value": "300"}
    assert redact_value(key, "300") == "300"


def test_a_configuration_is_shown_without_the_values_of_secret_keys() -> None:
    shown = redact(
        {
            "configurationKey": [
                {"key": "AuthorizationKey", "readonly": False, "value": "0102"},
                {"key": "apn", "readonly": False},
                {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
            ],
            "unknownKey": ["Password"],
        }
    )
    assert shown["configurationKey"] == [
        {"key": "AuthorizationKey", "readonly": False, "value": REDACTED},
        {"key": "apn", "readonly": False},
        {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
    ]
    assert shown["unknownKey"] == ["Password"]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("ftp://user:pass@host/logs/", "ftp://***@host/logs/"),
        ("ftp://user:p@ss@host/logs/", "ftp://***@host/logs/"),
        ("https://host/a?X-Amz-Signature=abc&part=1", "https://host/a?X-Amz-Signature=***&part=1"),
        ("https://host/a?token=abc#top", "https://host/a?token=***#top"),
        ("https://host/f/Zm9vYmFyYmF6/firmware.bin", "https://host/f/***/firmware.bin"),
        ("https://host/prod/u/Zm9vYmFyYmF6/", "https://host/prod/u/***/"),
        ("https://host/firmware/v1/image.bin", "https://host/firmware/v1/image.bin"),
    ],
)
def test_a_url_is_shown_without_what_it_permits(url: str, shown: str) -> None:
    assert redact_url(url) == shown
    assert redact({"location": f"{url}"}) == {"location": shown}
    assert redact(f"see {url} there") == f"see {shown} there"


def test_an_id_tag_is_shown_whatever_it_looks_like() -> None:
    entry = {"idTag": "tp://a?key=1", "idTagInfo": {"parentIdTag": "http://u:p@h/", "status": "Accepted"}}
    assert redact(entry) == entry


def test_json_within_text_is_redacted_as_well() -> None:
    assert redact({"data": '{"wifi": {"password": "hunter2"}}'}) == {"data": '{"wifi":{"password":"***"}}'}


def test_a_frame_without_secrets_stays_as_it_came() -> None:
    text = '[2, "1",  "Reset", {"type" : "Soft"}]'
    assert redact_frame(text) == text


def test_a_frame_with_a_secret_is_shown_without_it() -> None:
    text = '[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"0102"}]'
    assert redact_frame(text) == '[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"***"}]'


def test_a_frame_that_is_cut_or_no_json_ends_at_the_first_secret_name() -> None:
    assert redact_frame('[3,"1",{"configurationKey":[{"key":"AuthorizationKey","value":"01') == (
        '[3,"1",{"configurationKey":[{"key":"AuthorizationKey***'
    )
    assert redact_frame("ftp://a:b@host and more") == "ftp://***@host and more"


def test_what_nests_too_deep_is_not_shown() -> None:
    value: Any = "end"
    for _ in range(500):
        value = [value]
    assert REDACTED in json.dumps(redact(value))


@given(JSON)
def test_what_is_shown_is_shown_again_unchanged(value: Any) -> None:
    assert redact(redact(value)) == redact(value)


@pytest.mark.parametrize(
    "text", ["http://a@host", "https://host/?key=", "https://host/?key=a", '{"password":1}', '["x",{"secret":0}]']
)
def test_what_hiding_would_make_longer_is_hidden_whole(text: str) -> None:
    assert redact({"value": text}) == {"value": REDACTED}


@given(st.text())
def test_any_text_can_be_shown(text: str) -> None:
    assert isinstance(redact_frame(text), str)
