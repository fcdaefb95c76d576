"""Messages and records late, twice, in any order, in any batches, while AWS breaks: 300 random courses each."""

from collections import Counter
from collections.abc import Iterator
from random import Random

from csms.schema import VERSION
from tests.faulty.acts import Act
from tests.faulty.aws import Trouble
from tests.faulty.deliveries import TASK, Deliveries, check_told, lives, waits_for_boundary
from tests.faulty.playing import check_rest
from tests.faulty.system import faulty_system
from tests.faulty.world import World

COURSES = 300


def courses(live: Act, *queues: str) -> Iterator[tuple[World, Counter[Trouble]]]:
    """The world at the end of each, and what trouble it has met."""
    with faulty_system() as world:
        world.begin()
        live(world)
        beginning = world.remember()
        for seed in range(COURSES):
            world.go_back(beginning)
            deliveries = Deliveries(world, Random(seed), queues)  # noqa: S311  the same again is the point
            deliveries.run()
            yield world, deliveries.met


def test_however_badly_it_is_delivered_everybody_hears_of_everything_once() -> None:
    met: Counter[Trouble] = Counter()
    for world, troubles in courses(lives, "calls", "events"):
        check_rest(world)
        check_told(world)
        met += troubles
    assert len(met) == len(Trouble) - 2
    assert sum(met.values()) > COURSES


def test_however_badly_a_boundary_is_delivered_the_plan_wakes() -> None:
    met: Counter[Trouble] = Counter()
    for world, troubles in courses(waits_for_boundary, "boundaries"):
        world.wait(1800)
        world.come_to_rest()
        assert world.aws.contents.tasks[TASK] == {"woken": "boundary", "schema": VERSION}
        met += troubles
    assert len(met) == len(Trouble) - 3
