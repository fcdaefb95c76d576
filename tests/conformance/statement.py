"""The page of a conformance run, of which `docs/conformance.md` is the one where all is well.

`python -m tests.conformance.statement` writes new words into that one without a run, and refuses where a row with a
verdict would become another one: what was not run has not passed.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Protocol

from tests.conformance.cases import Case, Functionality, all_cases
from tests.conformance.editions import Edition
from tests.conformance.inventory import find_tests, tests_of_cases
from tests.conformance.results import Verdict, verdict_on
from tests.negative.mutations import MUTATIONS
from tests.negative.samples import ANSWERS_OVER_THE_WIRE, Counts, counts_in_functions, counts_over_the_wire
from tests.negative.variants import Kind

PAGE: Final = Path(__file__).parents[2] / "docs" / "conformance.md"
_BEGIN, _END = "<!-- measured -->", "<!-- end: measured -->"
_MEASURED: Final = re.compile(f"(?<={re.escape(_BEGIN)}\n).*?(?={re.escape(_END)})", re.DOTALL)
_VERDICT: Final = re.compile(rf"^\|.*\| (?:{'|'.join(Verdict)})\b[^|]*\|$", re.MULTILINE)
_INTRODUCTION: Final = f"""# Conformance

The certification cases for an OCPP 1.6 Central System, and what `make conformance` finds about them: a simulated charge
point plays them against the local stack over a WebSocket, and the operator's part is played over the HTTP API. Every
frame that the Central System sends is held against the official schemas, and one that the case did not ask for is a
failure. Charge points under test are in quiet mode.

The cases are those of the {Edition.NEWEST} edition; where an edition back to {Edition.OLDEST} asks for something else,
the case runs as that one has it, too. This is no certificate: those are given by the Open Charge Alliance, whose tool
tests the system that is to be certified.

