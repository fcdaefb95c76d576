"""A site as it is known at a moment: what its charging plan decides on (DESIGN §7).

Everything is read when it is needed; nothing of it is kept. What a connector may draw is never what it was told to, but
the most that the profiles it may follow allow (`smart_charging/worst_case.py`), and its hardware's maximum where it was
seen to draw more than that.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, TypeVar

from csms.ids import CallId, ChargePointId
from csms.smart_charging.demand import demand_da
from csms.smart_charging.limits import LimitPlan, SiteLimit, capacity, intervals
from csms.smart_charging.phases import site_phases
from csms.smart_charging.profiles import ChargingProfilePurpose, RunningTransaction
from csms.smart_charging.situation import (
    ConnectorKey,
    Interval,
    ManagedConnector,
    Session,
    Situation,
    StationLimit,
)
from csms.smart_charging.worst_case import worst_case_a
from csms.store import Store
from csms.store.calls import Call, CallState
from csms.store.charging_plans import ChargingPlan
from csms.store.charging_profiles import InstalledProfile, ProfileState
from csms.store.connectors import PAUSED_BY_VEHICLE, Connector
from csms.store.links import Link, Registration
from csms.store.meter_values import MeterMessage
from csms.store.planned_profiles import PlannedProfile, ProfileRole, SendOutcome
from csms.store.sites import Member, Site
from csms.store.transactions import Transaction
from csms.v16.charging_profiles import PROFILE_LIMITS
from csms.v16.installed_profiles import Knowledge, in_force, knowledge_of
from csms.v16.measured_current import measured_da
from csms.v16.planned_profiles import Wiring, profile_id
from csms.v16.rules import number_of

_PHASE_ROTATION: Final = "ConnectorPhaseRotation"
_CONNECTORS: Final = "NumberOfConnectors"
_MOST_CONNECTORS: Final = 100
"""A station that says it has more is not believed."""
_LEAD: Final = timedelta(seconds=10)
"""A lower limit begins so much earlier for stations: by the time it holds they have followed."""
_READERS: Final = 16
_WINDOW: Final = timedelta(hours=3)
"""A profile reaches to the end of the next such stretch of the day: it is renewed when it is half used up."""
_MOST_INTERVALS: Final = 24
_SAMPLES: Final = 3
_REACTION: Final = timedelta(seconds=60)
"""What a vehicle draws so soon after a new limit says nothing of whether it keeps it."""
_TOLERANCE_DA: Final = 10
RETELLING: Final = timedelta(minutes=1)
"""Who does not follow a limit is told it again after so long."""
_LANDING: Final = timedelta(seconds=10)
"""Who may not be called for longer than this is not waited for."""
_PATIENCE: Final = {
    SendOutcome.SENT: timedelta(seconds=30),
    SendOutcome.REJECTED: timedelta(minutes=2),
    SendOutcome.FAILED: timedelta(minutes=2),
    SendOutcome.TIMED_OUT: timedelta(minutes=1),
}
"""After an answer like that a connector is left alone for so long, and budgeted at its worst case."""
_OUTCOMES: Final = {
    CallState.ACCEPTED: SendOutcome.ACCEPTED,
    CallState.REJECTED: SendOutcome.REJECTED,
    CallState.FAILED: SendOutcome.FAILED,
    CallState.TIMED_OUT: SendOutcome.TIMED_OUT,
    CallState.EXPIRED: SendOutcome.OFFLINE,
    CallState.CANCELLED: SendOutcome.SUPERSEDED,
}

T = TypeVar("T")
R = TypeVar("R")
PlannedKey = tuple[ChargePointId, int, ProfileRole]


@dataclass(frozen=True)
class Station:
    """One charge point of the site, as it was read."""

    member: Member
    link: Link | None
    connectors: Mapping[int, Connector]
    transactions: Mapping[int, Transaction]
    """Running ones, by connector."""
    profiles: Sequence[InstalledProfile]
    limits: dict[str, str]
    """What is known of its configuration keys about profiles."""
    read_at: datetime
    measured_da: Mapping[int, Sequence[tuple[datetime, int]]]
    """What its connectors drew lately, the oldest first."""

    @property
    def id(self) -> ChargePointId:
        """Its identity."""
        return self.member.charge_point_id

    @property
    def is_reachable(self) -> bool:
        """Whether sending it something has a chance."""
        link = self.link
        return (
            link is not None
            and link.connection_id is not None
            and link.registration is Registration.ACCEPTED
            and not link.is_quiet
            and (link.not_before is None or link.not_before <= self.read_at + _LANDING)
        )

    def is_newer_than(self, moment: datetime) -> bool:
        """Whether it has connected since, and may think otherwise now."""
        connected_at_ms = self.link.connected_at_ms if self.link else None
        return connected_at_ms is not None and connected_at_ms > moment.timestamp() * 1000

    @property
    def numbers(self) -> list[int]:
        """Its connectors: those that were heard of, and those it is known to have; one at least."""
        count = min(max(1, number_of(self.limits.get(_CONNECTORS)) or 1), _MOST_CONNECTORS)
        return sorted({*range(1, count + 1), *self.connectors, *self.member.connectors})

    def phases_of(self, connector_id: int) -> int:
        """On how many phases a connector draws."""
        settings = self.member.connectors.get(connector_id)
        return (settings.phases if settings else None) or self.member.phases

    def maximum_da(self, connector_id: int) -> int:
        """What the hardware of a connector lets through on each phase."""
        settings = self.member.connectors.get(connector_id)
        return (settings.maximum_da if settings else None) or self.member.maximum_da

    def site_phases(self, connector_id: int) -> tuple[int, ...]:
        """The phases of the site that a connector may draw on."""
        settings = self.member.connectors.get(connector_id)
        rotation = (settings.phase_rotation if settings else None) or self.member.phase_rotation
        configured = self.limits.get(_PHASE_ROTATION)
        return site_phases(self.phases_of(connector_id), connector_id, rotation or configured)

    def wiring(self, connector_id: int, voltage_v: int) -> Wiring:
        """What its schedules must be written for."""
        phases = self.phases_of(connector_id) if connector_id else self.member.phases
        return Wiring(phases, voltage_v, self.limits)


@dataclass(frozen=True)
class Survey:
    """Everything known of a site at a moment."""

    site: Site
    plan: ChargingPlan
    now: datetime
    until: datetime
    """What a profile says reaches to here; then the safe limit holds."""
    situation: Situation
    stations: Mapping[ChargePointId, Station]
    planned: Mapping[PlannedKey, PlannedProfile]
    """What the plan wanted so far, with what became of it."""
    faults: Mapping[ConnectorKey, str] = field(default_factory=dict)
    """Why a connector is budgeted at more than it was told."""
    disobedient: frozenset[ConnectorKey] = frozenset()
    """Those that draw more than they have acknowledged."""
    look_again_at: datetime | None = None
    """When a connector that is left alone may be tried again."""


def survey(store: Store, site: Site, plan: ChargingPlan, now: datetime) -> Survey:
    """Look at a site. What became of what its plan has sent is noted on the way."""
    return _Surveyor(plan, site, now, _stations(store, site, now), _planned(store, plan)).survey()


def window_end(now: datetime) -> datetime:
    """Until when profiles made now reach: the same moment for hours, so that time alone changes no profile."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + ((now - midnight) // _WINDOW + 2) * _WINDOW


