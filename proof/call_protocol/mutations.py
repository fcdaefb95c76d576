"""What the explorer is for, tried: drop each condition and each step that the call protocol rests on.

`python -m proof.call_protocol.mutations` does so in a copy of the tree, in the case that is to notice;
`docs/testing.md` has the list.
"""

from typing import Final

from tests.mutations import Mutation, run

_TESTS: Final = "proof/test_call_protocol.py"
_LINKS: Final = "store/links.py"
_CALLS: Final = "store/calls.py"
_ENGINE: Final = "calls.py"
_ANSWERER: Final = "v16/answer.py"


def _noticed_in(case: str, what: str, file: str, old: str, new: str) -> Mutation:
    return Mutation(what, file, old, new, f"{_TESTS}::test_every_call_ends_once_whatever_the_order[{case}]")


_SLOT: Final = (
    _noticed_in(
        "many_connections",
        "the slot is taken for a connection that is not the link's any more",
        _LINKS,
        'condition=Attr("connection_id").eq(link.connection_id) & is_next',
        "condition=is_next",
    ),
    _noticed_in(
        "two_calls_trouble",
        "the slot goes to another than the first that waits",
        _LINKS,
        " & is_next & nobody_did_since",
        " & nobody_did_since",
    ),
    _noticed_in(
        "two_calls",
        "two dispatchers take the slot at once",
        _LINKS,
        " & is_next & nobody_did_since",
        " & is_next",
    ),
    _noticed_in(
        "two_calls",
        "who takes off goes on waiting",
        _LINKS,
        'remove=("waiting[0]",) if is_waiting else ()',
        "remove=()",
    ),
    _noticed_in(
        "two_calls",
        "any process frees the slot",
        _LINKS,
        'condition=Attr("flight").eq(_flight_to_item(flight))',
        'condition=Attr("flight").exists()',
    ),
    _noticed_in(
        "death",
        "the slot is freed by the name of the call alone",
        _LINKS,
        'condition=Attr("flight").eq(_flight_to_item(flight))',
        'condition=Attr("flight.call_id").eq(flight.call_id)',
    ),
    _noticed_in(
        "trouble",
        "a call that is put back waits nowhere",
        _LINKS,
        'prepend={"waiting": in_front} if in_front else {}',
        "prepend={}",
    ),
    _noticed_in(
        "many_connections",
        "a new connection leaves the slot taken",
        _LINKS,
        ('remove=("flight",),\n            condition=_EXISTS & (is'),
        ("remove=(),\n            condition=_EXISTS & (is"),
    ),
    _noticed_in(
        "many_connections",
        "an older connection takes the link",
        _LINKS,
        "condition=_EXISTS & (is_newest | is_repetition)",
        "condition=_EXISTS",
    ),
    _noticed_in(
        "many_connections",
        "the end of an old connection takes the new one's link",
        _LINKS,
        (
            'remove=("connection_id",),\n'
            '                condition=Attr("connection_id").eq(connection_id),\n'
            "            )\n"
            "\n"
            "    def lose"
        ),
        ('remove=("connection_id",),\n            )\n\n    def lose'),
    ),
)

_WAITING: Final = (
    _noticed_in(
        "away",
        "a call that waits is put on the list again",
        _LINKS,
        '(Attr("waiting").not_exists() | ~Attr("waiting").contains(call_id)) & (',
        "(",
    ),
    _noticed_in(
        "death",
        "a call in flight is put on the list again",
        _LINKS,
        '            Attr("flight").not_exists() | Attr("flight.call_id").ne(call_id)\n',
        "            _EXISTS\n",
    ),
    _noticed_in(
        "two_calls_trouble",
        "another call is taken off the list than the one that was seen there",
        _LINKS,
        '                condition=Attr(f"waiting[{position}]").eq(call_id),\n',
        "",
    ),
)

