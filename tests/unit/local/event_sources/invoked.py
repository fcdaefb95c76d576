"""A function whose invocations a test can see, and answer."""

from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from infra.definitions import FunctionDefinition
from local.function import LambdaFunction

DEFINITION = FunctionDefinition("probe", timeout_s=5, memory_mb=128, table_actions=())


class Invoked:
    """Events in the order they came; `respond` answers them."""

    def __init__(self, pool: Executor, respond: Callable[[dict[str, Any]], Any] = lambda event: None) -> None:
        self.events: list[dict[str, Any]] = []
        self._respond = respond
        self.function = LambdaFunction(DEFINITION, self._handle, pool)

    def _handle(self, event: dict[str, Any], _: Any) -> Any:
        self.events.append(event)
        return self._respond(event)
