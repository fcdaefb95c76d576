"""Things that are stored before they are complete: nobody else sees a draft, and one that nobody completes expires.

Whoever meets what a draft has taken discards it first. A request that died cannot hold anything that way, and one that
is only slow finds that it cannot complete it any more.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from boto3.dynamodb.conditions import Attr

from csms.store import keys
from csms.store.errors import ConditionFailed
from csms.store.table import Item, Table

MARK: Final = (keys.TTL_ATTRIBUTE,)
"""What a draft has, and loses when it is complete."""
_LIFETIME: Final = timedelta(hours=1)
"""No request takes that long."""


def marked(now: datetime) -> dict[str, Any]:
    """The mark of a draft that is made now."""
    return {keys.TTL_ATTRIBUTE: int((now + _LIFETIME).timestamp())}


def is_draft(item: Item) -> bool:
    """Whether the item has it."""
    return keys.TTL_ATTRIBUTE in item


def discard(table: Table, key: keys.Key) -> bool:
    """Remove an item if it is a draft; whether there is none (any more)."""
    is_gone_or_draft = Attr(keys.PARTITION_KEY).not_exists() | Attr(keys.TTL_ATTRIBUTE).exists()
    try:
        table.delete(key, condition=is_gone_or_draft)
    except ConditionFailed:
        return False
    return True
