"""The edge: CloudFront distributions that give charge points the URL they want, `/ocpp/{identity}` (`DESIGN.md` §3)."""

from typing import Final, cast

from aws_cdk import CfnOutput, Duration, RemovalPolicy, SecretValue, Stack
from aws_cdk.aws_certificatemanager import Certificate
from aws_cdk.aws_cloudfront import (
    AllowedMethods,
    BehaviorOptions,
    CachePolicy,
    CfnDistribution,
    Distribution,
    ErrorResponse,
    Function,
    FunctionAssociation,
    FunctionCode,
    FunctionEventType,
    FunctionRuntime,
    IOriginRequestPolicy,
    OriginRequestHeaderBehavior,
    OriginRequestPolicy,
    OriginRequestQueryStringBehavior,
    SecurityPolicyProtocol,
    ViewerProtocolPolicy,
)
from aws_cdk.aws_cloudfront_origins import HttpOrigin
from aws_cdk.aws_iam import PolicyStatement
from aws_cdk.aws_secretsmanager import Secret, SecretStringGenerator
from constructs import Construct

from csms.edge import ADDRESS_HEADER, CERTIFICATE_HEADERS, EDGE_HEADER, OWN_HEADERS, PROOF_HEADER, SUBJECT_HEADER, Edge
from infra.config import Config
from infra.constructs.functions import Functions
from infra.constructs.layers import ROOT
from infra.constructs.trust_store import name_everywhere, trust_store_id
from infra.definitions import FUNCTIONS
from infra.nag import acknowledge

FILES: Final = ("/f/*", "/u/*")
"""Where stations get and leave files (`csms.v16.transfers`), also those without TLS."""
OPERATORS: Final = "/api/*"

_SECRET_LENGTH: Final = 48
_CACHED_ERRORS: Final = (400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504)
"""CloudFront remembers these for ten seconds, whatever the cache policy says, for everybody who asks for the same path:
one unknown charge point would lock out all others."""
_MTLS_HEADERS: Final = (
    *("Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"),
    *("User-Agent", ADDRESS_HEADER, SUBJECT_HEADER),
)
"""What a station with a certificate may send. Listed, because only a list can have the subject and leave out the host;
`Authorization` cannot be listed, and such a station needs none."""
# Of the four suites of the white paper the two with RSA key exchange end with this policy; with a certificate for ECDSA
# the other two are met instead. Stations of that time know no others.
_TLS: Final = SecurityPolicyProtocol.TLS_V1_2_2018


