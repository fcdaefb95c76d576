"""What a deployment chooses: the context of `cdk.json` or `-c name=value`, validated before anything is built."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic.alias_generators import to_camel

from csms.edge import Edge
from csms.settings import Settings
from infra.edge_options import EdgeOptions
from infra.function_options import FunctionOptions

_OURS: Final = re.compile(r"[A-Za-z]+")
"""The CDK's own context keys all contain punctuation (`aws:cdk:...`, `@aws-cdk/...`)."""

_NOT_IN_A_DOMAIN: Final = ("amazon", "aws", "cognito")
"""What Cognito keeps for itself."""

Permission = Literal["read", "operate", "admin"]
_STREAM_ARN: Final = r"^arn:aws[\w-]*:dynamodb:[\w-]+:\d{12}:table/[^/]+/stream/.+$"

LogRetentionDays = Literal[1, 3, 7, 14, 30, 90, 180, 365]


class InvalidContextError(ValueError):
    """The context names no possible deployment; the text says per key what is wrong."""

    def __init__(self, error: ValidationError) -> None:
        lines = (f"  {'.'.join(map(str, e['loc'])) or 'context'}: {e['msg']}" for e in error.errors())
        super().__init__("\n".join(["The context (cdk.json or -c name=value) is not valid:", *lines]))


def machine_output(machine: str) -> str:
    """The output that tells the id of a machine's client; outputs are named with letters and digits alone."""
    return f"Machine{machine.title().replace('-', '')}ClientId"


