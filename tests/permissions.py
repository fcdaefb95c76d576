"""Least privilege: what a function calls is on record, and what is on record is called.

`tests/aws_calls.json` has, for each function, the AWS calls that this suite sees it make (`tests.aws_calls`). A test in
which a function makes another one fails and says which; whoever wants the call adds the line. A run of the whole suite
fails as well for a line that nothing calls any more. `tests/infra/test_permissions.py` holds the synthesized policy of
each function equal to what its lines need of IAM (`tests.iam`): nothing missing, nothing unused, nothing wider.

So a function that calls something new takes: the call and a test, its line here, the grant in `infra/definitions.py`
or a construct; for a service that is new, also where its calls name their resource, and what they need (`tests.iam`).
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from tests.aws_calls import SeenCall, watch

RECORD: Final = Path(__file__).with_name("aws_calls.json")

_seen: Final[set[SeenCall]] = set()
_told: Final[set[SeenCall]] = set()
_stale: Final[list[SeenCall]] = []


@cache
def recorded() -> frozenset[SeenCall]:
    """What the suite is known to see."""
    record = json.loads(RECORD.read_text())
    return frozenset(SeenCall(function, call) for function, calls in record.items() for call in calls)


def check_seen_elsewhere(file: Path) -> None:
    """Count in what another process has seen, by the file that it wrote (`tests.watched_stack`)."""
    _seen.update(SeenCall(*each) for each in json.loads(file.read_text()))
    _check()


@pytest.fixture(autouse=True)
def permitted_calls() -> Iterator[None]:
    """Fail a test in which a function made a call that is not on record."""
    yield
    _check()


def _check() -> None:
    new = _seen - recorded() - _told
    _told.update(new)
    assert not new, f"not in {RECORD.name}, so no policy allows it:\n{_lines(new)}"


def _lines(calls: set[SeenCall]) -> str:
    return "\n".join(f"  {each.function}: {each.call}" for each in sorted(calls))


def pytest_configure() -> None:
    """Watch the functions of this process."""
    watch(_seen.add)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker of xdist has ended."""
    _seen.update(SeenCall(*each) for each in getattr(node, "workeroutput", {}).get("calls", ()))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run of everything that has not seen everything on record."""
    config = session.config
    if hasattr(config, "workeroutput"):
        config.workeroutput["calls"] = [tuple(each) for each in sorted(_seen)]  # execnet takes no subclass
    elif exitstatus == pytest.ExitCode.OK and _is_whole(config):
        _stale.extend(sorted(recorded() - _seen))
        session.exitstatus = pytest.ExitCode.TESTS_FAILED if _stale else session.exitstatus


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what is on record in vain."""
    if _stale:
        terminalreporter.section("permissions that nobody uses", red=True)
        terminalreporter.line(f"in {RECORD.name}, but called by no test:\n{_lines(set(_stale))}")


def _is_whole(config: pytest.Config) -> bool:
    """Whether every test there is was to run."""
    chosen = (config.option.keyword, config.option.markexpr, config.option.deselect, config.option.ignore)
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not any(chosen)
