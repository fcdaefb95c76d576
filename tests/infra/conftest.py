"""The synthesized stack, once for all tests here. The CDK needs Node: without it they are left out, and said to be."""

import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.infra.synthesized import Synthesized

ROTATED = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"
HAS_NODE = shutil.which("node") is not None
collect_ignore_glob = [] if HAS_NODE else ["test_*.py"]

if HAS_NODE:
    from tests.infra.synthesized import Synthesized


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not HAS_NODE:
        terminalreporter.line("tests/infra and the deployment were left out: the CDK needs Node on the PATH")


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> "Synthesized":
    """The stack as cdk.json describes it."""
    return Synthesized.of(tmp_path_factory.mktemp("deployed"))


@pytest.fixture(scope="session")
def varied(tmp_path_factory: pytest.TempPathFactory) -> "Synthesized":
    """The stack with every choice made the other way."""
    return Synthesized.of(
        tmp_path_factory.mktemp("varied"),
        stage="dev",
        removalPolicy="destroy",
        logRetentionDays=7,
        unknownChargePoints="accept",
        publicUrl="http://files.example",
        domainName="ocpp.example",
        certificateArn="arn:aws:acm:us-east-1:123456789012:certificate/of-three-names",
        plainEdge="true",
        plainDomainName="plain.example",
        mtlsDomainName="mtls.example",
        mtlsTrustStore="s3://authorities/stations.pem?versionId=second",
        edgeSecretVersions=f"mtls={ROTATED}",
        webAclArn="arn:aws:wafv2:us-east-1:123456789012:global/webacl/stations/1",
        functionMemoryMb="message=1024",
        consumerConcurrency="dispatch_calls=200",
        snapStart="connect,operator_api,dispatch_calls,sweep,plan_charging",
        createGatewayLogRole="false",
        tracing="true",
        alarmEmail="operations@example.com",
        offlineAlarmPercent="5",
        monthlyBudgetUsd="500",
        backupDays="90",
        jwtIssuer="https://issuer.example/realms/csms",
        jwtAudience="console,scripts",
        permissionsClaim="realm_access.roles",
        consoleUrls="https://console.example/signed-in,http://localhost:3000/",
    )
