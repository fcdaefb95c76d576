"""How a resource declares its routes: path, scope and what it answers, beside the function."""

import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from inspect import getdoc
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from csms.api.scopes import Scope

F = TypeVar("F", bound=Callable[..., Any])

OPEN: Final = None
"""The scope of a route that needs no token."""


@dataclass(frozen=True)
class Endpoint:
    """One method of one path. `<name>` in the path takes anything, slashes too: identities contain them."""

    method: str
    path: str
    scope: Scope | None
    function: Callable[..., Any]
    tag: str
    status: HTTPStatus = HTTPStatus.OK
    answers: dict[int, dict[str, Any]] = field(default_factory=dict)
    """What it answers, where its return type does not say: OpenAPI media types by status."""
    takes: dict[str, Any] = field(default_factory=dict)
    """What it reads, where the function reads the body itself: OpenAPI media types by name."""
    reads: type[BaseModel] | None = None
    """What its body is, where the function reads and checks it itself."""
    fills: tuple[str, ...] = ()
    """Dotted names of what may be left out of that body, although its model asks for it."""
    is_documented: bool = True
    compress: bool = False
    takes_bytes: bool = False
    """Whether its body is anything at all, rather than text."""

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (getdoc(self.function) or self.function.__name__).partition("\n")[0]

    @property
    def description(self) -> str:
        """The rest of it."""
        return (getdoc(self.function) or "").partition("\n")[2].strip()


class Routes:
    """The routes of one resource."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.endpoints: list[Endpoint] = []

    def get(self, path: str, scope: Scope | None, **options: Any) -> Callable[[F], F]:
        """Reads."""
        return self._add("GET", path, scope, options)

    def head(self, path: str, scope: Scope | None, **options: Any) -> Callable[[F], F]:
        """Reads all but the content."""
        return self._add("HEAD", path, scope, options)

    def post(self, path: str, scope: Scope | None, **options: Any) -> Callable[[F], F]:
        """Adds, or does something."""
        return self._add("POST", path, scope, options)

    def put(self, path: str, scope: Scope | None, **options: Any) -> Callable[[F], F]:
        """Sets."""
        return self._add("PUT", path, scope, options)

    def patch(self, path: str, scope: Scope | None, **options: Any) -> Callable[[F], F]:
        """Changes the fields it names."""
        return self._add("PATCH", path, scope, options)

    def delete(self, path: str, scope: Scope | None, **options: Any) -> Callable[[F], F]:
        """Removes."""
        return self._add("DELETE", path, scope, options)

    def _add(self, method: str, path: str, scope: Scope | None, options: dict[str, Any]) -> Callable[[F], F]:
        def register(function: F) -> F:
            self.endpoints.append(Endpoint(method, path, scope, function, self.tag, **options))
            return function

        return register


def all_endpoints() -> list[Endpoint]:
    """Every endpoint of every module in `csms.api.resources`, the more specific paths first.

    Raises:
        ValueError: two functions for the same method and path.
    """
    package = importlib.import_module("csms.api.resources")
    modules = [
        importlib.import_module(f"{package.__name__}.{found.name}") for found in pkgutil.iter_modules(package.__path__)
    ]
    endpoints = [endpoint for module in modules for endpoint in module.routes.endpoints]
    keys = [(endpoint.method, endpoint.path) for endpoint in endpoints]
    repeated = {key for key in keys if keys.count(key) > 1}
    if repeated:
        raise ValueError(f"declared twice: {sorted(repeated)}")
    return sorted(endpoints, key=_specificity)


def path_pattern(path: str) -> re.Pattern[str]:
    """What a declared path matches; its parts are named groups."""
    return re.compile(re.sub(r"<(\w+)>", r"(?P<\1>.+)", re.escape(path)), re.DOTALL)


def _specificity(endpoint: Endpoint) -> tuple[int, str]:
    literals = [part for part in endpoint.path.split("/") if not part.startswith("<")]
    return -len(literals), endpoint.path
