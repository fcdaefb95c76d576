import pytest
from hypothesis import given
from hypothesis.strategies import text

from local.gateway.routes import select_route

ROUTES = {"Heartbeat", "Authorize"}


def test_a_call_takes_the_route_of_its_action() -> None:
    assert select_route('[2,"1","Heartbeat",{}]', ROUTES) == "Heartbeat"


@pytest.mark.parametrize(
    "body",
    [
        '[3,"1",{}]',
        '[4,"1","NotSupported","",{}]',
        '[2,"1","Unknown",{}]',
        '[2,"1","heartbeat",{}]',
        '[2,"1"]',
        '{"2":"Heartbeat"}',
        '["Heartbeat"]',
        '[2,"1",["Heartbeat"]]',
        "Heartbeat",
        "",
        "[" * 100_000,
    ],
)
def test_everything_else_takes_the_default_route(body: str) -> None:
    assert select_route(body, ROUTES) == "$default"


@given(text())
def test_no_input_is_an_error(body: str) -> None:
    assert select_route(body, ROUTES) in {*ROUTES, "$default"}
