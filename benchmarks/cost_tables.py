"""What stations cost, as tables: one, a fleet, none at all, and what can be turned down."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from benchmarks import cost, prices
from benchmarks.cost import DRIVERS, PROFILES, TYPICAL, Profile, Usage, bill, fixed_costs, month_of_station
from benchmarks.counted import Counted
from benchmarks.packages import ROOT
from benchmarks.quotas import SIZES
from benchmarks.tables import Table
from infra.definitions import SWEEP_SCHEDULE

_INVENTORY: Final = ROOT / "tests" / "infra" / "inventory.json"
_YEAR: Final = 12
LATER: Final = 36
"""Months."""
_TRACED: Final = 0.05
"""X-Ray's default: of what is more than one a second, 5 %."""


def _month(counted: Counted, profile: Profile, stations: int = 1, months: int = _YEAR) -> dict[str, float]:
    return bill(month_of_station(profile, counted.usage, counted.cold_start, months=months), stations)


def _usd(counted: Counted, profile: Profile, months: int = _YEAR) -> float:
    return sum(_month(counted, profile, months=months).values())


def station_table(counted: Counted) -> Table:
    """One of each kind, by driver."""
    headers = ("station", *DRIVERS, "USD a month", f"in month {LATER}", "messages", "write units")
    notes = (
        *map(_profile_note, PROFILES),
        f"In month {_YEAR} of its life, and in month {LATER}. Messages are paid in both directions.",
        (
            f"Functions: CPU time at Lambda's share of a CPU, {cost.AWS_CALL_WAIT_MS:g} ms (assumed) an AWS call, "
            f"and {cost.COLD_SHARE:.0%} cold starts of {counted.cold_start.duration_s:.1f} s."
        ),
    )
    return Table("A station in USD a month", headers, [_station_row(counted, one) for one in PROFILES], notes=notes)


def _station_row(counted: Counted, profile: Profile) -> tuple[str, ...]:
    month = _month(counted, profile)
    bought = month_of_station(profile, counted.usage, counted.cold_start)
    return (
        profile.name,
        *(f"{usd:.4f}" for usd in (*month.values(), sum(month.values()), _usd(counted, profile, LATER))),
        *(f"{bought[price]:,.0f}" for price in (prices.WEBSOCKET_MESSAGE, prices.WRITE_UNIT)),
    )


def _profile_note(profile: Profile) -> str:
    if not profile.sessions_a_day:
        return f"{profile.name}: a heartbeat every {profile.heartbeat_interval_s} s, a new connection every 2 h."
    sessions = f"{profile.sessions_a_day:g} sessions a day of {profile.session_min} min"
    samples = f"meter values every {profile.meter_interval_s} s"
    return f"{profile.name}: besides, {sessions}, {samples}, {profile.commands_a_day:g} commands of an operator."


def fleet_table(counted: Counted) -> Table:
    """Fleets of each size and kind."""
    headers = ("stations", "use", "biggest driver", "second", "USD a month", "fixed", "cents a station")
    rows = [_fleet_row(counted, stations, profile) for stations in SIZES for profile in PROFILES]
    idle, typical, busy = (_usd(counted, profile) * 100 for profile in PROFILES)
    grown = (_usd(counted, TYPICAL, LATER) * 100 - typical) / (LATER / _YEAR - 1)
    notes = (
        (
            f"Cents per charger and month? An idle station costs {idle:.1f} cents, a typical one {typical:.0f}, a busy "
            f"one {busy:.0f}: cents, but not single ones where there is charging. And a typical one costs {grown:.1f} "
            "cents a month more with each further year of meter values."
        ),
    )
    return Table("A fleet", headers, rows, texts=4, notes=notes)


def _fleet_row(counted: Counted, stations: int, profile: Profile) -> tuple[str, ...]:
    month = _month(counted, profile, stations)
    total, fixed = sum(month.values()), sum(_fixed(counted.usage).values())
    drivers = sorted(month, key=lambda driver: -month[driver])[:2]
    return (
        f"{stations:,}",
        profile.name,
        *(f"{driver} {month[driver] / total:.0%}" for driver in drivers),
        f"{total:,.0f}" if total >= 100 else f"{total:.2f}",
        f"{fixed:.2f}",
        f"{(total + fixed) / stations * 100:.1f}",
    )


