"""Plays a scene with trouble at one of its requests, and holds what is left against what an undisturbed run leaves."""

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from csms.ocpp.primitives import format_timestamp
from csms.store import keys
from tests.faulty.aws import Aim, Trouble
from tests.faulty.scenes import Scene
from tests.faulty.world import CP001, Moment, World
from tests.lambda_operator import Answer
from tests.process_died import ProcessDied

_ID: Final = re.compile(r"(?:[0-9a-f]{12}-)?(?:feed)+([0-9a-f]{8})x*")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_HASH: Final = re.compile(r"[0-9a-f]{64}|[A-Za-z0-9+/]{22}==\$[A-Za-z0-9+/]+=*")
_HISTORY: Final = re.compile(r"(EVENT#\w+#[^#]+)#[0-9a-f]+")
_SHARD: Final = re.compile(r"((?:KIND|DUE)#\w+)#\d+")
_BEFOREHAND: Final = re.compile(r"FILETOKEN#|CP#CP001 (FILE|PROFILE)#")
"""Rows that are made for a call before it is posted."""
_CHANGED_BEFOREHAND: Final = "CP#CP001 CP"
"""The row that is changed before some calls are posted."""
_EXPIRED: Final = re.compile(r"(state.: .)expired(.*?status.: .)not sent in time")
_SENDING: Final = re.compile(r'"(answer_by|sent_at)": "<then>", ')
_COUNTS: Final = frozenset(
    {keys.TTL_ATTRIBUTE, "v", "attempt", "attempts", "fence", "fingerprint", "file_count", "file_bytes"}
)
"""What counts tries, follows from a time or a random id, or is room that was made for a file that came again."""


class Play:
    """A scene, again and again from the same state."""

    def __init__(self, world: World, beginning: Moment, scene: Scene) -> None:
        self._world = world
        self._scene = scene
        world.go_back(beginning)
        scene.before(world)
        self._start = world.remember()
        world.go_back(self._start)
        self._before = set(view(world, since=self._start.now))
        self.answer = self._invoke(None)
        self.requests = world.aws.requests
        assert self.requests > 0
        self._undisturbed = self._left()
        self._with_losses: list[list[str]] | None = None

    def play(self, aim: Aim) -> bool:
        """Play it with trouble; whether the trouble came about."""
        world = self._world
        world.go_back(self._start)
        answer = self._invoke(aim)
        if not world.aws.has_met:
            return False
        if aim.trouble.is_death:
            world.start_process()
        else:
            self._check(answer, may_fail=aim.trouble.is_error or aim.trouble is Trouble.HALF_TAKEN)
        if not self._is_good(answer) or (self._scene.is_repeatable and not self._scene.is_delivered):
            self._check(self._invoke(None), may_fail=False)
        found = self._left()
        if not (self._is_as(found, self._undisturbed) or (self._may_lose(aim.trouble) and self._is_lost(found))):
            raise AssertionError("\n".join(_difference(found, self._undisturbed)))
        return True

    def _is_as(self, found: list[str], expected: list[str]) -> bool:
        return found == expected if self._scene.is_repeatable else {*expected} <= {*found}

    def _invoke(self, aim: Aim | None) -> object:
        """What whoever asked gets to see; an exception that Lambda would."""
        world = self._world
        with world.aws.aimed(aim, lambda: world.rivals.submit(self._scene.act, world).result()):
            try:
                return self._scene.act(world)
            except (Exception, ProcessDied) as error:
                if aim is None:
                    raise
                return error

    def _check(self, answer: object, *, may_fail: bool) -> None:
        """What is asked is answered as if nothing had been, or with a clean failure."""
        if self._is_good(answer):
            return
        shown = answer.text if isinstance(answer, Answer) else repr(answer)
        assert may_fail, f"{shown} instead of {self.answer}"
        if isinstance(answer, Answer):
            assert (answer.status, answer.headers.get("retry-after")) == (503, "1"), shown

    def _is_good(self, answer: object) -> bool:
        if isinstance(answer, Answer) and isinstance(self.answer, Answer):
            return answer.status in {self.answer.status, *self._scene.also}
        return answer == self.answer

    def _left(self) -> list[str]:
        """What everything comes to."""
        self._world.come_to_rest()
        check_rest(self._world)
        return view(self._world, since=self._start.now)

    def _may_lose(self, trouble: Trouble) -> bool:
        return trouble.is_error or trouble.is_death or trouble in self._scene.may_lose

    def _is_lost(self, found: list[str]) -> bool:
        return any(self._is_unsent(found, lost) for lost in self._left_by_losses())

    def _is_unsent(self, found: list[str], lost: list[str]) -> bool:
        """Whether all is as if a post was lost, but that what goes before a post may not have come about either."""
        mine, theirs = set(map(_without_sending, found)), set(map(_without_sending, lost))
        as_before = {_row(line) for line in mine & self._before} & {_CHANGED_BEFOREHAND}
        missing = {line for line in theirs - mine if not _BEFOREHAND.match(line) and _row(line) not in as_before}
        return not missing and (not self._scene.is_repeatable or mine <= theirs | self._before)

    def _left_by_losses(self) -> list[list[str]]:
        """What is left when nothing breaks, but one of the posts gets lost: as good as one nobody knows of."""
        if self._with_losses is None:
            self._with_losses = list(self._lose_posts())
        return self._with_losses

    def _lose_posts(self) -> Iterator[list[str]]:
        aws = self._world.aws
        for number in itertools.count(1):
            self._world.go_back(self._start)
            aws.loses_posts = {number}
            self._invoke(None)
            found = self._left()
            aws.loses_posts = set()
            if aws.posts < number:
                assert found == self._undisturbed, "\n".join(_difference(found, self._undisturbed))
                return
            yield found


