"""A charge point of its own for every case, registered over the API."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from tests.conformance.cases import case_of
from tests.conformance.command import Command
from tests.conformance.operator_client import Operator
from tests.conformance.states import reach_booted
from tests.stack import Stack
from tests.station import Station


@pytest.fixture(scope="session")
def operator(stack: Stack) -> Iterator[Operator]:
    headers = {"Authorization": f"Bearer {stack.token}"}
    with httpx.Client(base_url=stack.api_url, headers=headers, timeout=30, trust_env=False) as api:
        yield Operator(api)


@pytest.fixture
def identity(operator: Operator) -> str:
    return operator.create_charge_point()


@pytest.fixture
def id_tag(operator: Operator) -> str:
    return operator.create_id_tag()


@pytest.fixture
async def station(stack: Stack, identity: str) -> AsyncIterator[Station]:
    """Connected; at the end nothing may have been sent to it that the rules or the case do not allow."""
    async with Station.connected(stack.ocpp_url, identity) as connected:
        yield connected
        connected.assert_clean()


@pytest.fixture
async def booted(station: Station) -> Station:
    """In state Booted."""
    await reach_booted(station)
    return station


@pytest.fixture
def command(operator: Operator, identity: str, booted: Station) -> Command:
    """Has CALLs sent to the booted station."""
    return Command(operator, identity, booted)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Note on every case which functionality it certifies, for reports."""
    for item in items:
        if case := case_of(getattr(item, "originalname", item.name)):
            item.user_properties += [("case", case.id), ("functionality", str(case.functionality))]
