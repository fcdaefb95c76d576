"""How a file transfer goes on: which one a status notification, or a boot with new firmware, is about [S 4.4, 4.5].

Seldom needed, so what it takes is imported when it is.
"""

from typing import TYPE_CHECKING, Final

from csms.v16.exchange import Exchange

if TYPE_CHECKING:
    from csms.store.file_transfers import FileKind

_IDLE: Final = "Idle"
"""Sent only when asked for; says nothing of any transfer [S 4.4, 4.5]."""
_TRIES: Final = 3
"""Statuses of a station come one after the other; two at once are from two of its connections."""


def attach_firmware_status(exchange: Exchange, status: str) -> None:
    """Add a status to the update it must be about: the last one. Writes nothing when none awaits one."""
    from csms.store.file_transfers import FileKind

    _attach(exchange, FileKind.FIRMWARE, status)


def attach_diagnostics_status(exchange: Exchange, status: str) -> None:
    """Add a status to the request it must be about: the last one. Writes nothing when none awaits one."""
    from csms.store.file_transfers import FileKind

    _attach(exchange, FileKind.DIAGNOSTICS, status)


def complete_update(exchange: Exchange, firmware_version: str | None) -> None:
    """The firmware a station boots with may be the one it was told to install."""
    if firmware_version is None:
        return
    from csms.store.file_transfers import FileKind

    latest = exchange.store.file_transfers.latest(exchange.charge_point_id, FileKind.FIRMWARE)
    if latest is None or latest.completed_at or exchange.received_at >= latest.open_until:
        return
    if latest.version is not None and is_same_version(latest.version, firmware_version):
        exchange.store.file_transfers.complete(latest, exchange.received_at)


def is_same_version(version: str, other: str) -> bool:
    """Whether two firmware versions are one."""
    return version.strip().casefold() == other.strip().casefold()


def _attach(exchange: Exchange, kind: "FileKind", status: str) -> None:
    from csms.store.file_transfers import ToldStatus

    if status == _IDLE:
        return
    for number in range(_TRIES):
        latest = exchange.store.file_transfers.latest(exchange.charge_point_id, kind, consistent=number > 0)
        if latest is None or not latest.awaits_status(exchange.received_at):
            return
        is_repetition = latest.statuses and latest.statuses[-1].status == status
        if is_repetition or exchange.store.file_transfers.add_status(latest, ToldStatus(status, exchange.received_at)):
            return
