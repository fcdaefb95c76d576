"""The edge of the local stack, by the cases that the edge function on AWS is held to."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.gateway.edge import MalformedUrlError, Target, rewrite, without_facts

CASES: dict[str, Any] = json.loads((Path(__file__).parents[2] / "edge" / "cases.json").read_text())


def edge(case: dict[str, str]) -> Target:
    return rewrite(case["path"], case.get("query", ""), CASES["stage"])


@pytest.mark.parametrize("case", CASES["rewritten"], ids=lambda case: case["why"])
def test_the_identity_moves_from_the_path_into_the_query(case: dict[str, Any]) -> None:
    assert edge(case) == Target(**case["to"])


@pytest.mark.parametrize("case", CASES["refused"], ids=lambda case: case["why"])
def test_what_is_no_identity_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(MalformedUrlError):
        edge(case)


@pytest.mark.parametrize("case", CASES["unchanged"], ids=lambda case: case["why"])
def test_what_addresses_the_api_passes_unchanged(case: dict[str, Any]) -> None:
    assert edge(case) == Target(case["path"], case["query"])


def test_headers_that_state_facts_are_dropped() -> None:
    sent = [(name.title(), "value") for name in (*CASES["kept_headers"], *CASES["dropped_headers"])]
    assert [name.lower() for name, _ in without_facts(sent)] == CASES["kept_headers"]