A run writes `report.md` (this page, with its own verdicts), `report.json`, `junit.xml` and the wire trace of every test
(`traces/`: each handshake, frame and operator's request with its time) to `.local/conformance`.
`make conformance ARGS=--write-docs` writes this page, if everything has passed.
"""
_BESIDE: Final = """
## Beside the cases

What a certificate says of Smart Charging in particular, all types of profiles and stacking, is in the last rows: the
three purposes, Absolute, Recurring (daily and weekly) and Relative, and the official vectors of stacked profiles, which
the cases for charge points have.

| What | Test | Verdict |
|---|---|---|"""
_NEGATIVE: Final = f"""
## Negative conformance

From the official schemas each field of each message and of each answer to a call is broken in each way there is: left
out, null, of another type (every type of JSON), too long, empty, a word that the enumeration does not have or in the
wrong case, and a field too many. What has to come back is written down in `tests/negative` from the specification:

- A field that is missing or cannot be read: a CALLERROR with the code that table 7 of OCPP-J has for it. Where the
  table leaves it open (a missing field), any of the codes it can mean.
- What stations in the field get wrong and what can be understood: a CALLRESULT. That is null in an optional field, a
  number for text and text that is a number, a number for a time (seconds since 1970), text that is too long, an unknown
  word, a field too many.
- Charge data (StartTransaction, StopTransaction, MeterValues) is found afterwards where it belongs or among the
  orphans, whatever the answer was.
- An answer is never answered. Each ends its call: with the status, if there is one; as failed, if what was asked for
  cannot be read. The next call goes out at once. Whatever the official schema does not allow is `flagged`, used or not.
- Nothing is logged as an error, no connection is closed, and the next message is answered.

All of them go straight into the functions. Over the wire goes besides, of each message and of the answers to
{", ".join(ANSWERS_OVER_THE_WIRE[:-1])} and {ANSWERS_OVER_THE_WIRE[-1]}, one of each kind that has a payload; of the
other answers and of CALLERROR none.
"""
_BROKEN: Final = """
### What breaks it

`python -m tests.negative.mutations` breaks the code in these ways, in a copy, and sees that the tests notice.

| Broken | Noticed by |
|---|---|"""
_NOT_COVERED: Final = """
## Not covered

- The cases above that are not automated, for the reasons given there. What TLS there is, is the hosting platform's:
  CloudFront and API Gateway end it, the local stack has none. So the connection with TLS that TC_083 asks for is one of
  which the local gateway is told so, by a header `X-Forwarded-Proto`: the case tests what `connect` makes of it. That
  a client certificate (security profile 3) is asked for and verified is CloudFront's part; what `connect` does with
  the facts that it passes on is tested without TLS.
- The system as deployed. The local stack runs the deployed functions behind a stand-in for API Gateway.
- Response times of the deployed system: those above are of one machine, and decide nothing.
"""


class Outcomes(Protocol):
    """What tests came to."""

    def of_test(self, name: str) -> Verdict:
        """Of a test function with whatever parameters."""

    def of_message(self, message: str) -> Verdict:
        """Of the wrong variants of a message."""

    @property
    def in_functions(self) -> Counts:
        """The wrong variants that went straight into the functions."""

    @property
    def over_the_wire(self) -> Counts:
        """Those that a station sent."""


class AllIsWell:
    """What there is to be found, and that it is found."""

    in_functions = counts_in_functions()
    over_the_wire = counts_over_the_wire()

    def of_test(self, name: str) -> Verdict:
        """Pass."""
        return Verdict.PASS

    def of_message(self, message: str) -> Verdict:
        """Pass."""
        return Verdict.PASS


def render(outcomes: Outcomes, measured: str) -> str:
    """The page."""
    parts = [
        _INTRODUCTION,
        "## Abstract\n",
        f"{_BEGIN}\n{measured}{_END}\n",
        *_abstract(outcomes),
        *_cases(outcomes),
        *_beside(outcomes),
        _NEGATIVE,
        *_negative(outcomes),
        _BROKEN,
        *(f"| {mutation.what} | `{Path(mutation.tests).name}` |" for mutation in MUTATIONS),
        _NOT_COVERED,
    ]
    return "\n".join(parts)


def reworded(page: str) -> str:
    """The page in today's words, about the same run.

    Raises:
        ValueError: there would be a row with a verdict that is not in the page.
    """
    new = render(AllIsWell(), measured_in(page))
    if _VERDICT.findall(new) != _VERDICT.findall(page):
        raise ValueError("other rows than were run: `make conformance ARGS=--write-docs` runs them")
    return new


def measured_in(page: str) -> str:
    """The part of a page that differs from run to run.

    Raises:
        ValueError: there is none.
    """
    found = _MEASURED.search(page)
    if found is None:
        raise ValueError(f"no {_BEGIN}")
    return found[0]


def verdict_of(case: Case, outcomes: Outcomes) -> Verdict:
    """What became of a case."""
    test = tests_of_cases().get(case.id)
    return outcomes.of_test(test.name) if test else Verdict.NOT_AUTOMATED


def _abstract(outcomes: Outcomes) -> Iterator[str]:
    yield "| Functionality | Cases | Pass | Fail | Not automated | Verdict |"
    yield "|---|--:|--:|--:|--:|---|"
    verdicts = {case: verdict_of(case, outcomes) for case in all_cases().values()}
    for functionality in Functionality:
        of_it = [verdict for case, verdict in verdicts.items() if case.functionality is functionality]
        yield _abstract_row(functionality, of_it)
    yield _abstract_row("all", list(verdicts.values()))


def _abstract_row(name: str, verdicts: list[Verdict]) -> str:
    counts = [verdicts.count(verdict) for verdict in (Verdict.PASS, Verdict.FAIL, Verdict.NOT_AUTOMATED)]
    of_tests = [verdict for verdict in verdicts if verdict is not Verdict.NOT_AUTOMATED]
    summary = str(verdict_on(of_tests)) if of_tests else "–"
    if counts[2] and of_tests:
        summary += ", as far as it is automated"
    return f"| {name} | {len(verdicts)} | {' | '.join(map(str, counts))} | {summary} |"


def _cases(outcomes: Outcomes) -> Iterator[str]:
    tests = tests_of_cases()
    for functionality in Functionality:
        yield f"\n## {functionality}\n\n| Case | Name | Test | Verdict |\n|---|---|---|---|"
        for case in all_cases().values():
            if case.functionality is functionality:
                test = tests.get(case.id)
                editions = ", both editions" if test and test.is_by_edition else ""
                source = f"`{test.module}`{editions}" if test else case.missing
                yield f"| {case.id} | {case.name} | {source} | {verdict_of(case, outcomes)} |"


def _beside(outcomes: Outcomes) -> Iterator[str]:
    yield _BESIDE
    for test in find_tests():
        if test.case is None:
            yield f"| {test.title} | `{test.module}` | {outcomes.of_test(test.name)} |"


def _negative(outcomes: Outcomes) -> Iterator[str]:
    in_functions, over_the_wire = outcomes.in_functions, outcomes.over_the_wire
    yield f"| Message | {' | '.join(Kind)} | in all | over the wire | Verdict |"
    yield f"|---|{'--:|' * (len(Kind) + 2)}---|"
    for message in AllIsWell.in_functions:
        figures = _figures([in_functions.get(message, {})], [over_the_wire.get(message, {})])
        yield f"| {message} | {figures} | {outcomes.of_message(message)} |"
    verdict = verdict_on(map(outcomes.of_message, AllIsWell.in_functions))
    yield f"| all | {_figures(in_functions.values(), over_the_wire.values())} | {verdict} |"


def _figures(in_functions: Iterable[dict[str, int]], over_the_wire: Iterable[dict[str, int]]) -> str:
    of_messages = list(in_functions)
    by_kind = [sum(kinds.get(kind, 0) for kinds in of_messages) for kind in Kind]
    return " | ".join(map(str, [*by_kind, sum(by_kind), sum(sum(kinds.values()) for kinds in over_the_wire)]))


if __name__ == "__main__":
    try:
        PAGE.write_text(reworded(PAGE.read_text()))
    except ValueError as refusal:
        sys.exit(str(refusal))
