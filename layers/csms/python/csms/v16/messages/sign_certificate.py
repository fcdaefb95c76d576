"""SignCertificate [W3 A02, A03]: a station wants its certificate request signed."""

from enum import StrEnum

from csms.store.history import EventKind
from csms.v16.exchange import Exchange
from csms.v16.payload import Payload
from csms.v16.registry import answers


class GenericStatus(StrEnum):
    """Answer to a SignCertificate."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"


class SignCertificateRequest(Payload):
    """SignCertificate.req: a PEM encoded certificate signing request."""

    csr: str


class SignCertificateResponse(Payload):
    """SignCertificate.conf."""

    status: GenericStatus


@answers("SignCertificate", SignCertificateRequest)
def answer_sign_certificate(request: SignCertificateRequest, exchange: Exchange) -> SignCertificateResponse:
    """Rejected: no certificate authority is configured (A02.FR.11); the attempt is a security event."""
    exchange.record(EventKind.SECURITY, {"type": "SignCertificateRejected", "csrCharacters": len(request.csr)})
    return SignCertificateResponse(status=GenericStatus.REJECTED)
