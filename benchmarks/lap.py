"""One lap of a charge point's life: every message it can send, in circumstances that are always the same.

A lap is played again and again; each invocation of a handler is one sample of its step.
"""

import io
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import connect.handler
import disconnect.handler
import message.handler
from benchmarks.aws_meter import AwsMeter, Spent
from tests.lambda_station import LambdaStation

ID_TAG: Final = "BENCH-TAG"
_HANDLERS: Final[tuple[Any, ...]] = (connect.handler, disconnect.handler, message.handler)


class Step(NamedTuple):
    """What is measured: an action or a route, and the circumstances where they matter."""

    action: str
    circumstances: str = ""


CONNECT: Final = Step("$connect")
DISCONNECT: Final = Step("$disconnect")
FIRST_MESSAGE: Final = Step("Heartbeat", "first on a connection: session read, link touched")
HEARTBEAT: Final = Step("Heartbeat", "every 300 s: link touched")
METER_VALUES: Final = Step("MeterValues", "4 values")
TOUCHING_METER_VALUES: Final = Step("MeterValues", "4 values, link touched (once a minute)")


@dataclass(frozen=True)
class Sample:
    """One invocation."""

    step: Step
    cpu_ns: int
    """Of the whole handler."""
    spent: Spent
    received_bytes: int
    """Of the frame."""
    answer_bytes: int
    said: str
    """By the function, to the log and to standard output."""


def station_of_today(identity: str) -> LambdaStation:
    """A station whose clock is right: MiniStack deletes what TTL says is over."""
    return LambdaStation(identity, now=datetime.now(UTC))


