"""Sites and their charge points as requests and answers have them."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator
from pydantic.alias_generators import to_camel

from csms.api.amperes import (
    PauseOrUsableAmperes,
    PhaseAmperes,
    UsableAmperes,
    Watts,
    phases_to_amperes,
    phases_to_tenths,
    to_amperes,
    to_tenths,
)
from csms.api.identities import Identity
from csms.api.models import ChangesModel, Moment, RequestModel, ShortText, View
from csms.api.problems import Finding
from csms.ids import ChargePointId, SiteId
from csms.ocpp.primitives import Integer
from csms.store.sites import ConnectorSettings, Member, Site

MOST_MEMBERS: Final = 500
"""Added within the time of a request; more come one by one."""
_PHASED: Final = {"maximum_a": "maximum_da", "base_load_a": "base_load_da"}

Percent = Annotated[Integer, Field(ge=0, le=90)]
Voltage = Annotated[Integer, Field(ge=100, le=400, description="Between a phase and neutral, in V.")]
Newcomers = Annotated[Integer, Field(ge=0, le=10_000)]
Priority = Annotated[Integer, Field(ge=-1000, le=1000)]
Phases = Annotated[Integer, Field(ge=1, le=3)]
PhaseRotation = Literal["RST", "RTS", "SRT", "STR", "TRS", "TSR"]
"""As ConnectorPhaseRotation has it: R is L1 of the connection, S is L2, T is L3 [S 9.1.8]."""
ConnectorNumber = Annotated[Integer, Field(ge=1, le=1000)]


class MemberConnector(RequestModel):
    """A connector that differs from the others of its charge point."""

    connector_id: ConnectorNumber
    maximum_a: UsableAmperes | None = None
    phases: Phases | None = None
    phase_rotation: PhaseRotation | None = None


class MemberSettings(RequestModel):
    """How a charge point is wired at its site, and how important it is."""

    maximum_a: UsableAmperes = Field(
        default=32.0, description="What the hardware of each connector lets through on each phase, in A."
    )
    station_maximum_a: UsableAmperes | None = Field(
        default=None, description="What all its connectors together may draw on each phase, in A."
    )
    phases: Phases = Field(default=3, description="To how many phases it is connected.")
    phase_rotation: PhaseRotation | None = Field(
        default=None,
        description="To which phases of the site (R is L1, S is L2, T is L3) its own are connected, in their order;"
        " null: as its configuration key ConnectorPhaseRotation says.",
    )
    priority: Priority = Field(default=0, description="With the policy Priority the highest number comes first.")
    connectors: list[MemberConnector] = Field(default_factory=list, max_length=100)

    @model_validator(mode="after")
    def _name_each_connector_once(self) -> Self:
        numbers = [connector.connector_id for connector in self.connectors]
        if len(set(numbers)) < len(numbers):
            raise ValueError("a connector is named twice")
        return self

    def to_member(self, charge_point_id: ChargePointId) -> Member:
        """The charge point as the store keeps it."""
        return Member(
            charge_point_id=charge_point_id,
            maximum_da=to_tenths(self.maximum_a),
            priority=self.priority,
            station_maximum_da=_tenths_or_none(self.station_maximum_a),
            phases=self.phases,
            phase_rotation=self.phase_rotation,
            connectors={
                found.connector_id: ConnectorSettings(
                    _tenths_or_none(found.maximum_a), found.phases, found.phase_rotation
                )
                for found in self.connectors
            },
        )


class NewMember(MemberSettings):
    """A charge point of a new site."""

    charge_point_id: Identity


class NewSite(RequestModel):
    """A site to add: one grid connection."""

    name: ShortText
    maximum_a: PhaseAmperes = Field(
        description="What may be drawn from the grid on each phase, in A; one number or three, for L1, L2, L3."
    )
    maximum_w: Watts | None = Field(default=None, description="What may be drawn in all, in W.")
    voltage_v: Voltage = 230
    base_load_a: PhaseAmperes = Field(
        default=(0.0, 0.0, 0.0), description="What else draws from the connection at most, in A on each phase."
    )
    margin_percent: Percent = Field(default=0, description="How much of the maximum nobody gets.")
    safe_limit_a: PauseOrUsableAmperes = Field(
        description="What each connector may draw on each phase as long as it hears nothing else from us, in A: 0"
        " pauses it. Stations keep this limit, also without connection, from when a plan first manages them."
    )
    newcomers: Newcomers | None = Field(
        default=None,
        description="For how many vehicles that may plug in at any moment there is always room for the safe limit;"
        " null: for one at each free connector.",
    )
    charge_points: list[NewMember] = Field(default_factory=list, max_length=MOST_MEMBERS)

    def to_site(self, site_id: SiteId, now: datetime) -> Site:
        """The site as the store keeps it."""
        given = self.model_dump(exclude={"charge_points"})
        return Site(id=site_id, created_at=now, **_attributes_of(given))


class SiteChanges(ChangesModel):
    """What to change of a site; a field left out stays. null removes `maximumW` and the limit of `newcomers`."""

    name: ShortText = ""
    maximum_a: PhaseAmperes = (0.0, 0.0, 0.0)
    maximum_w: Watts | None = None
    voltage_v: Voltage = 230
    base_load_a: PhaseAmperes = (0.0, 0.0, 0.0)
    margin_percent: Percent = 0
    safe_limit_a: PauseOrUsableAmperes = 0.0
    newcomers: Newcomers | None = None

    def assignments(self) -> dict[str, Any]:
        """The fields that were given, as the store keeps them."""
        return _attributes_of(self.model_dump(exclude_unset=True))


class SiteView(View):
    """A site."""

    id: str
    name: str
    maximum_a: tuple[float, float, float] = Field(description="On L1, L2 and L3.")
    maximum_w: int | None
    voltage_v: int
    base_load_a: tuple[float, float, float]
    margin_percent: int
    safe_limit_a: float
    newcomers: int | None
    created_at: Moment
    charging_plan_id: str | None = Field(description="The charging plan that runs it.")


class MemberConnectorView(View):
    """A connector that differs from the others of its charge point; null where it does not."""

    connector_id: int
    maximum_a: float | None
    phases: int | None
    phase_rotation: str | None


class MemberView(View):
    """A charge point of a site."""

    charge_point_id: str
    maximum_a: float
    station_maximum_a: float | None
    phases: int
    phase_rotation: str | None
    priority: int
    connectors: list[MemberConnectorView]


def findings_in(site: Site, given: Collection[str]) -> list[Finding]:
    """What contradicts itself in a site; the field that is blamed is one of those given."""
    on_phases = [(most, load) for most, load in zip(site.maximum_da, site.base_load_da, strict=True) if most]
    usable = [most * (100 - site.margin_percent) // 100 - load for most, load in on_phases]
    contradictions = (
        (not on_phases, ("maximum_a",), "no phase has any"),
        (
            any(rest <= 0 for rest in usable),
            ("base_load_a", "margin_percent", "maximum_a"),
            "the base load and the margin leave nothing of the maximum",
        ),
        (
            any(site.safe_limit_da > most for most, _ in on_phases),
            ("safe_limit_a", "maximum_a"),
            "the safe limit of a single connector is above the maximum",
        ),
    )
    blamed = [
        (next((name for name in names if name in given), None), reason)
        for is_so, names, reason in contradictions
        if is_so
    ]
    return [Finding(to_camel(name), reason) for name, reason in blamed if name]


def view_of(site: Site) -> SiteView:
    """The site as answers show it."""
    return SiteView(
        id=site.id,
        name=site.name,
        maximum_a=phases_to_amperes(site.maximum_da),
        maximum_w=site.maximum_w,
        voltage_v=site.voltage_v,
        base_load_a=phases_to_amperes(site.base_load_da),
        margin_percent=site.margin_percent,
        safe_limit_a=to_amperes(site.safe_limit_da),
        newcomers=site.newcomers,
        created_at=site.created_at,
        charging_plan_id=site.plan_id,
    )


def member_view_of(member: Member) -> MemberView:
    """The charge point of a site as answers show it."""
    return MemberView(
        charge_point_id=member.charge_point_id,
        maximum_a=to_amperes(member.maximum_da),
        station_maximum_a=_amperes_or_none(member.station_maximum_da),
        phases=member.phases,
        phase_rotation=member.phase_rotation,
        priority=member.priority,
        connectors=[
            MemberConnectorView(
                connector_id=connector_id,
                maximum_a=_amperes_or_none(settings.maximum_da),
                phases=settings.phases,
                phase_rotation=settings.phase_rotation,
            )
            for connector_id, settings in member.connectors.items()
        ],
    )


def _attributes_of(given: dict[str, Any]) -> dict[str, Any]:
    """Fields of a request as fields of a `Site`."""
    attributes = {name: value for name, value in given.items() if not name.endswith("_a")}
    phased = {stored: phases_to_tenths(given[name]) for name, stored in _PHASED.items() if name in given}
    safe = {"safe_limit_da": to_tenths(given["safe_limit_a"])} if "safe_limit_a" in given else {}
    return attributes | phased | safe


def _tenths_or_none(amperes: float | None) -> int | None:
    return None if amperes is None else to_tenths(amperes)


def _amperes_or_none(tenths: int | None) -> float | None:
    return None if tenths is None else to_amperes(tenths)
