"""Everything on one machine, as one object: started when entered, stopped when left."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import boto3

from csms.runtime import runtime
from csms.v16.registry import actions
from infra.definitions import (
    BOUNDARIES_QUEUE,
    CALLS_QUEUE,
    CHANGES_STREAM,
    EVENTS_QUEUE,
    FUNCTIONS,
    OPEN_ROUTES,
    SITE_CHANGES_STREAM,
    SWEEP_SCHEDULE,
    QueueSource,
    StreamSource,
)
from local.access_token import keep_token
from local.aws import EmbeddedAws
from local.environment import (
    BOUNDARIES_QUEUE_NAME,
    CALLS_QUEUE_NAME,
    EVENTS_QUEUE_NAME,
    STAGE,
    TABLE_NAME,
    handler_environment,
    replaced_environment,
)
from local.event_sources import Source, running
from local.event_sources.clock import Clock
from local.event_sources.queue import QueuePoller
from local.event_sources.stream import StreamPoller
from local.function import LambdaFunction
from local.gateway import Gateway, Limits
from local.gateway.app import Integrations
from local.http_api import HttpApi
from local.invocations import Invocations
from local.listener import HOST, Listener
from local.provision import provision
from local.resumed_plans import resume_plans
from local.seeds import seed
from local.server import serving
from local.settings import StackSettings

_MESSAGE_THREADS: Final = 16
_API_THREADS: Final = 32  # each operator who waits for a command keeps one
_EVENT_THREADS: Final = 8
_PLAN_THREADS: Final = 8
_INVOCATIONS: Final = Listener("INVOCATIONS_PORT", 0)
"""Known to the embedded AWS alone, so any port will do."""


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
        await asyncio.gather(self._aws.wait_until_dead(), asyncio.shield(self._event_sources))

    async def _start(self, exits: AsyncExitStack) -> None:
        settings = self._settings
        settings.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        ocpp_socket = exits.enter_context(settings.ocpp.bind())
        api_socket = exits.enter_context(settings.api.bind())
        invocations_socket = exits.enter_context(_INVOCATIONS.bind())
        secret = secrets.token_urlsafe()
        invocations_url = f"http://{HOST}:{invocations_socket.getsockname()[1]}/{secret}"
        self._aws = EmbeddedAws.start(settings.aws, settings.directory, invocations_url)
        exits.callback(self._aws.stop)
        self.aws_url = self._aws.url
        self.callback_url = f"http://{HOST}:{ocpp_socket.getsockname()[1]}/{STAGE}"
        self.ocpp_url = f"ws://{HOST}:{ocpp_socket.getsockname()[1]}/ocpp"
        self.api_url = f"http://{HOST}:{api_socket.getsockname()[1]}"
        self.token = keep_token(self.token_file)
        exits.enter_context(replaced_environment(handler_environment(self.aws_url, self.callback_url, self.api_url)))
        functions = _load_functions(exits)  # imports the handlers while MiniStack starts
        integrations = Integrations(functions["connect"], functions["message"], functions["disconnect"])
        self.gateway = gateway = Gateway(integrations, actions(), STAGE, self._limits)
        http_api = HttpApi(functions["operator_api"], self.token, OPEN_ROUTES)
        await self._aws.wait_until_ready()
        exits.callback(runtime.cache_clear)
        sources = await asyncio.to_thread(_prepare, functions)
        await exits.enter_async_context(serving(Invocations(functions, secret), invocations_socket))
        self._event_sources = await exits.enter_async_context(running(sources))
        await exits.enter_async_context(serving(http_api, api_socket))
        exits.push_async_callback(gateway.drain)
        await exits.enter_async_context(serving(gateway, ocpp_socket))


def _load_functions(exits: AsyncExitStack) -> dict[str, LambdaFunction]:
    """Every function, with threads so shared out that stations, operators and events do not hold each other up."""
    stations = exits.enter_context(ThreadPoolExecutor(_MESSAGE_THREADS, "message"))
    operators = exits.enter_context(ThreadPoolExecutor(_API_THREADS, "api"))
    events = exits.enter_context(ThreadPoolExecutor(_EVENT_THREADS, "event"))
    plans = exits.enter_context(ThreadPoolExecutor(_PLAN_THREADS, "plan"))
    pools = {
        "operator_api": operators,
        **dict.fromkeys(("dispatch_calls", "finish_calls", "publish_events", "sweep"), events),
        **dict.fromkeys(("plan_charging", "send_profile", "wake_plans"), plans),
    }
    return {name: LambdaFunction.load(definition, pools.get(name, stations)) for name, definition in FUNCTIONS.items()}


def _prepare(functions: Mapping[str, LambdaFunction]) -> Sequence[Source]:
    """Fill the embedded AWS, and build the clients before threads compete: boto3's session is not thread-safe."""
    provision()
    csms = runtime()
    seed(csms.store.id_tags)
    _ = csms.gateway, csms.call_queue, csms.files, csms.boundary_queue, csms.charging_plans
    _ = csms.event_queue, csms.event_bus
    resume_plans(csms.workflows)
    return _event_sources(functions)


def _event_sources(functions: Mapping[str, LambdaFunction]) -> Sequence[Source]:
    """What runs functions without a request."""
    sqs, streams = boto3.client("sqs"), boto3.client("dynamodbstreams")
    stream_arn = boto3.client("dynamodb").describe_table(TableName=TABLE_NAME)["Table"]["LatestStreamArn"]

    def from_queue(name: str, source: QueueSource) -> Source:
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        return QueuePoller(sqs, url, source, functions[source.function])

    def from_stream(source: StreamSource) -> Source:
        return StreamPoller(streams, stream_arn, source, functions[source.function])

    return (
        from_queue(CALLS_QUEUE_NAME, CALLS_QUEUE),
        from_queue(BOUNDARIES_QUEUE_NAME, BOUNDARIES_QUEUE),
        from_queue(EVENTS_QUEUE_NAME, EVENTS_QUEUE),
        from_stream(CHANGES_STREAM),
        from_stream(SITE_CHANGES_STREAM),
        Clock(SWEEP_SCHEDULE, functions[SWEEP_SCHEDULE.function]),
    )
