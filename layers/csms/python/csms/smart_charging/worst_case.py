"""The most that may be drawn while we do not know for certain which charging profiles a charge point follows.

A *world* is what it may have: of the uncertain profiles any, of the certain ones all but those whose place an uncertain
one has taken. The answer is never below what any world allows. It is worked out per stack, not world by world, so the
work grows with the number of profiles and not with the number of worlds.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from itertools import chain

from csms.smart_charging.composite import CHARGE_POINT, Connector, charge_point_maximum, transaction_pools
from csms.smart_charging.evaluation import is_valid, limit_at, next_change
from csms.smart_charging.profiles import (
    MOST_PHASES,
    TENTH,
    ChargingProfilePurpose,
    ChargingRateUnit,
    Limit,
    Profile,
    RunningTransaction,
    Supply,
)


def worst_case_a(
    certain: Sequence[Profile],
    uncertain: Sequence[Profile],
    *,
    connector_id: int,
    transaction: RunningTransaction | None,
    may_be_another_transaction: bool,
    at: datetime,
    until: datetime | None = None,
    maximum_a: Decimal,
    voltage_v: int = 230,
    phases: int = MOST_PHASES,
) -> Decimal:
    """The most that a connector may draw, in A on each phase, rounded up to tenths.

    Args:
        certain: profiles that the charge point has, unless an uncertain one has taken their place.
        uncertain: profiles that it may have or not.
        connector_id: the connector; 0 asks only how far ChargePointMaxProfile holds the whole charge point.
        transaction: what charges there; None: nothing does.
        may_be_another_transaction: whether a transaction that nobody told us of may be running, since any moment.
        at: the moment, or the first one.
        until: where given, the most at any moment from `at` until then (exclusive).
        maximum_a: what the hardware lets through: the answer where nothing else limits it.
        voltage_v: nominal, phase to neutral.
        phases: to which the connector is wired.
    """
    supply = Supply(voltage_v, phases, maximum_a)
    known, unheard_of = Connector(connector_id, transaction, supply), Connector(connector_id, None, supply)
    cases = [known] if transaction is not None or connector_id == CHARGE_POINT else []
    if may_be_another_transaction:
        cases.append(unheard_of)
    worlds = _Worlds(certain, uncertain)
    most = (worlds.most_a(case, moment) for case in cases for moment in _moments(worlds.all, case, at, until))
    return max(most, default=Decimal(0)).quantize(TENTH, ROUND_CEILING)


def _moments(
    profiles: Sequence[Profile], connector: Connector, at: datetime, until: datetime | None
) -> Iterator[datetime]:
    """The first moment, and every later one before `until` at which something may change."""
    yield at
    moment = at
    while until is not None:
        changes = [next_change(profile, moment, connector.charging_since) for profile in profiles]
        moment = min((change for change in changes if change is not None), default=until)
        if moment >= until:
            return
        yield moment


@dataclass(frozen=True)
class _Member:
    """A profile of a stack at a moment: the limits it may set, and whether it may set none."""

    profile: Profile
    limits: tuple[Limit, ...]
    may_be_idle: bool


class _Worlds:
    """All that a charge point may follow."""

    def __init__(self, certain: Sequence[Profile], uncertain: Sequence[Profile]) -> None:
        self.all = (*certain, *uncertain)
        self._successors = {
            id(profile): _successors(profile, uncertain) for profile in certain if not _is_for_one_to_come(profile)
        }

    def most_a(self, connector: Connector, at: datetime) -> Decimal:
        """The most in any world; where the connector has no transaction, for any that may be running."""
        pools = transaction_pools(self.all, connector)
        if connector.transaction is None and connector.id != CHARGE_POINT:
            to_come = [found for found in self.all if _is_for_one_to_come(found) and _is_at(found, connector)]
            pools = (to_come, *pools[1:])
        cap = self._most_of([charge_point_maximum(self.all)], connector, at)
        limit = self._most_of(pools, connector, at)
        return min(value for value in (connector.supply.maximum_a, cap, limit) if value is not None)

    def _most_of(self, pools: Iterable[Sequence[Profile]], connector: Connector, at: datetime) -> Decimal | None:
        """The most that the first pool with anything in it may allow, in A; None: there may be no limit."""
        most = Decimal(0)
        for pool in filter(None, pools):
            stack = {id(profile): _member(profile, connector, at) for profile in pool}
            floor = max(self._held_levels(stack), default=None)
            if floor is None and any(member.may_be_idle for member in stack.values()):
                return None
            candidates = [member for member in stack.values() if floor is None or member.profile.stack_level >= floor]
            limits = chain.from_iterable(member.limits for member in candidates)
            most = max(most, *(_highest_a(limit, connector.supply) for limit in limits))
            if floor is not None or self._has_some(stack):
                return most
        return None

    def _held_levels(self, stack: Mapping[int, _Member]) -> Iterator[int]:
        """The levels at or above which something is running in every world."""
        for key, member in stack.items():
            successors = self._successors.get(key)
            if successors is None or member.may_be_idle:
                continue
            level = member.profile.stack_level
            if all(_is_running(stack.get(id(one))) and one.stack_level >= level for one in successors):
                yield level

    def _has_some(self, stack: Mapping[int, _Member]) -> bool:
        """Whether something of the stack is there in every world."""
        successions = (self._successors[key] for key in stack if key in self._successors)
        return any(all(id(one) in stack for one in successors) for successors in successions)


def _successors(profile: Profile, uncertain: Sequence[Profile]) -> list[Profile]:
    """What may have taken its place, or the place of what had taken it."""
    found: dict[int, Profile] = {}
    waiting = [profile]
    while waiting:
        one = waiting.pop()
        new = {id(other): other for other in uncertain if id(other) not in found and other.replaces(one)}
        found |= new
        waiting += new.values()
    return list(found.values())


def _member(profile: Profile, connector: Connector, at: datetime) -> _Member:
    """Whoever counts from a start that we do not know may be in any of its periods."""
    is_cap = profile.purpose is ChargingProfilePurpose.CHARGE_POINT_MAX_PROFILE
    if not profile.starts_with_transaction or (connector.transaction is not None and not is_cap):
        limit = limit_at(profile, at, connector.charging_since)
        return _Member(profile, (limit,) if limit else (), may_be_idle=limit is None)
    if not is_valid(profile, at):
        return _Member(profile, (), may_be_idle=True)
    schedule = profile.schedule
    executed = [
        period for period in schedule.periods if schedule.duration_s is None or period.start_s < schedule.duration_s
    ]
    limits = tuple(Limit(period.limit, schedule.unit, period.phases) for period in executed)
    return _Member(profile, limits, may_be_idle=is_cap or schedule.duration_s is not None)


def _is_running(member: _Member | None) -> bool:
    return member is not None and not member.may_be_idle


def _is_for_one_to_come(profile: Profile) -> bool:
    """Whether it came with a remote start whose transaction we have not heard of."""
    return profile.purpose is ChargingProfilePurpose.TX_PROFILE and profile.transaction_id is None


def _is_at(profile: Profile, connector: Connector) -> bool:
    return profile.connector_id in {None, connector.id}


def _highest_a(limit: Limit, supply: Supply) -> Decimal:
    """As much as it may come to: W may all go through the phases that the connector has."""
    phases = min(limit.phases or MOST_PHASES, supply.phases)
    return replace(limit, phases=phases).in_unit(ChargingRateUnit.A, supply)
