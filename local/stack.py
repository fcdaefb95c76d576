"""Everything on one machine, as one object: started when entered, stopped when left."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from csms.runtime import runtime
from csms.v16.registry import actions
from infra.definitions import FUNCTIONS, OPEN_ROUTES
from local.access_token import keep_token
from local.aws import EmbeddedAws
from local.environment import STAGE, handler_environment, replaced_environment
from local.function import LambdaFunction
from local.gateway import Gateway, Limits
from local.gateway.app import Integrations
from local.http_api import HttpApi
from local.listener import HOST
from local.provision import provision
from local.seeds import seed
from local.server import serving
from local.settings import StackSettings

_MESSAGE_THREADS: Final = 16
_API_THREADS: Final = 8


class LocalStack:
    """The local stack; the environment of this process is its own while it runs."""

    def __init__(self, settings: StackSettings, limits: Limits | None = None) -> None:
        self._settings = settings
        self._limits = limits
        self._exits = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as exits:
            await self._start(exits)
            self._exits = exits.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._exits.aclose()

    @property
    def token_file(self) -> Path:
        """Where the bearer token is kept."""
        return self._settings.directory / "token"

    async def wait_until_broken(self) -> None:
        """Return never.

        Raises:
            StackError: a part of the stack ended on its own.
        """
        await self._aws.wait_until_dead()

    async def _start(self, exits: AsyncExitStack) -> None:
        settings = self._settings
        settings.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        ocpp_socket = exits.enter_context(settings.ocpp.bind())
        api_socket = exits.enter_context(settings.api.bind())
        self._aws = EmbeddedAws.start(settings.aws, settings.directory)
        exits.callback(self._aws.stop)
        self.aws_url = self._aws.url
        self.callback_url = f"http://{HOST}:{ocpp_socket.getsockname()[1]}/{STAGE}"
        self.ocpp_url = f"ws://{HOST}:{ocpp_socket.getsockname()[1]}/ocpp"
        self.api_url = f"http://{HOST}:{api_socket.getsockname()[1]}"
        self.token = keep_token(self.token_file)
        exits.enter_context(replaced_environment(handler_environment(self.aws_url, self.callback_url)))
        gateway, http_api = self._applications(exits)  # imports the handlers while MiniStack starts
        await self._aws.wait_until_ready()
        exits.callback(runtime.cache_clear)
        await asyncio.to_thread(_prepare)
        await exits.enter_async_context(serving(http_api, api_socket))
        exits.push_async_callback(gateway.drain)
        await exits.enter_async_context(serving(gateway, ocpp_socket))

    def _applications(self, exits: AsyncExitStack) -> tuple[Gateway, HttpApi]:
        message_pool = exits.enter_context(ThreadPoolExecutor(_MESSAGE_THREADS, "message"))
        api_pool = exits.enter_context(ThreadPoolExecutor(_API_THREADS, "api"))
        functions = {
            name: LambdaFunction.load(definition, api_pool if name == "operator_api" else message_pool)
            for name, definition in FUNCTIONS.items()
        }
        integrations = Integrations(functions["connect"], functions["message"], functions["disconnect"])
        return (
            Gateway(integrations, actions(), STAGE, self._limits),
            HttpApi(functions["operator_api"], self.token, OPEN_ROUTES),
        )


def _prepare() -> None:
    """Fill the embedded AWS, and build the clients before threads compete: boto3's session is not thread-safe."""
    provision()
    csms = runtime()
    seed(csms.store.id_tags)
    _ = csms.gateway
