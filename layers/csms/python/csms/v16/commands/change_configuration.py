"""ChangeConfiguration [S 5.3]: set a configuration key.

AuthorizationKey is the station's password: the new one is accepted beside the old one before the call goes out, and
its end decides which stays [W3 A01]. SecurityProfile is how it connects, treated alike
(`csms.v16.security_profile`).
"""

from typing import Annotated, Final, Literal

from pydantic import Field

from csms import configuration_keys, password_change
from csms.calls import CallRefused
from csms.credentials import secret_from_text
from csms.store.configuration import Reported
from csms.v16 import commissioning, security_profile
from csms.v16.operations import CommandRequest, CommandResponse, Operation, Settled, Situation
from csms.v16.rules import known_number

_REBOOT_REQUIRED: Final = "RebootRequired"


class ChangeConfigurationRequest(CommandRequest):
    """ChangeConfiguration.req [S 6.9]."""

    key: Annotated[str, Field(max_length=50)]
    value: Annotated[str, Field(max_length=500)]

    def is_for(self, key: str) -> bool:
        """Whether the station may take it for a change of this key."""
        return configuration_keys.names(self.key, key)


class ChangeConfigurationResponse(CommandResponse):
    """ChangeConfiguration.conf [S 6.10]: Accepted, RebootRequired, Rejected or NotSupported."""

    status: Literal["Accepted", "RebootRequired", "Rejected", "NotSupported"]


CHANGE_CONFIGURATION = Operation("ChangeConfiguration", ChangeConfigurationRequest, ChangeConfigurationResponse)


@CHANGE_CONFIGURATION.checks
def check(request: ChangeConfigurationRequest, situation: Situation) -> None:
    """What no station has, what this one is known to refuse, and what would lock it out or weaken it."""
    if not (request.key and request.key.isprintable()):
        raise CallRefused("key: a name of printable characters is expected")
    if request.is_for(password_change.KEY):
        _check_password(request.value)
    if request.is_for(security_profile.KEY):
        security_profile.check(request.value, situation)
    known = situation.store.configuration.get(situation.charge_point_id, request.key)
    if known and known.is_read_only:
        raise CallRefused(f"{request.key}: the charge point reports it as read-only")
    _check_list(request, situation)


@CHANGE_CONFIGURATION.precedes
def accept_both(request: ChangeConfigurationRequest, situation: Situation) -> None:
    """From now on the station may come with either password, or either security profile."""
    if request.is_for(password_change.KEY) and situation.call_id is not None:
        password_change.begin(situation.store, situation.charge_point_id, situation.call_id, request.value)
    if request.is_for(security_profile.KEY):
        security_profile.begin(request.value, situation)


@CHANGE_CONFIGURATION.applies
def apply(
    request: ChangeConfigurationRequest,
    response: ChangeConfigurationResponse | None,
    settled: Settled,
) -> None:
    """Keep what the station took on; a secret arrives here hidden."""
    status = response.status if response else None
    if request.is_for(password_change.KEY):
        _settle_password(status, settled)
    if request.is_for(security_profile.KEY):
        security_profile.settle(settled)
    _keep(request, status, settled)
    commissioning.after_changing(request.key, request.value, settled)


def _keep(request: ChangeConfigurationRequest, status: str | None, settled: Settled) -> None:
    call, configuration = settled.call, settled.store.configuration
    if settled.is_accepted:
        needs_reboot = status == _REBOOT_REQUIRED
        report = Reported(request.key, request.value, is_read_only=False, needs_reboot=needs_reboot)
    elif status == "NotSupported" and not _has_value(request.key, settled):
        report = Reported(request.key, is_unknown=True)
    else:
        return
    configuration.report(call.charge_point_id, [report], call.ended_at or settled.now)


def _check_password(value: str) -> None:
    try:
        secret_from_text(value)
    except ValueError as error:
        raise CallRefused(f"value: an AuthorizationKey has {error} [W3 A00.FR.205]") from error


def _check_list(request: ChangeConfigurationRequest, situation: Situation) -> None:
    items = request.value.count(",") + 1
    if items == 1:
        return
    longest = f"{request.key}MaxLength"
    most = known_number(situation, longest)
    if most is not None and items > most:
        raise CallRefused(f"{request.key}: {items} items, and the charge point takes {most} ({longest})")


def _has_value(key: str, settled: Settled) -> bool:
    """A station that has shown a key knows it, whatever it says of one value."""
    known = settled.store.configuration.get(settled.call.charge_point_id, key)
    return known is not None and known.value is not None


def _settle_password(status: str | None, settled: Settled) -> None:
    call, store = settled.call, settled.store
    if settled.is_accepted and status != _REBOOT_REQUIRED:
        password_change.complete(store, call.charge_point_id, call.id)
    elif not settled.is_accepted and not settled.is_unclear:
        password_change.give_up(store, call.charge_point_id, call.id)
