"""Whose client certificates a distribution accepts."""

from typing import Final
from urllib.parse import parse_qs, urlsplit

from aws_cdk import Names, Stack
from aws_cdk.aws_cloudfront import CfnTrustStore
from constructs import Construct

_LONGEST_NAME: Final = 40


def name_everywhere(scope: Construct) -> str:
    """A name for what has one in all regions together, where the same stack may be in several."""
    return f"{Names.unique_resource_name(scope, max_length=_LONGEST_NAME, separator='-')}-{Stack.of(scope).region}"


def trust_store_id(scope: Construct, construct_id: str, trust_store: str) -> str:
    """The id of an existing trust store, or of a new one of the certificate authorities in `s3://bucket/key`."""
    if not trust_store.startswith("s3://"):
        return trust_store
    location = urlsplit(trust_store)
    version = parse_qs(location.query).get("versionId", [None])[0]
    created = CfnTrustStore(
        scope,
        construct_id,
        name=name_everywhere(scope),
        ca_certificates_bundle_source=CfnTrustStore.CaCertificatesBundleSourceProperty(
            ca_certificates_bundle_s3_location=CfnTrustStore.CaCertificatesBundleS3LocationProperty(
                bucket=location.netloc,
                key=location.path.removeprefix("/"),
                region=Stack.of(scope).region,
                version=version,
            )
        ),
    )
    return created.attr_id
