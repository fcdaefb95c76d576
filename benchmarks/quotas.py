"""What AWS, and the deployment itself, allow of a fleet: loads of its moments against quotas. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from benchmarks import cost
from benchmarks.cost import SECONDS_A_DAY, TYPICAL, Profile, Usage, events_of, invocations_a_day
from benchmarks.partitions import hottest
from benchmarks.site_cost import REBALANCE_S
from csms.store.keys import SHARDS
from infra.definitions import CALLS_QUEUE, FUNCTIONS

Rates = Mapping[str, float]
"""Invocations a second by kind, of one station."""

CHARGING: Final = 0.5
"""How many stations charge in the moments below, more than on average."""
MOMENT_S: Final = 60
"""Within which stations do what they all do."""
QUARTER_HOUR_S: Final = 10
"""The same on the quarter hour: clocks of stations differ by seconds."""
_METER_VALUES_KEPT: Final = 5
"""Those of the outage, which a station sends afterwards."""
_CONNECTORS: Final = 2
"""Statuses that a station reports after booting."""


@dataclass(frozen=True)
class Moment:
    """When many stations do the same."""

    name: str
    what: str
    messages: Mapping[str, float]
    """Of each station, within `seconds`, beside the ordinary day."""
    seconds: float

    def rates(self, profile: Profile = TYPICAL) -> dict[str, float]:
        """Of one station, a second."""
        everyday = {kind: count / SECONDS_A_DAY for kind, count in invocations_a_day(profile).items()}
        kinds = {**everyday, **self.messages}  # in this order: what is summed up is the same to the last bit
        rates = {kind: everyday.get(kind, 0.0) + self.messages.get(kind, 0.0) / self.seconds for kind in kinds}
        return rates | dict.fromkeys((cost.EVENT, cost.EVENT_PUBLISHED), events_of(rates))


AVERAGE: Final = Moment("average", "the typical day, evenly", {}, 1)
QUARTER_HOUR: Final = Moment(
    "quarter hour",
    f"clock-aligned meter values of the half that charges, within {QUARTER_HOUR_S} s",
    {cost.TOUCHING_METER_VALUES: CHARGING},
    QUARTER_HOUR_S,
)
MASS_STOP: Final = Moment(
    "mass stop",
    f"the half that charges stops at midnight, within {MOMENT_S} s; all began on the same day",
    {cost.STOP: CHARGING, cost.STATUS: CHARGING},
    MOMENT_S,
)
RECONNECT: Final = Moment(
    "reconnect storm",
    f"an outage of the network ends: all connect within {MOMENT_S} s, and the half that charges sends "
    f"{_METER_VALUES_KEPT} meter values",
    {
        cost.CONNECT: 1,
        cost.DISCONNECT: 1,
        cost.FIRST_MESSAGE: 1,
        cost.STATUS: 1,
        cost.METER_VALUES: CHARGING * _METER_VALUES_KEPT,
    },
    MOMENT_S,
)
POWER: Final = Moment(
    "power returns",
    f"all boot within {MOMENT_S} s, report both connectors, and half of them an interrupted transaction",
    {cost.CONNECT: 1, cost.BOOT: 1, cost.STATUS: _CONNECTORS, cost.STOP: CHARGING},
    MOMENT_S,
)
MOMENTS: Final = (AVERAGE, QUARTER_HOUR, MASS_STOP, RECONNECT, POWER)
SIZES: Final = (100, 10_000, 1_000_000)


@dataclass(frozen=True)
class Quota:
    """A limit, and how much of it one station takes."""

    name: str
    limit: float
    unit: str
    load: Callable[[Rates, Mapping[str, Usage]], float]
    """Of one station."""
    remedy: str
    """What to ask AWS for, or what to change, where it binds."""


_IN_BATCHES: Final = frozenset({cost.EVENT, cost.EVENT_PUBLISHED})
"""Few invocations where there are many."""
_NOT_AT_THE_STAGE: Final = frozenset({cost.COMMAND, cost.COMMAND_DEADLINE, cost.EVENT, cost.EVENT_PUBLISHED})


def _of_stations(rates: Rates) -> dict[str, float]:
    return {kind: rate for kind, rate in rates.items() if kind not in _NOT_AT_THE_STAGE}


def _connections(rates: Rates, used: Mapping[str, Usage]) -> float:  # noqa: ARG001
    return rates[cost.CONNECT]


def _at_the_stage(rates: Rates, used: Mapping[str, Usage]) -> float:  # noqa: ARG001
    return sum(_of_stations(rates).values())


def _at_the_account(rates: Rates, used: Mapping[str, Usage]) -> float:
    """With operators' requests, and the @connections requests that send their calls."""
    return _at_the_stage(rates, used) + 2 * rates[cost.COMMAND]


