"""Files between a charge point and us: the calls that ask for one, and short URLs [S 5.7, 5.19].

A transfer begins when its call is sent: a queued or refused one leaves no URL behind.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from csms.calls import CallRefused
from csms.ids import CallId
from csms.ocpp.json_types import JsonObject
from csms.settings import Settings
from csms.store.file_tokens import TOKEN_LENGTH, FileToken, hash_of, new_token
from csms.store.file_transfers import FileKind, FileTransfer
from csms.store.firmware import FirmwareImage
from csms.v16.operations import Settled, Situation
from csms.v16.transfer_progress import is_same_version

_PATHS: Final = {FileKind.FIRMWARE: "f", FileKind.DIAGNOSTICS: "u"}
_SLACK: Final = timedelta(hours=48)
_LONGEST_RETRYING: Final = timedelta(days=30)
_LATEST_START: Final = timedelta(days=366)


def new_location(kind: FileKind, situation: Situation, name: str = "") -> str:
    """A short URL that nobody can guess; it leads somewhere once the call is sent.

    Raises:
        CallRefused: nobody has told under which URL stations reach us.
    """
    if not situation.settings.public_url:
        raise CallRefused("location: this deployment has no public URL, so the location must be given")
    return f"{_prefix(kind, situation.settings)}{new_token()}/{name}"


def refuse_own_location(body: JsonObject, kind: FileKind, situation: Situation) -> None:
    """Refuse a given location that only we may make up: whoever knows its token could use it.

    Raises:
        CallRefused: it is one.
    """
    location = body.get("location")
    if isinstance(location, str) and _token_in(location, kind, situation.settings) is not None:
        raise CallRefused("location: a URL of this Central System is made for each command: leave the location out")


def check_location(location: str, situation: Situation) -> None:
    """Refuse what no station could use, or what this one says it cannot [S 9.1.27].

    Raises:
        CallRefused: not a URL, or of a protocol that is not among its SupportedFileTransferProtocols.
    """
    scheme = _scheme(location).upper()
    if not scheme or "://" not in location:
        raise CallRefused("location: a URL with its protocol is expected, as in https://host/file")
    key = "SupportedFileTransferProtocols"
    reported = situation.store.configuration.values(situation.charge_point_id, key).get(key, "")
    supported = {name for text in reported.split(",") if (name := text.strip().upper()).isalnum()}
    if supported and scheme not in supported:
        known = ", ".join(sorted(supported))
        raise CallRefused(f"location: the charge point transfers files by {known} only ({key}), not by {scheme}")


def check_retrying(retries: int | None, retry_interval: int | None) -> None:
    """Refuse negative numbers.

    Raises:
        CallRefused: there is one.
    """
    for name, number in (("retries", retries), ("retryInterval", retry_interval)):
        if number is not None and number < 0:
            raise CallRefused(f"{name}: must not be negative")


def open_until(start: datetime, retries: int | None, retry_interval: int | None, now: datetime) -> datetime:
    """Until when the station may come for its file: from the start or now on all its retries, and two days."""
    seconds = min(max(retries or 0, 0) * max(retry_interval or 0, 0), _LONGEST_RETRYING.total_seconds())
    return min(max(start, now), now + _LATEST_START) + timedelta(seconds=seconds) + _SLACK


def begin(
    kind: FileKind, location: str, until: datetime, situation: Situation, image: FirmwareImage | None = None
) -> None:
    """Make the short URL work and the transfer known. Safe to run again."""
    call_id = situation.call_id or CallId("")
    token = _token_in(location, kind, situation.settings)
    store = situation.store
    transfer = FileTransfer(
        charge_point_id=situation.charge_point_id,
        call_id=call_id,
        kind=kind,
        created_at=situation.now,
        open_until=until,
        token_hash=hash_of(token) if token else None,
        image_id=image.id if image else None,
        version=_news(image, situation) if image else None,
    )
    store.file_transfers.create(transfer)
    if transfer.token_hash:
        content = (image.key, image.size or 0, image.sha256) if image else ()
        store.file_tokens.issue(
            transfer.token_hash, FileToken(situation.charge_point_id, call_id, kind, until, *content)
        )


def end_call(kind: FileKind, settled: Settled, announced_name: str | None = None) -> None:
    """Note how the call ended; the URL of a call that the station refused leads nowhere any more."""
    transfer = settled.store.file_transfers.get(settled.call.charge_point_id, kind, settled.call.id)
    if transfer is None:  # never sent
        return
    ended = replace(transfer, call_state=settled.call.state, announced_name=announced_name)
    settled.store.file_transfers.settle(ended)
    if ended.token_hash and not ended.has_begun:
        settled.store.file_tokens.revoke(ended.token_hash)


def _news(image: FirmwareImage, situation: Situation) -> str | None:
    """The image's version; None if the station runs it already, because then a boot with it proves nothing."""
    charge_point = situation.store.charge_points.get(situation.charge_point_id)
    running = (charge_point.boot or {}).get("firmware_version", "") if charge_point else ""
    return None if is_same_version(running, image.version) else image.version


def _scheme(location: str) -> str:
    try:
        return urlsplit(location).scheme
    except ValueError:
        return ""


def _prefix(kind: FileKind, settings: Settings) -> str:
    return f"{settings.public_url}/{_PATHS[kind]}/"


def _token_in(location: str, kind: FileKind, settings: Settings) -> str | None:
    prefix = _prefix(kind, settings)
    if not settings.public_url or not location.startswith(prefix):
        return None
    return location[len(prefix) :][:TOKEN_LENGTH]
