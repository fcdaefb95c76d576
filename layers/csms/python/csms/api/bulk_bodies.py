"""Bulk commands as requests have them: what is to be done, and at which charge points."""

from typing import Annotated, Any, Final, Self

from pydantic import Field, model_validator

from csms.api.models import Flag, Groups, RequestModel, ShortText
from csms.api.resources.commands import LONGEST_LIFETIME_S
from csms.ids import ChargePointId
from csms.store.bulks import Selection

MOST_NAMED: Final = 1000

Identity = Annotated[str, Field(min_length=1, max_length=48)]


class BulkFilter(RequestModel):
    """Charge points that meet every condition given."""

    site: ShortText | None = None
    charge_point_vendor: ShortText | None = Field(default=None, description="As in its last BootNotification.")
    charge_point_model: ShortText | None = Field(default=None, description="As in its last BootNotification.")
    groups: Groups = Field(
        default=(),
        description="Its site or one of its groups is among these: id tags of these groups are in its local list.",
    )

    @model_validator(mode="after")
    def _has_a_condition(self) -> Self:
        if not any((self.site, self.charge_point_vendor, self.charge_point_model, self.groups)):
            raise ValueError("at least one condition; every charge point is meant by all=true")
        return self


class BulkTargets(RequestModel):
    """The charge points named and those that fit the filter, or all."""

    charge_point_ids: list[Identity] = Field(default_factory=list, max_length=MOST_NAMED)
    filter: BulkFilter | None = None
    all: Flag = False

    @model_validator(mode="after")
    def _is_for_somebody(self) -> Self:
        if not (self.charge_point_ids or self.filter or self.all):
            raise ValueError("for whom? chargePointIds, filter or all=true")
        return self

    @property
    def selection(self) -> Selection:
        """Which charge points are meant."""
        named = {text.casefold(): ChargePointId(text) for text in self.charge_point_ids}
        wanted = self.filter or BulkFilter.model_construct()
        return Selection(
            tuple(named.values()),
            wanted.site,
            wanted.charge_point_vendor,
            wanted.charge_point_model,
            self.all,
            wanted.groups,
        )


class NewBulk(BulkTargets):
    """A command, and who is to get it: the charge points named and those that fit the filter, or all."""

    action: str = Field(max_length=50, description="As OCPP spells it.")
    payload: dict[str, Any] = Field(
        default_factory=dict, description="As for `/charge-points/{identity}/commands/{action}`."
    )
    expires_in: Annotated[int, Field(strict=True, ge=1, le=LONGEST_LIFETIME_S)] | None = None
    force: Flag = False


class NewListSync(BulkTargets):
    """Whose local lists are to be synchronised: the charge points named and those that fit the filter, or all."""

    adopt: Flag = Field(default=False, description="Replace also lists that somebody else has sent.")
    only_existing: Flag = Field(
        default=False, description="Leave alone charge points that were never sent a list of ours."
    )