class Distributions(Construct):
    """The distributions that are asked for, and a secret for each."""

    def __init__(
        self, scope: Construct, construct_id: str, config: Config, charge_points_host: str, operators_host: str
    ) -> None:
        super().__init__(scope, construct_id)
        self._config = config
        self._charge_points_host = charge_points_host
        self._operators_host = operators_host
        self._secrets: dict[Edge, Secret] = {}
        self.url: str | None = None
        """Of the distribution for TLS, without a slash at the end."""
        if config.edge:
            self.url = f"https://{self._add_wss()}"
        if config.plain_edge:
            self._add_ws()
        if config.mtls_trust_store:
            self._add_mtls(config.mtls_trust_store)

    @property
    def secret_ids(self) -> dict[Edge, str]:
        """The secrets by which `connect` knows the distributions."""
        return {edge: secret.secret_arn for edge, secret in self._secrets.items()}

    def grant(self, functions: Functions) -> None:
        """Allow the functions that tell distributions apart to read their secrets."""
        for name, definition in FUNCTIONS.items():
            if definition.knows_edges and self._secrets:
                arns = list(self.secret_ids.values())
                functions.allow(name, PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=arns))

    def _add_wss(self) -> str:
        origin = self._operators_origin()
        api = _to_operators(origin, ViewerProtocolPolicy.HTTPS_ONLY, self._operators_function())
        files = _to_operators(origin, ViewerProtocolPolicy.HTTPS_ONLY)
        domain = self._add(
            Edge.WSS,
            self._config.domain_name,
            self._to_charge_points(Edge.WSS, ViewerProtocolPolicy.HTTPS_ONLY),
            {OPERATORS: api, **dict.fromkeys(FILES, files)},
        )
        CfnOutput(Stack.of(self), "EdgeApiUrl", value=f"https://{domain}/api")
        return domain

    def _add_ws(self) -> None:
        # No operator API here: its tokens would travel in clear.
        files = _to_operators(self._operators_origin(), ViewerProtocolPolicy.ALLOW_ALL)
        self._add(
            Edge.WS,
            self._config.plain_domain_name,
            self._to_charge_points(Edge.WS, ViewerProtocolPolicy.ALLOW_ALL),
            dict.fromkeys(FILES, files),
        )

    def _add_mtls(self, trust_store: str) -> None:
        policy = OriginRequestPolicy(
            self,
            "Certified",
            origin_request_policy_name=name_everywhere(self),
            header_behavior=OriginRequestHeaderBehavior.allow_list(*_MTLS_HEADERS),
            query_string_behavior=OriginRequestQueryStringBehavior.all(),
        )
        self._add(
            Edge.MTLS,
            self._config.mtls_domain_name,
            self._to_charge_points(Edge.MTLS, ViewerProtocolPolicy.HTTPS_ONLY, policy),
            {},
        )
        distribution = cast("CfnDistribution", self.node.find_child(Edge.MTLS).node.default_child)
        # The L2 distribution has no property for it yet.
        distribution.add_property_override(
            "DistributionConfig.ViewerMtlsConfig",
            {"Mode": "required", "TrustStoreConfig": {"TrustStoreId": trust_store_id(self, "TrustStore", trust_store)}},
        )

    def _add(
        self, edge: Edge, domain_name: str | None, charge_points: BehaviorOptions, others: dict[str, BehaviorOptions]
    ) -> str:
        """A distribution; returns the domain it is reached at."""
        certificate = self._config.certificate_arn
        distribution = Distribution(
            self,
            edge,
            comment=f"{Stack.of(self).stack_name}: {edge}",
            default_behavior=charge_points,
            additional_behaviors=others,
            domain_names=[domain_name] if domain_name else None,
            certificate=Certificate.from_certificate_arn(self, f"{edge}Certificate", certificate)
            if domain_name and certificate
            else None,
            minimum_protocol_version=_TLS if domain_name else None,
            web_acl_id=self._config.web_acl_arn,
            error_responses=[ErrorResponse(http_status=status, ttl=Duration.seconds(0)) for status in _CACHED_ERRORS],
        )
        self._acknowledge(distribution, domain_name)
        name, scheme = edge.capitalize(), "ws" if edge is Edge.WS else "wss"
        domain = domain_name or distribution.distribution_domain_name
        CfnOutput(
            Stack.of(self), f"{name}EdgeUrl", value=f"{scheme}://{domain}/ocpp/", description="Append the identity"
        )
        CfnOutput(Stack.of(self), f"{name}EdgeSecretId", value=self._secrets[edge].secret_arn)
        if domain_name:
            CfnOutput(
                Stack.of(self),
                f"{name}EdgeTarget",
                value=distribution.distribution_domain_name,
                description=f"What {domain_name} is an alias (CNAME) of",
            )
        return domain

    def _acknowledge(self, distribution: Distribution, domain_name: str | None) -> None:
        acknowledge(distribution, "Charge points roam; who may connect is decided by their credentials.", "CFR1")
        acknowledge(
            distribution,
            "Paths are secrets (files) or are on record anyway (identities); the APIs log requests without them.",
            "CFR3",
        )
        if not self._config.web_acl_arn:
            acknowledge(distribution, "Optional, it costs per rule: context firewallRate and webAclArn.", "CFR2")
        if not domain_name:
            acknowledge(distribution, "Only a certificate of one's own lets TLS be chosen: context domainName.", "CFR4")

    def _to_charge_points(
        self, edge: Edge, viewers: ViewerProtocolPolicy, headers: IOriginRequestPolicy | None = None
    ) -> BehaviorOptions:
        proof = {EDGE_HEADER: edge, PROOF_HEADER: self._secret(edge).unsafe_unwrap()}  # a reference, not the value
        return BehaviorOptions(
            origin=HttpOrigin(self._charge_points_host, custom_headers=proof),
            viewer_protocol_policy=viewers,
            allowed_methods=AllowedMethods.ALLOW_GET_HEAD,
            cache_policy=CachePolicy.CACHING_DISABLED,
            origin_request_policy=headers or OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
            function_associations=[self._charge_points_function(edge)],
            compress=False,
        )

    def _operators_origin(self) -> HttpOrigin:
        # The API takes up to 29 s where somebody waits for a charge point.
        return HttpOrigin(self._operators_host, read_timeout=Duration.seconds(60))

    def _secret(self, edge: Edge) -> SecretValue:
        secret = self._secrets[edge] = Secret(
            self,
            f"{edge}Secret",
            description=f"By which `connect` knows the distribution {edge}",
            generate_secret_string=SecretStringGenerator(password_length=_SECRET_LENGTH, exclude_punctuation=True),
            removal_policy=RemovalPolicy.DESTROY,
        )
        acknowledge(secret, "A distribution learns a new version by a deployment: see docs/operations.md.", "SMG4")
        # CloudFormation looks at a secret again only where the reference to it has changed.
        version = self._config.edge_secret_versions.get(edge)
        return SecretValue.secrets_manager(secret.secret_arn, version_id=version)

    def _charge_points_function(self, edge: Edge) -> FunctionAssociation:
        # With mTLS it is CloudFront that sends the headers of the certificate.
        reserved = OWN_HEADERS if edge is Edge.MTLS else f"{OWN_HEADERS} {CERTIFICATE_HEADERS}"
        constants = {"$STAGE": self._config.stage, "$RESERVED": reserved, "$ADDRESS": ADDRESS_HEADER}
        function = self._function(f"{edge}Function", "charge_points.js", constants)
        return FunctionAssociation(function=function, event_type=FunctionEventType.VIEWER_REQUEST)

    def _operators_function(self) -> list[FunctionAssociation]:
        function = self._function("OperatorsFunction", "operators.js", {})
        events = (FunctionEventType.VIEWER_REQUEST, FunctionEventType.VIEWER_RESPONSE)
        return [FunctionAssociation(function=function, event_type=event) for event in events]

    def _function(self, construct_id: str, file: str, constants: dict[str, str]) -> Function:
        code = (ROOT / "infra" / "edge" / file).read_text()
        for placeholder, value in constants.items():
            code = code.replace(placeholder, value)
        return Function(self, construct_id, code=FunctionCode.from_inline(code), runtime=FunctionRuntime.JS_2_0)


def _to_operators(
    origin: HttpOrigin, viewers: ViewerProtocolPolicy, functions: list[FunctionAssociation] | None = None
) -> BehaviorOptions:
    return BehaviorOptions(
        origin=origin,
        viewer_protocol_policy=viewers,
        allowed_methods=AllowedMethods.ALLOW_ALL,
        cache_policy=CachePolicy.CACHING_DISABLED,
        origin_request_policy=OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
        function_associations=functions,
        compress=False,
    )
