"""Some of the faults of `make prove ARGS="-k every_fault"`, at some requests of some function each; some deliveries."""

from collections.abc import Iterator
from random import Random

import pytest

from tests.faulty.aws import Trouble
from tests.faulty.deliveries import Deliveries, check_told, lives
from tests.faulty.playing import Play, aims, check_rest
from tests.faulty.scenes import SCENES, Scene
from tests.faulty.system import faulty_system
from tests.faulty.world import Moment, World

SAMPLE = {
    "operator_api commands ReserveNow",
    "operator_api removes a charge point",
    "operator_api removes a tag everywhere",
    "operator_api removes an image",
    "operator_api adds a site with charge points",
    "operator_api adds a plan",
    "operator_api stops a plan",
    "dispatch_calls calls those of a bulk command",
    "finish_calls makes up for a reservation",
    "finish_calls tells of a transaction",
    "publish_events puts events on the bus",
    "plan_charging waits",
    "send_profile calls",
    "wake_plans hears of a transaction",
    "message is the answer to ReserveNow",
}
TROUBLES = (Trouble.THROTTLED, Trouble.ANSWER_LOST, Trouble.REPEATED, Trouble.HALF_TAKEN, Trouble.RIVAL, Trouble.DIED)


@pytest.fixture(scope="module")
def began() -> Iterator[tuple[World, Moment]]:
    with faulty_system() as world:
        world.begin()
        yield world, world.remember()


@pytest.mark.parametrize("scene", [scene for scene in SCENES if str(scene) in SAMPLE], ids=str)
def test_whatever_breaks_the_repetition_leaves_what_an_undisturbed_run_leaves(
    began: tuple[World, Moment], scene: Scene
) -> None:
    play = Play(*began, scene)
    assert sum(play.play(aim) for aim in aims(play.requests, TROUBLES, every=-(-play.requests // 4))) > 3


def test_the_sample_is_of_scenes_that_there_are() -> None:
    assert set(map(str, SCENES)) >= SAMPLE


@pytest.mark.parametrize("seed", range(3))
def test_however_badly_it_is_delivered_everybody_hears_of_everything_once(
    began: tuple[World, Moment], seed: int
) -> None:
    world, beginning = began
    world.go_back(beginning)
    lives(world)
    deliveries = Deliveries(world, Random(seed), ("calls", "events"))  # noqa: S311  the same again is the point
    deliveries.run()
    check_rest(world)
    check_told(world)
    assert deliveries.met.total() > 0
