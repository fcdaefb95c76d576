"""The modelled month of a station, from what its messages were measured to use."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final

from benchmarks import cost, lap
from benchmarks.actions import ActionCost
from benchmarks.cost import Bill, Invocation, Profile
from benchmarks.lap import Step
from benchmarks.section import Section
from benchmarks.tables import Table
from infra.definitions import FUNCTIONS

_STEPS: Final[Mapping[str, Step]] = {
    cost.CONNECT: lap.CONNECT,
    cost.DISCONNECT: lap.DISCONNECT,
    cost.FIRST_MESSAGE: lap.FIRST_MESSAGE,
    cost.HEARTBEAT: lap.HEARTBEAT,
    cost.TOUCHING_METER_VALUES: lap.TOUCHING_METER_VALUES,
    cost.METER_VALUES: lap.METER_VALUES,
    cost.AUTHORIZE: Step("Authorize"),
    cost.START: Step("StartTransaction"),
    cost.STOP: Step("StopTransaction"),
    cost.STATUS: Step("StatusNotification"),
}
"""Which measured step stands for which kind of invocation."""

_HEADERS: Final = (
    *("station", "messages", "minutes", "writes", "reads", "requests", "GB-s", "USD a month"),
    *("messages sent", "write units"),
)
_NOTES: Final = (
    "Counted units x the us-east-1 prices in benchmarks/prices.py; messages are paid in both directions.",
    "Not included: storage, backups, logs, CloudFront, operators' requests, cold starts.",
    f"Duration: measured CPU time at Lambda's share of a CPU, and {cost.AWS_CALL_WAIT_MS:g} ms (assumed) a call.",
)


def cost_section(costs: Sequence[ActionCost]) -> Section:
    """One row per way to use a station."""
    used = _invocations(costs)
    bills = [cost.bill(profile, used) for profile in cost.PROFILES]
    notes = (*map(_profile_note, cost.PROFILES), *_NOTES)
    table = Table("Cost of a station in USD a month", _HEADERS, [_row(one) for one in bills], notes=notes)
    return Section("cost", (table,), [asdict(one) | {"total_usd": one.total_usd} for one in bills])


def _invocations(costs: Sequence[ActionCost]) -> dict[str, Invocation]:
    by_step = {one.step: one for one in costs}
    return {kind: _invocation(kind, by_step[step]) for kind, step in _STEPS.items()}


def _invocation(kind: str, measured: ActionCost) -> Invocation:
    function = kind if kind in FUNCTIONS else "message"
    return Invocation(
        write_units=measured.write_units,
        read_units=measured.read_units,
        cpu_ms=measured.cpu_ms,
        aws_calls=sum(measured.operations.values()),
        memory_mb=FUNCTIONS[function].memory_mb,
    )


def _row(one: Bill) -> tuple[str, ...]:
    parts = (
        *(one.messages_usd, one.connection_usd, one.writes_usd, one.reads_usd),
        *(one.requests_usd, one.duration_usd, one.total_usd),
    )
    return (one.profile.name, *(f"{usd:.4f}" for usd in parts), f"{one.messages:,.0f}", f"{one.write_units:,.0f}")


def _profile_note(profile: Profile) -> str:
    if not profile.sessions_a_day:
        return f"{profile.name}: a heartbeat every {profile.heartbeat_interval_s} s, a new connection every 2 h."
    sessions = f"{profile.sessions_a_day} sessions a day of {profile.session_min} min"
    return f"{profile.name}: besides, {sessions}, meter values every {profile.meter_interval_s} s."