def fixed_table(used: Mapping[str, Usage]) -> Table:
    """What is paid without a station."""
    rows = [(name, f"{usd:.2f}") for name, usd in _fixed(used).items()]
    return Table("Fixed costs in USD a month", ("what", "USD a month"), rows)


def _fixed(used: Mapping[str, Usage]) -> dict[str, float]:
    inventory: dict[str, int] = json.loads(_INVENTORY.read_text())
    inventory["AWS::CloudWatch::Alarm"] = cost.ALARM_METRICS
    return fixed_costs(inventory, used, cost.SECONDS_A_DAY / SWEEP_SCHEDULE.every_s)


def turning_table(counted: Counted) -> Table:
    """What a typical station would cost otherwise."""
    usual, month = _usd(counted, TYPICAL), _month(counted, TYPICAL)
    otherwise = {
        "meter values every 5 min": replace(TYPICAL, meter_interval_s=300),
        "meter values every 15 min": replace(TYPICAL, meter_interval_s=900),
        "meter values every 30 s": replace(TYPICAL, meter_interval_s=30),
        "heartbeat every 60 s": replace(TYPICAL, heartbeat_interval_s=60),
        "no commands": replace(TYPICAL, commands_a_day=0),
    }
    totals = {name: _usd(counted, profile) for name, profile in otherwise.items()} | {
        "table class Standard-IA": usual + _rare_difference(counted, _YEAR),
        "no message log": usual - _message_log_usd(counted.usage),
        "no CloudFront": usual - month["edge"],
        "no access log": usual - _access_log_usd(counted),
        "tracing switched on": usual + prices.TRACE.usd(_requests(counted) * _TRACED),
        "no lines of functions (metrics)": usual - (month["logs"] - _access_log_usd(counted)),
    }
    rows = [(name, f"{usd:.4f}", f"{usd / usual - 1:+.0%}") for name, usd in totals.items()]
    saved = -_rare_difference(counted, LATER) * 100
    notes = (f"As it is: {usual:.4f}. In month {LATER} Standard-IA saves {saved:.1f} cents.",)
    return Table("What can be turned down", ("a typical station", "USD a month", "difference"), rows, notes=notes)


def _requests(counted: Counted) -> float:
    return month_of_station(TYPICAL, counted.usage, counted.cold_start)[prices.LAMBDA_REQUEST]


def _rare_difference(counted: Counted, months: int) -> float:
    bought = month_of_station(TYPICAL, counted.usage, counted.cold_start, months=months)
    exchanged = {
        prices.WRITE_UNIT: prices.WRITE_UNIT_RARE,
        prices.READ_UNIT: prices.READ_UNIT_RARE,
        prices.TABLE_GB: prices.TABLE_GB_RARE,
    }
    return sum(rare.usd(bought[price]) - price.usd(bought[price]) for price, rare in exchanged.items())


def _access_log_usd(counted: Counted) -> float:
    """What is left of the logs if the functions say nothing."""
    silent = {kind: replace(one, logged_bytes=0, logged_lines=0) for kind, one in counted.usage.items()}
    return _month(replace(counted, usage=silent), TYPICAL)["logs"]


def _message_log_usd(used: Mapping[str, Usage]) -> float:
    """Its writes, and what it keeps."""
    counts = cost.invocations_a_day(TYPICAL)
    units = sum(count * used[kind].writes_by_place.get("LOG", 0.0) for kind, count in counts.items())
    kept = sum(count * used[kind].item_bytes.get("LOG", 0) for kind, count in counts.items()) * cost.kept_days("LOG")
    stored = sum(price.usd(kept / cost.GB) for price in (prices.TABLE_GB, prices.RECOVERY_GB))
    return prices.WRITE_UNIT.usd(units * cost.DAYS_A_MONTH) + stored


def price_table() -> Table:
    """All prices."""
    rows = [
        (price.what, price.unit, price.source, f"{price.tiers[0][1] * price.per:g}", _tiers(price))
        for price in prices.PRICES
    ]
    notes = (f"List prices of {prices.REGION}, on demand, as of {prices.AS_OF}, without free tiers.",)
    return Table("Prices", ("what", "per", "source", "USD", "above so many"), rows, texts=3, notes=notes)


def _tiers(price: prices.Price) -> str:
    begins = [end for end, _ in price.tiers]
    further = zip(begins, price.tiers[1:], strict=False)
    return "; ".join(f"{usd * price.per:g} ({begin / price.per:,.0f})" for begin, (_, usd) in further)
