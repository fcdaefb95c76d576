from typing import Any

import pytest

from csms.api.problems import NotAllowed, NotAuthenticated
from csms.api.scopes import RESOURCE_SERVER, Scope, caller_of, granted, require
from csms.settings import Settings
from infra import definitions

POOL = Settings(table_name="t").permissions_claim


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"scope": "csms/read"}, {Scope.READ}),
        ({"scope": "csms/operate csms/read"}, {Scope.READ, Scope.OPERATE}),
        ({"scope": "admin"}, set(Scope)),
        ({"scope": ["csms/operate"]}, {Scope.READ, Scope.OPERATE}),
        ({"cognito:groups": "[read]"}, {Scope.READ}),
        ({"cognito:groups": "[operate auditors]"}, {Scope.READ, Scope.OPERATE}),
        ({"cognito:groups": "[auditors, admin]"}, set(Scope)),
        ({"cognito:groups": ["admin"]}, set(Scope)),
        ({"scope": "aws.cognito.signin.user.admin"}, set()),
        ({"scope": "billing/admin"}, set()),
        ({"scope": "csms:admin"}, set()),
        ({"scp": ["openid", "csms/operate"]}, {Scope.READ, Scope.OPERATE}),  # Okta
        ({"scp": "operate read"}, {Scope.READ, Scope.OPERATE}),  # Entra ID, for people
        ({"roles": ["csms/admin"]}, set(Scope)),  # Entra ID, for machines
        ({"permissions": ["csms/read", "bills/admin"]}, {Scope.READ}),  # Auth0
        ({"groups": ["/csms/operate"]}, {Scope.READ, Scope.OPERATE}),  # Keycloak's path of a subgroup
        ({"groups": ["admin"], "roles": ["admin"], "permissions": ["admin"]}, set()),  # of what?
        ({"scope": "", "cognito:groups": "[]"}, set()),
        ({"scope": 7, "cognito:groups": None}, set()),
        ({}, set()),
    ],
)
def test_scopes_and_groups_grant_what_they_include(claims: dict[str, Any], expected: set[Scope]) -> None:
    assert granted(claims, POOL) == expected


@pytest.mark.parametrize(
    ("path", "claims", "expected"),
    [
        ("groups", {"groups": ["operate", "staff"]}, {Scope.READ, Scope.OPERATE}),
        ("groups", {"groups": ["/admin"]}, set(Scope)),
        ("groups", {"groups": "[operate]"}, {Scope.READ, Scope.OPERATE}),
        ("groups", {"cognito:groups": ["admin"]}, set()),
        ("realm_access.roles", {"realm_access": {"roles": ["admin"]}}, set(Scope)),
        ("realm_access.roles", {"realm_access": '{"roles":["admin"]}'}, set()),
        ("https://csms.example/may", {"https://csms.example/may": "operate"}, {Scope.READ, Scope.OPERATE}),
        ("", {"cognito:groups": ["admin"], "groups": ["csms/read"]}, {Scope.READ}),
    ],
)
def test_a_deployment_names_the_claim_that_is_about_nothing_else(
    path: str, claims: dict[str, Any], expected: set[Scope]
) -> None:
    assert granted(claims, path) == expected


@pytest.mark.parametrize("value", [["EV admin"], "[EV admin]", "EV admin", "[EV admin staff]"])
def test_a_group_with_a_space_in_its_name_is_not_two(value: object) -> None:
    assert granted({"groups": value}, "groups") == set()


@pytest.mark.parametrize("claims", [None, {}, {"token_use": "id", "cognito:groups": "[admin]"}, {"groups": "admin"}])
def test_without_an_access_token_nobody_is_known(claims: dict[str, Any] | None) -> None:
    with pytest.raises(NotAuthenticated):
        require(Scope.READ, claims, POOL)


def test_a_lesser_scope_is_not_enough() -> None:
    with pytest.raises(NotAllowed, match="admin"):
        require(Scope.ADMIN, {"token_use": "access", "scope": "csms/operate"}, POOL)


@pytest.mark.parametrize(
    ("claims", "caller"),
    [
        ({"username": "ada", "sub": "1"}, "ada"),
        ({"sub": "1", "client_id": "machine"}, "1"),
        ({"client_id": "machine"}, "machine"),
        ({}, "unknown"),
    ],
)
def test_the_caller_on_record_is_whom_the_token_names(claims: dict[str, Any], caller: str) -> None:
    assert caller_of(claims) == caller


def test_scopes_are_those_that_are_deployed() -> None:
    assert definitions.RESOURCE_SERVER == RESOURCE_SERVER
    assert tuple(Scope) == definitions.SCOPES
