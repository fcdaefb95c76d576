"""What a deployment chooses of its functions: context keys in camelCase like all others.

Timeouts are no choice: each follows from the protocol, or from what waits for the function.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, field_validator

from infra.definitions import FUNCTIONS, QUEUES


def _one_of(names: Iterable[str]) -> AfterValidator:
    known = sorted(names)

    def check(name: str) -> str:
        if name not in known:
            raise ValueError(f"the functions are {', '.join(known)}")
        return name

    return AfterValidator(check)


FunctionName = Annotated[str, _one_of(FUNCTIONS)]
ConsumerName = Annotated[str, _one_of(source.function for source in QUEUES)]


class FunctionOptions(BaseModel):
    """How large functions are, and how they start."""

    function_memory_mb: Mapping[FunctionName, Annotated[int, Field(ge=128, le=10_240)]] = Field(default_factory=dict)
    """Other sizes than those in `infra.definitions`. CPU comes with memory: a whole one at 1,769 MB."""
    consumer_concurrency: Mapping[ConsumerName, Annotated[int, Field(ge=2, le=1000)]] = Field(default_factory=dict)
    """How many of a function its queue runs at once. What stations and operators wait for has no such bound."""
    snap_start: tuple[FunctionName, ...] = ()
    """Functions that start from a snapshot: sooner, but a snapshot is paid for as long as it is kept."""

    @field_validator("function_memory_mb", "consumer_concurrency", mode="before")
    @classmethod
    def _by_name(cls, value: object) -> object:
        """`message=1024, connect=1769`."""
        if not isinstance(value, str):
            return value
        pairs = (part.partition("=") for part in value.split(",") if part.strip())
        return {name.strip(): number.strip() for name, _, number in pairs}

    @field_validator("snap_start", mode="before")
    @classmethod
    def _names(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
