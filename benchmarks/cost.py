"""What stations cost a month: how often they speak x what a message was counted to use x the prices. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks import prices
from benchmarks.prices import Price
from csms.settings import Settings
from csms.store.keys import SHARDS

DAYS_A_MONTH: Final = 365 / 12
MINUTES_A_DAY: Final = 24 * 60
SECONDS_A_DAY: Final = 24 * 3600
GB: Final = 2**30
RECONNECTS_A_DAY: Final = 12
"""API Gateway ends every connection after 2 h."""
MB_OF_ONE_CPU: Final = 1769
"""Lambda gives CPU in proportion to memory; one vCPU at this much."""
AWS_CALL_WAIT_MS: Final = 5.0
"""Assumed: what a call waits for DynamoDB, beside the CPU time that was measured here."""
COLD_SHARE: Final = 0.01
"""AWS: cold starts are typically under 1 % of invocations (Lambda operator guide, execution environments)."""
FRAME_OVERHEAD_BYTES: Final = 100
"""Assumed, of each message: WebSocket, TLS, TCP and IP headers."""
HANDSHAKE_BYTES: Final = 6_000
"""Assumed, of each connection to the station: the certificate chain and the HTTP upgrade."""
LOG_EVENT_BYTES: Final = 26
"""CloudWatch adds them to each event."""
LOG_COMPRESSION: Final = 0.15
"""CloudWatch bills what logs keep when compressed; its own examples reckon so."""
ACCESS_LOG_LINE: Final = (
    '{"requestId":"Vd7dNHhiIAMFn8A=","requestTime":"26/Nov/2026:05:20:20 +0000","eventType":"MESSAGE",'
    '"routeKey":"MeterValues","connectionId":"Vd7dOcyGoAMCJlw=","identity_sourceIp":"203.0.113.177","status":"200",'
    '"error_message":"-","integration_error":"-","integration_latency":"21"}'
)
"""What the WebSocket API's stage writes of each message and connection."""


@dataclass(frozen=True)
class Profile:
    """How a station is used."""

    name: str
    sessions_a_day: float
    session_min: int
    meter_interval_s: int
    heartbeat_interval_s: int = 300
    commands_a_day: float = 0

    @property
    def meter_values_a_day(self) -> float:
        """MeterValues messages."""
        return self.sessions_a_day * self.session_min * 60 / self.meter_interval_s

    @property
    def charging_share(self) -> float:
        """Of the day."""
        return self.sessions_a_day * self.session_min / MINUTES_A_DAY


IDLE: Final = Profile("idle", sessions_a_day=0, session_min=0, meter_interval_s=60)
TYPICAL: Final = Profile("typical", sessions_a_day=4, session_min=120, meter_interval_s=60, commands_a_day=2)
BUSY: Final = Profile("busy", sessions_a_day=12, session_min=60, meter_interval_s=30, commands_a_day=6)
PROFILES: Final = (IDLE, TYPICAL, BUSY)


@dataclass(frozen=True)
class Invocation:
    """What one invocation uses."""

    write_units: float
    read_units: float
    cpu_ms: float
    aws_calls: float
    memory_mb: int

    @property
    def duration_s(self) -> float:
        """The CPU time at Lambda's share of a CPU, and the waiting."""
        return (self.cpu_ms * max(1.0, MB_OF_ONE_CPU / self.memory_mb) + self.aws_calls * AWS_CALL_WAIT_MS) / 1000

    @property
    def gb_seconds(self) -> float:
        """Billed."""
        return self.duration_s * self.memory_mb / 1024


@dataclass(frozen=True)
class Usage(Invocation):
    """What one invocation uses, and leaves behind."""

    writes_by_place: Mapping[str, float]
    """Write units by kind of item and by index."""
    reads_by_place: Mapping[str, float]
    """Read units of single items by their kind."""
    item_bytes: Mapping[str, int]
    """Size of the items it writes, by kind."""
    received_bytes: int = 0
    answer_bytes: int = 0
    logged_bytes: int = 0
    logged_lines: int = 0
    series: Sequence[str] = ()
    """Custom metrics that it emits: name and dimensions."""


CONNECT: Final = "connect"
DISCONNECT: Final = "disconnect"
FIRST_MESSAGE: Final = "first message"
HEARTBEAT: Final = "heartbeat"
TOUCHING_METER_VALUES: Final = "meter values, link touched"
METER_VALUES: Final = "meter values"
AUTHORIZE: Final = "authorize"
START: Final = "start"
STOP: Final = "stop"
STATUS: Final = "status"
BOOT: Final = "boot"
"""Not of an ordinary day."""
COMMAND: Final = "command"
"""An operator's request, until the call is on its way."""
COMMAND_ANSWER: Final = "command's answer"
COMMAND_DEADLINE: Final = "command's deadline"
EVENT: Final = "event"
"""Read from the table's stream, and passed on."""
EVENT_PUBLISHED: Final = "event published"
SWEEP: Final = "sweep"
"""Nothing due; by the clock, not by stations."""
COUNTING: Final = "counting a station"
"""Not an invocation: what `sweep` takes for each station when it counts the fleet, a shard a minute."""
COUNTINGS_A_DAY: Final = MINUTES_A_DAY / SHARDS