_ROW: Final = (
    _noticed_in(
        "trouble",
        "a call is marked as sent that has ended",
        _CALLS,
        ('Attr("state").eq(CallState.QUEUED.value)\n            & Attr("fence").lt(attempt)\n            & '),
        ('Attr("fence").lt(attempt)\n            & '),
    ),
    _noticed_in(
        "death",
        "an attempt that was fenced off sends",
        _CALLS,
        '            & Attr("fence").lt(attempt)\n',
        "",
    ),
    _noticed_in(
        "small_steps",
        "a call is sent after its time",
        _CALLS,
        '& Attr("expires_at_time").gt(format_timestamp(now))',
        "",
    ),
    _noticed_in(
        "trouble",
        "any process takes back that a call was sent",
        _CALLS,
        "**_due(call)}, _is_sent_by(attempt))",
        '**_due(call)}, Attr("state").exists())',
    ),
    _noticed_in(
        "death",
        "a call that has ended is fenced off",
        _CALLS,
        'is_unfenced = Attr("state").eq(CallState.QUEUED.value) & Attr("fence").lt(attempt)',
        'is_unfenced = Attr("fence").lt(attempt)',
    ),
    _noticed_in(
        "death",
        "a call that is fenced off is not swept",
        _CALLS,
        '{"fence": attempt, **_due(call)}',
        '{"fence": attempt}',
    ),
    _noticed_in(
        "odd_messages",
        "a second answer ends a call again",
        _CALLS,
        'self._end(call, outcome, now, Attr("state").eq(CallState.SENT.value), is_last=is_last)',
        'self._end(call, outcome, now, Attr("state").exists(), is_last=is_last)',
    ),
    _noticed_in(
        "two_calls",
        "an answered call times out",
        _CALLS,
        "        is_overdue = _is_sent_by(attempt) & ",
        '        is_overdue = Attr("attempt").eq(attempt) & ',
    ),
    _noticed_in(
        "small_steps",
        "the deadline of a dispatcher that died ends the call that another one sent",
        _CALLS,
        '_is_sent_by(attempt) & Attr("answer_by").eq(format_timestamp(answer_by))',
        "_is_sent_by(attempt)",
    ),
    _noticed_in(
        "trouble",
        "a call is withdrawn that was sent",
        _CALLS,
        'self._end(call, outcome, now, Attr("state").eq(CallState.QUEUED.value), is_last=is_last)',
        'self._end(call, outcome, now, Attr("state").exists(), is_last=is_last)',
    ),
    _noticed_in(
        "repeated",
        "placing again replaces the call",
        _CALLS,
        (
            "_to_item(call) | (_due(call) if is_swept else {}),\n"
            "                condition=Attr(keys.PARTITION_KEY).not_exists(),"
        ),
        "_to_item(call) | (_due(call) if is_swept else {}),",
    ),
    _noticed_in(
        "repeated",
        "an idempotency key is given away again",
        _CALLS,
        (
            "                condition=Attr(keys.PARTITION_KEY).not_exists(),\n"
            "            )\n"
            "        except ConditionFailed as used:"
        ),
        ("            )\n        except ConditionFailed as used:"),
    ),
)

