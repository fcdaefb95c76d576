"""Batches of cases, each in a world of its own that its seed and number determine."""

import os
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from random import Random
from typing import Final, Self

from csms.runtime import Runtime
from proof.fuzz.world import Escape, World, fuzzed_system

BATCH: Final = 100
"""Cases that share a world: enough to meet each other's traces, few enough to keep the table small."""
_MOST_ESCAPES: Final = 5
"""Of a family; then it stops."""
_LONGEST_SHOWN: Final = 1000


@dataclass(frozen=True)
class Batch:
    """Some cases that follow each other."""

    world: type[World]
    seed: int
    number: int
    cases: int

    @classmethod
    def series(cls, world: type[World], seed: int, cases: int, only: int | None = None) -> list[Self]:
        """So many cases in batches, or one of those."""
        numbers = range(-(-cases // BATCH)) if only is None else [only]
        return [cls(world, seed, number, BATCH) for number in numbers]


@dataclass
class Result:
    """What was done and found."""

    cases: int = 0
    seconds: float = 0.0
    escapes: list[str] = field(default_factory=list)


def run_batches(batches: Sequence[Batch], workers: int = 1) -> Result:
    """All of them, spread over processes; ends early when there is enough to look at."""
    begin, total = time.monotonic(), Result()
    chunks = [batches[first : first + 20] for first in range(0, len(batches), 20)]
    for cases, escapes in _in_processes(chunks, workers):
        total.cases += cases
        total.escapes += escapes
        if len(total.escapes) >= _MOST_ESCAPES:
            break
    total.seconds = time.monotonic() - begin
    return total


def _in_processes(chunks: Sequence[Sequence[Batch]], workers: int) -> Iterator[tuple[int, list[str]]]:
    if workers < 2 or len(chunks) < 2:
        yield from map(run_chunk, chunks)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=os.nice, initargs=(5,)) as pool:
        try:
            yield from pool.map(run_chunk, chunks)
        finally:
            pool.shutdown(cancel_futures=True)


def run_chunk(batches: Iterable[Batch]) -> tuple[int, list[str]]:
    """Some batches in this process: how many cases, and what escaped."""
    cases, escapes = 0, []
    with fuzzed_system() as csms:
        for batch in batches:
            done, escape = run_batch(batch, csms)
            cases += done
            escapes += [escape] if escape else []
    return cases, escapes


def run_batch(batch: Batch, csms: Runtime) -> tuple[int, str | None]:
    """One batch: how many cases, and the escape that ended it."""
    random = Random(f"{batch.seed} {batch.world.family} {batch.number}")  # noqa: S311  the same again is the point
    world = batch.world(csms, random)
    for number in range(batch.cases):
        try:
            world.run()
            if world.errors:
                raise Escape(f"logged: {world.errors}")
        except Exception as error:  # noqa: BLE001  whatever it is, it is the finding
            last = "\n  ".join(said[:_LONGEST_SHOWN] for said in world.said[-4:])
            where = f"{batch.world.family}, --seed {batch.seed} --only {batch.world.family} --batch {batch.number}"
            found = "".join(traceback.format_exception(error)[-3:])[:_LONGEST_SHOWN]
            return number + 1, f"{where}, case {number}: {found}\n  {last}\n  {world.errors}"
    return batch.cases, None