def _invoked(rates: Rates, used: Mapping[str, Usage]) -> float:  # noqa: ARG001
    return sum(rate for kind, rate in rates.items() if kind not in _IN_BATCHES)


def _concurrency(rates: Rates, used: Mapping[str, Usage]) -> float:
    return sum(rate * used[kind].duration_s for kind, rate in rates.items() if kind not in _IN_BATCHES)


def _writes(rates: Rates, used: Mapping[str, Usage]) -> float:
    return sum(rate * used[kind].write_units for kind, rate in rates.items())


def _reads(rates: Rates, used: Mapping[str, Usage]) -> float:
    return sum(rate * used[kind].read_units for kind, rate in rates.items())


def _reads_of(place: str) -> Callable[[Rates, Mapping[str, Usage]], float]:
    def load(rates: Rates, used: Mapping[str, Usage]) -> float:
        return sum(rate * used[kind].reads_by_place.get(place, 0.0) for kind, rate in rates.items())

    return load


def _partition(index: str, *, shared_tag: bool = False) -> Callable[[Rates, Mapping[str, Usage]], float]:
    def load(rates: Rates, used: Mapping[str, Usage]) -> float:  # noqa: ARG001
        return hottest(rates, shared_tag=shared_tag)[index].units

    return load


TRANSITIONS: Final[Mapping[str, int]] = {cost.START: 14, cost.STOP: 10, cost.STATUS: 4}
"""Of the step that each causes at a site of ten connectors, as docs/performance.md has them."""
_SITE: Final = 10


def _plan_steps(rates: Rates, used: Mapping[str, Usage]) -> float:  # noqa: ARG001
    """At most: what happens while a step is under way shares the next one."""
    return sum(rates[kind] for kind in TRANSITIONS) + 1 / REBALANCE_S / _SITE


def _transitions(rates: Rates, used: Mapping[str, Usage]) -> float:  # noqa: ARG001
    looks = 1 / REBALANCE_S / _SITE
    return sum(rates[kind] * count for kind, count in TRANSITIONS.items()) + looks * TRANSITIONS[cost.STATUS]


def _dispatching(rates: Rates, used: Mapping[str, Usage]) -> float:
    return rates[cost.COMMAND_DEADLINE] * used[cost.COMMAND_DEADLINE].duration_s


_NOTHING: Final = "nothing: a station that is refused sends again what matters"


def _events(rates: Rates, used: Mapping[str, Usage]) -> float:  # noqa: ARG001
    return rates[cost.EVENT]


def _counting(rates: Rates, used: Mapping[str, Usage]) -> float:  # noqa: ARG001
    return used[cost.COUNTING].duration_s / SHARDS


_RAISE: Final = "Service Quotas: "
STAGE_RATE: Final = 6000
"""The throttle of our own stage, so that operators keep a part of the account's."""
CONNECTIONS_RATE: Final = 500.0
PARTITION_WRITES: Final = 1000.0
_PARTITION_READS: Final = 3000.0
_A_SECOND: Final = "a second"

