"""What the negative cases and some certification cases are for, tried: break the code in one way, see what turns red.

`python -m tests.negative.mutations` does so in a copy of the tree; `docs/conformance.md` has the list.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
_CODE: Final = Path("layers/csms/python/csms")
_CALLS: Final = "tests/integration/test_negative_calls.py"
_ANSWERS: Final = "tests/integration/test_negative_answers.py"
_WIRE: Final = "tests/conformance/test_negative.py"
_NEEDED: Final = ("layers", "functions", "tests", "local", "infra", "benchmarks", "proof", "pyproject.toml")


@dataclass(frozen=True)
class Mutation:
    """One way to break the code. `old` stands once in the file."""

    what: str
    file: str
    old: str
    new: str
    tests: str
    """What must fail."""
    only: str = ""
    """As pytest's -k."""


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


def survivors(mutations: Iterable[Mutation] = MUTATIONS) -> Iterator[Mutation]:
    """The mutations that no test noticed; the others are reported as they are found out."""
    for mutation in mutations:
        caught = _failed_tests(mutation)
        print(f"{mutation.what}: {', '.join(caught) or 'NOT NOTICED'}", flush=True)
        if not caught:
            yield mutation


def source_of(mutation: Mutation) -> str:
    """The file that is to be broken."""
    return (ROOT / _CODE / mutation.file).read_text()


def _failed_tests(mutation: Mutation) -> list[str]:
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory)
        for name in _NEEDED:
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, copy / name)
        (copy / _CODE / mutation.file).write_text(source_of(mutation).replace(mutation.old, mutation.new))
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-rfE", "--show-capture=no", "--tb=no", mutation.tests]
            + (["-k", mutation.only] if mutation.only else []),
            cwd=copy,
            env=os.environ | {"PYTHONPATH": "layers/csms/python:functions:."},
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.returncode in {0, 1}, run.stdout + run.stderr
    summary = (line.split() for line in run.stdout.splitlines())
    return sorted({words[1].split("::")[1] for words in summary if words[:1] in (["FAILED"], ["ERROR"])})


if __name__ == "__main__":
    sys.exit(1 if list(survivors()) else 0)
