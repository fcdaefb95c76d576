"""A Central System that commissions, and a station with a configuration."""

import pytest

from csms.runtime import Runtime, runtime
from tests.called_station import CalledStation
from tests.integration.commissioning.configured_station import ConfiguredStation


@pytest.fixture
def csms(csms: Runtime, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """One that brings every station that boots to what it should be."""
    monkeypatch.setenv("COMMISSIONING", "true")
    runtime.cache_clear()
    return runtime()


@pytest.fixture
def booting(called: CalledStation) -> ConfiguredStation:
    """A connected station that is about to boot."""
    return ConfiguredStation(called)