class Lap:
    """Plays laps with one station and hands out a sample per step."""

    def __init__(self, meter: AwsMeter) -> None:
        self._meter = meter
        self._station = station_of_today("BENCH-0001")
        self._samples: list[Sample] = []
        self._step: Step | None = None

    def play(self) -> list[Sample]:
        """One lap."""
        self._samples = []
        with self._handlers_measured():
            self._live()
        return self._samples

    def _live(self) -> None:
        """Steps are a second apart, so that the link is touched only where the station is told to wait."""
        station = self._station
        with self._measured_as(CONNECT):
            station.connect()
        self._send(FIRST_MESSAGE, {})
        self._send(Step("BootNotification"), _BOOT)
        self._send(Step("StatusNotification"), self._status("Preparing"))
        self._send(Step("Authorize"), {"idTag": ID_TAG})
        started = self._send(Step("StartTransaction"), self._start())
        self._send(METER_VALUES, {**self._meter_values(4), **started})
        self._send(Step("MeterValues", "10 values"), {**self._meter_values(10), **started})
        station.wait(minutes=1)
        self._send(TOUCHING_METER_VALUES, {**self._meter_values(4), **started})
        self._send(Step("MeterValues", "4 values, without a transaction id"), self._meter_values(4))
        self._send(Step("StopTransaction"), {**self._stop(), "idTag": ID_TAG, **started})
        self._send(Step("MeterValues", "4 values, of no transaction"), {**self._meter_values(4), "connectorId": 0})
        started = station.start(idTag=ID_TAG)
        with_data = {**self._stop(), "transactionData": self._meter_values(4)["meterValue"]}
        with_data["transactionId"] = started["transactionId"]
        self._send(Step("StopTransaction", "with transactionData, no tag"), with_data)
        station.wait(minutes=5)
        self._send(HEARTBEAT, {})
        self._send(Step("Heartbeat", "link touched within the minute"), {})
        for action, payload in _SELDOM.items():
            self._send(Step(action), payload)
        with self._measured_as(DISCONNECT):
            station.disconnect()
        station.wait(minutes=1)

    def _send(self, step: Step, payload: dict[str, Any]) -> dict[str, int]:
        """Send a CALL; returns the transaction id if one came back."""
        self._station.wait(seconds=1)
        with self._measured_as(step):
            answer = self._station.result(step.action, payload)
        return {name: value for name, value in answer.items() if name == "transactionId"}

    def _status(self, status: str) -> dict[str, Any]:
        return {
            "connectorId": 1,
            "errorCode": "NoError",
            "status": status,
            "timestamp": self._station.timestamp(),
        }

    def _start(self) -> dict[str, Any]:
        return {"connectorId": 1, "idTag": ID_TAG, "meterStart": 1_234_567, "timestamp": self._station.timestamp()}

    def _stop(self) -> dict[str, Any]:
        return {"meterStop": 1_250_000, "timestamp": self._station.timestamp(), "reason": "Local"}

    def _meter_values(self, values: int) -> dict[str, Any]:
        sampled = [
            {"value": value, "context": "Sample.Periodic", "measurand": measurand, "unit": unit} | phase
            for value, measurand, unit, phase in _READINGS[:values]
        ]
        return {"connectorId": 1, "meterValue": [{"timestamp": self._station.timestamp(), "sampledValue": sampled}]}

    @contextmanager
    def _measured_as(self, step: Step) -> Iterator[None]:
        self._step = step
        yield
        self._step = None

    @contextmanager
    def _handlers_measured(self) -> Iterator[None]:
        originals = [handler.lambda_handler for handler in _HANDLERS]
        for handler, original in zip(_HANDLERS, originals, strict=True):
            handler.lambda_handler = self._measured(original)
        try:
            yield
        finally:
            for handler, original in zip(_HANDLERS, originals, strict=True):
                handler.lambda_handler = original

    def _measured(self, handler: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def measured(event: Any, context: Any) -> Any:
            self._meter.reset()
            with listening() as said:
                started = time.thread_time_ns()
                answer = handler(event, context)
                cpu_ns = time.thread_time_ns() - started - self._meter.spent.meter_cpu_ns
            if self._step:
                received, answered = (len((each.get("body") or "").encode()) for each in (event, answer))
                self._samples.append(Sample(self._step, cpu_ns, self._meter.spent, received, answered, said.getvalue()))
            return answer

        return measured


@contextmanager
def listening() -> Iterator[io.StringIO]:
    """What is written to standard output, and by the handlers of our loggers, whatever stream they hold."""
    said = io.StringIO()
    handlers = [each for each in logging.getLogger("csms").handlers if isinstance(each, logging.StreamHandler)]
    streams = [each.setStream(said) for each in handlers]
    with redirect_stdout(said):
        yield said
    for each, stream in zip(handlers, streams, strict=True):
        each.setStream(stream)


_BOOT: Final = {
    "chargePointVendor": "Wattbox",
    "chargePointModel": "Duo 22",
    "chargePointSerialNumber": "WB-0000001",
    "firmwareVersion": "2.4.1",
    "meterType": "Simulated",
}

_READINGS: Final[tuple[tuple[str, str, str, dict[str, str]], ...]] = (
    ("1240000", "Energy.Active.Import.Register", "Wh", {}),
    ("11040.0", "Power.Active.Import", "W", {}),
    ("16.0", "Current.Import", "A", {"phase": "L1"}),
    ("54", "SoC", "Percent", {}),
    ("16.0", "Current.Import", "A", {"phase": "L2"}),
    ("16.0", "Current.Import", "A", {"phase": "L3"}),
    ("230.1", "Voltage", "V", {"phase": "L1-N"}),
    ("230.4", "Voltage", "V", {"phase": "L2-N"}),
    ("229.8", "Voltage", "V", {"phase": "L3-N"}),
    ("16.0", "Current.Offered", "A", {}),
)

_SELDOM: Final[dict[str, dict[str, Any]]] = {
    "DataTransfer": {"vendorId": "com.example", "messageId": "state", "data": "on"},
    "DiagnosticsStatusNotification": {"status": "Uploading"},
    "FirmwareStatusNotification": {"status": "Downloading"},
    "LogStatusNotification": {"status": "Uploading", "requestId": 1},
    "SignedFirmwareStatusNotification": {"status": "Downloading", "requestId": 1},
    "SecurityEventNotification": {"type": "StartupOfTheDevice", "timestamp": "2026-03-05T12:00:00Z"},
    "SignCertificate": {"csr": "-----BEGIN CERTIFICATE REQUEST-----"},
}
