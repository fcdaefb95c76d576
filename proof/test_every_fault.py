"""Every fault there is, at every request of every function."""

from collections.abc import Iterator

import pytest

from tests.faults import Fault
from tests.faulty.aws import Trouble
from tests.faulty.playing import Play, aims
from tests.faulty.scenes import SCENES
from tests.faulty.scenes import Scene as FaultyScene
from tests.faulty.system import faulty_system
from tests.faulty.world import Moment, World
from tests.integration.test_faults import Scene, check_repeated, check_retransmitted, faults, scene

__all__ = ["faults", "scene"]


def test_what_the_client_repeats_is_done_once(scene: Scene) -> None:
    check_repeated(scene, [fault for fault in Fault if not fault.is_lasting])


def test_what_fails_for_good_is_repaired_by_the_retransmission(scene: Scene) -> None:
    check_retransmitted(scene, [fault for fault in Fault if fault.is_lasting])


@pytest.fixture(scope="module")
def began() -> Iterator[tuple[World, Moment]]:
    with faulty_system() as world:
        world.begin()
        yield world, world.remember()


@pytest.mark.parametrize("faulty_scene", SCENES, ids=str)
def test_whatever_breaks_the_repetition_leaves_what_an_undisturbed_run_leaves(
    began: tuple[World, Moment], faulty_scene: FaultyScene
) -> None:
    play = Play(*began, faulty_scene)
    met = [aim.trouble for aim in aims(play.requests, Trouble) if play.play(aim)]
    assert set(met) >= set(Trouble) - {Trouble.HALF_TAKEN, Trouble.REPEATED}
