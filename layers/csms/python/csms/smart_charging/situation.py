"""What a site's power is shared by, and what sharing it decides.

Currents are integer tenths of an ampere on each phase (`_da`); phases are the site's own: 0, 1 and 2 for L1, L2, L3.
Every tuple "by interval" has one entry for each of the situation's intervals, in their order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from csms.ids import ChargePointId, TransactionId

MINIMUM_DA: Final = 60
"""Below 6 A an electric vehicle does not charge (IEC 61851-1): a connector gets at least this, or nothing."""
HYSTERESIS_DA: Final = 10
TURN: Final = timedelta(minutes=15)


class Policy(StrEnum):
    """Who comes first when there is not enough for all."""

    EQUAL_SHARE = "EqualShare"
    """The same current for everyone, as far as each can use it; they take turns when even the minimum is too much."""
    PRIORITY = "Priority"
    """The highest priority first, equal shares and turns among equals."""
    FIRST_COME = "FirstCome"
    """In the order in which the transactions began; the last wait."""


class ConnectorKey(NamedTuple):
    """A connector of a charge point."""

    charge_point_id: ChargePointId
    connector_id: int


@dataclass(frozen=True)
class Capacity:
    """What charging may use: the site limit after its margin and the base load. Both numbers hold."""

    current_da: tuple[int, int, int]
    power_w: int | None = None


@dataclass(frozen=True)
class Interval:
    """A time during which the capacity does not change."""

    start: datetime
    end: datetime
    capacity: Capacity


@dataclass(frozen=True)
class Turn:
    """Since when a transaction is served (has the minimum at least), or waits."""

    is_served: bool
    since: datetime
    rested: bool = False
    """Whether it had to make room while it wanted nothing; then it is asked again only after a while."""


@dataclass(frozen=True)
class Session:
    """The transaction that runs on a connector."""

    transaction_id: TransactionId
    started_at: datetime
    priority: int = 0
    """The higher the more important; only the priority policy looks at it."""
    demand_da: int | None = None
    """The most its vehicle was seen to use, with headroom. None: not known. 0: it wants nothing at the moment (full,
    asleep) and gets the minimum only from what the others leave."""
    turn: Turn | None = None
    """As the last decision gave it. None: it waits since it started."""


@dataclass(frozen=True)
class ManagedConnector:
    """A connector that takes part."""

    key: ConnectorKey
    phases: tuple[int, ...]
    """The phases it may draw on."""
    maximum_da: int
    held_da: tuple[int, ...]
    """By interval: the most it may draw by what it is known to have been sent. Without a transaction: what one that
    starts now would draw."""
    session: Session | None = None
    is_reachable: bool = True
    """Whether sending it something has a chance. If not, what it holds is taken off the capacity."""
    phase_count: int | None = None
    """On how many of `phases` it draws at once, for its power. None: on all of them."""


@dataclass(frozen=True)
class StationLimit:
    """The most that all connectors of a charge point together may draw on each phase."""

    charge_point_id: ChargePointId
    maximum_da: int


@dataclass(frozen=True)
class Situation:
    """A site at a moment, with everything that a decision depends on."""

    now: datetime
    intervals: tuple[Interval, ...]
    """Without gaps; the first one is going on."""
    connectors: tuple[ManagedConnector, ...]
    stations: tuple[StationLimit, ...] = ()
    """Those that have one; a charge point that is not named is limited by its connectors only."""
    policy: Policy = Policy.EQUAL_SHARE
    voltage_v: int = 230
    """Between a phase and neutral."""
    newcomers: int | None = None
    """How many transactions that begin before the next decision there is a reserve for: the largest that many idle
    connectors would draw. None: all of them."""
    minimum_da: int = MINIMUM_DA
    hysteresis_da: int = HYSTERESIS_DA
    """Changes smaller than this are not worth sending."""
    turn: timedelta = TURN
    """How long a served transaction keeps its place while others wait."""


class Reason(StrEnum):
    """Why a connector gets what it gets now."""

    MAXIMUM = "Maximum"
    """All that the connector can give."""
    DEMAND = "Demand"
    """All that its vehicle was seen to use."""
    SHARED = "Shared"
    """Less, because the site or the charge point is at its limit."""
    RESTING = "Resting"
    """Nothing, because its vehicle wants nothing and others can use it."""
    WAITING = "Waiting"
    """Nothing, because there is no room for its minimum: it waits for its turn."""
    TOO_SMALL = "TooSmall"
    """Nothing, because its maximum is below the minimum."""
    UNREACHABLE = "Unreachable"
    """It cannot be told: what it may draw at worst is taken off the capacity."""
    IDLE = "Idle"
    """No transaction: what a newcomer would draw there, as far as there is a reserve for newcomers."""


@dataclass(frozen=True)
class Note:
    """What a connector is budgeted at in the first interval, and why."""

    reason: Reason
    current_da: int


@dataclass(frozen=True)
class Target:
    """What to make a connector's limit."""

    key: ConnectorKey
    limits_da: tuple[int, ...]
    """By interval."""


@dataclass(frozen=True)
class Decision:
    """What to send, and what it leads to."""

    decreases: tuple[Target, ...]
    """Never above what the connector holds in any interval. They go first."""
    increases: tuple[Target, ...]
    """Safe to send at once, whatever becomes of the decreases. The rest follows once those are confirmed."""
    wanted: Mapping[ConnectorKey, tuple[int, ...]]
    """By interval, for each reachable transaction."""
    turns: Mapping[ConnectorKey, Turn]
    """To be given back with each session next time."""
    notes: Mapping[ConnectorKey, Note]
    worst_case: Capacity
    """In the first interval: what everyone holds, or will when the increases are there, and the reserve. Without power
    where that is not limited."""
    overload_da: tuple[int, ...]
    """By interval: how far what everyone holds, and the reserve, exceeds the capacity on the worst phase. Too much
    power counts as the current that it is on three phases."""
    unavoidable_da: tuple[int, ...]
    """By interval: the part of it that remains when everything wanted was confirmed."""
    next_turn: datetime | None
    """When to decide again for the sake of those who wait."""
