"""Where an id tag that may not charge any more may still be taken for a good one, and how to put an end to that.

Online a station asks. Offline it goes by its authorization cache and its local list [S 3.5]: the cache is cleared, the
list brought up to date. Neither happens by itself; who withdraws a tag is offered it, or has it done.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import Field

from csms.api.bulk_bodies import MOST_NAMED, BulkFilter, NewBulk, NewListSync
from csms.api.bulk_starting import start_command, start_list_sync
from csms.api.models import MOST_GROUPS, View
from csms.api.request import CurrentRequest
from csms.authorization import IdTag, may_charge
from csms.store.bulks import Bulk
from csms.store.id_tags import is_cached_anywhere

_logger = logging.getLogger(__name__)
_CACHED: Final = "these charge points were told that the tag is accepted: their caches may hold it"
_LISTED: Final = "the tag is in the local lists of these charge points"

Propagate = Annotated[
    bool, Query(description="Where the tag may not charge any more: also do what `nextSteps` would offer.")
]


class NextStep(View):
    """A request that reaches charge points which may let the tag charge while they are offline."""

    reason: str
    method: Literal["POST"] = "POST"
    path: str
    body: dict[str, Any]
    bulk_id: str | None = Field(description="The bulk command that does it already; null: nothing does.")


class Withdrawal(View):
    """What follows from withdrawing id tags."""

    next_steps: list[NextStep] = Field(description="Empty where no charge point can know the tag.")


def is_withdrawal(before: IdTag, now: datetime) -> bool:
    """Whether a tag that may not charge could do so before, or somebody is still to be told since it cannot."""
    return may_charge(before, now) or before.untold_groups is not None


def groups_to_tell(tag: IdTag) -> tuple[str, ...]:
    """Groups of charge points whose local lists may have it as a good one."""
    return tuple(sorted({*tag.groups, *(tag.untold_groups or ())}))


def next_steps(current: CurrentRequest, withdrawn: Sequence[IdTag], *, is_wanted: bool) -> list[NextStep]:
    """What there is to do about tags that were withdrawn, as they were before and are now; done if that is wanted.

    Then it is noted, last of all: as long as groups are noted as untold, a repetition knows whom to tell.
    """
    clearing, syncing = _clearing(withdrawn), _syncing(withdrawn)
    steps = []
    if clearing:
        steps.append(_step(_CACHED, "/commands", clearing, start_command(current, clearing) if is_wanted else None))
    if syncing:
        bulk = start_list_sync(current, syncing) if is_wanted else None
        steps.append(_step(_LISTED, "/local-lists/sync", syncing, bulk))
    started = [step.bulk_id for step in steps if step.bulk_id]
    if started:
        _logger.info("withdrawn id tags are propagated", extra={"caller": current.caller, "bulk_ids": started})
    if is_wanted:
        for id_tag in {tag.id_tag for tag in withdrawn if tag.untold_groups is not None}:
            current.store.id_tags.note_told(id_tag)
    return steps


def _clearing(withdrawn: Sequence[IdTag]) -> NewBulk | None:
    stations = {charge_point_id for tag in withdrawn for charge_point_id in tag.cached_by}
    if not stations:
        return None
    if len(stations) > MOST_NAMED or any(map(is_cached_anywhere, withdrawn)):
        return NewBulk(action="ClearCache", all=True)
    return NewBulk(action="ClearCache", charge_point_ids=sorted(stations))


def _syncing(withdrawn: Sequence[IdTag]) -> NewListSync | None:
    groups = {group for tag in withdrawn for group in groups_to_tell(tag)}
    if not groups:
        return None
    if len(groups) > MOST_GROUPS:
        return NewListSync(all=True, only_existing=True)
    return NewListSync(filter=BulkFilter(groups=tuple(sorted(groups))), only_existing=True)


def _step(reason: str, path: str, request: NewBulk | NewListSync, bulk: Bulk | None) -> NextStep:
    body = request.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return NextStep(reason=reason, path=path, body=body, bulk_id=bulk.id if bulk else None)
