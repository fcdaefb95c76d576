"""docs/conformance.md says what is tested, and every case is either tested or named as missing."""

from collections import Counter

import pytest

from tests.conformance.cases import all_cases
from tests.conformance.inventory import find_tests
from tests.conformance.statement import PAGE, AllIsWell, measured_in, render, reworded
from tests.mutations import source_of
from tests.negative.mutations import MUTATIONS


def test_the_page_is_up_to_date_but_for_what_is_measured() -> None:
    page = PAGE.read_text()
    assert page == render(AllIsWell(), measured_in(page)), "run `python -m tests.conformance.statement`"


def test_words_are_rewritten_without_a_run() -> None:
    page = PAGE.read_text()
    assert reworded(page.replace("This is no certificate", "This is a certificate")) == page


@pytest.mark.parametrize(
    ("row", "as_run"),
    [
        ("| TC_001_CSMS | Cold Boot Charge Point | `test_charging.py` | Pass |\n", ""),
        ("| Reset.conf | 2 | 2 | 8 |", "| Reset.conf | 2 | 2 | 7 |"),
        ("| Hard Reset | `test_remote_control.py` | Pass |", "| Hard Reset | `test_remote_control.py` | Fail |"),
    ],
    ids=["a new case", "more variants", "one that failed"],
)
def test_what_was_not_run_passes_only_by_a_run(row: str, as_run: str) -> None:
    page = PAGE.read_text()
    assert row in page
    with pytest.raises(ValueError, match="write-docs"):
        reworded(page.replace(row, as_run))


def test_every_case_has_one_test_or_a_reason_why_it_has_none() -> None:
    tests = Counter(test.case.id for test in find_tests() if test.case)
    assert all(count == 1 for count in tests.values())
    assert tests.keys() == {case.id for case in all_cases().values() if case.missing is None}


def test_a_test_is_titled_as_its_case_is_named_and_no_two_alike() -> None:
    tests = list(find_tests())
    assert [test.title for test in tests if test.case] == [test.case.name for test in tests if test.case]
    assert all(count == 1 for count in Counter(test.name for test in tests).values())


def test_each_mutation_breaks_one_place() -> None:
    assert {mutation.what: source_of(mutation).count(mutation.old) for mutation in MUTATIONS} == {
        mutation.what: 1 for mutation in MUTATIONS
    }
