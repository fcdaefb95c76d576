import json

import pytest

from csms.edge import Edge
from infra.config import Config, InvalidContextError
from tests.infra.conftest import ROTATED

CERTIFICATE = {"certificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1"}
DOMAIN = {"domainName": "ocpp.example.com", **CERTIFICATE}
MTLS = {"mtlsDomainName": "mtls.example.com", "mtlsTrustStore": "s3://authorities/stations.pem", **CERTIFICATE}


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"edge": "false"},
        {"edgeOnly": "true"},
        {"plainEdge": "true"},
        DOMAIN,
        MTLS,
        {**DOMAIN, **MTLS, "plainEdge": True, "plainDomainName": "plain.example.com"},
        {**MTLS, "mtlsTrustStore": "ts_2Xa-9"},
        {"firewallRate": "500", "webAclArn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/a/b"},
    ],
    ids=json.dumps,
)
def test_what_fits_together_is_accepted(context: dict[str, object]) -> None:
    Config.from_context(context)


@pytest.mark.parametrize(
    ("context", "complaint"),
    [
        ({"domainName": "ocpp.example.com"}, "certificateArn and a domain name are given together"),
        (CERTIFICATE, "certificateArn and a domain name are given together"),
        ({**DOMAIN, "domainName": "https://ocpp.example.com"}, "domainName: String should match pattern"),
        ({**DOMAIN, "domainName": "localhost"}, "domainName: String should match pattern"),
        (
            {**DOMAIN, "certificateArn": "arn:aws:acm:eu-central-1:123456789012:certificate/1"},
            "certificateArn: String should match pattern '^arn:aws[a-z-]*:acm:us-east-1:",
        ),
        ({**DOMAIN, "plainDomainName": "plain.example.com"}, "plainDomainName is for plainEdge"),
        ({"mtlsTrustStore": "s3://a/b"}, "mtlsTrustStore and mtlsDomainName are given together"),
        ({**MTLS, "mtlsTrustStore": None}, "mtlsTrustStore and mtlsDomainName are given together"),
        ({**MTLS, "mtlsTrustStore": "s3://authorities"}, "mtlsTrustStore: String should match pattern"),
        ({**DOMAIN, **MTLS, "mtlsDomainName": "ocpp.example.com"}, "each distribution has a domain name of its own"),
        ({"edge": "false", "edgeOnly": "true"}, "edge is off: what else is said about it needs it"),
        ({"edge": "false", **DOMAIN}, "edge is off: what else is said about it needs it"),
        (
            {"webAclArn": "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/a/b"},
            "webAclArn: String should match pattern '^arn:aws[a-z-]*:wafv2:us-east-1:",
        ),
        ({"firewallRate": 9}, "firewallRate: Input should be greater than or equal to 10"),
        (
            {"edgeSecretVersions": f"tls={ROTATED}"},
            "edgeSecretVersions.tls.[key]: Input should be 'wss', 'ws' or 'mtls'",
        ),
        ({"edgeSecretVersions": "wss=1"}, "edgeSecretVersions.wss: String should match pattern"),
        ({"wssEdgeSecretId": "mine"}, "wssEdgeSecretId: Input should be ''"),
    ],
)
def test_what_does_not_is_refused_by_the_name_of_its_key(context: dict[str, object], complaint: str) -> None:
    with pytest.raises(InvalidContextError) as caught:
        Config.from_context(context)
    assert complaint in str(caught.value)


def test_versions_of_secrets_are_listed_by_distribution() -> None:
    other = ROTATED.replace("3", "4")
    for versions in (f"wss={ROTATED}, mtls={other}", {"wss": ROTATED, "mtls": other}):
        config = Config.from_context({"edgeSecretVersions": versions})
        assert config.edge_secret_versions == {Edge.WSS: ROTATED, Edge.MTLS: other}
