import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.redaction import (
    REDACTED,
    blot,
    hide_texts,
    is_secret,
    redact,
    redact_frame,
    redact_url,
    redact_value,
    secrets_in,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "key",
    [
        *("AuthorizationKey", "authorizationkey", "Authorization_Key", "WifiPassword", "ClientSecret", "ModemAPN"),
        *("WifiPassphrase", "HttpProxyPwd", "MqttToken", "TlsPrivateKey", "api-key", "WifiPSK", "ftpCredentials"),
    ],
)
def test_keys_with_secret_values_are_known_by_their_names(key: str) -> None:
    assert is_secret(key)
    assert redact({"key": key, "value": "hunter2"}) == {"key": key, "value": REDACTED}
    assert redact_value(key, "hunter2") == REDACTED
    assert redact_value(key, None) is None


@pytest.mark.parametrize(
    "key",
    [
        *("HeartbeatInterval", "AuthorizationCacheEnabled", "LocalAuthListEnabled", "WebSocketPingInterval", ""),
        *("ChargeProfileMaxStackLevel", "ConnectorPhaseRotation", "SupportedFileTransferProtocols", "KeyLength"),
    ],
)
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
        ("ftp://user:pa/ss@host/logs/", "ftp://***@host/logs/"),
        ("ftp://user:pa ss@host/", "ftp://***@host/"),
        ("ftp://user:pa#ss@host/", "ftp://***@host/"),
        ("ftp://user:pa?ss@host/", "ftp://***@host/"),
        ("ftp://user:pa'ss@host/", "ftp://***@host/"),
        ('ftp://user:p@s"s w@host/', "ftp://***@host/"),
        ("ftp://password@host/x", "ftp://***@host/x"),
        ("sftp:user:password@host", "sftp:***@host"),
        ("https://host:8080/logs/", "https://host:8080/logs/"),
        ("https://host/x?sas=abcd", "https://host/x?sas=***"),
        ("https://host/x?auth=abcd", "https://host/x?auth=***"),
        ("https://host/x?access_code=abcd", "https://host/x?access_code=***"),
        ("https://host/x?a=1&pwd=abcd", "https://host/x?a=1&pwd=***"),
        ("https://host/x#token=abcd", "https://host/x#token=***"),
        ("https://host/x?size=10&part=2#top", "https://host/x?size=10&part=2#top"),
    ],
)
def test_a_url_is_shown_without_what_it_permits(url: str, shown: str) -> None:
    assert redact({"location": f"{url}"}) == {"location": shown}
    assert redact(f"see {url} there") == f"see {shown} there"


def test_an_id_tag_is_shown_whatever_it_looks_like() -> None:
    entry = {"idTag": "tp://a?key=1", "idTagInfo": {"parentIdTag": "http://u:p@h/", "status": "Accepted"}}
    assert redact(entry) == entry


def test_a_path_is_shown_without_what_it_permits() -> None:
    assert redact_url("/f/Zm9vYmFyYmF6/firmware.bin") == "/f/***/firmware.bin"
    assert redact_url("/charge-points/CP001") == "/charge-points/CP001"


@pytest.mark.parametrize(
    "entry",
    [
        {"key": "AuthorizationKey", "Value": "hidden"},
        {"Key": "AuthorizationKey", "VALUE": "hidden"},
        {"KEY ": "AuthorizationKey", " value": "hidden"},
        {"key": ["AuthorizationKey"], "value": "hidden"},
        {"key": "HeartbeatInterval", "Key": "WifiPassword", "value": "hidden"},
        {"key": "AuthorizationKey", "value": {"is": ["hidden"]}},
        {"PASSWORD": "hidden"},
        {"data": "user=me&password=hidden"},
        {"data": "user=me, Wifi.Passphrase=hidden"},
    ],
)
def test_a_secret_is_known_however_its_name_is_written(entry: dict[str, Any]) -> None:
    shown = json.dumps(redact({"configurationKey": [entry]}))
    assert "hidden" not in shown
    assert REDACTED in shown


@pytest.mark.parametrize(
    ("said", "repeated"),
    [
        ({"key": "AuthorizationKey", "value": "Geheim-0001"}, "bad value Geheim-0001"),
        ({"key": "AuthorizationKey", "value": "Geheim-0001"}, "GEHEIM-0001 is too short"),
        ({"key": "AuthorizationKey", "value": "Geheim-0001"}, {"Geheim-0001": ["x", {"is": "Geheim-0001"}]}),
        ({"key": "AuthorizationKey", "value": "Geheim-0001"}, f"got {b'Geheim-0001'.hex().upper()}"),
        ({"key": "AuthorizationKey", "value": "12345678"}, {"value": 12345678}),
        ({"location": "ftp://user:Geheim-0001@host/"}, "530 login incorrect: user/Geheim-0001"),
        ({"location": "https://host/?sig=Geheim-0001&part=1"}, "403 for Geheim-0001"),
        ({"data": '{"wifi": {"password": "Geheim-0001"}}'}, "cannot join with Geheim-0001"),
        ({"data": {"password": {"old": "Geheim-0001"}}}, "not Geheim-0001"),
    ],
)
def test_what_was_hidden_is_hidden_where_it_is_repeated(said: dict[str, Any], repeated: Any) -> None:
    shown = json.dumps(blot(repeated, secrets_in(said, redact(said))))
    for secret in ("Geheim-0001", "geheim-0001", b"Geheim-0001".hex(), "12345678"):
        assert secret.casefold() not in shown.casefold()


def test_what_was_not_hidden_is_shown_where_it_is_repeated() -> None:
    said = {"key": "AuthorizationKey", "value": "ab", "location": "ftp://u:Geheim-0001@host/logs/"}
    secrets = secrets_in(said, redact(said))
    assert blot({"status": "Rejected", "info": "ab of host/logs/"}, secrets) == {
        "status": "Rejected",
        "info": "ab of host/logs/",
    }
    assert blot(["same", 1, None], frozenset()) == ["same", 1, None]


def test_an_answer_can_be_shown_without_any_text_but_what_is_named() -> None:
    answer = {"status": "Rejected", "info": {"text": "Geheim", "code": 5, "all": ["x", None]}}
    assert hide_texts(answer, {"status", "Rejected", "info", "code", "all"}) == {
        "status": "Rejected",
        "info": {"***": "***", "code": 5, "all": ["***", None]},
    }


@given(JSON, JSON)
def test_anything_can_be_blotted(value: Any, other: Any) -> None:
    blot(other, secrets_in(value, redact(value)))


def test_json_within_text_is_redacted_as_well() -> None:
    assert redact({"data": '{"wifi": {"password": "hunter2"}}'}) == {"data": '{"wifi":{"password":"***"}}'}


def test_a_frame_without_secrets_stays_as_it_came() -> None:
    text = '[2, "1",  "Reset", {"type" : "Soft"}]'
    assert redact_frame(text) == text


def test_a_frame_with_a_secret_is_shown_without_it() -> None:
    text = '[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"0102"}]'
    assert redact_frame(text) == '[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"***"}]'


@pytest.mark.parametrize("escaped", [r"\ud800", r"\udfff\ud800", r"a\ud83dz"])
def test_what_is_shown_can_be_written_whatever_was_escaped(escaped: str) -> None:
    secret = f'{{"password":"1234","{escaped}":"{escaped}"}}'
    assert redact_frame(secret).encode().startswith(b'{"password":"***","')
    assert json.dumps(redact({"data": secret}), ensure_ascii=False).encode()


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
