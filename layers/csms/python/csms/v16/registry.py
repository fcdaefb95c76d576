"""Which function answers which charge-point-initiated action.

Every module of `csms.v16.messages` is imported once; the `answers` decorator in it enters its function here. There is
no list to extend.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar

from csms.v16.exchange import Exchange
from csms.v16.payload import Payload

RequestT = TypeVar("RequestT", bound=Payload)
Answer = Callable[[Any, Exchange], Payload]


@dataclass(frozen=True)
class Action:
    """One action: its request model, the function that answers it, and how it is treated on the way."""

    name: str
    request: type[Payload]
    answer: Answer
    is_charge_data: bool
    """Never refused: a payload that cannot be read is kept as an orphan, and a Pending station may send it."""
    is_logged: bool
    """Whether the exchange goes into the message log."""


_actions: dict[str, Action] = {}


def answers(
    name: str, request: type[RequestT], *, is_charge_data: bool = False, is_logged: bool = True
) -> Callable[[Callable[[RequestT, Exchange], Payload]], Callable[[RequestT, Exchange], Payload]]:
    """Register the decorated function as the one that answers `name`.

    Raises:
        ValueError: the action has a function already.
    """

    def register(answer: Callable[[RequestT, Exchange], Payload]) -> Callable[[RequestT, Exchange], Payload]:
        if name in _actions:
            raise ValueError(f"{name} is answered by {_actions[name].answer.__module__} already")
        _actions[name] = Action(name, request, answer, is_charge_data, is_logged)
        return answer

    return register


@cache
def actions() -> Mapping[str, Action]:
    """Every charge-point-initiated action by its exact name."""
    package = importlib.import_module("csms.v16.messages")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return MappingProxyType(_actions)
