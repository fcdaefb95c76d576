"""Queues and the stream at their worst: late, again, in any order where there is none, while AWS breaks at random."""

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final

from csms.ids import CallId
from infra.definitions import CHANGES_STREAM, SITE_CHANGES_STREAM, StreamSource
from local.event_sources.batches import failed_items
from local.event_sources.patterns import matches
from tests.faulty.acts import (
    PROFILE,
    RESERVATION,
    after,
    asks,
    boots,
    ended,
    has_plan,
    reports_connector,
    starts,
    takes_part,
    version_of_site,
    waits,
)
from tests.faulty.aws import Aim, Trouble
from tests.faulty.world import CP001, HANDLERS, World
from tests.process_died import ProcessDied

_LATEST_REQUEST: Final = 8
_ROUNDS: Final = 30
_LONGEST_PAUSE_S: Final = 600
TASK: Final = "wait"
"""The token of the task that waits for a boundary."""


def lives(world: World) -> None:
    """What there is to be followed up: transactions, an orphan, ended calls whose processes died, a bulk command."""
    after(
        boots,
        reports_connector,
        starts,
        waits(60),
        lambda world: world.station.stop(None),
        starts,
        lambda world: world.station.stop(4711),
        waits(60),
        lambda world: world.station.stop(None, meterStop=7000),
        ended("ReserveNow", RESERVATION, {"status": "Accepted"}),
        ended("SetChargingProfile", PROFILE, {"status": "Accepted"}),
        asks("POST", "/commands", {"action": "ClearCache", "all": True}, key="key"),
    )(world)


def waits_for_boundary(world: World) -> None:
    """A plan that nothing wakes but the time when its limit changes."""
    after(
        has_plan(),
        takes_part("plan"),
        takes_part("wait", version=version_of_site, task_token=TASK),
        lambda world: world.aws.contents.records.clear(),
    )(world)


class Deliveries:
    """Delivers what a world holds, badly."""

    def __init__(self, world: World, random: Random, queues: Sequence[str]) -> None:
        self._world = world
        self._random = random
        self._queues = queues
        self._pending: dict[str, list[Any]] = {source.function: [] for source in (CHANGES_STREAM, SITE_CHANGES_STREAM)}
        self.met: Counter[Trouble] = Counter()

    def run(self) -> None:
        """For a while; then everything that is left comes to rest."""
        for _ in range(_ROUNDS):
            self._take_records()
            act = self._random.choice(
                [self._read_stream, self._read_stream, self._deliver, self._deliver, self._answer, self._pause]
            )
            self._in_trouble(act)
        self._take_records()
        for source in (CHANGES_STREAM, SITE_CHANGES_STREAM):
            self._world.aws.contents.records = self._pending[source.function]
            self._world.stream()
        self._world.come_to_rest()

    def _take_records(self) -> None:
        """From the stream to both its readers."""
        records, self._world.aws.contents.records = self._world.aws.contents.records, []
        for source in (CHANGES_STREAM, SITE_CHANGES_STREAM):
            wanted = [record for record in records if any(matches(each, record) for each in source.patterns)]
            self._pending[source.function] += wanted

    def _read_stream(self) -> None:
        source = self._random.choice([CHANGES_STREAM, SITE_CHANGES_STREAM])
        if self._pending[source.function]:
            self._hand_over(source, self._random.randint(1, 6))

    def _hand_over(self, source: StreamSource, most: int) -> None:
        """A batch from where the stream was left; what follows the first that failed is read again."""
        pending = self._pending[source.function]
        numbers = [record["dynamodb"]["SequenceNumber"] for record in pending[:most]]
        answer = HANDLERS[source.function]({"Records": pending[:most]}, None)
        failed = failed_items(answer, numbers)
        done = next((index for index, number in enumerate(numbers) if number in failed), len(numbers))
        if self._random.random() > _AGAIN:
            del pending[:done]

    def _deliver(self) -> None:
        """Some messages of a queue in any order, and some of those that were handled once more."""
        world, queue = self._world, self._random.choice(self._queues)
        due = world.due(queue)
        batch = self._random.sample(due, min(len(due), self._random.randint(1, 4)))
        if not batch:
            return
        world.deliver(queue, batch)
        left = world.aws.contents.messages
        left += [message for message in batch if message not in left and self._random.random() < _AGAIN]

    def _answer(self) -> None:
        self._world.answer()

    def _pause(self) -> None:
        self._world.wait(self._random.uniform(0, _LONGEST_PAUSE_S))

    def _in_trouble(self, act: Callable[[], None]) -> None:
        world, random = self._world, self._random
        aim = Aim(random.randrange(_LATEST_REQUEST), random.choice(_TROUBLES), is_lasting=random.random() < _AGAIN)
        with world.aws.aimed(aim if random.random() < _TROUBLED else None):
            try:
                act()
            except (Exception, ProcessDied):  # the event source sees to it
                if not world.aws.has_met:
                    raise
                world.start_process()
        self.met[aim.trouble] += world.aws.has_met


def check_told(world: World) -> None:
    """Of each transaction and call others have heard once, and what is so."""
    told = {entry["id"]: entry for entry in world.told()}.values()
    transactions = world.operator.items("/transactions")
    expected = {each["transactionId"]: each["energyWh"] for each in transactions}
    ends = [entry for entry in told if entry["type"] == "TransactionEnded"]
    begins = [entry["transactionId"] for entry in told if entry["type"] == "TransactionStarted"]
    assert sorted(begins) == sorted(expected)
    assert {entry["transactionId"]: entry.get("energyWh") for entry in ends} == expected
    assert len(ends) == len(expected)
    for entry in (entry for entry in told if entry["type"] == "CallEnded"):
        call = world.csms.store.calls.get(CP001, CallId(entry["callId"]))
        assert call
        assert (call.state, call.has_effects_done) == (entry["state"], True)
    ended_calls = [entry["callId"] for entry in told if entry["type"] == "CallEnded"]
    calls = world.csms.store.calls.list(CP001, limit=100).calls
    assert sorted(ended_calls) == sorted(call.id for call in calls)


_TROUBLES: Final = [trouble for trouble in Trouble if trouble not in {Trouble.RIVAL, Trouble.REPEATED}]
_AGAIN: Final = 0.3
_TROUBLED: Final = 0.6
