"""Starting bulk commands, checked as far as that can be done without looking at any charge point."""

import os
import uuid
from datetime import timedelta
from typing import Final

from csms.api.bulk_bodies import BulkTargets, NewBulk, NewListSync
from csms.api.commanding import check_words
from csms.api.problems import Conflict, Finding, InvalidRequest
from csms.api.request import CurrentRequest
from csms.ocpp import frames
from csms.ocpp.json_types import JsonObject
from csms.redaction import redact
from csms.store.bulks import LIST_SYNC, Bulk
from csms.v16.operations import LARGEST_MESSAGE, operations

_KEYS: Final = uuid.UUID("6f0d5e0b-3c1e-4a55-9f7c-0b6d3a1c2e4f")
"""The name space of bulk ids made of idempotency keys."""
LONGEST_ID: Final = 32


def start_command(current: CurrentRequest, new: NewBulk, idempotency_key: str | None = None) -> Bulk:
    """Send a command to many charge points; a repetition of the idempotency key gets the first one.

    Raises:
        InvalidRequest: no such action, or a payload that does not satisfy its schema or holds a secret.
        NotAllowed: it changes how charge points authenticate, and the caller is no admin.
        Conflict: the key was used for another command.
    """
    if new.action not in operations():
        raise InvalidRequest(Finding("action", f"one of {', '.join(sorted(operations()))}"))
    check_words(new.action, new.payload)
    current.check_may_set(new.action, new.payload)
    if len(frames.dumps(new.payload).encode()) > LARGEST_MESSAGE:
        raise InvalidRequest(Finding("payload", f"at most {LARGEST_MESSAGE} bytes"))
    if redact(new.payload) != new.payload:
        raise InvalidRequest(Finding("payload", "something secret is in it: command each charge point by itself"))
    lifetime = timedelta(seconds=new.expires_in) if new.expires_in else None
    return _start(current, new.action, new.payload, new, idempotency_key, is_forced=new.force, lifetime=lifetime)


def start_list_sync(current: CurrentRequest, new: NewListSync, idempotency_key: str | None = None) -> Bulk:
    """Synchronise the local lists of many charge points; as above.

    Raises:
        Conflict: the key was used for another command.
    """
    payload = {"adopt": new.adopt, "onlyExisting": new.only_existing}
    return _start(current, LIST_SYNC, payload, new, idempotency_key)


def _start(
    current: CurrentRequest,
    action: str,
    payload: JsonObject,
    targets: BulkTargets,
    idempotency_key: str | None,
    *,
    is_forced: bool = False,
    lifetime: timedelta | None = None,
) -> Bulk:
    wanted = Bulk(
        id=_id_of(current.caller, idempotency_key),
        action=action,
        payload=payload,
        selection=targets.selection,
        requested_by=current.caller,
        created_at=current.now,
        is_forced=is_forced,
        lifetime=lifetime,
    )
    bulk = current.runtime.bulk.start(wanted)
    if not bulk.asks_the_same_as(wanted):
        raise Conflict("the Idempotency-Key was used for another command")
    return bulk


def _id_of(caller: str, idempotency_key: str | None) -> str:
    """The same for the same key of the same caller."""
    if idempotency_key is None:
        return os.urandom(LONGEST_ID // 2).hex()
    return uuid.uuid5(_KEYS, f"{caller} {idempotency_key}").hex
