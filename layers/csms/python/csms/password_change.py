"""Changing a charge point's password over OCPP without locking it out [W3 A01].

From the moment the call goes out both passwords are accepted. What the station answers decides; where it does not
answer, not clearly, or takes the new one only after a reboot, the first login with the new one does.
"""

from dataclasses import replace
from typing import Final

from csms.credentials import hash_secret, secret_from_text
from csms.ids import CallId, ChargePointId
from csms.store import Store
from csms.store.charge_points import ChargePoint, SecretCandidate

KEY: Final = "AuthorizationKey"


def begin(store: Store, charge_point_id: ChargePointId, call_id: CallId, value: str) -> None:
    """Accept the new password beside the old one. Safe to run again."""
    candidate = SecretCandidate(call_id, hash_secret(_bytes_of(value)))
    store.charge_points.alter(
        charge_point_id, lambda found: replace(found, candidates=(*_others(found, call_id), candidate))
    )


def complete(store: Store, charge_point_id: ChargePointId, call_id: CallId) -> None:
    """Accept the new password alone: the station has it. Safe to run again."""

    def change(found: ChargePoint) -> ChargePoint:
        hashes = tuple(candidate.hash for candidate in found.candidates if candidate.call_id == call_id)
        return replace(found, secrets=hashes, candidates=_later(found, call_id)) if hashes else found

    store.charge_points.alter(charge_point_id, change)


def give_up(store: Store, charge_point_id: ChargePointId, call_id: CallId) -> None:
    """Accept the old password alone: the station did not take the new one. Safe to run again."""
    store.charge_points.alter(charge_point_id, lambda found: replace(found, candidates=_others(found, call_id)))


def confirmed(charge_point: ChargePoint, used_hash: str | None) -> ChargePoint:
    """The charge point that has logged in with the password of this hash: if it is a new one, those before are over."""
    used = next((candidate for candidate in charge_point.candidates if candidate.hash == used_hash), None)
    if used is None:
        return charge_point
    return replace(charge_point, secrets=(used.hash,), candidates=_later(charge_point, used.call_id))


def given_by_hand(charge_point: ChargePoint, new_hash: str, *, keeps_previous: bool) -> ChargePoint:
    """The charge point with a password that no call changes to: what it was told before does not take its place.

    What it was told may be what it has, so that counts as a previous one.
    """
    told = tuple(candidate.hash for candidate in reversed(charge_point.candidates))
    previous = (*told, *charge_point.secrets[:1]) if keeps_previous else ()
    return replace(charge_point, secrets=(new_hash, *previous), candidates=())


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