_EVENTFUL: Final = (CONNECT, DISCONNECT, STATUS, START, STOP, BOOT, COMMAND)
_NO_MESSAGE: Final = frozenset({CONNECT, DISCONNECT, COMMAND, COMMAND_DEADLINE, EVENT, EVENT_PUBLISHED})
"""Invocations that no frame of the station causes."""
_REQUESTS_A_QUEUE_MESSAGE: Final = 3
"""Sent, received, deleted."""


def invocations_a_day(profile: Profile) -> dict[str, float]:
    """How often a day each kind happens.

    The link is touched at most once a minute: by every heartbeat, and by meter values that are a minute apart. A
    session is four statuses (Preparing, Charging, Finishing, Available), an Authorize, a start and a stop. Each status,
    start and stop, each connection made and lost, each command ended is an event.
    """
    sessions, samples, commands = profile.sessions_a_day, profile.meter_values_a_day, profile.commands_a_day
    touching = min(1.0, profile.meter_interval_s / 60) * samples
    counts = {
        CONNECT: RECONNECTS_A_DAY,
        DISCONNECT: RECONNECTS_A_DAY,
        FIRST_MESSAGE: RECONNECTS_A_DAY,
        HEARTBEAT: SECONDS_A_DAY / profile.heartbeat_interval_s - RECONNECTS_A_DAY,
        TOUCHING_METER_VALUES: touching,
        METER_VALUES: samples - touching,
        AUTHORIZE: sessions,
        START: sessions,
        STOP: sessions,
        STATUS: 4 * sessions,
        COMMAND: commands,
        COMMAND_ANSWER: commands,
        COMMAND_DEADLINE: commands,
    }
    return counts | dict.fromkeys((EVENT, EVENT_PUBLISHED), events_of(counts))


def events_of(counts: Mapping[str, float]) -> float:
    """How many of these invocations are facts that others are told."""
    return sum(counts.get(kind, 0.0) for kind in _EVENTFUL)


def messages_a_day(profile: Profile) -> float:
    """In both directions: what the station sends is answered, and a command's answer answers."""
    return 2 * sum(count for kind, count in invocations_a_day(profile).items() if kind not in _NO_MESSAGE)


def link_touches_a_day(profile: Profile) -> float:
    """Beside those that are counted with a message: plugging in and leaving touch it once, whichever comes first."""
    return 2 * profile.sessions_a_day


Quantities = Counter[Price]
"""How much is bought of what in a month."""


def month_of_station(
    profile: Profile, used: Mapping[str, Usage], cold_start: Invocation, *, months: int = 12
) -> Quantities:
    """What one station takes a month, when it has done so for so many months: what is stored grows."""
    counts = {kind: count * DAYS_A_MONTH for kind, count in invocations_a_day(profile).items()}
    messages, touches = messages_a_day(profile) * DAYS_A_MONTH, link_touches_a_day(profile) * DAYS_A_MONTH
    requests, countings = sum(counts.values()), COUNTINGS_A_DAY * DAYS_A_MONTH
    sent = sum(count * used[kind].answer_bytes for kind, count in counts.items()) + messages / 2 * FRAME_OVERHEAD_BYTES
    received = sum(count * used[kind].received_bytes for kind, count in counts.items())
    received += messages / 2 * FRAME_OVERHEAD_BYTES
    warm_gb_s = sum(count * used[kind].gb_seconds for kind, count in counts.items())
    logged = sum(
        count * (used[kind].logged_bytes + used[kind].logged_lines * LOG_EVENT_BYTES) for kind, count in counts.items()
    )
    logged += (messages / 2 + counts[CONNECT] + counts[DISCONNECT]) * (len(ACCESS_LOG_LINE) + LOG_EVENT_BYTES)
    stored_gb = stored_bytes(profile, used, months * DAYS_A_MONTH) / GB
    return Counter(
        {
            prices.WEBSOCKET_MESSAGE: messages,
            prices.CONNECTION_MINUTE: MINUTES_A_DAY * DAYS_A_MONTH,
            prices.WRITE_UNIT: sum(count * used[kind].write_units for kind, count in counts.items()) + touches,
            prices.READ_UNIT: sum(count * used[kind].read_units for kind, count in counts.items())
            + countings * used[COUNTING].read_units,
            prices.LAMBDA_REQUEST: requests,
            prices.LAMBDA_GB_SECOND: warm_gb_s
            + countings * used[COUNTING].gb_seconds
            + COLD_SHARE * requests * cold_start.gb_seconds,
            prices.TABLE_GB: stored_gb,
            prices.RECOVERY_GB: stored_gb,
            prices.LOG_GB: logged / GB,
            prices.LOG_STORED_GB: logged / GB * LOG_COMPRESSION,
            prices.EDGE_REQUEST: counts[CONNECT],
            prices.EDGE_FUNCTION: counts[CONNECT],
            prices.EDGE_GB_OUT: (sent + counts[CONNECT] * HANDSHAKE_BYTES) / GB,
            prices.EDGE_GB_IN: received / GB,
            prices.HTTP_REQUEST: counts[COMMAND],
            prices.QUEUE_REQUEST: (counts[COMMAND] + counts[EVENT]) * _REQUESTS_A_QUEUE_MESSAGE,
            prices.EVENT: counts[EVENT],
        }
    )


