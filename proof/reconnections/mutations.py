"""What the reconnections are for, tried: break the code in one way, see whether the plays or the storms notice.

`python -m proof.reconnections.mutations` does so in a copy of the tree; `docs/testing.md` has the list.
"""

from typing import Final

from tests.mutations import Mutation, run

_TESTS: Final = "tests/integration/test_reconnections.py"


def _noticed_by(tests: str, what: str, file: str, old: str, new: str) -> Mutation:
    return Mutation(what, file, old, new, _TESTS, tests)


MUTATIONS: Final = (
    _noticed_by(
        "any_state",
        "a call to a station that was just lost fails at once",
        "calls.py",
        "now - link.lost_at < _RECENTLY_LOST",
        "False",
    ),
    _noticed_by(
        "any_state",
        "a lost line is taken for a station that cannot answer",
        "v16/commissioning.py",
        "        if call.state is not CallState.TIMED_OUT or call.sent_at is None:\n            return False\n",
        "        return False\n",
    ),
    _noticed_by(
        "any_state",
        "an older connection that says something takes the link",
        "store/links.py",
        "condition=_is_of(life) & (is_not_older | is_free) & _is_not_closed(connection_id)",
        "condition=_is_of(life)",
    ),
    _noticed_by(
        "at_once",
        "the end of an old connection takes the new one's link",
        "store/links.py",
        'assign={"closed_connection_id": connection_id, "lost_at": format_timestamp(now)},\n'
        '                remove=("connection_id",),\n'
        '                condition=Attr("connection_id").eq(connection_id),\n',
        'assign={"closed_connection_id": connection_id, "lost_at": format_timestamp(now)},\n'
        '                remove=("connection_id",),\n',
    ),
    _noticed_by(
        "at_once",
        "an older connection takes the link",
        "store/links.py",
        "condition=_EXISTS & (is_newest | is_repetition)",
        "condition=_EXISTS",
    ),
    _noticed_by(
        "at_once",
        "a call whose connection is gone is taken for sent",
        "calls.py",
        "            case Posted.GONE:\n                self._take_back(call, flight)\n",
        "            case Posted.GONE:\n",
    ),
    _noticed_by(
        "at_once",
        "a post of unknown end, or taken, is made again",
        "calls.py",
        "            case Posted.DELIVERED | Posted.UNKNOWN:\n                return",
        "            case Posted.DELIVERED | Posted.UNKNOWN:\n"
        "                self._take_back(call, flight)\n"
        "                return",
    ),
)


if __name__ == "__main__":
    run(MUTATIONS)