QUOTAS: Final = (
    Quota(
        "WebSocket: new connections",
        CONNECTIONS_RATE,
        _A_SECOND,
        _connections,
        f"{_RAISE}API Gateway, new connections per second; until then stations get 429 and come again",
    ),
    Quota(
        "WebSocket: the stage's own throttle",
        STAGE_RATE,
        "requests a second",
        _at_the_stage,
        "`_THROTTLE` of infra/constructs/charge_points.py, once the account's is raised",
    ),
    Quota(
        "API Gateway: the account's throttle",
        10_000,
        "requests a second",
        _at_the_account,
        f"{_RAISE}API Gateway, throttle rate and burst, for all APIs of the account and region",
    ),
    Quota(
        "Lambda: requests",
        10_000,
        _A_SECOND,
        _invoked,
        f"{_RAISE}Lambda, concurrent executions; ten requests a second come with each",
    ),
    Quota(
        "Lambda: concurrent executions",
        1_000,
        "at once",
        _concurrency,
        f"{_RAISE}Lambda, concurrent executions; a function gains 1,000 in 10 s",
    ),
    Quota(
        "DynamoDB: writes of the table",
        40_000,
        "units a second",
        _writes,
        f"{_RAISE}DynamoDB, table-level write throughput; before an event, warm throughput",
    ),
    Quota(
        "DynamoDB: writes that a new table takes at once",
        4_000,
        "units a second",
        _writes,
        "set the table's warm throughput before; by itself it doubles within 30 minutes",
    ),
    Quota(
        "DynamoDB: reads of the table",
        40_000,
        "units a second",
        _reads,
        f"{_RAISE}DynamoDB, table-level read throughput",
    ),
    Quota(
        "DynamoDB: hottest partition of GSI1", PARTITION_WRITES, "write units a second", _partition("GSI1"), _NOTHING
    ),
    Quota(
        "DynamoDB: hottest partition of GSI1, one tag for all",
        PARTITION_WRITES,
        "write units a second",
        _partition("GSI1", shared_tag=True),
        _NOTHING,
    ),
    Quota(
        "DynamoDB: hottest partition of GSI3", PARTITION_WRITES, "write units a second", _partition("GSI3"), _NOTHING
    ),
    Quota(
        "DynamoDB: the item of a model, one for all",
        _PARTITION_READS,
        "read units a second",
        _reads_of("MODEL"),
        _NOTHING,
    ),
    Quota(
        "Step Functions: transitions",
        5_000,
        _A_SECOND,
        _transitions,
        f"{_RAISE}Step Functions; new accounts and small regions begin with less (800)",
    ),
    Quota(
        "Step Functions: executions begun",
        300,
        _A_SECOND,
        _plan_steps,
        f"{_RAISE}Step Functions, StartExecution (small regions: 150); what is refused is tried again, then by `sweep`",
    ),
    Quota(
        "EventBridge: events put",
        10_000,
        _A_SECOND,
        _events,
        f"{_RAISE}EventBridge, PutEvents (small regions begin with less, 600); events wait in their queue meanwhile",
    ),
    Quota(
        "sweep: time to count a shard of the fleet",
        FUNCTIONS["sweep"].timeout_s,
        "seconds",
        _counting,
        "memory of `sweep` in infra/definitions.py, which brings CPU",
    ),
    Quota(
        "calls queue: `dispatch_calls`",
        CALLS_QUEUE.maximum_concurrency,
        "at once",
        _dispatching,
        "`CALLS_QUEUE` of infra/definitions.py",
    ),
)


@dataclass(frozen=True)
class Load:
    """One quota against one station of the fleet: on average, and in the worst of the moments."""

    quota: Quota
    by_moment: Mapping[str, float]
    """Of one station in each moment, by its name."""

    @property
    def average(self) -> float:
        """Of one station, all day."""
        return self.by_moment[AVERAGE.name]

    @property
    def peak(self) -> float:
        """Of one station in the worst moment."""
        return self.by_moment[self.peak_moment]

    @property
    def peak_moment(self) -> str:
        """The worst."""
        return max(self.by_moment, key=lambda name: self.by_moment[name])

    @property
    def binds_at(self) -> float:
        """So many stations reach it in the worst moment."""
        return self.quota.limit / self.peak if self.peak else float("inf")

    @property
    def binds_on_average_at(self) -> float:
        """So many reach it all day."""
        return self.quota.limit / self.average if self.average else float("inf")


def loads(used: Mapping[str, Usage]) -> list[Load]:
    """Each quota, the one that binds first in front."""
    return sorted((_load(quota, used) for quota in QUOTAS), key=lambda one: one.binds_at)


def _load(quota: Quota, used: Mapping[str, Usage]) -> Load:
    return Load(quota, {moment.name: quota.load(moment.rates(), used) for moment in MOMENTS})


def drain_s(stations: int, rate: float = CONNECTIONS_RATE) -> float:
    """How long all of them take to connect again at a rate."""
    return stations / rate
