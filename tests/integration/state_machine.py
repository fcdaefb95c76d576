"""The workflow of charging plans in moto's interpreter, with the functions of this process behind its tasks."""

import importlib
import io
import json
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.core.config import default_user_config
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils

from csms.ids import PlanId
from csms.runtime import Runtime
from infra.definitions import FUNCTIONS
from infra.workflow import definition

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

NAME: Final = "charging-plan"
ARN: Final = f"arn:aws:states:eu-central-1:123456789012:stateMachine:{NAME}"
_PATIENCE_S: Final = 20


@dataclass
class LambdaService:
    """In the place of the client with which moto would invoke functions."""

    invoked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Functions that ran, and their events."""
    refusals: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often an invocation of a function for a part, or a target, meets an error of the service itself."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803  they are boto3's
        """Run the handler, and shape what comes of it as the service does."""
        name, event = FunctionName.rpartition(":")[2], json.loads(Payload)
        self._meet(name, event.get("do") or event["target"])
        self.invoked.append((name, event))
        module, function = FUNCTIONS[name].handler.rsplit(".", 1)
        try:
            result = getattr(importlib.import_module(module), function)(event, None)
        except Exception as error:  # noqa: BLE001  the boundary of the Lambda service
            failure = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": _stream(failure)}
        return {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": _stream(result)}

    def _meet(self, name: str, part: str) -> None:
        with self._lock:
            is_refused = self.refusals[name, part] > 0
            self.refusals[name, part] -= is_refused
        if is_refused:
            error = {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}
            raise ClientError(
                {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 429, "RequestId": "0"}},  # type: ignore[typeddict-item]
                "Invoke",
            )


class StateMachine:
    """The state machine that the runtime's settings name. What a retry would wait for is only noted."""

    def __init__(
        self, csms: Runtime, monkeypatch: pytest.MonkeyPatch, *, token_timeout_s: dict[str, int] | None = None
    ) -> None:
        self._csms = csms
        self.functions = LambdaService()
        self.pauses_s: list[float] = []
        """Before retries."""
        monkeypatch.setitem(default_user_config, "stepfunctions", {"execute_state_machine": True})
        monkeypatch.setattr(lambda_eval_utils, "boto_client_for", lambda **_: self.functions)
        monkeypatch.setattr(retrier_decl, "time", SimpleNamespace(sleep=self.pauses_s.append))
        text = definition(lambda name: f"arn:aws:lambda:eu-central-1:123456789012:function:{name}")
        self._client: SFNClient = boto3.client("stepfunctions")
        self._client.create_state_machine(
            name=NAME,
            definition=_hastened(text, token_timeout_s or {}),
            roleArn="arn:aws:iam::123456789012:role/csms",
        )

    def start(self, plan_id: str = "P", step: int = 1) -> None:
        """Start a step as the product does."""
        self._csms.workflows.start(PlanId(plan_id), step)

    def finish(self, plan_id: str = "P", step: int = 1) -> str:
        """How a step has ended."""
        self.wait_until(lambda: self._status(plan_id, step) != "RUNNING")
        return self._status(plan_id, step)

    def run(self, plan_id: str = "P", step: int = 1) -> str:
        """Start a step and see how it ends."""
        self.start(plan_id, step)
        return self.finish(plan_id, step)

    def abort(self, plan_id: str, step: int) -> None:
        """End an execution, if there is one."""
        with suppress(self._client.exceptions.ExecutionDoesNotExist):
            self._client.stop_execution(executionArn=_execution(plan_id, step))

    def entered(self, plan_id: str = "P", step: int = 1) -> list[str]:
        """The states that were entered, in order: each is a transition that is paid for, as is each retry."""
        history = self._client.get_execution_history(executionArn=_execution(plan_id, step), maxResults=1000)
        return [
            event["stateEnteredEventDetails"]["name"]
            for event in history["events"]
            if "stateEnteredEventDetails" in event
        ]

    def executions(self) -> list[str]:
        """The names of all there have been."""
        return [one["name"] for one in self._client.list_executions(stateMachineArn=ARN)["executions"]]

    def fail_task(self, task_token: str) -> None:
        """End a waiting task as a failure."""
        self._client.send_task_failure(taskToken=task_token, error="Gone")

    @staticmethod
    def wait_until(holds: Any) -> None:
        """Return when it holds.

        Raises:
            AssertionError: that takes too long.
        """
        until = time.monotonic() + _PATIENCE_S
        while not holds():
            assert time.monotonic() < until, "it takes too long"
            time.sleep(0.02)

    def _status(self, plan_id: str, step: int) -> str:
        return self._client.describe_execution(executionArn=_execution(plan_id, step))["status"]


def _execution(plan_id: str, step: int) -> str:
    return f"{ARN.replace(':stateMachine:', ':execution:')}:{plan_id}-{step}"


def _hastened(text: str, timeouts_s: dict[str, int]) -> str:
    """The definition with other timeouts of these states."""
    machine = json.loads(text)
    _hasten(machine["States"], timeouts_s)
    return json.dumps(machine)


def _hasten(states: dict[str, Any], timeouts_s: dict[str, int]) -> None:
    for name, state in states.items():
        state.update({"TimeoutSeconds": timeouts_s[name]} if name in timeouts_s else {})
        _hasten(state.get("ItemProcessor", {}).get("States", {}), timeouts_s)


def _stream(value: Any) -> io.BytesIO:
    return io.BytesIO(json.dumps(value).encode())
