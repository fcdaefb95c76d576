import os

import boto3
import pytest

from local.environment import handler_environment, replaced_environment


def test_no_client_can_reach_a_real_account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "secret",
        "AWS_ENDPOINT_URL_DYNAMODB": "https://dynamodb.eu-west-1.amazonaws.com",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    }.items():
        monkeypatch.setenv(name, value)
    with replaced_environment(handler_environment("http://127.0.0.1:1", "http://127.0.0.1:2/local", "")):
        session = boto3.Session()
        credentials = session.get_credentials()
        assert session.client("dynamodb").meta.endpoint_url == "http://127.0.0.1:1"
        assert credentials is not None
        assert (credentials.access_key, credentials.token) == ("local", None)


def test_the_environment_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    before = dict(os.environ)
    with replaced_environment({"TABLE_NAME": "csms"}):
        assert os.environ["TABLE_NAME"] == "csms"
    assert dict(os.environ) == before


def test_the_policy_for_unknown_charge_points_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UNKNOWN_CHARGE_POINTS", raising=False)
    assert handler_environment("", "", "")["UNKNOWN_CHARGE_POINTS"] == "accept"
    monkeypatch.setenv("UNKNOWN_CHARGE_POINTS", "reject")
    assert handler_environment("", "", "")["UNKNOWN_CHARGE_POINTS"] == "reject"
