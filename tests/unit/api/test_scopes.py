from typing import Any

import pytest

from csms.api.problems import NotAllowed, NotAuthenticated
from csms.api.scopes import RESOURCE_SERVER, Scope, caller_of, granted, require
from infra import definitions


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
        ({"cognito:groups": "[csms/admin]"}, set()),
        ({"scope": "", "cognito:groups": "[]"}, set()),
        ({"scope": 7, "cognito:groups": None}, set()),
        ({}, set()),
    ],
)
def test_scopes_and_groups_grant_what_they_include(claims: dict[str, Any], expected: set[Scope]) -> None:
    assert granted(claims) == expected


@pytest.mark.parametrize("claims", [None, {}, {"token_use": "id", "cognito:groups": "[admin]"}])
def test_without_an_access_token_nobody_is_known(claims: dict[str, Any] | None) -> None:
    with pytest.raises(NotAuthenticated):
        require(Scope.READ, claims)


def test_an_issuer_that_does_not_say_what_its_token_is_for_is_believed() -> None:
    require(Scope.READ, {"scope": "csms/read"})


def test_a_lesser_scope_is_not_enough() -> None:
    with pytest.raises(NotAllowed, match="admin"):
        require(Scope.ADMIN, {"token_use": "access", "scope": "csms/operate"})


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
