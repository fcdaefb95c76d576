"""Models: what all charge points of one vendor and model have in common."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from csms.store import keys
from csms.store.charge_points import Quirk
from csms.store.table import Table


@dataclass(frozen=True)
class ChargePointModel:
    """One model, as its charge points name it in BootNotification."""

    vendor: str
    model: str
    desired: Mapping[str, str | None] = field(default_factory=dict)
    """Configuration values; None leaves to the station what there is a default for."""
    skipped: tuple[str, ...] = ()
    """Configuration keys that are neither asked for nor set."""
    quirks: Mapping[Quirk, bool] = field(default_factory=dict)
    call_settle_s: int | None = None
    """How long after a BootNotification nothing is sent; None: as the deployment has it."""
    call_gap_s: int | None = None
    """How long after an answer the next call goes out; None: as the deployment has it."""


class ChargePointModels:
    """The model rows, found whatever the case of the name."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, vendor: str, model: str, *, consistent: bool = True) -> ChargePointModel:
        """What is noted about a model, strongly consistent unless asked otherwise; an empty one if nothing is."""
        if not vendor or not model:
            return ChargePointModel(vendor, model)
        item = self._table.get(keys.charge_point_model(vendor, model), consistent=consistent)
        if item is None:
            return ChargePointModel(vendor, model)
        return ChargePointModel(
            vendor=item["vendor"],
            model=item["model"],
            desired=item["desired"],
            skipped=tuple(item["skipped"]),
            quirks={Quirk(name): value for name, value in item["quirks"].items()},
            call_settle_s=item.get("call_settle_s"),
            call_gap_s=item.get("call_gap_s"),
        )

    def put(self, model: ChargePointModel) -> None:
        """Note this about a model instead of what was noted before."""
        self._table.put(
            keys.charge_point_model(model.vendor, model.model),
            {
                "vendor": model.vendor,
                "model": model.model,
                "desired": dict(model.desired),
                "skipped": list(model.skipped),
                "quirks": {quirk.value: value for quirk, value in model.quirks.items()},
                "call_settle_s": model.call_settle_s,
                "call_gap_s": model.call_gap_s,
            },
        )
