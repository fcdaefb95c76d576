"""The day in figures."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from csms.smart_charging.situation import Policy
from local.demo_site.optimum import alone_wh, most_energy_wh
from local.demo_site.perfect_knowledge import equal_shares_wh
from local.demo_site.scenario import QUARTER_S, Fault, Scenario
from local.demo_site.simulation import TICK_S, Day
from local.demo_site.uncontrolled import uncontrolled_da

TRANSITION_USD: Final = 0.025 / 1000
AIM: Final = 0.98


@dataclass(frozen=True)
class Report:
    """What a day was like."""

    policy: Policy
    connectors: int
    cars: int
    faults: dict[str, int]
    limits_a: tuple[float, float]
    """The lowest and the highest, on each phase."""
    peak_a: float
    highest_share: float
    """Of the limit at the time, the most that was drawn on a phase."""
    uncontrolled_peak_a: float
    uncontrolled_excess_h: float
    """For how long the limit would have been exceeded if nobody limited anything."""
    excess_s: dict[str, int]
    worst_excess_a: dict[str, float]
    energy_kwh: float
    optimum_kwh: float
    equal_shares_kwh: float
    """What equal shares could deliver with perfect knowledge of the moment."""
    wanted_kwh: float
    served: tuple[float, float, float]
    """The worst, the tenth percentile and the median of the share that each car got of what it could have taken."""
    fairness: float
    """Jain's index of those shares; 1 is perfectly even."""
    waiting_h: float
    profiles: dict[str, int]
    steps: int
    waves: int
    transitions: int

    @property
    def of_optimum(self) -> float:
        """The energy delivered, of the most possible."""
        return self.energy_kwh / self.optimum_kwh

    @property
    def of_equal_shares(self) -> float:
        """The energy delivered, of what equal shares could deliver."""
        return self.energy_kwh / self.equal_shares_kwh

    @property
    def workflow_usd(self) -> float:
        """What Step Functions bills for the day."""
        return self.transitions * TRANSITION_USD


def report(scenario: Scenario, policy: Policy, day: Day) -> Report:
    """Sum up a day."""
    free = uncontrolled_da(scenario)
    free_s = 60
    shares = sorted(
        day.energy_wh[connector.key, visit.arrives_s] / alone_wh(visit) for connector, visit in scenario.visits
    )
    return Report(
        policy=policy,
        connectors=sum(len(station.connectors) for station in scenario.stations),
        cars=len(shares),
        faults={fault: sum(one.fault is fault for one in scenario.stations) for fault in list(Fault)[1:]},
        limits_a=(min(scenario.limits_da) / 10, max(scenario.limits_da) / 10),
        peak_a=max(map(max, day.drawn_da)) / 10,
        highest_share=max(_of_limit(scenario, day.drawn_da, TICK_S)),
        uncontrolled_peak_a=max(map(max, free)) / 10,
        uncontrolled_excess_h=sum(share > 1 for share in _of_limit(scenario, free, free_s)) * free_s / 3600,
        excess_s=dict(day.excess_s),
        worst_excess_a={why: excess_da / 10 for why, excess_da in day.worst_excess_da.items()},
        energy_kwh=sum(day.energy_wh.values()) / 1000,
        optimum_kwh=most_energy_wh(scenario) / 1000,
        equal_shares_kwh=equal_shares_wh(scenario) / 1000,
        wanted_kwh=sum(alone_wh(visit) for _, visit in scenario.visits) / 1000,
        served=(shares[0], shares[len(shares) // 10], statistics.median(shares)),
        fairness=sum(shares) ** 2 / len(shares) / sum(share**2 for share in shares),
        waiting_h=day.waiting_s / 3600,
        profiles=dict(day.sent),
        steps=day.steps,
        waves=day.waves,
        transitions=day.transitions,
    )


def _of_limit(scenario: Scenario, drawn_da: Sequence[tuple[int, int, int]], step_s: int) -> list[float]:
    return [max(sums) / scenario.limits_da[n * step_s // QUARTER_S] for n, sums in enumerate(drawn_da)]


def lines(found: Report) -> list[str]:
    """For people."""
    faults = ", ".join(f"{number} {name}" for name, number in found.faults.items() if number)
    profiles = ", ".join(f"{number:,} {outcome}" for outcome, number in sorted(found.profiles.items()))
    sent = sum(found.profiles.values())
    worst, tenth, median = found.served
    low_a, high_a = found.limits_a
    told = (
        ("Site", f"{found.connectors} connectors, {found.cars} cars, policy {found.policy.value}"),
        ("", f"stations with faults: {faults or 'none'}"),
        ("Limit", f"{low_a:.0f} to {high_a:.0f} A on each phase, new every quarter of an hour"),
        ("Peak", f"{found.peak_a:.0f} A, at most {found.highest_share:.1%} of the limit of the moment"),
        ("", f"uncontrolled {found.uncontrolled_peak_a:.0f} A, {found.uncontrolled_excess_h:.1f} h above the limit"),
        *_excess(found),
        ("Energy", f"{found.energy_kwh:,.0f} kWh, {found.of_optimum:.1%} of the optimum"),
        ("", f"optimum {found.optimum_kwh:,.0f} kWh: all known in advance, no faults, no reserve, no minimum"),
        ("", f"equal shares, all known at the moment, no faults, no reserve: {found.equal_shares_kwh:,.0f} kWh"),
        ("", f"without any limit {found.wanted_kwh:,.0f} kWh"),
        ("Fairness", f"of what it could have taken alone a car got {median:.0%} in the median,"),
        ("", f"at least {tenth:.0%} nine of ten, {worst:.0%} the worst; Jain's index {found.fairness:.3f}"),
        ("", f"{found.waiting_h:.1f} h at a pause, of all cars together, before they were full"),
        ("Profiles", f"{sent:,} ({profiles}), {sent / found.cars:.0f} for each car"),
        ("Steps", f"{found.steps:,}, {found.waves:,} of them with decreases"),
        ("Workflow", f"{found.transitions:,} transitions, USD {found.workflow_usd:.2f} a day"),
    )
    return [f"{name:10}{text}" for name, text in told]


def _excess(found: Report) -> list[tuple[str, str]]:
    if not found.excess_s:
        return [("Excess", "none")]
    return [
        ("Excess", f"{seconds} s, up to {found.worst_excess_a[why]:.1f} A: {why}")
        for why, seconds in found.excess_s.items()
    ]
