from tests.infra.synthesized import Synthesized


def test_the_key_rotates_and_goes_with_the_stack(deployed: Synthesized) -> None:
    key = deployed.only("AWS::KMS::Key")
    assert key["Properties"]["EnableKeyRotation"] is True
    assert (key["DeletionPolicy"], key["Properties"]["PendingWindowInDays"]) == ("Delete", 7)


def test_every_function_finds_the_key(deployed: Synthesized) -> None:
    (key,) = deployed.resources("AWS::KMS::Key")
    for function in deployed.functions().values():
        assert function["Environment"]["Variables"]["SECRETS_KEY_ID"] == {"Ref": key}
