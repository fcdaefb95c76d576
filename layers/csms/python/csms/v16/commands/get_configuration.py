"""GetConfiguration [S 5.8]: all keys of a charge point, or some. What it answers is kept, key by key."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from csms.calls import CallRefused
from csms.ocpp.json_types import JsonObject
from csms.store.configuration import Reported
from csms.v16 import commissioning, official
from csms.v16.operations import CommandRequest, CommandResponse, Operation, Settled, Situation
from csms.v16.payload import Payload
from csms.v16.rules import known_number

_LONGEST_KEY: Final = 500
"""Bytes, case-folded: it becomes part of a DynamoDB key."""


def _as_text(value: object) -> object:
    """A value is text; some stations send what it stands for."""
    return str(value).lower() if isinstance(value, bool) else value


def _fitting(key: str) -> str:
    if len(key.casefold().encode()) > _LONGEST_KEY:
        raise ValueError("no station has a key of this length")
    return key


class GetConfigurationRequest(CommandRequest):
    """GetConfiguration.req [S 6.21]. No keys, or an empty list: all of them."""

    key: tuple[Annotated[str, Field(max_length=50)], ...] | None = None


class KeyValue(Payload):
    """One key of the answer [S 7.29]."""

    key: Annotated[str, official.text(50)]
    readonly: bool
    value: Annotated[str | None, official.text(500)] = None


class ReadableKeyValue(Payload):
    """As much of one as makes sense: the others of the answer are not worth less for it."""

    key: Annotated[str, Field(min_length=1), AfterValidator(_fitting)]
    readonly: bool | None = None
    value: Annotated[str | None, BeforeValidator(_as_text)] = None


class GetConfigurationResponse(CommandResponse):
    """GetConfiguration.conf [S 6.22]."""

    configuration_key: tuple[KeyValue, ...] | None = None
    unknown_key: tuple[Annotated[str, official.text(50)], ...] | None = None


GET_CONFIGURATION = Operation("GetConfiguration", GetConfigurationRequest, GetConfigurationResponse)


@GET_CONFIGURATION.checks
def check(request: GetConfigurationRequest, situation: Situation) -> None:
    """No more keys than the station takes at once."""
    asked = len(request.key or ())
    most = known_number(situation, "GetConfigurationMaxKeys") if asked > 1 else None
    if most is not None and asked > most:
        raise CallRefused(f"key: {asked} keys, and the charge point takes {most} at once (GetConfigurationMaxKeys)")


@GET_CONFIGURATION.applies
def apply(
    request: GetConfigurationRequest,  # noqa: ARG001
    response: GetConfigurationResponse | None,  # noqa: ARG001
    settled: Settled,
) -> None:
    """Keep what the station reported; what was secret in it is hidden by now."""
    call = settled.call
    if settled.is_accepted and isinstance(call.response, dict):
        _keep(call.response, settled)
    commissioning.after_reading(settled)


def _keep(response: JsonObject, settled: Settled) -> None:
    call = settled.call
    known = [Reported(found.key, found.value, is_read_only=found.readonly) for found in _known(response)]
    unknown = [Reported(found.key, is_unknown=True) for found in _unknown(response)]
    # Of a key that is named twice the first word counts, and one with a value is not unknown.
    words = {word.key.casefold(): word for word in reversed(known + unknown)}
    settled.store.configuration.report(call.charge_point_id, words.values(), call.ended_at or settled.now)


def _known(response: JsonObject) -> Iterator[ReadableKeyValue]:
    return _readable(response.get("configurationKey"))


def _unknown(response: JsonObject) -> Iterator[ReadableKeyValue]:
    names = response.get("unknownKey")
    return _readable([{"key": name} for name in names] if isinstance(names, list) else None)


def _readable(entries: Any) -> Iterator[ReadableKeyValue]:
    for entry in entries if isinstance(entries, list) else ():
        with suppress(ValidationError):
            yield ReadableKeyValue.model_validate(entry)
