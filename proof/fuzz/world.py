"""What every batch begins with: two charge points, one of which is left alone and must stay as it is."""

import json
import logging
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, ClassVar, Final, cast

import boto3
import pytest

import dispatch_calls.handler
from csms.authorization import AuthorizationStatus, IdTag
from csms.boundary_queue import BoundaryQueue
from csms.call_queue import CallQueue, Wake, write
from csms.calls import Order
from csms.gateway import Gateway, Posted
from csms.ids import ChargePointId
from csms.log import configure_logging
from csms.runtime import Runtime
from csms.store import Store
from csms.store.calls import Call
from csms.workflows import StepFunctions
from proof.fuzz.noise import Noise
from proof.fuzz.table import StoringTable
from tests.integration.conftest import central_system
from tests.lambda_station import NOON, LambdaStation

VICTIM: Final = "CP001"
FUZZED: Final = "CP002"
_LONGEST_FRAME: Final = 128 * 1024
"""API Gateway closes the connection for a longer one."""


_LOGGER: Final = logging.getLogger("csms")


class Escape(AssertionError):  # noqa: N818  nothing that anybody handles
    """What must never happen has happened."""


class World(logging.Handler):
    """One Central System over a table in memory, its outgoing traffic caught, its log listened to."""

    family: ClassVar[str]

    def __init__(self, csms: Runtime, random: Random) -> None:
        super().__init__(logging.ERROR)
        _worlds[:] = [self]
        _LOGGER.handlers = [self]
        self.csms = csms
        self.table = StoringTable()
        self.random = random
        self.wakes: list[tuple[datetime, Wake]] = []
        self.posted: list[tuple[str, str]] = []
        """Connection and text of all that went out through @connections."""
        self.errors: list[str] = []
        self.said: list[str] = []
        """What was put in, the last few."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("csms.store.Table", lambda *_: self.table)
            csms.__dict__["store"] = Store(cast("Any", None), csms.settings)
            for part in ("answerer", "calls", "commands", "bulk", "charging_plans", "sessions", "connections"):
                csms.__dict__.pop(part, None)
        csms.calls._clock = lambda: self.station.now
        for tag in ("TAG1", "TAG2"):
            csms.store.id_tags.put(IdTag(tag, parent_id_tag="FAMILY"))
        csms.store.id_tags.put(IdTag("BLOCKED", status=AuthorizationStatus.BLOCKED))
        self.victim = Station(self, VICTIM)
        self.station = self.victim
        self.victim.arrive()
        self.victim.start()
        self.victim.called("ClearCache")
        self.station = Station(self, FUZZED, now=self.victim.now)
        self.station.arrive()
        self.noise = Noise(
            random,
            {
                "idTag": lambda: ("TAG1", "TAG2", "BLOCKED", "nobody"),
                "parentIdTag": lambda: ("FAMILY", "nobody"),
                "connectorId": lambda: (0, 1, 1, 2, 3),
                "transactionId": self._transaction_ids,
                "timestamp": self._timestamps,
                "value": lambda: ("0", "1100", "16.5", "-3"),
                "vendorId": lambda: ("Acme", "org.openchargealliance"),
            },
        )

    @abstractmethod
    def run(self) -> None:
        """One case; raises whatever escapes."""

    def emit(self, record: logging.LogRecord) -> None:
        """Something went wrong inside."""
        self.errors.append(record.getMessage() + (f": {record.exc_info[1]!r}" if record.exc_info else ""))

    def post(self, connection_id: str, text: str) -> Posted:
        """The gateway's side of a post; nobody but the two stations is there."""
        self.posted.append((connection_id, text))
        is_there = connection_id in {self.station.connection_id, self.victim.connection_id}
        return Posted.DELIVERED if is_there else Posted.GONE

    def items_of_victim(self) -> dict[Any, Any]:
        """Everything that is the other charge point's."""
        own = {f"CP#{VICTIM}", f"SESSION#{self.victim.connection_id}", f"IDENTITY#{VICTIM.casefold()}"}
        below = tuple(f"{kind}#{VICTIM}#" for kind in ("TX", "METER", "LOG"))
        return {key: item for key, item in self.table.items.items() if key[0] in own or key[0].startswith(below)}

    def run_wakes(self) -> None:
        """Let the queue deliver what is due, each once."""
        for entry in [entry for entry in self.wakes if entry[0] <= self.station.now]:
            self.wakes.remove(entry)
            record = {"messageId": "m", "body": write(entry[1])}
            failed = dispatch_calls.handler.lambda_handler({"Records": [record]}, None)
            if failed != {"batchItemFailures": []}:
                raise Escape(f"a message of the queue fails: {entry[1]}")

    def _transaction_ids(self) -> Sequence[int]:
        own = [key.sort for key in self.table.items if key.partition == f"CP#{FUZZED}" and key.sort.startswith("TX#")]
        return [-1, 0, 1, *(int(sort.removeprefix("TX#")) for sort in own[-5:])]

    def _timestamps(self) -> Sequence[str]:
        now = self.station.now
        return [
            *(f"{now - timedelta(seconds=ago):%Y-%m-%dT%H:%M:%S}Z" for ago in (0, 5, 90_000)),
            f"{now - timedelta(seconds=9):%Y-%m-%dT%H:%M:%S}.5Z",
            f"{now + timedelta(days=3):%Y-%m-%dT%H:%M:%S+02:00}",
        ]


