"""What a deployment chooses of its edge: context keys in camelCase like all others."""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from csms.edge import Edge
from csms.settings import Settings

_LABEL: Final = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_US_EAST_1: Final = "arn:aws[a-z-]*:{service}:us-east-1:[0-9]{{12}}:{resource}/.+"

DomainName = Annotated[str, Field(pattern=rf"^({_LABEL}\.)+{_LABEL}$")]
CertificateArn = Annotated[str, Field(pattern=f"^{_US_EAST_1.format(service='acm', resource='certificate')}$")]
WebAclArn = Annotated[str, Field(pattern=f"^{_US_EAST_1.format(service='wafv2', resource='global/webacl')}$")]
TrustStore = Annotated[str, Field(pattern=r"^(s3://[^/?]+/[^?]+(\?versionId=[^?]+)?|[A-Za-z0-9_-]+)$")]
SecretVersion = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{32,64}$")]


class EdgeOptions(Settings):
    """Which distributions there are, at which domains, and what guards them."""

    # Known only to the template.
    wss_edge_secret_id: Literal[""] = ""
    ws_edge_secret_id: Literal[""] = ""
    mtls_edge_secret_id: Literal[""] = ""

    edge: bool = True
    """Whether there are distributions at all: one for TLS, and those below."""
    domain_name: DomainName | None = None
    """A domain of one's own for the distribution for TLS, which otherwise has one of CloudFront's."""
    certificate_arn: CertificateArn | None = None
    """The certificate for all domains here; CloudFront looks for it in us-east-1."""
    plain_edge: bool = False
    """Whether there is one for stations without TLS (security profiles 0 and 1)."""
    plain_domain_name: DomainName | None = None
    mtls_domain_name: DomainName | None = None
    """The domain of the distribution that asks stations for a certificate (security profile 3)."""
    mtls_trust_store: TrustStore | None = None
    """Whose certificates it accepts: the id of a trust store, or `s3://bucket/key[?versionId=...]`: certificates of
    authorities as PEM, in the region of the stack."""
    edge_secret_versions: dict[Edge, SecretVersion] = Field(default_factory=dict)
    """Which version of its secret a distribution presents, once it was rotated (docs/operations.md)."""
    web_acl_arn: WebAclArn | None = None
    """The web ACL that guards the distributions."""
    firewall_rate: Annotated[int, Field(ge=10, le=2_000_000_000)] | None = None
    """Make a web ACL, in a stack of its own: requests per address that it lets through in five minutes."""

    @field_validator("edge_secret_versions", mode="before")
    @classmethod
    def _by_edge(cls, value: object) -> object:
        """`wss=..., mtls=...`."""
        if not isinstance(value, str):
            return value
        pairs = (part.partition("=") for part in value.split(",") if part.strip())
        return {edge.strip(): version.strip() for edge, _, version in pairs}

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        domains = [name for name in (self.domain_name, self.plain_domain_name, self.mtls_domain_name) if name]
        is_asked_for = self.edge_only or self.plain_edge or domains or self.mtls_trust_store or self.web_acl_arn
        for is_wrong, problem in (
            (is_asked_for and not self.edge, "edge is off: what else is said about it needs it"),
            (bool(domains) != bool(self.certificate_arn), "certificateArn and a domain name are given together"),
            (len(set(domains)) < len(domains), "each distribution has a domain name of its own"),
            (self.plain_domain_name and not self.plain_edge, "plainDomainName is for plainEdge"),
            (
                bool(self.mtls_domain_name) != bool(self.mtls_trust_store),
                "mtlsTrustStore and mtlsDomainName are given together",
            ),
        ):
            if is_wrong:
                raise ValueError(problem)
        return self
