"""GetConfiguration [S 5.8]: all keys of a charge point, or some. What it answers is kept, key by key."""

from typing import Annotated

from pydantic import Field

from csms.calls import CallRefused
from csms.store.configuration import Reported
from csms.v16.operations import CommandRequest, CommandResponse, Operation, Settled, Situation
from csms.v16.payload import Payload
from csms.v16.rules import known_number


class GetConfigurationRequest(CommandRequest):
    """GetConfiguration.req [S 6.21]. No keys, or an empty list: all of them."""

    key: tuple[Annotated[str, Field(max_length=50)], ...] | None = None


class KeyValue(Payload):
    """One key of the answer [S 7.29]."""

    key: str
    readonly: bool
    value: str | None = None


class GetConfigurationResponse(CommandResponse):
    """GetConfiguration.conf [S 6.22]."""

    configuration_key: tuple[KeyValue, ...] | None = None
    unknown_key: tuple[str, ...] | None = None


GET_CONFIGURATION = Operation("GetConfiguration", GetConfigurationRequest, GetConfigurationResponse)


@GET_CONFIGURATION.checks
def check(request: GetConfigurationRequest, situation: Situation) -> None:
    """No more keys than the station takes at once."""
    asked = len(request.key or ())
    most = known_number(situation, "GetConfigurationMaxKeys") if asked > 1 else None
    if most is not None and asked > most:
        raise CallRefused(f"key: {asked} keys, and the charge point takes {most} at once (GetConfigurationMaxKeys)")


@GET_CONFIGURATION.applies
def apply(request: GetConfigurationRequest, response: GetConfigurationResponse | None, settled: Settled) -> None:  # noqa: ARG001
    """Keep what the station reported; what was secret in it is hidden by now."""
    call = settled.call
    if not settled.is_accepted or response is None:
        return
    known = [
        Reported(found.key, found.value, is_read_only=found.readonly) for found in response.configuration_key or ()
    ]
    unknown = [Reported(key, is_unknown=True) for key in response.unknown_key or ()]
    # Of a key that is named twice the first word counts, and one with a value is not unknown.
    words = {word.key.casefold(): word for word in reversed(known + unknown)}
    settled.store.configuration.report(call.charge_point_id, words.values(), call.ended_at or settled.now)
