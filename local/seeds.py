"""Demonstration id tags: one of each status that Authorize can answer."""

from datetime import UTC, datetime
from typing import Final

from csms.authorization import AuthorizationStatus, IdTag
from csms.store.errors import ConditionFailed
from csms.store.id_tags import IdTags

NOTE: Final = "made by make run"

DEMO_TAGS: Final = (
    IdTag("DEMO-ACCEPTED", max_active_transactions=None, note=NOTE),
    IdTag("DEMO-ONE-AT-A-TIME", max_active_transactions=1, note=NOTE),
    IdTag("DEMO-FAMILY-A", parent_id_tag="DEMO-FAMILY", note=NOTE),
    IdTag("DEMO-FAMILY-B", parent_id_tag="DEMO-FAMILY", note=NOTE),
    IdTag("DEMO-BLOCKED", AuthorizationStatus.BLOCKED, note=NOTE),
    IdTag("DEMO-EXPIRED", expiry_date=datetime(2020, 1, 1, tzinfo=UTC), note=NOTE),
)


def seed(id_tags: IdTags) -> None:
    """Add the tags that are not there; one that was changed since stays as it is."""
    for tag in DEMO_TAGS:
        try:
            id_tags.create(tag)
        except ConditionFailed:
            continue
