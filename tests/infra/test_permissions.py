"""Least privilege: policies are what the recorded calls need (`tests.permissions`, `tests.iam`), no more, no less."""

import pytest

from infra.definitions import FUNCTIONS
from tests.iam import Function
from tests.infra.synthesized import Synthesized
from tests.permissions import recorded


def test_every_function_has_its_calls_on_record() -> None:
    assert {each.function for each in recorded()} == set(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_may_do_what_it_does_and_nothing_else(deployed: Synthesized, varied: Synthesized, name: str) -> None:
    calls = frozenset(each.call for each in recorded() if each.function == name)
    for stack in (deployed, varied):
        function = Function(stack, name)
        needs, allowed = function.needs(calls), function.allowed()
        assert needs - allowed == set(), "missing"
        assert allowed - needs == set(), "unused"


def test_nothing_is_encrypted_with_a_key_that_those_who_read_it_would_need(deployed: Synthesized) -> None:
    """The key of waiting secrets is asked for by calls, which are on record; a key of a resource would be no call."""
    encrypted = {
        "AWS::SQS::Queue": "KmsMasterKeyId",
        "AWS::DynamoDB::GlobalTable": "SSESpecification",
        "AWS::SecretsManager::Secret": "KmsKeyId",
        "AWS::Events::EventBus": "KmsKeyIdentifier",
        "AWS::Lambda::Function": "KmsKeyArn",
    }
    assert not [
        (kind, key) for kind, key in encrypted.items() for properties in deployed.properties(kind) if key in properties
    ]
