from http import HTTPMethod

from csms.api.resolver import Resolver
from csms.api.routing import all_endpoints
from infra.definitions import OPEN_ROUTES


def matching(path: str) -> str:
    """The path template that a GET of this decoded path reaches."""
    resolver = Resolver()
    routes = resolver._static_routes + resolver._dynamic_routes
    return next(route.path for route in routes if route.method == HTTPMethod.GET and route.rule.match(path))


def test_only_the_routes_that_the_template_leaves_open_need_no_token() -> None:
    open_endpoints = [each for each in all_endpoints() if each.scope is None]
    assert {(each.method, each.path) for each in open_endpoints} == {
        *(("GET", route.split()[1]) for route in OPEN_ROUTES if route.startswith("GET")),
        *((method, "/f/<link>") for method in ("GET", "HEAD")),
        *((method, "/u/<link>") for method in ("PUT", "POST")),
    }


def test_everything_that_changes_something_takes_more_than_read() -> None:
    reading = [each.path for each in all_endpoints() if each.method not in {"GET", "HEAD"} and each.scope == "read"]
    assert reading == ["/charging-plans/preview"]  # which asks "what if", with a body, and changes nothing


def test_an_identity_with_slashes_finds_its_route() -> None:
    assert matching("/charge-points/a/b") == "/charge-points/<identity>"
    assert matching("/charge-points/a/b/connectors") == "/charge-points/<identity>/connectors"
    assert matching("/transactions/a/b/5") == "/transactions/<identity>/<transaction>"
    assert matching("/transactions/a/b/5/meter-values") == "/transactions/<identity>/<transaction>/meter-values"


def test_every_endpoint_says_what_it_does() -> None:
    assert not [each.path for each in all_endpoints() if not each.function.__doc__]
