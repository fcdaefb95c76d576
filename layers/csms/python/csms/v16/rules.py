"""Rules that several operations share [S 3.8]. What is not known of a charge point never stands in the way."""

from dataclasses import dataclass, replace

from csms.calls import CallRefused
from csms.v16.operations import Situation


@dataclass(frozen=True)
class Fault:
    """What is wrong with one field of a payload: a dotted path in it. `value` is what it holds, where that helps."""

    field: str
    reason: str
    value: int | None = None

    def under(self, name: str) -> "Fault":
        """The same, as seen from outside the object of that name."""
        return replace(self, field=f"{name}.{self.field}")

    def __str__(self) -> str:
        name = self.field.rpartition(".")[2]
        return f"{name}: {self.reason}" if self.value is None else f"{name} {self.value}: {self.reason}"


class FieldsRefused(CallRefused):
    """The payload satisfies the schema, but not the rules: these fields are wrong."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


def check_connector(connector_id: int, situation: Situation, *, lowest: int = 0) -> None:
    """Refuse a connector that cannot be meant: 0 is the charge point itself, the others count from 1.

    Raises:
        FieldsRefused: below `lowest`, or above the charge point's NumberOfConnectors.
    """
    if connector_id < lowest:
        raise FieldsRefused(Fault("connectorId", f"must be at least {lowest}", connector_id))
    number = known_number(situation, "NumberOfConnectors")
    if number is not None and connector_id > number:
        raise FieldsRefused(Fault("connectorId", f"the charge point has {number} (NumberOfConnectors)", connector_id))


def known_number(situation: Situation, key: str) -> int | None:
    """The limit that a configuration key was reported with, or None."""
    return limit_of(situation.store.configuration.values(situation.charge_point_id, key).get(key))


def limit_of(value: str | None) -> int | None:
    """A configuration value as a limit, or None where it is none: nothing is limited to less than nothing."""
    number = number_of(value)
    return None if number is None or number < 0 else number


def number_of(value: str | None) -> int | None:
    """A configuration value as a number, or None where it is none."""
    try:
        return int(value) if value is not None else None
    except ValueError:
        return None
