"""DynamoDB throttles or answers into the void at any request of a handler: the client's own retry of a write
that took effect must not be taken for somebody else's, and what fails for good is repaired by the retransmission.
"""

import itertools
from collections.abc import Iterable
from contextlib import suppress

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from csms.ids import ConnectionId
from csms.runtime import Runtime
from tests.faults import Fault, Faults
from tests.integration.test_crashes import SCENES, Table, play, reset_to, table
from tests.lambda_station import LambdaStation

__all__ = ["table"]


class Scene:
    """What a station does, again and again from the same state."""

    def __init__(self, name: str, csms: Runtime, station: LambdaStation, table: Table, faults: Faults) -> None:
        before, self._act = SCENES[name]
        self._is_frame = name not in {"connect", "disconnect"}
        play(station, before)
        self._csms, self._station, self.table, self.faults = csms, station, table, faults
        self._start_state = table()
        self._forget()
        with faults.at(0, None):
            self.answer = self.act()
            self.requests = faults.requests
        self.undisturbed = table()
        assert self.requests > 0

    def act(self) -> object:
        """What the station gets for an answer."""
        return self._act(self._station)

    def fail(self) -> None:
        """The same, where it may fail: a frame is answered all the same, an upgrade is refused by API Gateway."""
        with suppress(AssertionError, *([] if self._is_frame else [BotoCoreError, ClientError])):
            self.act()

    def start_over(self) -> None:
        """Back to the state before."""
        reset_to(self._start_state)
        self._forget()

    def _forget(self) -> None:
        self._csms.sessions.forget(ConnectionId(self._station.connection_id))


@pytest.fixture
def faults(csms: Runtime, monkeypatch: pytest.MonkeyPatch) -> Faults:
    return Faults(csms.store.links._table._client, monkeypatch)


@pytest.fixture(params=SCENES)
def scene(
    request: pytest.FixtureRequest,
    csms: Runtime,
    station: LambdaStation,
    table: Table,
    faults: Faults,
    monkeypatch: pytest.MonkeyPatch,
) -> Scene:
    # A connection has the same name each time: what differs afterwards is what the fault left.
    monkeypatch.setattr("tests.lambda_station._connection_numbers", itertools.repeat("again"))
    monkeypatch.setattr("csms.gateway.Gateway.close", lambda _self, _connection: None)
    return Scene(request.param, csms, station, table, faults)


def check_repeated(scene: Scene, kinds: Iterable[Fault]) -> None:
    """What the client itself repeats is done once, and answered as if nothing had happened."""
    for fault, at in itertools.product(kinds, range(scene.requests)):
        scene.start_over()
        with scene.faults.at(at, fault):
            found = scene.act()
        assert scene.faults.requests > at + 1, "nothing was repeated"
        assert (found, scene.table()) == (scene.answer, scene.undisturbed), f"{fault.value} at {at}"


def check_retransmitted(scene: Scene, kinds: Iterable[Fault]) -> None:
    """What fails for good is told to the station, and its retransmission leaves what an undisturbed run leaves."""
    for fault, at in itertools.product(kinds, range(scene.requests)):
        scene.start_over()
        with scene.faults.at(at, fault):
            scene.fail()
        assert (scene.act(), scene.table()) == (scene.answer, scene.undisturbed), f"{fault.value} at {at}"


def test_what_the_client_repeats_is_done_once(scene: Scene) -> None:
    check_repeated(scene, [Fault.ANSWER_LOST_ONCE])


def test_what_fails_for_good_is_told_and_repaired_by_the_retransmission(scene: Scene) -> None:
    check_retransmitted(scene, [Fault.THROTTLED_ALWAYS, Fault.ANSWER_LOST_ALWAYS])
