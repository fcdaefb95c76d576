"""What the random cases are for, tried: break the code in one way, see which family notices.

`python -m proof.fuzz.mutations` does so in a copy of the tree; `docs/testing.md` has the list.
"""

import os
from typing import Final

from tests.mutations import Mutation, run

_TESTS: Final = "tests/integration/test_fuzz.py"


def _noticed_by(family: str, what: str, file: str, old: str, new: str) -> Mutation:
    return Mutation(what, file, old, new, _TESTS, family)


MUTATIONS: Final = (
    _noticed_by(
        "frames",
        "lone surrogates are let through",
        "ocpp/frames.py",
        'return value if text.isascii() and "\\\\u" not in text else writable(value)',
        "return value",
    ),
    _noticed_by(
        "frames",
        "numbers beyond a float are let through",
        "ocpp/frames.py",
        "_DECODER: Final = json.JSONDecoder(parse_float=_finite, ",
        "_DECODER: Final = json.JSONDecoder(",
    ),
    _noticed_by(
        "frames",
        "meter values are kept under the transaction id alone",
        "store/keys.py",
        'return f"TX#{charge_point_id}#{transaction_id}"',
        'return f"TX#{transaction_id}"',
    ),
    _noticed_by(
        "frames",
        "a time that no calendar has is no finding",
        "ocpp/primitives.py",
        "except OverflowError as error:",
        "except KeyError as error:",
    ),
    _noticed_by(
        "frames",
        "charge data that cannot be read is not kept",
        "v16/answer.py",
        "self._store.orphans.keep(session.charge_point_id, call.action, str(violation), call.payload, now)",
        "pass",
    ),
    _noticed_by(
        "frames",
        "an unknown action is answered with a CALLRESULT",
        "v16/answer.py",
        'raise CallViolation("unknown action", code=ErrorCode.NOT_IMPLEMENTED)',
        "return {}",
    ),
    _noticed_by(
        "answers",
        "an answer that is no object leaves its call open",
        "v16/operations.py",
        'payload.get("status") if isinstance(payload, dict) else None',
        'payload.get("status")',
    ),
    _noticed_by(
        "answers",
        "the slot stays taken after a CALLERROR",
        "calls.py",
        "        self._after_end(ended, now)\n        return True",
        "        if isinstance(answer, CallResult):\n            self._after_end(ended, now)\n        return True",
    ),
    _noticed_by(
        "answers",
        "nobody waits for the deadline of a call",
        "calls.py",
        "        self._queue().send(watch, flight.until - now)\n",
        "",
    ),
    _noticed_by("connects", "an identity may contain #", "connections.py", "A-Za-z0-9 *", "A-Za-z0-9 #*"),
    _noticed_by(
        "connects",
        "every password is right",
        "credentials.py",
        "return hmac.compare_digest(hash_secret(candidate, salt), stored)",
        "return True",
    ),
    _noticed_by(
        "connects",
        "credentials that are no base64 are no finding",
        "credentials.py",
        "except (binascii.Error, ValueError):",
        "except KeyError:",
    ),
    _noticed_by(
        "connects",
        "any sub-protocol will do",
        "connections.py",
        "    if SUBPROTOCOL in offered:",
        "    if offered:",
    ),
    _noticed_by(
        "records",
        "what a version to come has written is handled",
        "schema.py",
        "isinstance(version, int) and version > VERSION",
        "isinstance(version, int) and version > 2 * VERSION",
    ),
    _noticed_by(
        "records",
        "what was written before kinds had names is not",
        "call_queue.py",
        '_KINDS[fields.get("kind") or _kind_by_fields(fields)]',
        '_KINDS[fields["kind"]]',
    ),
    _noticed_by(
        "records", "an event needs no name", "event_queue.py", "if not all(isinstance(", "if False and all(isinstance("
    ),
    _noticed_by(
        "records",
        "a due row that nobody can read keeps the others waiting",
        "store/listing.py",
        "            failures.append(error)\n",
        "            raise\n",
    ),
    _noticed_by(
        "records",
        "a change at a site that there is not makes one",
        "store/sites.py",
        'add={"version": 1}, condition=_EXISTS, returning="ALL_NEW"',
        'add={"version": 1}, returning="ALL_NEW"',
    ),
    _noticed_by(
        "requests",
        "numbers beyond a float and half characters are let through",
        "api/bodies.py",
        "json.dumps(value, ensure_ascii=False, allow_nan=False).encode()",
        "json.dumps(value)",
    ),
    _noticed_by(
        "requests",
        "who has no token may do everything",
        "api/resolver.py",
        "if endpoint.scope is not None:",
        'if endpoint.scope is not None and "authorizer" in event.raw_event["requestContext"]:',
    ),
    _noticed_by(
        "requests",
        "a cursor of another list is no finding",
        "api/resolver.py",
        "self.exception_handler(InvalidCursor)(_invalid_cursor)",
        "pass",
    ),
)


if __name__ == "__main__":
    os.environ["FUZZ_CASES"] = "5000"
    run(MUTATIONS)
