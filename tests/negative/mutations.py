"""What the negative cases and some certification cases are for, tried: break the code in one way, see what turns red.

`python -m tests.negative.mutations` does so in a copy of the tree; `docs/conformance.md` has the list.
"""

from typing import Final

from tests.mutations import Mutation, run

_CALLS: Final = "tests/integration/test_negative_calls.py"
_ANSWERS: Final = "tests/integration/test_negative_answers.py"
_WIRE: Final = "tests/conformance/test_negative.py"

MUTATIONS: Final = (
    Mutation(
        "charge data that cannot be read is not kept",
        "v16/answer.py",
        "self._store.orphans.keep(session.charge_point_id, call.action, str(violation), call.payload, now)",
        "pass",
        _CALLS,
        "StartTransaction or MeterValues",
    ),
    Mutation(
        "a malformed frame with charge data is not kept",
        "v16/answer.py",
        'self._store.orphans.keep(session.charge_point_id, action.name, str(call), {"frame": text}, now)',
        "pass",
        _CALLS,
        "StartTransaction",
    ),
    Mutation("unknown fields are refused", "v16/payload.py", 'extra="ignore"', 'extra="forbid"', _CALLS, "Authorize"),
    Mutation(
        "a number in place of text is refused",
        "v16/payload.py",
        "coerce_numbers_to_str=True",
        "coerce_numbers_to_str=False",
        _CALLS,
        "Authorize",
    ),
    Mutation(
        "a missing field gets the code of a wrong value",
        "v16/payload.py",
        '"missing": ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION',
        '"missing": ErrorCode.PROPERTY_CONSTRAINT_VIOLATION',
        _CALLS,
        "Authorize",
    ),
    Mutation(
        "a status that the standard does not have is refused",
        "v16/messages/status_notification.py",
        "    status: StatusText",
        "    status: ChargePointStatus",
        _CALLS,
        "StatusNotification",
    ),
    Mutation(
        "a stop needs a readable transaction id",
        "v16/messages/stop_transaction.py",
        "transaction_id: LenientInteger = None",
        "transaction_id: int",
        _CALLS,
        "StopTransaction",
    ),
    Mutation(
        "an unreadable payload is an internal error",
        "v16/payload.py",
        "except ValidationError as error:",
        "except KeyError as error:",
        _CALLS,
        "Heartbeat or Authorize",
    ),
    Mutation(
        "a refusal is logged as a failure of ours",
        "v16/answer.py",
        'logger.info("refused',
        'logger.error("refused',
        _CALLS,
        "Authorize",
    ),
    Mutation(
        "an answer without a readable status is taken for a yes",
        "v16/operations.py",
        "if required and not self._unreadable_in(payload).isdisjoint(required | {_ALL_OF_IT}):",
        "if required and self._unreadable_in(payload) == {_ALL_OF_IT}:",
        _ANSWERS,
        "ClearCache",
    ),
    Mutation(
        "an answer that is no object leaves its call open",
        "v16/operations.py",
        'payload.get("status") if isinstance(payload, dict) else None',
        'payload.get("status")',
        _ANSWERS,
        "Reset",
    ),
    Mutation(
        "an answer with a field too many is not flagged",
        "v16/official.py",
        'extra="forbid",',
        'extra="ignore",',
        _ANSWERS,
        "Reset",
    ),
    Mutation(
        "charge data that cannot be read is not kept, seen over the wire",
        "v16/answer.py",
        "self._store.orphans.keep(session.charge_point_id, call.action, str(violation), call.payload, now)",
        "pass",
        _WIRE,
        "wrong_calls",
    ),
    Mutation(
        "what follows the end of a call goes wrong inside, seen in the log",
        "v16/operations.py",
        "        self._apply(request, self._read_response(settled.call.response), settled)\n",
        '        raise RuntimeError("broken")\n',
        _WIRE,
        "GetConfiguration",
    ),
    Mutation(
        "a tag that is blocked is accepted",
        "authorization.py",
        "    return tag.status\n",
        "    return AuthorizationStatus.ACCEPTED\n",
        "tests/conformance/test_charging.py",
        "tc_023_3",
    ),
)


if __name__ == "__main__":
    run(MUTATIONS)
