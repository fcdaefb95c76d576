"""The distributions in front of the APIs. What their functions do is tested in JavaScript: tests/edge."""

from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk.assertions import Template

from csms.edge import ADDRESS_HEADER, EDGE_HEADER, PROOF_HEADER, RESERVED_HEADERS, SUBJECT_HEADER, Edge
from infra.config import Config
from infra.constructs.edge import Distributions
from infra.firewall import FirewallStack
from tests.infra.conftest import ROTATED
from tests.infra.synthesized import Properties, Synthesized, flat, listed

ALL_VIEWER_EXCEPT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"


def distributions(stack: Synthesized) -> dict[Edge, Properties]:
    """The configuration of each distribution by what it says it is."""
    configs = [each["DistributionConfig"] for each in stack.properties("AWS::CloudFront::Distribution")]
    return {Edge(proofs(stack, config)[EDGE_HEADER]): config for config in configs}


def origin(config: Properties, behavior: Properties) -> Properties:
    (found,) = [origin for origin in config["Origins"] if origin["Id"] == behavior["TargetOriginId"]]
    properties: Properties = found
    return properties


def proofs(stack: Synthesized, config: Properties) -> dict[str, str]:
    headers = origin(config, config["DefaultCacheBehavior"])["OriginCustomHeaders"]
    return {header["HeaderName"]: flat(header["HeaderValue"]) for header in headers}


def behaviors(config: Properties) -> dict[str, Properties]:
    others = {behavior["PathPattern"]: behavior for behavior in config.get("CacheBehaviors", [])}
    return {"*": config["DefaultCacheBehavior"], **others}


def code(stack: Synthesized, behavior: Properties) -> dict[str, str]:
    """The source behind a behavior by event."""
    functions = stack.resources("AWS::CloudFront::Function")
    return {
        each["EventType"]: functions[each["FunctionARN"]["Fn::GetAtt"][0]]["Properties"]["FunctionCode"]
        for each in behavior.get("FunctionAssociations", [])
    }


def host(stack: Synthesized, protocol: str) -> str:
    (name,) = [
        name
        for name, api in stack.resources("AWS::ApiGatewayV2::Api").items()
        if api["Properties"]["ProtocolType"] == protocol
    ]
    return f"<{name}>.execute-api.<AWS::Region>.<AWS::URLSuffix>"


def test_by_default_there_is_the_one_for_tls(deployed: Synthesized) -> None:
    assert set(distributions(deployed)) == {Edge.WSS}


def test_charge_points_without_tls_and_those_with_a_certificate_have_one_each(varied: Synthesized) -> None:
    assert set(distributions(varied)) == set(Edge)


@pytest.mark.parametrize(
    ("edge", "policy"), [(Edge.WSS, "https-only"), (Edge.WS, "allow-all"), (Edge.MTLS, "https-only")]
)
def test_everything_of_a_distribution_admits_what_it_says(varied: Synthesized, edge: Edge, policy: str) -> None:
    found = behaviors(distributions(varied)[edge]).values()
    assert {behavior["ViewerProtocolPolicy"] for behavior in found} == {policy}


def test_paths_lead_to_their_apis(varied: Synthesized) -> None:
    leads = {
        edge: {path: flat(origin(config, behavior)["DomainName"]) for path, behavior in behaviors(config).items()}
        for edge, config in distributions(varied).items()
    }
    charge_points, operators = host(varied, "WEBSOCKET"), host(varied, "HTTP")
    files = {"/f/*": operators, "/u/*": operators}
    assert leads == {
        Edge.WSS: {"*": charge_points, "/api/*": operators, **files},
        Edge.WS: {"*": charge_points, **files},  # no tokens of operators without TLS
        Edge.MTLS: {"*": charge_points},
    }


