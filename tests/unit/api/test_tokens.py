import base64
import json
from typing import Any

import pytest

from csms.api.tokens import is_access_token, verified_claims

SUBJECT = {"iss": "https://issuer.example", "sub": "1"}

ACCESS_TOKENS: dict[str, dict[str, Any]] = {
    "Cognito": {"token_use": "access", "client_id": "app", "scope": "openid"},
    "Cognito, a machine": {"token_use": "access", "client_id": "app", "scope": "csms/read"},
    "RFC 9068": {"typ": "at+jwt", "aud": "api", "client_id": "app"},
    "RFC 9068, whole media type": {"typ": "application/at+jwt", "aud": "api"},
    "Keycloak": {"typ": "Bearer", "azp": "app", "aud": "app", "scope": "openid"},
    "Auth0": {"typ": "JWT", "aud": ["https://api.example", "https://issuer.example/userinfo"], "azp": "app"},
    "Okta": {"aud": "api://csms", "cid": "app", "scp": ["csms/read"]},
    "Entra ID": {"typ": "JWT", "aud": "api", "azp": "app", "azpacr": "0", "scp": "operate"},
    "Entra ID, a machine": {"aud": "api", "azp": "app", "azpacr": "1", "roles": ["csms/admin"]},
    "Entra ID, version 1": {"aud": "api://csms", "appid": "app", "roles": ["csms/admin"]},
    "as the authorizer has it": {"aud": "[api other]", "azp": "app"},
}
OTHER_TOKENS: dict[str, dict[str, Any]] = {
    "Cognito": {"token_use": "id", "aud": "app", "cognito:groups": ["admin"]},
    "Keycloak": {"typ": "ID", "azp": "app", "aud": "app", "at_hash": "x"},
    "Keycloak, to be renewed with": {"typ": "Refresh", "azp": "app", "aud": SUBJECT["iss"], "scope": "openid"},
    "Keycloak, for later": {"typ": "Offline", "azp": "app", "scope": "openid"},
    "RFC 8417": {"typ": "secevent+jwt", "scope": "csms/read"},
    "Auth0": {"typ": "JWT", "aud": "app", "nonce": "n", "roles": ["csms/admin"]},
    "Okta": {"aud": "app", "at_hash": "x", "idp": "00o", "groups": ["csms/admin"]},
    "Entra ID": {"typ": "JWT", "aud": "app", "nonce": "n", "roles": ["csms/admin"], "uti": "u"},
    "Google": {"aud": "app", "azp": "app", "groups": ["csms/admin"]},
    "with a list of audiences": {"aud": ["app", "other"], "azp": "app"},
    "as the authorizer has it": {"aud": "[app other]", "azp": "app"},
    "of a hybrid flow": {"aud": "app", "c_hash": "x", "scope": "openid"},
    "that says nothing": {"aud": "app"},
}


@pytest.mark.parametrize("claims", ACCESS_TOKENS.values(), ids=ACCESS_TOKENS)
def test_an_access_token_is_known_whoever_issued_it(claims: dict[str, Any]) -> None:
    assert is_access_token(SUBJECT | claims)


@pytest.mark.parametrize("claims", OTHER_TOKENS.values(), ids=OTHER_TOKENS)
def test_an_id_token_is_none(claims: dict[str, Any]) -> None:
    assert not is_access_token(SUBJECT | claims)


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def token(claims: object, header: object = None) -> str:
    return f"{part(header or {'alg': 'RS256'})}.{part(claims)}.c2ln"


def request(authorization: str | None, told: dict[str, str] | None) -> dict[str, Any]:
    headers = {} if authorization is None else {"authorization": authorization}
    context = {"authorizer": {"jwt": {"claims": told, "scopes": None}}} if told is not None else {}
    return {"headers": headers, "requestContext": context}


OWN = SUBJECT | {"groups": ["EV admin", "staff"], "exp": 1772715500, "realm_access": {"roles": ["operate"]}}
TOLD = SUBJECT | {"groups": "[EV admin staff]", "exp": "1772715500", "realm_access": '{"roles":["operate"]}'}


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "Bearer  ", ""])
def test_lists_and_nested_claims_are_read_from_the_token_itself(scheme: str) -> None:
    assert verified_claims(request(scheme + token(OWN), TOLD)) == OWN | {"typ": ""}


def test_the_type_in_the_header_of_a_token_is_known_unless_a_claim_says_more() -> None:
    rfc_9068 = verified_claims(request(token(OWN, {"typ": "at+jwt"}), TOLD))
    keycloak = verified_claims(request(token(OWN | {"typ": "ID"}, {"typ": "JWT"}), TOLD | {"typ": "ID"}))
    assert rfc_9068 is not None
    assert keycloak is not None
    assert (rfc_9068["typ"], keycloak["typ"]) == ("at+jwt", "ID")


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer not.a.token",
        "Bearer W10.W10.c2ln",  # lists
        f"Bearer {token(OWN | {'sub': '2'})}",
        f"Bearer {token({'groups': ['admin']})}",
        f"Bearer {token(OWN)},Bearer {token(OWN)}",
        f"Basic {token(OWN)}",
    ],
)
def test_another_token_than_the_authorizer_saw_is_not_believed(authorization: str | None) -> None:
    assert verified_claims(request(authorization, TOLD)) == TOLD


@pytest.mark.parametrize("told", [None, {}])
def test_without_an_authorizer_no_token_is_believed(told: dict[str, str] | None) -> None:
    assert verified_claims(request(f"Bearer {token(OWN)}", told)) is None
