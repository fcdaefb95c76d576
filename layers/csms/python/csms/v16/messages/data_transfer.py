"""DataTransfer [S 4.3]: what the standard has no message for, by agreement with a vendor."""

from typing import Any

from csms.ocpp.primitives import Text50, Text255
from csms.v16.exchange import Exchange
from csms.v16.payload import Payload
from csms.v16.registry import answers
from csms.v16.types import DataTransferStatus
from csms.v16.vendors import vendor_messages


class DataTransferRequest(Payload):
    """DataTransfer.req [S 6.15]. `data` is text by the schema; some stations send an object."""

    vendor_id: Text255
    message_id: Text50 | None = None
    data: Any = None


class DataTransferResponse(Payload):
    """DataTransfer.conf [S 6.16]."""

    status: DataTransferStatus
    data: str | None = None


@answers("DataTransfer", DataTransferRequest)
def answer_data_transfer(request: DataTransferRequest, exchange: Exchange) -> DataTransferResponse:
    """Hand the data to the vendor's function, if there is one."""
    messages = vendor_messages().get(request.vendor_id)
    if messages is None:
        return DataTransferResponse(status=DataTransferStatus.UNKNOWN_VENDOR_ID)
    understand = messages.get(request.message_id)
    if understand is None:
        return DataTransferResponse(status=DataTransferStatus.UNKNOWN_MESSAGE_ID)
    status, data = understand(request.data, exchange)
    return DataTransferResponse(status=status, data=data)
