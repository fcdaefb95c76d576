"""`make fuzz ARGS="--cases 100000"`: run the families, tell what escaped, fail if anything did."""

import argparse
import sys
from collections.abc import Sequence
from typing import Final

from proof.fuzz.description import NAME, hold_against_description
from proof.fuzz.families import SHARES
from proof.fuzz.run import Batch, Result, run_batches

_DESCRIBED: Final = 0.005
"""The share of cases that go over HTTP besides, which take a hundred times as long."""


def main(arguments: Sequence[str]) -> int:
    """Run it; 1 if anything escaped."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000, help="how many, over all families")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=[*(world.family for world in SHARES), NAME], help="one family alone")
    parser.add_argument("--batch", type=int, help="one batch of it alone, as an escape names it")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    chosen = parser.parse_args(arguments)
    results: dict[str, Result] = {}
    for world, share in SHARES.items():
        if chosen.only in {None, world.family}:
            cases = chosen.cases if chosen.only else int(chosen.cases * share)
            batches = Batch.series(world, chosen.seed, cases, chosen.batch)
            results[world.family] = run_batches(batches, chosen.workers)
    if chosen.only in {None, NAME}:
        cases = chosen.cases if chosen.only else int(chosen.cases * _DESCRIBED)
        results[NAME] = hold_against_description(cases, chosen.seed, with_corners=bool(chosen.only))
    return report(results)


def report(results: dict[str, Result]) -> int:
    """Say what was done and found."""
    for result in results.values():
        for escape in result.escapes:
            print(f"\nESCAPE {escape}")
    print(f"\n{'family':10} {'cases':>8} {'seconds':>8} {'escapes':>8}")
    for name, result in [*results.items(), ("all", sum_of([*results.values()]))]:
        print(f"{name:10} {result.cases:8} {result.seconds:8.1f} {len(result.escapes):8}")
    return 1 if any(result.escapes for result in results.values()) else 0


def sum_of(results: Sequence[Result]) -> Result:
    """All of them together."""
    escapes = [escape for result in results for escape in result.escapes]
    return Result(sum(result.cases for result in results), sum(result.seconds for result in results), escapes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
