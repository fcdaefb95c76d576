"""How a file transfer goes on: which one a status notification, or a boot with new firmware, is about [S 4.4, 4.5]."""

from typing import Final

from csms.store.file_transfers import FileKind, ToldStatus
from csms.v16.exchange import Exchange

_IDLE: Final = "Idle"
"""Sent only when asked for; says nothing of any transfer [S 4.4, 4.5]."""


def attach_status(exchange: Exchange, kind: FileKind, status: str) -> None:
    """Add a status to the transfer it must be about: the last one. Writes nothing when none awaits one."""
    if status == _IDLE:
        return
    latest = exchange.store.file_transfers.latest(exchange.charge_point_id, kind)
    if latest is None or not latest.awaits_status(exchange.received_at):
        return
    if not latest.statuses or latest.statuses[-1].status != status:  # else a repetition
        exchange.store.file_transfers.add_status(latest, ToldStatus(status, exchange.received_at))


def complete_update(exchange: Exchange, firmware_version: str | None) -> None:
    """The firmware a station boots with may be the one it was told to install."""
    if firmware_version is None:
        return
    latest = exchange.store.file_transfers.latest(exchange.charge_point_id, FileKind.FIRMWARE)
    if latest is None or latest.completed_at or exchange.received_at >= latest.open_until:
        return
    if latest.version is not None and is_same_version(latest.version, firmware_version):
        exchange.store.file_transfers.complete(latest, exchange.received_at)


def is_same_version(version: str, other: str) -> bool:
    """Whether two firmware versions are one."""
    return version.strip().casefold() == other.strip().casefold()
