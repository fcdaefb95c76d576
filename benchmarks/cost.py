"""What a station costs a month: how often it speaks x what a message was measured to cost x the prices. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from benchmarks import prices

DAYS_A_MONTH: Final = 365 / 12
MINUTES_A_DAY: Final = 24 * 60
RECONNECTS_A_DAY: Final = 12
"""API Gateway ends every connection after 2 h."""
MB_OF_ONE_CPU: Final = 1769
"""Lambda gives CPU in proportion to memory; one vCPU at this much."""
AWS_CALL_WAIT_MS: Final = 5.0
"""Assumed: what a call waits for DynamoDB, beside the CPU time that was measured here."""


@dataclass(frozen=True)
class Profile:
    """How a station is used."""

    name: str
    sessions_a_day: int
    session_min: int
    meter_interval_s: int
    heartbeat_interval_s: int = 300

    @property
    def meter_values_a_day(self) -> float:
        """MeterValues messages."""
        return self.sessions_a_day * self.session_min * 60 / self.meter_interval_s


IDLE: Final = Profile("idle", sessions_a_day=0, session_min=0, meter_interval_s=60)
TYPICAL: Final = Profile("typical", sessions_a_day=4, session_min=120, meter_interval_s=60)
BUSY: Final = Profile("busy", sessions_a_day=12, session_min=60, meter_interval_s=30)
PROFILES: Final = (IDLE, TYPICAL, BUSY)


@dataclass(frozen=True)
class Invocation:
    """What one invocation uses."""

    write_units: float
    read_units: float
    cpu_ms: float
    aws_calls: int
    memory_mb: int

    @property
    def gb_seconds(self) -> float:
        """Billed: the CPU time at Lambda's share of a CPU, and the waiting."""
        duration_ms = self.cpu_ms * max(1.0, MB_OF_ONE_CPU / self.memory_mb) + self.aws_calls * AWS_CALL_WAIT_MS
        return duration_ms / 1000 * self.memory_mb / 1024


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


def invocations_a_day(profile: Profile) -> dict[str, float]:
    """How often a day each kind happens.

    The link is touched at most once a minute: by every heartbeat, and by meter values that are a minute apart. A
    session is four statuses (Preparing, Charging, Finishing, Available), an Authorize, a start and a stop.
    """
    sessions, samples = profile.sessions_a_day, profile.meter_values_a_day
    touching = min(1.0, profile.meter_interval_s / 60) * samples
    return {
        CONNECT: RECONNECTS_A_DAY,
        DISCONNECT: RECONNECTS_A_DAY,
        FIRST_MESSAGE: RECONNECTS_A_DAY,
        HEARTBEAT: MINUTES_A_DAY * 60 / profile.heartbeat_interval_s - RECONNECTS_A_DAY,
        TOUCHING_METER_VALUES: touching,
        METER_VALUES: samples - touching,
        AUTHORIZE: sessions,
        START: sessions,
        STOP: sessions,
        STATUS: 4 * sessions,
    }


@dataclass(frozen=True)
class Bill:
    """USD a month for one station."""

    profile: Profile
    messages: float
    """Both directions."""
    messages_usd: float
    connection_usd: float
    write_units: float
    writes_usd: float
    reads_usd: float
    requests_usd: float
    duration_usd: float

    @property
    def total_usd(self) -> float:
        """Everything."""
        return (
            self.messages_usd
            + self.connection_usd
            + self.writes_usd
            + self.reads_usd
            + self.requests_usd
            + self.duration_usd
        )


def bill(profile: Profile, costs: Mapping[str, Invocation]) -> Bill:
    """The month of one station; `costs` has an invocation of every kind."""
    counts = {kind: count * DAYS_A_MONTH for kind, count in invocations_a_day(profile).items()}
    # Plugging in and leaving each touch the link once, whichever message of the burst comes first.
    burst_touches = 2 * profile.sessions_a_day * DAYS_A_MONTH
    messages = 2 * sum(count for kind, count in counts.items() if kind not in {CONNECT, DISCONNECT})

    def total(of: Callable[[Invocation], float]) -> float:
        return sum(count * of(costs[kind]) for kind, count in counts.items())

    write_units = total(lambda one: one.write_units) + burst_touches * costs[HEARTBEAT].write_units
    return Bill(
        profile=profile,
        messages=messages,
        messages_usd=messages * prices.WEBSOCKET_MESSAGE,
        connection_usd=MINUTES_A_DAY * DAYS_A_MONTH * prices.CONNECTION_MINUTE,
        write_units=write_units,
        writes_usd=write_units * prices.WRITE_UNIT,
        reads_usd=total(lambda one: one.read_units) * prices.READ_UNIT,
        requests_usd=sum(counts.values()) * prices.LAMBDA_REQUEST,
        duration_usd=total(lambda one: one.gb_seconds) * prices.LAMBDA_GB_SECOND,
    )