def aims(requests: int, troubles: Iterable[Trouble], *, every: int = 1) -> Iterator[Aim]:
    """Each trouble at each request, or at every n-th; those that a function is told of also at all that follow."""
    for at, trouble in itertools.product(range(0, requests, every), troubles):
        yield Aim(at, trouble)
        if trouble.is_error:
            yield Aim(at, trouble, is_lasting=True)


def check_rest(world: World) -> None:
    """Each call has ended, once; nobody holds the slot, waits for it, or is due."""
    link = world.csms.store.links.get(CP001, consistent=True)
    if link:
        assert link.flight is None, "the slot is taken"
        assert not link.waiting, "somebody waits"
    calls = world.csms.store.calls.list(CP001, limit=100).calls
    left = [call.action for call in calls if not call.state.is_ended or not call.has_effects_done]
    assert not left, f"not over: {left}"
    for key, item in world.aws.contents.items.items():
        if key.sort.startswith("IDEMPOTENCY#"):
            assert keys.Key(key.partition, f"CALL#{item['call_id']}") in world.aws.contents.items, "it leads nowhere"
    posted = [json.loads(text)[1] for _, text in world.aws.contents.posted]
    assert len(posted) == len(set(posted)), "sent twice"


def view(world: World, since: datetime) -> list[str]:
    """All that is left, one line each, without what honestly differs: random ids, and how late something was done."""
    contents = world.aws.contents
    lines = [_line(f"{key.partition} {key.sort}", item) for key, item in contents.items.items()]
    latest = {name.partition("-")[0]: f"execution {name}" for name, _ in contents.executions}
    lines += latest.values()
    lines += [f"task {token}: {result}" for token, result in contents.tasks.items()]
    lines += [f"object {name}" for name in contents.objects]
    lines += {f"event {_line(entry['DetailType'], _told(entry))}" for entry in contents.bus}
    text = "\n".join(line for line in lines if not line.startswith("LOG#"))
    text = _ID.sub("<id>", text)
    first = format_timestamp(since)
    text = _TIME.sub(lambda match: match[0] if match[0] < first else "<then>", text)
    for pattern in (_SHARD, _HISTORY):
        text = pattern.sub(r"\1", text)
    text = _HASH.sub("<hash>", text)
    return sorted(text.splitlines())


def _line(name: str, item: Mapping[str, Any]) -> str:
    counts = {*_COUNTS, "PK", "SK"} | ({"version"} if name.startswith("SITE#") else set())
    kept = {key: value for key, value in item.items() if key not in counts and value != []}
    return f"{name}: {json.dumps(kept, sort_keys=True, default=str)}"


def _row(line: str) -> str:
    return line.partition(": ")[0]


def _told(entry: Mapping[str, Any]) -> dict[str, Any]:
    detail: dict[str, Any] = json.loads(entry["Detail"])
    return {name: value for name, value in detail.items() if name not in {"id", "recordedAt"}}


def _without_sending(line: str) -> str:
    """A call that nobody has sent in time is as good as one that got no answer."""
    line = _EXPIRED.sub(r"\1timed_out\2no answer", line)
    return _SENDING.sub("", line)


def _difference(found: Iterable[str], expected: Iterable[str]) -> list[str]:
    mine, theirs = set(found), set(expected)
    return [f"+ {line}" for line in sorted(mine - theirs)] + [f"- {line}" for line in sorted(theirs - mine)]
