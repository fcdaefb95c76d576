"""A Central System with a bucket and a public address, a station that says what model it is, and two who use HTTP."""

import boto3
import pytest

from csms.runtime import Runtime
from tests.called_station import CalledStation
from tests.integration.files.http_station import HttpStation
from tests.integration.files.library import PUBLIC_URL
from tests.lambda_operator import LambdaOperator, claims_of


@pytest.fixture(autouse=True)
def _files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FILES_BUCKET", "files")
    monkeypatch.setenv("PUBLIC_URL", PUBLIC_URL)


@pytest.fixture
def bucket(csms: Runtime) -> str:
    """The files bucket."""
    boto3.client("s3").create_bucket(Bucket="files", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return "files"


@pytest.fixture
def booted(bucket: str, called: CalledStation) -> CalledStation:
    """A station of Acme's model One."""
    boot(called, "1.0")
    return called


def boot(station: CalledStation, version: str) -> None:
    """Let the station boot with this firmware and settle."""
    payload = {"chargePointVendor": "Acme", "chargePointModel": "One", "firmwareVersion": version}
    station.result("BootNotification", payload)
    station.wait(seconds=60)
    station.run_wakes()


@pytest.fixture
def operator(booted: CalledStation) -> LambdaOperator:
    """Somebody who may operate."""
    return LambdaOperator(claims_of("operate"), now=booted.now)


@pytest.fixture
def http(booted: CalledStation) -> HttpStation:
    """The same station at its HTTP client."""
    return HttpStation(booted)
