"""`python -m local.demo_site`, which is `make demo-site`: simulate a site's day, print the figures, write a chart."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from csms.smart_charging.situation import Policy
from local.demo_site.chart import day_chart
from local.demo_site.report import AIM, lines, report
from local.demo_site.scenario import a_day
from local.demo_site.simulation import Simulation


def main(arguments: list[str] | None = None) -> int:
    """Run. Exit status 1: less was delivered than equal shares should, or budgets do not explain an excess."""
    options = _parser().parse_args(arguments)
    scenario = a_day(options.stations, options.seed, options.scale)
    policy = Policy(options.policy)
    day = Simulation(scenario, policy, options.seed).run()
    found = report(scenario, policy, day)
    print("\n".join(lines(found)))
    options.directory.mkdir(parents=True, exist_ok=True)
    chart, figures = options.directory / "demo-site.svg", options.directory / "demo-site.json"
    chart.write_text(day_chart(scenario, day, f"{options.stations} stations, {policy.value}"))
    figures.write_text(json.dumps(asdict(found), indent=2))
    print(f"Chart     {chart}, figures in {figures}")
    misses_aim = policy is Policy.EQUAL_SHARE and found.of_equal_shares < AIM
    return 1 if misses_aim or any("other" in why for why in found.excess_s) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.demo_site", description=__doc__)
    parser.add_argument("--stations", type=int, default=100, help="how many (default: %(default)s)")
    parser.add_argument("--policy", choices=[one.value for one in Policy], default=Policy.EQUAL_SHARE.value)
    parser.add_argument("--scale", type=float, default=1.0, help="of the limit; smaller is more crowded")
    parser.add_argument("--seed", type=int, default=1, help="another one is another day")
    parser.add_argument("--directory", type=Path, default=Path(".local"), help="for the chart and the figures")
    return parser


if __name__ == "__main__":
    sys.exit(main())
