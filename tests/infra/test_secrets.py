from infra.definitions import FUNCTIONS, SECRET_ACTIONS
from tests.infra.synthesized import Synthesized, flat, listed


def test_the_key_rotates_and_goes_with_the_stack(deployed: Synthesized) -> None:
    key = deployed.only("AWS::KMS::Key")
    assert key["Properties"]["EnableKeyRotation"] is True
    assert (key["DeletionPolicy"], key["Properties"]["PendingWindowInDays"]) == ("Delete", 7)


def test_who_places_calls_may_encrypt_and_decrypt_with_this_key(deployed: Synthesized) -> None:
    (key,) = deployed.resources("AWS::KMS::Key")
    for name, definition in FUNCTIONS.items():
        allowed = {
            (action, flat(resource))
            for statement in deployed.statements(name)
            for action in listed(statement["Action"])
            for resource in listed(statement["Resource"])
            if action.startswith("kms:")
        }
        expected = {(f"kms:{action}", f"<{key}.Arn>") for action in SECRET_ACTIONS}
        assert allowed == (expected if definition.places_calls else set()), name


def test_every_function_finds_the_key(deployed: Synthesized) -> None:
    (key,) = deployed.resources("AWS::KMS::Key")
    for function in deployed.functions().values():
        assert function["Environment"]["Variables"]["SECRETS_KEY_ID"] == {"Ref": key}
