"""Nothing that writes is left out of what is played while AWS breaks: what each scene asks, once, undisturbed."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from csms.api.routing import all_endpoints, path_pattern
from csms.api.scopes import Scope
from csms.v16.registry import actions
from tests.faulty.scenes import SCENES
from tests.faulty.system import faulty_system
from tests.integration.test_crashes import SCENES as MESSAGES
from tests.integration.test_crashes import play as play_steps
from tests.lambda_operator import LambdaOperator
from tests.lambda_station import LambdaStation

_WRITE_ALTHOUGH_THEY_GET = {("GET", "/f/<link>"), ("GET", "/firmware/<image>")}


@dataclass
class Asked:
    """What operators and stations have asked for."""

    of_api: set[tuple[str, str]] = field(default_factory=set)
    """Method and path, as declared."""
    of_stations: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def asked() -> Iterator[Asked]:
    found = Asked()
    with faulty_system() as world, pytest.MonkeyPatch.context() as patch:
        world.begin()
        beginning = world.remember()

        def play(before: Callable[[], object], act: Callable[[], object]) -> None:
            world.go_back(beginning)
            before()
            with patch.context() as recording:
                _record(recording, found)
                act()

        for scene in SCENES:
            if scene.function in {"operator_api", "message"}:
                play(partial(scene.before, world), partial(scene.act, world))
        for before, message in MESSAGES.values():
            play(partial(play_steps, world.station, before), partial(message, world.station))
        yield found


def _record(patch: pytest.MonkeyPatch, asked: Asked) -> None:
    send, call = LambdaOperator.send, LambdaStation.call

    def noting_send(operator: LambdaOperator, method: str, path: str, **options: Any) -> Any:
        matching = (each for each in all_endpoints() if each.method == method and _fits(each.path, path))
        asked.of_api.add((method, _without_action(next(matching).path)))
        return send(operator, method, path, **options)

    def noting_call(station: LambdaStation, action: str, *arguments: Any) -> Any:
        asked.of_stations.add(action)
        return call(station, action, *arguments)

    patch.setattr(LambdaOperator, "send", noting_send)
    patch.setattr(LambdaStation, "call", noting_call)


def _fits(declared: str, path: str) -> bool:
    return path_pattern(declared).fullmatch(path) is not None


def _without_action(path: str) -> str:
    """One function takes the commands of all actions."""
    return re.sub(r"/commands/[A-Za-z]+$", "/commands/<command>", path)


def test_every_request_that_writes_is_in_a_scene(asked: Asked) -> None:
    writing = {
        (each.method, _without_action(each.path))
        for each in all_endpoints()
        if each.method not in {"GET", "HEAD"} and each.scope is not Scope.READ
    }
    assert (writing | _WRITE_ALTHOUGH_THEY_GET) - asked.of_api == set()


def test_every_message_of_a_station_is_in_a_scene(asked: Asked) -> None:
    assert actions().keys() - asked.of_stations == set()
