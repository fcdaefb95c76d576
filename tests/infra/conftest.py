import pytest

from tests.infra.synthesized import Synthesized


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """The stack as cdk.json describes it."""
    return Synthesized.of(tmp_path_factory.mktemp("deployed"))


@pytest.fixture(scope="session")
def varied(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """The stack with every choice made the other way."""
    return Synthesized.of(
        tmp_path_factory.mktemp("varied"),
        stage="dev",
        removalPolicy="destroy",
        logRetentionDays=7,
        unknownChargePoints="accept",
        createGatewayLogRole="false",
        jwtIssuer="https://issuer.example/realms/csms",
        jwtAudience="console,scripts",
    )
