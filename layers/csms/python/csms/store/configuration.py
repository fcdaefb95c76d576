"""Configuration keys: what a charge point last reported of each, and what it should be [S 5.3, 5.8, 9]."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from boto3.dynamodb.conditions import Attr

from csms.ids import ChargePointId
from csms.ocpp.primitives import format_timestamp, parse_timestamp
from csms.store import keys
from csms.store.errors import ConditionFailed
from csms.store.table import Item, Table


@dataclass(frozen=True)
class Attempt:
    """The latest try to set a key to what it should be."""

    value: str
    status: str
    """What the station answered, or why it was not asked."""
    at: datetime
    count: int
    """How often this value has been tried since it was last read back."""
    is_final: bool
    """Trying the same value again makes no sense."""


@dataclass(frozen=True)
class ConfigurationKey:
    """One key of one charge point. Values of secrets are never stored: they arrive here redacted."""

    key: str
    """In the station's spelling; compared whatever its case."""
    value: str | None = None
    """What the station reported, or accepted."""
    is_read_only: bool = False
    is_unknown: bool = False
    """The station does not know the key."""
    needs_reboot: bool = False
    """The value was accepted and counts after the next boot."""
    reported_at: datetime | None = None
    """When the station said so; None if it never said anything of the key."""
    desired_value: str | None = None
    desired_at: datetime | None = None
    attempt: Attempt | None = None
    corrected_value: str | None = None
    """What an operator knows better than the station says; rules go by it."""

    @property
    def believed_value(self) -> str | None:
        """The value that counts where a rule asks for it."""
        return self.value if self.corrected_value is None else self.corrected_value


@dataclass(frozen=True)
class Reported:
    """What a station says of one key."""

    key: str
    value: str | None = None
    is_read_only: bool | None = None
    """None leaves what is known: accepting a change does not say it."""
    is_unknown: bool = False
    needs_reboot: bool = False


class Configuration:
    """The configuration rows."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def all(self, charge_point_id: ChargePointId, *, consistent: bool = False) -> list[ConfigurationKey]:
        """Every key heard of or wished for, by name."""
        items = self._table.query_all(
            keys.charge_point_partition(charge_point_id), prefix=keys.CONFIGURATION_PREFIX, consistent=consistent
        )
        return [_from_item(item) for item in items]

    def get(self, charge_point_id: ChargePointId, key: str) -> ConfigurationKey | None:
        """One key, or None if nothing is known of it."""
        item = self._table.get(keys.configuration(charge_point_id, key))
        return _from_item(item) if item else None

    def values(self, charge_point_id: ChargePointId, *names: str) -> dict[str, str]:
        """The values of those keys that have one, corrected or reported, by the names they were asked for."""
        return self.values_of_each([charge_point_id], *names)[charge_point_id]

    def values_of_each(
        self, charge_point_ids: Sequence[ChargePointId], *names: str
    ) -> dict[ChargePointId, dict[str, str]]:
        """The same, of each of these charge points."""
        wanted = {keys.configuration(each, name): (each, name) for each in charge_point_ids for name in names}
        values: dict[ChargePointId, dict[str, str]] = {each: {} for each in charge_point_ids}
        for item in self._table.get_many(list(wanted)):
            value = item.get("corrected_value", item.get("value"))
            if value is not None:
                charge_point_id, name = wanted[keys.Key(item[keys.PARTITION_KEY], item[keys.SORT_KEY])]
                values[charge_point_id][name] = value
        return values

    def report(self, charge_point_id: ChargePointId, reported: Iterable[Reported], at: datetime) -> None:
        """Note what the station says; an older word than the one on record changes nothing."""
        moment = format_timestamp(at)
        for word in reported:
            assign = {
                "key": word.key,
                "value": word.value,
                "is_read_only": word.is_read_only,
                "is_unknown": word.is_unknown or None,
                "needs_reboot": word.needs_reboot or None,
                "reported_at": moment,
            }
            with suppress(ConditionFailed):
                self._table.update(
                    keys.configuration(charge_point_id, word.key),
                    assign=assign,
                    remove=[n for n, value in assign.items() if value is None and n != "is_read_only"],
                    condition=Attr("reported_at").not_exists() | Attr("reported_at").lte(moment),
                )

    def desire(self, charge_point_id: ChargePointId, desired: Mapping[str, str | None], at: datetime) -> None:
        """Set what the values should be; None withdraws a wish."""
        for key, value in desired.items():
            self._table.update(
                keys.configuration(charge_point_id, key),
                assign={"desired_value": value, "desired_at": format_timestamp(at) if value is not None else None},
                assign_once={"key": key},
                remove=() if value is not None else ("desired_value", "desired_at"),
            )

    def correct(self, charge_point_id: ChargePointId, values: Mapping[str, str | None]) -> None:
        """Note what the values really are, whatever the station says; None believes it again."""
        for key, value in values.items():
            self._table.update(
                keys.configuration(charge_point_id, key),
                assign={"corrected_value": value},
                assign_once={"key": key},
                remove=() if value is not None else ("corrected_value",),
            )

    def note_attempt(self, charge_point_id: ChargePointId, key: str, attempt: Attempt | None) -> None:
        """Keep what became of a try; None forgets it, once the value was read back."""
        written = attempt and {
            "value": attempt.value,
            "status": attempt.status,
            "at": format_timestamp(attempt.at),
            "count": attempt.count,
            "is_final": attempt.is_final,
        }
        self._table.update(
            keys.configuration(charge_point_id, key),
            assign={"attempt": written},
            assign_once={"key": key},
            remove=() if attempt else ("attempt",),
        )


def _from_item(item: Item) -> ConfigurationKey:
    return ConfigurationKey(
        key=item["key"],
        value=item.get("value"),
        is_read_only=item.get("is_read_only", False),
        is_unknown=item.get("is_unknown", False),
        needs_reboot=item.get("needs_reboot", False),
        reported_at=_moment(item, "reported_at"),
        desired_value=item.get("desired_value"),
        desired_at=_moment(item, "desired_at"),
        attempt=_attempt(item["attempt"]) if "attempt" in item else None,
        corrected_value=item.get("corrected_value"),
    )


def _attempt(item: Item) -> Attempt:
    return Attempt(item["value"], item["status"], parse_timestamp(item["at"]), item["count"], item["is_final"])


def _moment(item: Mapping[str, Any], name: str) -> datetime | None:
    return parse_timestamp(item[name]) if name in item else None
