"""The stack deployed into the emulator by the real CDK CLI, and the ways in that API Gateway and Cognito would be."""

import asyncio
import itertools
import json
import os
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import boto3
import httpx
import pytest
from aws_cdk import App

from app import build
from csms.v16.registry import actions
from local.environment import replaced_environment
from local.function import FunctionFailedError
from local.gateway import Gateway
from local.gateway.app import Integrations
from local.listener import HOST
from local.server import serving
from tests.emulator import Emulator
from tests.infra.synthesized import FLAGS
from tests.stack import ROOT

STAGE: Final = "emulated"
STACK: Final = f"csms-{STAGE}"
CHOICES: Final = {
    "stage": STAGE,
    "removalPolicy": "destroy",
    "callSettleS": 1,
    "commissioning": False,
    "snapStart": ["operator_api", "dispatch_calls", "send_profile"],
}
"""Of those who start from snapshots one is behind an API, one behind a queue and one a step of the workflow."""
_CLI_WITHIN_S: Final = 120


@dataclass(frozen=True)
class DeployedFunction:
    """A function in the emulator."""

    client: Any
    name: str

    async def invoke(self, event: dict[str, Any], timeout_s: float) -> Any:
        """The handler's result: `local.function.Invocable`."""
        payload = json.dumps(event).encode()
        async with asyncio.timeout(timeout_s):
            answer = await asyncio.to_thread(
                self.client.invoke, FunctionName=self.name, Qualifier="live", Payload=payload
            )
            result = await asyncio.to_thread(answer["Payload"].read)
        if "FunctionError" in answer:
            raise FunctionFailedError(result.decode())
        return json.loads(result)


@dataclass(frozen=True)
class Deployment:
    """A stack that is deployed, or about to be."""

    emulator: Emulator
    assembly: Path
    listening: socket.socket
    """Where `local.gateway` serves the WebSocket API."""

    @property
    def _websocket_address(self) -> str:
        return f"{HOST}:{self.listening.getsockname()[1]}"

    def synthesize(self, sources: Path = ROOT) -> None:
        """Write the cloud assembly; layers are bundled by the first time only.

        Args:
            sources: whose `functions` are deployed.
        """
        context = FLAGS | CHOICES | {"emulator": f"http://{self._websocket_address}/{STAGE}"}
        app = App(outdir=str(self.assembly), context=context)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("infra.constructs.functions.ROOT", sources)
            build(app)
        app.synth()

    def bootstrap(self) -> str:
        """What `make bootstrap` says."""
        return self._make("bootstrap")

    def deploy(self) -> str:
        """What `make deploy` says."""
        return self._make("deploy", "--require-approval never")

    def _make(self, verb: str, arguments: str = "") -> str:
        command = ["make", verb, f"ARGS=--app {self.assembly} --no-notices --no-color {arguments}"]
        environment = os.environ | self.emulator.environment
        done = subprocess.run(
            command, cwd=ROOT, env=environment, timeout=_CLI_WITHIN_S, text=True, capture_output=True, check=False
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        return said

    def client(self, service: str) -> Any:
        """A boto3 client with all rights."""
        with replaced_environment(self.emulator.environment):
            return boto3.Session().client(service)

    def outputs(self) -> dict[str, str]:
        """The outputs of the stack."""
        (stack,) = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def physical_ids(self) -> dict[str, str]:
        """Of every resource by its logical id, but for the versions of functions: a change is another version."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
        resources = [resource for page in pages for resource in page["StackResourceSummaries"]]
        return {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for resource in resources
            if resource["ResourceType"] != "AWS::Lambda::Version"
        }

    def functions(self) -> dict[str, dict[str, Any]]:
        """The configuration of every function, by its name in `infra.definitions`."""
        listed = self.client("lambda").list_functions()["Functions"]
        return {function["Handler"].split(".")[0]: function for function in listed}

    def said_by_functions(self) -> list[str]:
        """Everything in the logs."""
        client = self.client("logs")
        groups = [group["logGroupName"] for group in client.describe_log_groups()["logGroups"]]
        pages = (client.get_paginator("filter_log_events").paginate(logGroupName=group) for group in groups)
        return [event["message"] for page in itertools.chain.from_iterable(pages) for event in page["events"]]

    @asynccontextmanager
    async def websocket_api(self) -> AsyncIterator[str]:
        """Serve the WebSocket API; where, but for the identity."""
        client, functions = self.client("lambda"), self.functions()
        connect, message, disconnect = (
            DeployedFunction(client, functions[name]["FunctionName"]) for name in ("connect", "message", "disconnect")
        )
        gateway = Gateway(Integrations(connect, message, disconnect), actions(), STAGE)
        async with serving(gateway, self.listening.dup()):
            yield f"ws://{self._websocket_address}/{STAGE}?cp="
            await gateway.drain()

    @asynccontextmanager
    async def operator(self) -> AsyncIterator[httpx.AsyncClient]:
        """A client of the operator API, with the token of a machine that may do everything."""
        outputs = self.outputs()
        trust = ssl.create_default_context(cafile=self.emulator.certificate)
        async with httpx.AsyncClient(base_url=self.emulator.url, verify=trust, trust_env=False, timeout=30) as client:
            token = await self._token(client, outputs)
            api = urlsplit(outputs["ApiUrl"]).netloc.partition(".")[0]
            client.headers = httpx.Headers({"host": f"{api}.execute-api.localhost", "authorization": f"Bearer {token}"})
            yield client

    async def _token(self, client: httpx.AsyncClient, outputs: dict[str, str]) -> str:
        machine = {"UserPoolId": outputs["UserPoolId"], "ClientId": outputs["MachineAdminClientId"]}
        secret = self.client("cognito-idp").describe_user_pool_client(**machine)["UserPoolClient"]["ClientSecret"]
        url = urlsplit(outputs["TokenUrl"])
        answer = await client.post(
            url.path,
            headers={"host": url.netloc},
            auth=(machine["ClientId"], secret),
            data={"grant_type": "client_credentials"},
        )
        token: str = answer.raise_for_status().json()["access_token"]
        return token