@dataclass
class Station(LambdaStation):
    """A charge point whose answers may come back in either way."""

    world: World = field(kw_only=True, default=cast("World", None))

    def __init__(self, world: World, identity: str, now: datetime = NOON) -> None:
        super().__init__(identity, now)
        self.world = world

    def arrive(self) -> None:
        """Connect and say the first word, so that it may be called."""
        self.wait(seconds=60)
        assert self.connect()["statusCode"] == 200
        self.wait(seconds=1)
        self.result("Heartbeat", {})
        self.wait(seconds=2)

    def send(self, text: str) -> str | None:
        """Send any text; returns what answers it, on whichever way."""
        text = transmissible(text)
        self.world.said.append(f"{self.identity} > {text}")
        before = len(self.world.posted)
        answers = [super().send(text)]
        answers += [
            said for to, said in self.world.posted[before:] if to == self.connection_id and not said.startswith("[2,")
        ]
        answers = [answer for answer in answers if answer is not None]
        if len(answers) > 1:
            raise Escape(f"answered twice: {answers}")
        return answers[0] if answers else None

    def called(self, action: str, payload: dict[str, Any] | None = None, **order: Any) -> Call:
        """Let an operator place a call."""
        wish = {"requested_by": "operator", "is_forced": True, **order}
        return self.world.csms.calls.place(Order(ChargePointId(self.identity), action, payload or {}, **wish))

    def calls_received(self, since: int = 0) -> list[list[Any]]:
        """The CALLs that were posted to this connection."""
        return [
            json.loads(text)
            for to, text in self.world.posted[since:]
            if to == self.connection_id and text.startswith("[2,")
        ]


def transmissible(text: str) -> str:
    """As a WebSocket can carry it, in a message that API Gateway takes."""
    octets = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()[:_LONGEST_FRAME]
    return octets.decode(errors="ignore")


_worlds: Final[list[World]] = []
"""The current one."""


@contextmanager
def fuzzed_system() -> Iterator[Runtime]:
    """What worlds are made in: all that leaves it goes to the current world, and what is slow on purpose is quick."""

    def send(_: CallQueue, wake: Wake, delay: timedelta = timedelta()) -> None:
        (world,) = _worlds
        world.wakes.append((world.station.now + min(delay, timedelta(minutes=15)), wake))

    configure_logging()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_LOGGER, "handlers", [])
        patch.setattr(_LOGGER, "propagate", False)
        patch.setenv("FILES_BUCKET", "files")
        patch.setenv("PUBLIC_URL", "https://api.example.com")
        patch.setattr(Gateway, "post", lambda _, connection_id, text: _worlds[0].post(connection_id, text))
        patch.setattr(Gateway, "close", lambda *_: None)
        patch.setattr(CallQueue, "send", send)
        patch.setattr(BoundaryQueue, "send", lambda *_: None)
        patch.setattr(StepFunctions, "start", lambda *_: None)
        patch.setattr(StepFunctions, "complete", lambda *_: None)
        patch.setattr("csms.credentials._SCRYPT_COST", 2)
        patch.setattr("csms.api.waiting.pauses", lambda _: iter((0.0, 0.0)))
        with central_system(patch) as csms:
            location: Any = {"LocationConstraint": "eu-central-1"}
            boto3.client("s3").create_bucket(Bucket="files", CreateBucketConfiguration=location)
            yield csms
