"""AWS in memory, each request to which may meet trouble: what the functions see once botocore has given up.

Requests are made to the table as `csms.store` uses it, and to clients as botocore makes them. Trouble below botocore's
own retries is in `tests/faults.py`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final

from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from csms.store.keys import Key
from tests.process_died import ProcessDied

_URL: Final = "https://aws.example"


class Trouble(Enum):
    """What one request meets."""

    THROTTLED = "throttled"
    UNREACHABLE = "timed out before it took effect"
    FAILED = "failed inside the service before it took effect"
    ANSWER_LOST = "took effect, but its answer was lost"
    FAILED_AFTERWARDS = "failed inside the service after it took effect"
    REPEATED = "took effect twice: the client repeated it when the first answer was lost"
    HALF_TAKEN = "one half of a batch was not taken"
    RIVAL = "another invocation did all of the same just before it"
    DIED = "the process died before it"
    DIED_AFTERWARDS = "the process died after it"

    @property
    def is_error(self) -> bool:
        """Whether the function is told, and may go on."""
        return self in _ERRORS

    @property
    def is_death(self) -> bool:
        """Whether nothing of the process is left."""
        return self in {Trouble.DIED, Trouble.DIED_AFTERWARDS}


_ERRORS: Final = frozenset(
    {Trouble.THROTTLED, Trouble.UNREACHABLE, Trouble.FAILED, Trouble.ANSWER_LOST, Trouble.FAILED_AFTERWARDS}
)
_AFTERWARDS: Final = frozenset({Trouble.ANSWER_LOST, Trouble.FAILED_AFTERWARDS, Trouble.DIED_AFTERWARDS})


@dataclass(frozen=True)
class Aim:
    """Which request meets what; `is_lasting`: every later one of the invocation as well."""

    at: int
    trouble: Trouble
    is_lasting: bool = False

    def __str__(self) -> str:
        return f"request {self.at} {self.trouble.value}{', and all after it' if self.is_lasting else ''}"


@dataclass(frozen=True)
class Message:
    """In a queue."""

    id: str
    queue: str
    body: str
    due: datetime


@dataclass
class Contents:
    """All that AWS holds, and what it has done outside of itself."""

    items: dict[Key, dict[str, Any]] = field(default_factory=dict)
    records: list[dict[str, Any]] = field(default_factory=list)
    """Of the table's stream."""
    messages: list[Message] = field(default_factory=list)
    bus: list[dict[str, Any]] = field(default_factory=list)
    executions: list[tuple[str, str]] = field(default_factory=list)
    """Name and input."""
    tasks: dict[str, Any] = field(default_factory=dict)
    """The result of each, None while it waits."""
    objects: dict[str, bytes] = field(default_factory=dict)
    posted: list[tuple[str, str]] = field(default_factory=list)
    """Connection and text of what reached a charge point."""
    closed: list[str] = field(default_factory=list)
    """Connections that were closed from here."""
    numbers: int = 0

    def copy(self) -> "Contents":
        """Nothing in it is ever changed in place but its own containers."""
        held = {name: value.copy() for name, value in vars(self).items() if name != "numbers"}
        return replace(self, **held)

    def number(self) -> int:
        """A new one."""
        self.numbers += 1
        return self.numbers


class BrokenAws:
    """The services, and the trouble that is aimed at one request of the present invocation."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.now = clock
        self.contents = Contents()
        self.connected: set[str] = set()
        """Connections that are open."""
        self.loses_posts: set[int] = set()
        """Which posts get lost on the way to the station, by number."""
        self.requests = 0
        """Of the present invocation."""
        self.has_met = False
        """Whether the trouble came about."""
        self._aim: Aim | None = None
        self._rival: Callable[[], object] | None = None
        self.posts = 0

    def restore(self, contents: Contents) -> None:
        """Go back to what it held then."""
        self.contents = contents.copy()
        self.posts = 0

    @contextmanager
    def aimed(self, aim: Aim | None, rival: Callable[[], object] | None = None) -> Iterator[None]:
        """Within, is one invocation that meets the trouble; None only counts its requests."""
        self.requests, self._aim, self._rival, self.has_met = 0, aim, rival, False
        try:
            yield
        finally:
            self._aim = None

    def close(self, connection_id: str) -> None:
        """A connection, from here."""
        self.contents.closed.append(connection_id)
        self.connected.discard(connection_id)

    def request(
        self, do: Callable[[], Any], *, is_repeatable: bool = True, half: Callable[[], Any] | None = None
    ) -> Any:
        """One request. `is_repeatable`: by its client; `half`: what it does when a batch is not taken as a whole."""
        number, aim = self.requests, self._aim
        self.requests += 1
        if aim is None or number < aim.at or (number > aim.at and not aim.is_lasting):
            return do()
        trouble = aim.trouble
        if (trouble is Trouble.REPEATED and not is_repeatable) or (trouble is Trouble.HALF_TAKEN and half is None):
            return do()
        self.has_met = True
        if trouble in _AFTERWARDS:
            do()
        match trouble:
            case Trouble.DIED | Trouble.DIED_AFTERWARDS:
                raise ProcessDied
            case Trouble.THROTTLED:
                raise refusal(429, "ThrottlingException")
            case Trouble.FAILED | Trouble.FAILED_AFTERWARDS:
                raise refusal(500, "InternalServerError")
            case Trouble.UNREACHABLE:
                raise ConnectTimeoutError(endpoint_url=_URL)
            case Trouble.ANSWER_LOST:
                raise ReadTimeoutError(endpoint_url=_URL)
            case Trouble.HALF_TAKEN:
                assert half is not None
                return half()
            case Trouble.REPEATED:
                do()
            case Trouble.RIVAL:
                self._let_rival_act()
        return do()

    def _let_rival_act(self) -> None:
        aim, requests, rival = self._aim, self.requests, self._rival
        self._aim = None
        assert rival is not None
        rival()
        self._aim, self.requests = aim, requests

    def send(self, queue: str, body: str, delay_s: int = 0) -> None:
        """Into a queue."""
        due = self.now() + timedelta(seconds=delay_s)
        self.contents.messages.append(Message(f"message-{self.contents.number()}", queue, body, due))

    def post(self, connection_id: str, text: str) -> None:
        """To a station; what is lost on its way looks as if it had arrived."""
        if connection_id not in self.connected:
            raise refusal(410, "GoneException")
        self.posts += 1
        if self.posts not in self.loses_posts:
            self.contents.posted.append((connection_id, text))


def refusal(status: int, code: str) -> ClientError:
    """As botocore raises it."""
    return ClientError({"Error": {"Code": code, "Message": "for a test"}, "ResponseMetadata": _metadata(status)}, "any")


def _metadata(status: int) -> Any:
    return {"HTTPStatusCode": status}