def plan_intervals(plan: ChargingPlan, site: Site, now: datetime) -> tuple[Interval, ...]:
    """The site's capacity for charging from now on, as far as profiles made now reach; cut where older ones end."""
    end = window_end(now)
    maximum = SiteLimit(site.maximum_da, site.maximum_w)
    return tuple(
        Interval(
            found.start,
            found.end,
            capacity(found.limit, site.base_load_da, site.margin_percent, site.voltage_v),
        )
        for found in intervals(
            _to_the_second(plan.limits), maximum, now, end, _MOST_INTERVALS, cuts=(end - _WINDOW,), lead=_LEAD
        )
    )


def _to_the_second(limits: LimitPlan) -> LimitPlan:
    """Schedules know whole seconds: limits begin no later and end no earlier, and where they meet the lower holds."""
    return replace(
        limits,
        periods=tuple(
            replace(period, start=period.start - _fraction(period.start), end=period.end + _rest(period.end))
            for period in limits.periods
        ),
    )


def _fraction(moment: datetime | timedelta) -> timedelta:
    """What it is after a whole second."""
    return timedelta(microseconds=moment.microsecond if isinstance(moment, datetime) else moment.microseconds)


def _rest(moment: datetime | timedelta) -> timedelta:
    """What it is before one."""
    return (timedelta(seconds=1) - _fraction(moment)) % timedelta(seconds=1)


