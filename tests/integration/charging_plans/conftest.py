"""A site of stations that obey, on one clock."""

import pytest

from csms.authorization import IdTag
from csms.runtime import Runtime
from tests.played_site import PlayedSite


@pytest.fixture
def site(csms: Runtime, monkeypatch: pytest.MonkeyPatch) -> PlayedSite:
    played = PlayedSite(csms)
    played.install(monkeypatch)
    csms.store.id_tags.put(IdTag("TAG1", max_active_transactions=None))
    return played
