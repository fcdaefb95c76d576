"""Authorize [S 4.1]: may this tag charge? Never ConcurrentTx, which only a start can be."""

from csms.authorization import authorize
from csms.ocpp.primitives import IdToken
from csms.v16.exchange import Exchange
from csms.v16.payload import Payload
from csms.v16.registry import answers
from csms.v16.types import IdTagInfo


class AuthorizeRequest(Payload):
    """Authorize.req [S 6.1]."""

    id_tag: IdToken


class AuthorizeResponse(Payload):
    """Authorize.conf [S 6.2]."""

    id_tag_info: IdTagInfo


@answers("Authorize", AuthorizeRequest)
def answer_authorize(request: AuthorizeRequest, exchange: Exchange) -> AuthorizeResponse:
    """What the tag is worth at this moment."""
    tag = exchange.store.id_tags.get(request.id_tag)
    status = authorize(tag, exchange.received_at)
    return AuthorizeResponse(id_tag_info=exchange.info_of(tag, status))