def _stations(store: Store, site: Site, now: datetime) -> dict[ChargePointId, Station]:
    """Read in as few requests as may be; what takes one for each is asked side by side."""
    members = store.sites.members(site.id, consistent=True)
    identities = [member.charge_point_id for member in members]
    links = store.links.get_many(identities)
    limits = store.configuration.values_of_each(identities, *PROFILE_LIMITS, _PHASE_ROTATION, _CONNECTORS)
    with ThreadPoolExecutor(_READERS) as readers:
        connectors = _of_each(readers, identities, lambda identity: _connectors(store, identity))
        profiles = _of_each(
            readers, identities, lambda identity: store.charging_profiles.all(identity, consistent=True)
        )
        transactions = _running(store, connectors)
        messages = _of_each(readers, transactions, lambda running: _latest(store, running))
    of_station: dict[ChargePointId, list[Transaction]] = {identity: [] for identity in identities}
    for found in transactions:
        of_station[found.charge_point_id].append(found)
    stations = {}
    for member in members:
        identity = member.charge_point_id
        running = of_station[identity]
        station = Station(
            member=member,
            link=links.get(identity),
            connectors=connectors[identity],
            transactions={found.start.connector_id: found for found in running},
            profiles=in_force(profiles[identity], running, now),
            limits=limits[identity],
            read_at=now,
            measured_da={},
        )
        measured = {
            found.start.connector_id: _measured(station, found, messages[found], site.voltage_v) for found in running
        }
        stations[identity] = replace(station, measured_da=measured)
    return stations


def _of_each(readers: ThreadPoolExecutor, things: Sequence[T], read: Callable[[T], R]) -> dict[T, R]:
    return dict(zip(things, readers.map(read, things), strict=True))


def _connectors(store: Store, identity: ChargePointId) -> dict[int, Connector]:
    """Without the charge point as a whole."""
    rows = store.connectors.all(identity, consistent=True)
    return {found.connector_id: found for found in rows if found.connector_id > 0}


def _running(store: Store, connectors: Mapping[ChargePointId, Mapping[int, Connector]]) -> list[Transaction]:
    """What runs on the connectors."""
    named = [
        (identity, found.transaction_id)
        for identity, rows in connectors.items()
        for found in rows.values()
        if found.transaction_id is not None
    ]
    return [found for found in store.transactions.get_each(named, consistent=True) if found.is_open]


def _latest(store: Store, running: Transaction) -> Sequence[MeterMessage]:
    """The last meter values of a transaction, the oldest first."""
    page = store.meter_values.of_transaction(running.charge_point_id, running.id, limit=_SAMPLES, newest_first=True)
    return page.messages[::-1]


def _measured(
    station: Station, running: Transaction, messages: Sequence[MeterMessage], voltage_v: int
) -> Sequence[tuple[datetime, int]]:
    phases = station.phases_of(running.start.connector_id)
    readings = (
        # What a station with a fast clock measured has been measured when it was heard of.
        (min(found.timestamp, found.received_at), measured_da(found.meter_value, voltage_v, phases))
        for found in messages
    )
    return [(at, current_da) for at, current_da in readings if current_da is not None]


def answered(store: Store, plan: ChargingPlan, rows: Sequence[PlannedProfile]) -> list[PlannedProfile]:
    """What a plan wanted; what has been answered since it was sent is noted."""
    calls = store.calls.get_many(
        [(row.charge_point_id, row.call_id) for row in rows if row.call_id and row.outcome is SendOutcome.SENT]
    )
    return [_as_answered(store, plan, row, calls) for row in rows]


