"""Every fault there is, at every request of every handler that a station reaches."""

from tests.faults import Fault
from tests.integration.test_faults import Scene, check_repeated, check_retransmitted, faults, scene

__all__ = ["faults", "scene"]


def test_what_the_client_repeats_is_done_once(scene: Scene) -> None:
    check_repeated(scene, [fault for fault in Fault if not fault.is_lasting])


def test_what_fails_for_good_is_repaired_by_the_retransmission(scene: Scene) -> None:
    check_retransmitted(scene, [fault for fault in Fault if fault.is_lasting])
