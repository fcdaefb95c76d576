"""Rules that several operations share [S 3.8]. What is not known of a charge point never stands in the way."""

from csms.calls import CallRefused
from csms.v16.operations import Situation


def check_connector(connector_id: int, situation: Situation, *, lowest: int = 0) -> None:
    """Refuse a connector that cannot be meant: 0 is the charge point itself, the others count from 1.

    Raises:
        CallRefused: below `lowest`, or above the charge point's NumberOfConnectors.
    """
    if connector_id < lowest:
        raise CallRefused(f"connectorId {connector_id}: must be at least {lowest}")
    number = known_number(situation, "NumberOfConnectors")
    if number is not None and connector_id > number:
        raise CallRefused(f"connectorId {connector_id}: the charge point has {number} (NumberOfConnectors)")


def known_number(situation: Situation, key: str) -> int | None:
    """The number a configuration key was reported with, or None."""
    return number_of(situation.store.configuration.values(situation.charge_point_id, key).get(key))


def number_of(value: str | None) -> int | None:
    """A configuration value as a number, or None where it is none."""
    try:
        return int(value) if value is not None else None
    except ValueError:
        return None
