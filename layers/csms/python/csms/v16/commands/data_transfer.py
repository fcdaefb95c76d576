"""DataTransfer to a charge point [S 5.6]: whatever vendor and operator agreed on."""

from typing import Annotated, Any, Literal

from pydantic import Field

from csms.v16 import official
from csms.v16.operations import CommandRequest, CommandResponse, Operation


class DataTransferRequest(CommandRequest):
    """DataTransfer.req [S 6.15]."""

    vendor_id: Annotated[str, Field(max_length=255)]
    message_id: Annotated[str | None, Field(max_length=50)] = None
    data: str | None = None


class DataTransferResponse(CommandResponse):
    """DataTransfer.conf [S 6.16]: Accepted, Rejected, UnknownMessageId or UnknownVendorId. `data` as it came."""

    status: Literal["Accepted", "Rejected", "UnknownMessageId", "UnknownVendorId"]
    data: Annotated[Any, official.text()] = None


DATA_TRANSFER = Operation("DataTransfer", DataTransferRequest, DataTransferResponse)
