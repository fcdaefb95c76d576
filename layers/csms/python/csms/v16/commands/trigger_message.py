"""TriggerMessage [S 5.17]: ask for a message that the station would send of its own accord; it comes after the answer.

A station that is not accepted yet may send what was asked for, and nothing else.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Final, Literal

from csms.calls import CallRefused
from csms.store.links import Registration
from csms.v16.operations import CommandRequest, CommandResponse, Operation, Situation
from csms.v16.rules import check_connector
from csms.v16.types import Integer32

_TIME_TO_SEND: Final = timedelta(minutes=5)


class MessageTrigger(StrEnum):
    """What can be asked for [S 7.32]."""

    BOOT_NOTIFICATION = "BootNotification"
    DIAGNOSTICS_STATUS_NOTIFICATION = "DiagnosticsStatusNotification"
    FIRMWARE_STATUS_NOTIFICATION = "FirmwareStatusNotification"
    HEARTBEAT = "Heartbeat"
    METER_VALUES = "MeterValues"
    STATUS_NOTIFICATION = "StatusNotification"


class TriggerMessageRequest(CommandRequest):
    """TriggerMessage.req [S 6.51]. No connector: all that have something to say."""

    requested_message: MessageTrigger
    connector_id: Integer32 | None = None


class TriggerMessageResponse(CommandResponse):
    """TriggerMessage.conf [S 6.52]: Accepted, Rejected or NotImplemented."""

    status: Literal["Accepted", "Rejected", "NotImplemented"]


TRIGGER_MESSAGE = Operation("TriggerMessage", TriggerMessageRequest, TriggerMessageResponse, is_immediate=True)


@TRIGGER_MESSAGE.checks
def check(request: TriggerMessageRequest, situation: Situation) -> None:
    """No boot of a station that was accepted at its last one [ER 3.40]; connector 0 has a status only."""
    if request.requested_message is MessageTrigger.BOOT_NOTIFICATION:
        charge_point = situation.store.charge_points.get(situation.charge_point_id)
        if charge_point and charge_point.boot_status == Registration.ACCEPTED:
            raise CallRefused("BootNotification: the charge point was accepted when it booted [ER 3.40]")
    if request.connector_id is not None:
        has_zero = request.requested_message is MessageTrigger.STATUS_NOTIFICATION
        check_connector(request.connector_id, situation, lowest=0 if has_zero else 1)


@TRIGGER_MESSAGE.precedes
def allow(request: TriggerMessageRequest, situation: Situation) -> None:
    """Let the message in. Before the call goes out: the message may overtake the answer."""
    if situation.link.registration is Registration.PENDING:
        until = situation.now + _TIME_TO_SEND
        situation.store.links.allow(situation.charge_point_id, request.requested_message, until)