_TRANSACTION: Final = "CP/TX"
_COPIES: Final[Mapping[str, int]] = {_TRANSACTION: 3}
"""How often an item is stored, indexes included, at the end of its way; others once."""
_OF_THE_STATION: Final = frozenset({"CP/CONNECTOR", "CP/LINK"})
"""Items of which a station has one, whatever it does: overwritten, and too small to count."""


def kept_days(place: str) -> float:
    """How long an item of that kind stays: TTL deletes it, or nobody does."""
    settings = Settings.model_fields
    return {
        "CP/CALL": 90.0,
        "CP/EVENT": float(settings["history_days"].default),
        "LOG": float(settings["message_log_days"].default),
        "METER": 400.0,
        "SESSION": 0.1,
    }.get(place, float("inf"))


def stored_bytes(profile: Profile, used: Mapping[str, Usage], days: float) -> float:
    """What a station has in the table after so many days."""
    return sum(
        count * min(days, kept_days(place)) * size * _COPIES.get(place, 1)
        for kind, count in invocations_a_day(profile).items()
        for place, size in used[kind].item_bytes.items()
        if place not in _OF_THE_STATION and (place != _TRANSACTION or kind == STOP)
    )


DRIVERS: Final[Mapping[str, tuple[Price, ...]]] = {
    "messages": (prices.WEBSOCKET_MESSAGE,),
    "connections": (prices.CONNECTION_MINUTE,),
    "writes": (prices.WRITE_UNIT,),
    "reads": (prices.READ_UNIT,),
    "functions": (prices.LAMBDA_REQUEST, prices.LAMBDA_GB_SECOND),
    "storage": (prices.TABLE_GB, prices.RECOVERY_GB),
    "logs": (prices.LOG_GB, prices.LOG_STORED_GB),
    "edge": (prices.EDGE_REQUEST, prices.EDGE_FUNCTION, prices.EDGE_GB_OUT, prices.EDGE_GB_IN),
    "events, queues, API": (prices.EVENT, prices.QUEUE_REQUEST, prices.HTTP_REQUEST),
}
"""What the bill is told by."""


def bill(quantities: Quantities, stations: int = 1) -> dict[str, float]:
    """USD a month by driver for so many stations: prices have tiers."""
    return {
        driver: sum(price.usd(quantities[price] * stations) for price in bought) for driver, bought in DRIVERS.items()
    }


FIXED: Final[Mapping[str, Price]] = {
    "AWS::CloudWatch::Alarm": prices.ALARM,
    "AWS::CloudWatch::Dashboard": prices.DASHBOARD,
    "AWS::KMS::Key": prices.KEY,
    "AWS::SecretsManager::Secret": prices.SECRET,
    "AWS::WAFv2::WebACL": prices.WEB_ACL,
}
"""Resources that cost by being there."""
ALARM_METRICS: Final = 43
"""What all alarms together look at: that is paid, not the alarms. The template has so many, as a test sees."""


def fixed_costs(inventory: Mapping[str, int], used: Mapping[str, Usage], sweeps_a_day: float) -> dict[str, float]:
    """USD a month, however many stations there are: resources of the template, custom metrics, and the clock."""
    sweep, series = used[SWEEP], {name for one in used.values() for name in one.series}
    sweeps = sweeps_a_day * DAYS_A_MONTH
    resources = {
        f"{inventory[kind]} x {price.what}": price.usd(inventory[kind])
        for kind, price in FIXED.items()
        if inventory.get(kind)
    }
    clock = {
        prices.LAMBDA_REQUEST: sweeps,
        prices.LAMBDA_GB_SECOND: sweeps * sweep.gb_seconds,
        prices.READ_UNIT: sweeps * sweep.read_units,
        prices.WRITE_UNIT: sweeps * sweep.write_units,
        prices.LOG_GB: sweeps * (sweep.logged_bytes + sweep.logged_lines * LOG_EVENT_BYTES) / GB,
    }
    metrics = {f"{len(series)} x {prices.METRIC.what}": prices.METRIC.usd(len(series))} if series else {}
    return {
        **resources,
        **metrics,
        "sweep, every minute": sum(price.usd(quantity) for price, quantity in clock.items()),
    }
