"""docs/conformance.md says what is tested, and every case is either tested or named as missing."""

from collections import Counter

from tests.conformance.cases import all_cases
from tests.conformance.statement import PAGE, find_tests, render


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == render(), "run `python -m tests.conformance.statement`"


def test_every_case_has_one_test_or_a_reason_why_it_has_none() -> None:
    tests = Counter(test.case.id for test in find_tests())
    assert all(count == 1 for count in tests.values())
    assert tests.keys() == {case.id for case in all_cases().values() if case.missing is None}


def test_a_test_is_titled_as_its_case_is_named() -> None:
    assert [test.title for test in find_tests()] == [test.case.name for test in find_tests()]
