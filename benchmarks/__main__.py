"""`python -m benchmarks`, which is `make bench`: measure, print, and write down if asked to."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks import page
from benchmarks.machine import this_machine
from benchmarks.parts import PARTS, USUAL_PARTS, run_parts


def main(arguments: list[str] | None = None) -> int:
    """Run. Exit status 1: a count is not what it has to be; times never decide."""
    options = _parser().parse_args(arguments)
    machine = this_machine()
    sections = run_parts(
        options.only or USUAL_PARTS,
        laps=options.laps,
        starts=options.starts,
        stations=options.stations,
        day_s=options.day,
        visits=options.visits,
        minutes=options.minutes,
        as_counted=options.as_counted,
    )
    print("\n\n".join(table.to_text() for section in sections for table in section.tables))
    print(f"\n{machine}")
    if options.json:
        document = {"machine": asdict(machine)} | {section.name: section.data for section in sections}
        options.json.write_text(json.dumps(document, indent=2, default=str))
    if options.markdown:
        page.rewrite(sections, machine)
    failures = [failure for section in sections for failure in section.failures]
    for failure in failures:
        print(f"FAILED {failure}", file=sys.stderr)
    return 1 if failures else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=PARTS, nargs="+", help="parts to run (default: all but load)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there")
    parser.add_argument("--markdown", action="store_true", help="rewrite the generated parts of the docs")
    parser.add_argument("--as-counted", action="store_true", help="cost: of what was counted before, without counting")
    parser.add_argument("--laps", type=int, default=150, help="runs of every message (default: %(default)s)")
    parser.add_argument("--starts", type=int, default=9, help="fresh processes per cold start (default: %(default)s)")
    parser.add_argument("--stations", type=int, nargs="+", help="fleets (default: 50 500; of load: 50)")
    parser.add_argument("--minutes", type=float, default=1, help="of ordinary life, for load (default: %(default)s)")
    parser.add_argument(
        "--day", type=float, metavar="SECONDS", help="of a fleet (default: 0.6 per station, at least 60)"
    )
    parser.add_argument("--visits", type=int, default=1, help="cars per connector and day (default: %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