class Config(EdgeOptions, FunctionOptions):
    """The application's settings and what only the template needs; context keys are the names in camelCase."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)

    # Known only to the template.
    table_name: Literal[""] = ""
    callback_url: Literal[""] = ""
    calls_queue_url: Literal[""] = ""
    charging_plan_arn: Literal[""] = ""
    boundaries_queue_url: Literal[""] = ""
    events_queue_url: Literal[""] = ""
    event_bus: Literal[""] = ""
    secrets_key_id: Literal[""] = ""
    files_bucket: Literal[""] = ""

    public_url: Annotated[str, Field(pattern=r"^(https?://[^\s/]+)?$")] = ""
    """A domain of one's own in front of the HTTP API, for the URLs that stations get; `http://` for those without TLS.
    The API's own address unless given."""

    stage: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,19}$")] = "prod"
    """Names the stack and is the path of the WebSocket URL."""
    removal_policy: Literal["retain", "destroy"] = "retain"
    """Whether table, files and users survive the deletion of the stack; `retain` also protects them from it."""
    log_retention_days: LogRetentionDays = 30
    tracing: bool = False
    """Whether invocations are traced with X-Ray: one a second and 5 % of the others."""
    monitoring: bool = True
    """Whether there are alarms, a topic for them and a dashboard."""
    alarm_email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    """Who is told of alarms, and of the budget; AWS asks them once whether they want to be."""
    offline_alarm_percent: Annotated[int, Field(ge=1, le=100)] = 20
    """How many of the charge points may be away for half an hour before it is an alarm."""
    monthly_budget_usd: Annotated[int, Field(ge=1)] | None = None
    """For the whole account: a mail when 80 % are used up, and when more is to be expected."""
    backup_days: Annotated[int, Field(ge=0, le=3650)] = 0
    """How long a daily copy of the table is kept in a vault of its own; 0 for none. The last 35 days can be restored to
    the second without one."""
    table_stream_arn: Annotated[str, Field(pattern=_STREAM_ARN)] | None = None
    """Run on a table that was restored (`docs/runbook.md`) instead of one of the stack's own; the ARN of its stream."""
    create_gateway_log_role: bool = True
    """API Gateway writes a WebSocket API's access log with one role per account and region; False if there is one."""
    console_urls: tuple[Annotated[str, Field(pattern=r"^(https://|http://localhost[:/])\S+$")], ...] = ()
    """Where people come back to after they have signed in to an application in the browser; it may use the API."""
    machines: Mapping[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,29}$")], Permission] = {
        "read": "read",
        "operate": "operate",
        "admin": "admin",
    }
    """Machines that have credentials of their own in the user pool, and what each may do."""
    jwt_issuer: Annotated[str, Field(pattern=r"^https://\S+$")] | None = None
    """Accept tokens of this issuer instead of creating a user pool."""
    jwt_audience: tuple[str, ...] = ()
    emulator: Annotated[str, Field(pattern=r"^https?://\S+$")] | None = None
    """Deploy into the emulator of the tests, without what it lacks (`infra.emulator`): the @connections endpoint of the
    WebSocket API there."""

    @field_validator("log_retention_days", mode="before")
    @classmethod
    def _number(cls, value: object) -> object:
        return int(value) if isinstance(value, str) and value.isdigit() else value

    @field_validator("jwt_audience", "console_urls", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return [part.strip() for part in value.split(",")] if isinstance(value, str) else value

    @field_validator("machines", mode="before")
    @classmethod
    def _paired(cls, value: object) -> object:
        """`billing=read, portal=operate`."""
        if not isinstance(value, str):
            return value
        pairs = (part.partition("=") for part in value.split(",") if part.strip())
        return {name.strip(): permission.strip() for name, _, permission in pairs}

    @field_validator("machines")
    @classmethod
    def _told_apart(cls, machines: Mapping[str, Permission]) -> Mapping[str, Permission]:
        outputs: dict[str, str] = {}
        for machine in machines:
            other = outputs.setdefault(machine_output(machine), machine)
            if other != machine:
                raise ValueError(f"{other} and {machine} would have one output, {machine_output(machine)}")
        return machines

    @model_validator(mode="after")
    def _issuer_and_audience_together(self) -> Self:
        if (self.jwt_issuer is None) != (not self.jwt_audience):
            raise ValueError("jwtIssuer and jwtAudience are given together or not at all")
        return self

    @model_validator(mode="after")
    def _pool_can_have_its_domain(self) -> Self:
        taken = next((word for word in _NOT_IN_A_DOMAIN if word in self.stage), None)
        if taken and self.jwt_issuer is None:
            raise ValueError(f"stage is part of the user pool's domain, which must not contain {taken!r}")
        return self

    @model_validator(mode="after")
    def _somebody_is_told(self) -> Self:
        if self.monthly_budget_usd is not None and self.alarm_email is None:
            raise ValueError("monthlyBudgetUsd needs alarmEmail: somebody has to be told")
        return self

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> Self:
        """Read the keys that are ours.

        Raises:
            InvalidContextError: a key is unknown or its value is out of bounds.
        """
        try:
            return cls.model_validate({key: value for key, value in context.items() if _OURS.fullmatch(key)})
        except ValidationError as error:
            raise InvalidContextError(error) from error

    @property
    def is_retained(self) -> bool:
        """Whether state outlives the stack."""
        return self.removal_policy == "retain"

    def environment(
        self,
        *,
        table_name: str,
        callback_url: str,
        calls_queue_url: str,
        charging_plan_arn: str,
        boundaries_queue_url: str,
        events_queue_url: str,
        event_bus: str,
        secrets_key_id: str,
        files_bucket: str,
        public_url: str,
        edge_secret_ids: Mapping[Edge, str],
    ) -> dict[str, str]:
        """The environment from which `Settings` are read in every function."""
        settings = self.model_dump(mode="json", include=set(Settings.model_fields)) | {
            "table_name": table_name,
            "callback_url": callback_url,
            "calls_queue_url": calls_queue_url,
            "charging_plan_arn": charging_plan_arn,
            "boundaries_queue_url": boundaries_queue_url,
            "events_queue_url": events_queue_url,
            "event_bus": event_bus,
            "secrets_key_id": secrets_key_id,
            "files_bucket": files_bucket,
            "public_url": public_url,
            **{f"{edge}_edge_secret_id": secret_id for edge, secret_id in edge_secret_ids.items()},
        }
        return {name.upper(): str(value) for name, value in settings.items()}
