"""Short tokens that stand for one file transfer: the whole credential of a station, so only their hashes are kept.

Found by key: there is nothing to compare, and nothing to guess by the time an answer takes.
"""

import hashlib
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from boto3.dynamodb.conditions import Attr

from csms.ids import CallId, ChargePointId
from csms.ocpp.primitives import format_timestamp, parse_timestamp
from csms.store import keys
from csms.store.errors import ConditionFailed
from csms.store.file_transfers import FileKind
from csms.store.table import Item, Table

_BYTES: Final = 16
TOKEN_LENGTH: Final = 22
"""Characters of 16 random bytes in URL-safe base64."""
_EXISTS: Final = Attr(keys.PARTITION_KEY).exists()


@dataclass(frozen=True)
class FileToken:
    """What a token is good for. The object's facts are those of the firmware image; a diagnostics file has none yet."""

    charge_point_id: ChargePointId
    call_id: CallId
    kind: FileKind
    expires_at: datetime
    object_key: str | None = None
    size: int = 0
    sha256: str | None = None


def new_token() -> str:
    """A token nobody can guess."""
    return secrets.token_urlsafe(_BYTES)


def hash_of(token: str) -> str:
    """What is stored of a token. It is random: neither salt nor stretching would add anything."""
    return hashlib.sha256(token.encode()).hexdigest()


class FileTokens:
    """The token rows."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def issue(self, token_hash: str, token: FileToken) -> None:
        """Make a token valid. Issuing it again changes nothing, a revoked one stays so."""
        with suppress(ConditionFailed):
            self._table.put(
                keys.file_token(token_hash), _to_item(token), condition=Attr(keys.PARTITION_KEY).not_exists()
            )

    def find(self, token: str, now: datetime) -> FileToken | None:
        """What the token is good for now; None if nothing."""
        item = self._table.get(keys.file_token(hash_of(token)), consistent=True)
        if item is None or item.get("is_revoked"):
            return None
        found = _from_item(item)
        return found if now < found.expires_at else None

    def revoke(self, token_hash: str) -> None:
        """Make a token good for nothing."""
        with suppress(ConditionFailed):
            self._table.update(keys.file_token(token_hash), assign={"is_revoked": True}, condition=_EXISTS)


def _to_item(token: FileToken) -> dict[str, Any]:
    return {
        "charge_point_id": token.charge_point_id,
        "call_id": token.call_id,
        "kind": token.kind.value,
        "expires_at_time": format_timestamp(token.expires_at),
        "object_key": token.object_key,
        "size": token.size,
        "sha256": token.sha256,
        keys.TTL_ATTRIBUTE: int(token.expires_at.timestamp()),
    }


def _from_item(item: Item) -> FileToken:
    return FileToken(
        charge_point_id=ChargePointId(item["charge_point_id"]),
        call_id=CallId(item["call_id"]),
        kind=FileKind(item["kind"]),
        expires_at=parse_timestamp(item["expires_at_time"]),
        object_key=item.get("object_key"),
        size=item["size"],
        sha256=item.get("sha256"),
    )
