"""The smaller cases of the explored call protocol; `make prove` has all."""

import pytest

from proof.call_protocol.cases import explore


@pytest.mark.parametrize("name", ["effects", "late_answer"])
def test_every_call_ends_once_whatever_the_order(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    explore(name, monkeypatch)