def _planned(store: Store, plan: ChargingPlan) -> dict[PlannedKey, PlannedProfile]:
    rows = answered(store, plan, store.planned_profiles.all(plan.id))
    return {(row.charge_point_id, row.connector_id, row.role): row for row in rows}


def _as_answered(store: Store, plan: ChargingPlan, row: PlannedProfile, calls: Mapping[CallId, Call]) -> PlannedProfile:
    call = calls.get(row.call_id) if row.call_id else None
    if row.outcome is not SendOutcome.SENT or call is None or not call.state.is_ended:
        return row
    outcome, at = _OUTCOMES[call.state], call.ended_at or row.as_of
    store.planned_profiles.note_outcome(plan.id, row, outcome, at, call_id=call.id, reason=call.status)
    return replace(row, outcome=outcome, as_of=at, reason=call.status)


class _Surveyor:
    """Puts together what was read."""

    def __init__(
        self,
        plan: ChargingPlan,
        site: Site,
        now: datetime,
        stations: Mapping[ChargePointId, Station],
        planned: Mapping[PlannedKey, PlannedProfile],
    ) -> None:
        self._plan = plan
        self._site = site
        self._now = now
        self._intervals = plan_intervals(plan, site, now)
        self._until = self._intervals[-1].end
        self._stations = stations
        self._planned = planned
        self._faults: dict[ConnectorKey, str] = {}
        self._disobedient: set[ConnectorKey] = set()
        self._retries: list[datetime] = []

    def survey(self) -> Survey:
        """Everything at once."""
        links = [station.link for station in self._stations.values() if station.link]
        self._retries += [link.not_before for link in links if link.not_before and link.not_before > self._now]
        connectors = tuple(
            self._connector(station, number) for station in self._stations.values() for number in station.numbers
        )
        situation = Situation(
            now=self._now,
            intervals=self._intervals,
            connectors=connectors,
            stations=tuple(
                StationLimit(station.id, station.member.station_maximum_da)
                for station in self._stations.values()
                if station.member.station_maximum_da is not None
            ),
            policy=self._plan.policy,
            voltage_v=self._site.voltage_v,
            newcomers=self._site.newcomers,
            turn=timedelta(seconds=self._plan.turn_s),
        )
        return Survey(
            self._site,
            self._plan,
            self._now,
            self._until,
            situation,
            self._stations,
            self._planned,
            self._faults,
            frozenset(self._disobedient),
            min(self._retries, default=None),
        )

    def _connector(self, station: Station, number: int) -> ManagedConnector:
        key = ConnectorKey(station.id, number)
        transaction = station.transactions.get(number)
        allowed = self._allowed_da(station, number, transaction)
        excess = self._excess(station, number, transaction)
        if excess:
            self._faults[key] = excess
            self._disobedient.add(key)
            self._retries.append(self._now + RETELLING)
            allowed = tuple(station.maximum_da(number) for _ in allowed)
        is_left_alone = transaction is not None and self._is_left_alone(station, number, transaction)
        is_overruled = not excess and self._is_overruled(station, number, transaction, allowed[0])
        return ManagedConnector(
            key=key,
            phases=station.site_phases(number),
            maximum_da=self._most_da(station, number),
            held_da=allowed,
            session=self._session(station, transaction) if transaction else None,
            is_reachable=station.is_reachable and not (excess or is_left_alone or is_overruled),
            phase_count=station.phases_of(number),
        )

    def _most_da(self, station: Station, number: int) -> int:
        """What it can be given: a schedule of one period must be the safe limit, which has to hold for good."""
        maximum_da = station.maximum_da(number)
        if station.wiring(number, self._site.voltage_v).most_periods > 1:
            return maximum_da
        self._faults[ConnectorKey(station.id, number)] = "takes schedules of one period only, which is the safe limit"
        return min(maximum_da, self._site.safe_limit_da)

    def _is_overruled(self, station: Station, number: int, transaction: Transaction | None, allowed_da: int) -> bool:
        """Whether a station has what the plan gave the transaction and may draw more all the same: somebody has
        installed a profile that stands above it, and telling it less would change nothing.
        """
        own = profile_id(station.id, number, ChargingProfilePurpose.TX_PROFILE)
        rows = [row for row in station.profiles if row.id == own and row.state is ProfileState.INSTALLED]
        if transaction is None or not rows:
            return False
        if allowed_da <= self._worst_da(station, number, transaction, knowledge_of(rows), self._intervals[0]):
            return False
        self._faults[ConnectorKey(station.id, number)] = "another charging profile stands above the plan's"
        return True

    def _allowed_da(self, station: Station, number: int, transaction: Transaction | None) -> tuple[int, ...]:
        """By interval, the most that it may draw by the profiles it may follow. Without one of its own a transaction
        may be under the safe limit even where a lower one is installed: that is about to be raised.
        """
        known = knowledge_of(station.profiles)
        has_its_own = any(
            profile.purpose is ChargingProfilePurpose.TX_PROFILE and profile.connector_id == number
            for profile in known.certain
        )
        least = 0 if has_its_own else min(self._site.safe_limit_da, station.maximum_da(number))
        return tuple(
            max(self._worst_da(station, number, transaction, known, interval), least) for interval in self._intervals
        )

    def _worst_da(
        self, station: Station, number: int, transaction: Transaction | None, known: Knowledge, interval: Interval
    ) -> int:
        running = RunningTransaction(transaction.id, transaction.started_at) if transaction else None
        worst_a = worst_case_a(
            known.certain,
            known.uncertain,
            connector_id=number,
            transaction=running,
            may_be_another_transaction=running is None or not station.is_reachable,
            at=interval.start,
            until=interval.end,
            maximum_a=Decimal(station.maximum_da(number)) / 10,
            voltage_v=self._site.voltage_v,
            phases=station.phases_of(number),
        )
        return int(worst_a * 10)

    def _session(self, station: Station, transaction: Transaction) -> Session:
        number = transaction.start.connector_id
        row = self._row_of(station, number, transaction)
        connector = station.connectors.get(number)
        status = connector.status if connector else None
        demand = demand_da(
            station.measured_da.get(number, ()),
            allowed_da=row.limit_at if row else None,
            is_suspended_by_vehicle=status is not None and status.status == PAUSED_BY_VEHICLE,
            now=self._now,
        )
        if demand is not None and self._site.newcomers is None:
            demand = max(demand, self._site.safe_limit_da)  # the next vehicle there may begin before we have looked
        return Session(
            transaction_id=transaction.id,
            started_at=transaction.started_at,
            priority=station.member.priority,
            demand_da=demand,
            turn=row.turn if row else None,
        )

    def _row_of(self, station: Station, number: int, transaction: Transaction) -> PlannedProfile | None:
        row = self._planned.get((station.id, number, ProfileRole.TRANSACTION))
        return row if row and row.transaction_id == transaction.id else None

    def _is_left_alone(self, station: Station, number: int, transaction: Transaction) -> bool:
        """Whether it is not told anything now: its last answer was no good, or is not there yet."""
        row = self._row_of(station, number, transaction)
        patience = _PATIENCE.get(row.outcome) if row else None
        if row is None or patience is None or self._now >= row.as_of + patience or station.is_newer_than(row.as_of):
            return False
        self._retries.append(row.as_of + patience)
        self._faults[ConnectorKey(station.id, number)] = f"{row.outcome.value}: {row.reason or 'no answer'}"
        return True

    def _excess(self, station: Station, number: int, transaction: Transaction | None) -> str | None:
        """What is drawn above a limit that was acknowledged long enough ago, in words."""
        row = self._row_of(station, number, transaction) if transaction else None
        readings = station.measured_da.get(number, ())
        if row is None or row.outcome is not SendOutcome.ACCEPTED or not readings:
            return None
        at, current_da = readings[-1]
        limit_da = row.highest_limit(at - _REACTION, at)
        if limit_da is None or current_da <= limit_da + _TOLERANCE_DA:
            return None
        return f"draws {current_da / 10:g} A although limited to {limit_da / 10:g} A"
