"""Changing a charge point's password over OCPP without locking it out [W3 A01].

From the moment the call goes out both passwords are accepted. What the station answers decides; where it does not
answer, not clearly, or takes the new one only after a reboot, the first login with the new one does.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from csms.credentials import hash_secret, secret_from_text
from csms.ids import CallId, ChargePointId
from csms.store import Store
from csms.store.charge_points import ChargePoint, SecretCandidate
from csms.store.errors import ConditionFailed

KEY: Final = "AuthorizationKey"
_TRIES: Final = 5

_Secrets = tuple[tuple[str, ...], tuple[SecretCandidate, ...]]


def begin(store: Store, charge_point_id: ChargePointId, call_id: CallId, value: str) -> None:
    """Accept the new password beside the old one. Safe to run again."""
    candidate = SecretCandidate(call_id, hash_secret(_bytes_of(value)))
    _change(store, charge_point_id, lambda found: (found.secrets, (*_others(found, call_id), candidate)))


def complete(store: Store, charge_point_id: ChargePointId, call_id: CallId) -> None:
    """Accept the new password alone: the station has it. Safe to run again."""

    def change(found: ChargePoint) -> _Secrets:
        hashes = [candidate.hash for candidate in found.candidates if candidate.call_id == call_id]
        return (tuple(hashes), _later(found, call_id)) if hashes else (found.secrets, found.candidates)

    _change(store, charge_point_id, change)


def give_up(store: Store, charge_point_id: ChargePointId, call_id: CallId) -> None:
    """Accept the old password alone: the station did not take the new one. Safe to run again."""
    _change(store, charge_point_id, lambda found: (found.secrets, _others(found, call_id)))


def confirm(store: Store, charge_point: ChargePoint, used_hash: str) -> None:
    """The station has logged in with the password of this hash: if it is a new one, those before it are over."""
    used = next((candidate for candidate in charge_point.candidates if candidate.hash == used_hash), None)
    if used:
        with suppress(ConditionFailed):  # another change at this moment; the next login will do
            store.charge_points.replace_secrets(charge_point, (used_hash,), _later(charge_point, used.call_id))


def _change(store: Store, charge_point_id: ChargePointId, change: Callable[[ChargePoint], _Secrets]) -> None:
    for attempt in range(_TRIES):
        found = store.charge_points.get(charge_point_id)
        if found is None:
            return
        secrets, candidates = change(found)
        if (secrets, candidates) == (found.secrets, found.candidates):
            return
        try:
            store.charge_points.replace_secrets(found, secrets, candidates)
        except ConditionFailed:
            if attempt == _TRIES - 1:
                raise
        else:
            return


def _others(found: ChargePoint, call_id: CallId) -> tuple[SecretCandidate, ...]:
    return tuple(candidate for candidate in found.candidates if candidate.call_id != call_id)


def _later(found: ChargePoint, call_id: CallId) -> tuple[SecretCandidate, ...]:
    """Earlier candidates are overtaken; a call sent after this one may have added its own."""
    return tuple(candidate for candidate in found.candidates if candidate.call_id > call_id)


def _bytes_of(value: str) -> bytes:
    """What the station will send; a value sent by force may be no proper key, and means itself."""
    try:
        return secret_from_text(value)
    except ValueError:
        return value.encode()
