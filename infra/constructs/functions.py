"""Functions: what they all share is set here, and what they may do is allowed through here."""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk.aws_iam import PolicyStatement, Role, ServicePrincipal
from aws_cdk.aws_lambda import (
    ApplicationLogLevel,
    Code,
    Function,
    IFunction,
    LoggingFormat,
    SnapStartConf,
    SystemLogLevel,
    Tracing,
)
from constructs import Construct

from infra.config import Config
from infra.constructs.layers import ARCHITECTURE, ROOT, RUNTIME, UNWANTED, Layers
from infra.constructs.logs import log_group
from infra.definitions import FUNCTIONS, INTERPRETER, FunctionDefinition, QueueSource
from infra.nag import acknowledge


class Functions(Construct):
    """Every function of the definitions, by name."""

    def __init__(self, scope: Construct, construct_id: str, config: Config, environment: Mapping[str, str]) -> None:
        super().__init__(scope, construct_id)
        self._config = config
        self._environment = dict(environment)
        self._layers = Layers(self, "Layers", for_this_machine=config.emulator is not None)
        self._functions = {name: self._build(definition) for name, definition in FUNCTIONS.items()}

    def __getitem__(self, name: str) -> IFunction:
        """What is to be invoked: the alias of the latest version."""
        return self._functions[name]

    def allow(self, name: str, statement: PolicyStatement) -> None:
        """Add a statement to the role of one function."""
        self._functions[name].add_to_role_policy(statement)

    def concurrency_of(self, source: QueueSource) -> int:
        """How many invocations a queue may have at once."""
        return self._config.consumer_concurrency.get(source.function, source.maximum_concurrency)

    def _build(self, definition: FunctionDefinition) -> IFunction:
        name = definition.name
        scope = Construct(self, "".join(word.capitalize() for word in name.split("_")))
        group = log_group(scope, "Logs", self._config)
        role = Role(scope, "Role", assumed_by=ServicePrincipal("lambda.amazonaws.com"))
        group.grant_write(role)
        snap_start = SnapStartConf.ON_PUBLISHED_VERSIONS if name in self._config.snap_start else None
        function = Function(
            scope,
            "Function",
            runtime=RUNTIME,
            architecture=ARCHITECTURE,
            handler=definition.handler,
            # Its own folder below the common root: one import path everywhere, and its own asset hash.
            code=Code.from_asset(str(ROOT / "functions"), exclude=["*", f"!{name}", f"!{name}/**", *UNWANTED]),
            layers=self._layers.versions,
            memory_size=self._config.function_memory_mb.get(name, definition.memory_mb),
            timeout=Duration.seconds(definition.timeout_s),
            environment=INTERPRETER | self._environment,
            role=role,
            log_group=group,
            logging_format=LoggingFormat.JSON,
            application_log_level_v2=ApplicationLogLevel.INFO,
            # Start and report lines of every message would cost more than what the functions have to say.
            system_log_level_v2=SystemLogLevel.WARN,
            snap_start=snap_start,
            tracing=Tracing.ACTIVE if self._config.tracing else Tracing.DISABLED,
        )
        if self._config.tracing:
            acknowledge(role, "X-Ray knows no resources.", "IAM5[Resource::*]")
        acknowledge(function, "Python 3.13 is what the tests and the locked wheels are for.", "L1")
        # The function itself changes in two steps, code and then layers: in between it is of two releases. A version is
        # of one, and the alias moves to the next at once. Snapshots are taken of versions as well.
        return function.add_alias("live")