def test_origins_are_reached_over_tls_only(varied: Synthesized) -> None:
    for config in distributions(varied).values():
        for each in config["Origins"]:
            assert each["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
            assert each["CustomOriginConfig"]["OriginSSLProtocols"] == ["TLSv1.2"]
            assert "OriginPath" not in each


def test_nothing_is_cached_not_even_an_error(varied: Synthesized) -> None:
    for config in distributions(varied).values():
        assert {behavior["CachePolicyId"] for behavior in behaviors(config).values()} == {CACHING_DISABLED}
        errors = {error["ErrorCode"]: error["ErrorCachingMinTTL"] for error in config["CustomErrorResponses"]}
        assert errors == dict.fromkeys((400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504), 0)


@pytest.mark.parametrize("edge", [Edge.WSS, Edge.WS])
def test_apis_see_all_that_viewers_send_but_their_host(varied: Synthesized, edge: Edge) -> None:
    found = behaviors(distributions(varied)[edge]).values()
    assert {behavior["OriginRequestPolicyId"] for behavior in found} == {ALL_VIEWER_EXCEPT_HOST}


def test_of_a_station_with_a_certificate_the_api_sees_that_and_what_a_handshake_takes(varied: Synthesized) -> None:
    behavior = distributions(varied)[Edge.MTLS]["DefaultCacheBehavior"]
    policy = varied.resources("AWS::CloudFront::OriginRequestPolicy")[behavior["OriginRequestPolicyId"]["Ref"]]
    config = policy["Properties"]["OriginRequestPolicyConfig"]
    assert config["HeadersConfig"]["HeaderBehavior"] == "whitelist"
    headers = {header.lower() for header in config["HeadersConfig"]["Headers"]}
    assert headers >= {SUBJECT_HEADER, ADDRESS_HEADER, "sec-websocket-key", "sec-websocket-protocol"}
    assert not headers & {"host", "authorization", EDGE_HEADER, PROOF_HEADER}
    assert len(headers) <= 10
    assert config["QueryStringsConfig"] == {"QueryStringBehavior": "all"}
    assert config["CookiesConfig"] == {"CookieBehavior": "none"}


def test_every_distribution_has_a_secret_of_its_own_that_is_nowhere_in_clear(varied: Synthesized) -> None:
    secrets = varied.resources("AWS::SecretsManager::Secret")
    presented = {edge: proofs(varied, config)[PROOF_HEADER] for edge, config in distributions(varied).items()}
    assert len(set(presented.values())) == len(secrets) == len(Edge)
    for edge, reference in presented.items():
        assert reference.startswith("{{resolve:secretsmanager:<")
        name = reference.split("<")[1].split(">")[0]
        properties = secrets[name]["Properties"]
        assert properties["GenerateSecretString"]["PasswordLength"] >= 32
        assert "SecretString" not in properties
        variables = [f["Environment"]["Variables"] for f in varied.functions().values()]
        assert {flat(each[f"{edge.upper()}_EDGE_SECRET_ID"]) for each in variables} == {f"<{name}>"}


def test_only_handshakes_present_it(varied: Synthesized) -> None:
    for config in distributions(varied).values():
        presenting = [each["Id"] for each in config["Origins"] if each.get("OriginCustomHeaders")]
        assert presenting == [config["DefaultCacheBehavior"]["TargetOriginId"]]


def test_a_rotated_secret_is_a_change_of_its_distribution_alone(varied: Synthesized) -> None:
    presented = {edge: proofs(varied, config)[PROOF_HEADER] for edge, config in distributions(varied).items()}
    assert [edge for edge, reference in presented.items() if reference.endswith(f":SecretString:::{ROTATED}}}}}")] == [
        Edge.MTLS
    ]


def test_connect_alone_reads_the_secrets(varied: Synthesized) -> None:
    secrets = {f"<{name}>" for name in varied.resources("AWS::SecretsManager::Secret")}
    readers = {
        (name, flat(resource))
        for name in varied.functions()
        for statement in varied.statements(name)
        for resource in listed(statement["Resource"])
        if "secretsmanager:GetSecretValue" in listed(statement["Action"])
    }
    assert readers == {("connect", secret) for secret in secrets}


def test_the_functions_are_filled_in(varied: Synthesized) -> None:
    reserved = {}
    for edge, config in distributions(varied).items():
        found = code(varied, config["DefaultCacheBehavior"])
        assert set(found) == {"viewer-request"}
        source = found["viewer-request"]
        assert "const STAGE = 'dev';" in source
        assert f"const ADDRESS = '{ADDRESS_HEADER}';" in source
        assert "'$" not in source
        reserved[edge] = source.split("const RESERVED = '")[1].split("'")[0].split()
    everything = list(RESERVED_HEADERS)
    assert reserved == {Edge.WSS: everything, Edge.WS: everything, Edge.MTLS: ["x-csms-"]}


def test_the_prefix_of_the_operators_api_goes_away_and_comes_back(varied: Synthesized) -> None:
    found = code(varied, behaviors(distributions(varied)[Edge.WSS])["/api/*"])
    assert set(found) == {"viewer-request", "viewer-response"}
    assert len(set(found.values())) == 1


def test_functions_run_in_the_runtime_they_are_written_for(varied: Synthesized) -> None:
    for function in varied.properties("AWS::CloudFront::Function"):
        assert function["FunctionConfig"]["Runtime"] == "cloudfront-js-2.0"
        assert function["AutoPublish"] is True


def test_certificates_of_stations_are_required_and_looked_up_in_the_trust_store(varied: Synthesized) -> None:
    found = distributions(varied)
    (name,) = varied.resources("AWS::CloudFront::TrustStore")
    assert found[Edge.MTLS]["ViewerMtlsConfig"] == {
        "Mode": "required",
        "TrustStoreConfig": {"TrustStoreId": {"Fn::GetAtt": [name, "Id"]}},
    }
    assert found[Edge.MTLS]["HttpVersion"] == "http2"
    assert not [edge for edge, config in found.items() if edge is not Edge.MTLS and "ViewerMtlsConfig" in config]
    store = varied.only("AWS::CloudFront::TrustStore")["Properties"]
    assert store["CaCertificatesBundleSource"]["CaCertificatesBundleS3Location"] == {
        "Bucket": "authorities",
        "Key": "stations.pem",
        "Region": {"Ref": "AWS::Region"},
        "Version": "second",
    }


def test_the_same_stack_can_be_in_two_regions(varied: Synthesized) -> None:
    """These have names in all regions together."""
    policy = varied.only("AWS::CloudFront::OriginRequestPolicy")["Properties"]["OriginRequestPolicyConfig"]
    store = varied.only("AWS::CloudFront::TrustStore")["Properties"]
    functions = varied.properties("AWS::CloudFront::Function")
    for named in (policy, store, *functions):
        assert "<AWS::Region>" in flat(named["Name"])


def test_domains_of_ones_own_come_with_their_certificate_and_modern_tls(varied: Synthesized) -> None:
    found = distributions(varied)
    assert {edge: config["Aliases"] for edge, config in found.items()} == {
        Edge.WSS: ["ocpp.example"],
        Edge.WS: ["plain.example"],
        Edge.MTLS: ["mtls.example"],
    }
    for config in found.values():
        assert config["ViewerCertificate"]["AcmCertificateArn"].endswith("/of-three-names")
        assert config["ViewerCertificate"]["MinimumProtocolVersion"].startswith("TLSv1.2")
        assert config["ViewerCertificate"]["SslSupportMethod"] == "sni-only"


def test_the_web_acl_guards_all_of_them(deployed: Synthesized, varied: Synthesized) -> None:
    assert {config["WebACLId"].rpartition(":")[2] for config in distributions(varied).values()} == {
        "global/webacl/stations/1"
    }
    assert "WebACLId" not in distributions(deployed)[Edge.WSS]


def test_the_outputs_say_where_charge_points_connect_and_what_domains_point_at(
    deployed: Synthesized, varied: Synthesized
) -> None:
    def outputs(stack: Synthesized) -> dict[str, str]:
        return {name: flat(value["Value"]) for name, value in stack.template["Outputs"].items() if "Edge" in name}

    (name,) = deployed.resources("AWS::CloudFront::Distribution")
    (secret,) = deployed.resources("AWS::SecretsManager::Secret")
    assert outputs(deployed) == {
        "WssEdgeUrl": f"wss://<{name}.DomainName>/ocpp/",
        "EdgeApiUrl": f"https://<{name}.DomainName>/api",
        "WssEdgeSecretId": f"<{secret}>",
    }
    found = outputs(varied)
    assert {name: url for name, url in found.items() if name.endswith("Url")} == {
        "WssEdgeUrl": "wss://ocpp.example/ocpp/",
        "WsEdgeUrl": "ws://plain.example/ocpp/",
        "MtlsEdgeUrl": "wss://mtls.example/ocpp/",
        "EdgeApiUrl": "https://ocpp.example/api",
    }
    assert all(found[name].endswith(".DomainName>") for name in ("WssEdgeTarget", "WsEdgeTarget", "MtlsEdgeTarget"))


def bare(**context: Any) -> tuple[Distributions, Template]:
    stack = Stack(App(), "Bare")
    edge = Distributions(stack, "Edge", Config.from_context(context), "charge-points.example", "operators.example")
    return edge, Template.from_stack(stack)


def test_there_can_be_none() -> None:
    edge, template = bare(edge="false")
    assert (edge.url, edge.secret_ids) == (None, {})
    assert not template.to_json().get("Resources")


def test_a_trust_store_that_exists_is_used_as_it_is() -> None:
    certificate = "arn:aws:acm:us-east-1:123456789012:certificate/1"
    _, template = bare(mtlsDomainName="mtls.example", mtlsTrustStore="ts_1a2b", certificateArn=certificate)
    template.resource_count_is("AWS::CloudFront::TrustStore", 0)
    template.has_resource_properties(
        "AWS::CloudFront::Distribution",
        {"DistributionConfig": {"ViewerMtlsConfig": {"TrustStoreConfig": {"TrustStoreId": "ts_1a2b"}}}},
    )


def test_the_firewall_limits_connections_and_other_requests_of_an_address(tmp_path: Path) -> None:
    stack = FirewallStack(App(outdir=str(tmp_path)), "Firewall", rate=500)
    assert stack.region == "us-east-1"
    ((_, acl),) = Template.from_stack(stack).find_resources("AWS::WAFv2::WebACL").items()
    assert acl["Properties"]["Scope"] == "CLOUDFRONT"
    assert acl["Properties"]["DefaultAction"] == {"Allow": {}}
    rules = {rule["Name"]: rule for rule in acl["Properties"]["Rules"]}
    assert {name: rule["Action"] for name, rule in rules.items()} == {
        "Connections": {"Block": {}},
        "Requests": {"Block": {}},
    }
    limits = {name: rule["Statement"]["RateBasedStatement"] for name, rule in rules.items()}
    assert {(limit["Limit"], limit["AggregateKeyType"]) for limit in limits.values()} == {(500, "IP")}
    connections = limits["Connections"]["ScopeDownStatement"]
    assert connections["ByteMatchStatement"]["SearchString"] == "/ocpp"
    assert limits["Requests"]["ScopeDownStatement"] == {"NotStatement": {"Statement": connections}}
