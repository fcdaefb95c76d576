"""Which measured step stands for which kind of invocation in the cost model."""

from collections.abc import Mapping, Sequence
from typing import Final

from benchmarks import cost, lap
from benchmarks.actions import ActionCost
from benchmarks.cost import Invocation
from benchmarks.lap import Step
from infra.definitions import FUNCTIONS

_STEPS: Final[Mapping[str, Step]] = {
    cost.CONNECT: lap.CONNECT,
    cost.DISCONNECT: lap.DISCONNECT,
    cost.FIRST_MESSAGE: lap.FIRST_MESSAGE,
    cost.HEARTBEAT: lap.HEARTBEAT,
    cost.TOUCHING_METER_VALUES: lap.TOUCHING_METER_VALUES,
    cost.METER_VALUES: lap.METER_VALUES,
    cost.AUTHORIZE: Step("Authorize"),
    cost.START: Step("StartTransaction"),
    cost.STOP: Step("StopTransaction"),
    cost.STATUS: Step("StatusNotification"),
}


def invocations(costs: Sequence[ActionCost]) -> dict[str, Invocation]:
    """What an invocation of each kind uses."""
    by_step = {one.step: one for one in costs}
    return {kind: _invocation(kind, by_step[step]) for kind, step in _STEPS.items()}


def _invocation(kind: str, measured: ActionCost) -> Invocation:
    function = kind if kind in FUNCTIONS else "message"
    return Invocation(
        write_units=measured.write_units,
        read_units=measured.read_units,
        cpu_ms=measured.cpu_ms,
        aws_calls=sum(measured.operations.values()),
        memory_mb=FUNCTIONS[function].memory_mb,
    )