_STEPS: Final = (
    _noticed_in(
        "death",
        "a call is stored before its deadline is announced",
        _ENGINE,
        (
            "        flight = self._announce(call, link) if can_go_now and self._is_time(link, now) "
            "else None\n"
            "        stored = self._store.calls.create(concealed, is_swept=flight is None)\n"
        ),
        (
            "        is_next = can_go_now and self._is_time(link, now)\n"
            "        stored = self._store.calls.create(concealed, is_swept=not is_next)\n"
            "        flight = self._announce(call, link) if is_next else None\n"
        ),
    ),
    _noticed_in(
        "away",
        "a call that waits is not swept",
        _ENGINE,
        "is_swept=flight is None",
        "is_swept=False",
    ),
    _noticed_in(
        "death",
        "no deadline is announced",
        _ENGINE,
        "        self._queue().send(watch, flight.until - now)\n",
        "",
    ),
    _noticed_in(
        "death",
        "a placer's stall past the deadline is not reckoned with",
        _ENGINE,
        "now < deadline.until + _LONGEST_STALL",
        "False",
    ),
    _noticed_in(
        "death",
        "an overdue flight is looked for only if a call waits behind it",
        _ENGINE,
        ("            if link.flight is not None:\n                self._watch(link, link.flight)"),
        (
            "            if link.flight is not None:\n"
            "                if link.waiting:\n"
            "                    self._watch(link, link.flight)"
        ),
    ),
    _noticed_in(
        "death",
        "nobody looks for an overdue flight",
        _ENGINE,
        "                self._watch(link, link.flight)\n",
        "",
    ),
    _noticed_in(
        "death",
        "a message of the station wakes nobody",
        _ANSWERER,
        "    if link.is_forsaken(now):\n",
        "    if False:\n",
    ),
    _noticed_in(
        "death",
        "a call is marked as sent before it has the slot",
        _ENGINE,
        (
            "        try:\n"
            "            self._store.links.take_off(link, flight)\n"
            "        except ConditionFailed:\n"
            "            return False\n"
        ),
        (
            "        self._store.calls.mark_sent(call, flight.attempt, flight.until, now)\n"
            "        try:\n"
            "            self._store.links.take_off(link, flight)\n"
            "        except ConditionFailed:\n"
            "            return False\n"
            "        self._post(call, link, flight)\n"
            "        return True\n"
        ),
    ),
    _noticed_in(
        "death",
        "a post begins after the deadline",
        _ENGINE,
        " or self._clock() >= flight.until - POST_TIME",
        "",
    ),
    _noticed_in(
        "trouble",
        "a post of unknown end is taken back",
        _ENGINE,
        "            case Posted.THROTTLED:\n",
        "            case Posted.THROTTLED | Posted.UNKNOWN:\n",
    ),
    _noticed_in(
        "trouble",
        "a call that was not delivered keeps the slot",
        _ENGINE,
        ("        self._store.links.put_back(call.charge_point_id, flight)\n\n"),
        "\n",
    ),
    _noticed_in(
        "two_calls_trouble",
        "a call that was not delivered stays sent",
        _ENGINE,
        "        self._store.calls.unsend(call, flight.attempt)\n",
        "",
    ),
    _noticed_in(
        "odd_messages",
        "a deadline that comes early is the last",
        _ENGINE,
        ("            self._queue().send(deadline, deadline.until - now)\n            return"),
        "            return",
    ),
    _noticed_in(
        "odd_messages",
        "a deadline that comes early counts",
        _ENGINE,
        "        if now < deadline.until:",
        "        if False:",
    ),
    _noticed_in(
        "death",
        "a deadline fences nothing off",
        _ENGINE,
        "call.state is CallState.QUEUED and self._store.calls.fence_off(call, deadline.attempt)",
        "call.state is CallState.QUEUED",
    ),
    _noticed_in(
        "death",
        "a deadline frees no slot",
        _ENGINE,
        ("        if link and link.flight == flight:\n            freed"),
        ("        if False:\n            freed"),
    ),
    _noticed_in(
        "death",
        "a queued call that loses the slot is forgotten",
        _ENGINE,
        "self._free(deadline, is_queued=is_queued)",
        "self._free(deadline, is_queued=False)",
    ),
    _noticed_in(
        "silence",
        "a queued call that a reconnection took the slot from is forgotten",
        _ENGINE,
        (
            "        elif link is None or not is_queued or link.holds(deadline.call_id):\n"
            "            return link\n"
            "        return links.enqueue(charge_point_id, deadline.call_id, in_front=True)"
        ),
        "        return link",
    ),
    _noticed_in(
        "reconnecting_death",
        "the same, as it is put back",
        _ENGINE,
        (
            "            if freed or not is_queued:  # otherwise a new connection has just taken the "
            "slot from it\n"
            "                return freed\n"
        ),
        "            return freed\n",
    ),
    _noticed_in(
        "death",
        "an answered call keeps the slot",
        _ENGINE,
        ("        if not call.has_effects_done:\n            self._finish(call, now)\n        self._land(call)"),
        ("        if not call.has_effects_done:\n            self._finish(call, now)"),
    ),
    _noticed_in(
        "effects",
        "what follows an end is done without a trace",
        _ENGINE,
        "        return call.task_token is None and not self._operations.has_effects(call)",
        "        return True",
    ),
    _noticed_in(
        "death",
        "placing again does not put a queued call on the list",
        _ENGINE,
        ("            self.dispatch(call.charge_point_id, self._line_up(call))\n        return call"),
        ("            pass\n        return call"),
    ),
)

_READS: Final = (
    _noticed_in(
        "stale_reconnection",
        "a deadline believes what a replica says",
        _ENGINE,
        "for is_consistent in (False, True, True):",
        "for is_consistent in (False,):",
    ),
    _noticed_in(
        "stale",
        "an answer whose call ends between look and end goes no further",
        _ENGINE,
        "for _ in range(2):  # its deadline",
        "for _ in range(1):  # its deadline",
    ),
)

MUTATIONS: Final = (*_SLOT, *_WAITING, *_ROW, *_STEPS, *_READS)


if __name__ == "__main__":
    run(MUTATIONS)
