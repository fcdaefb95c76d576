"""How the code is broken to see who notices: each way still fits the code, and tests that fail anyway say nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from proof.call_protocol.mutations import MUTATIONS as PROTOCOL
from proof.fault_mutations import MUTATIONS as FAULTS
from proof.fuzz.mutations import MUTATIONS as FUZZ
from proof.reconnections.mutations import MUTATIONS as RECONNECTIONS
from proof.whole_mutations import MUTATIONS as WHOLE
from tests import mutations
from tests.mutations import Mutation, source_of

BOTH = "def test_both() -> None:\n    assert both == 2\n"
Tried = Callable[..., tuple[int, str]]


@pytest.mark.parametrize(
    "mutation", [*PROTOCOL, *RECONNECTIONS, *FAULTS, *FUZZ, *WHOLE], ids=lambda mutation: mutation.what
)
def test_what_is_broken_stands_once_in_the_code(mutation: Mutation) -> None:
    assert source_of(mutation).count(mutation.old) == 1


@pytest.fixture
def tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tried:
    """The exit status and what is said, when a code of one line is broken under a test."""
    code = tmp_path / "layers/csms/python/csms"
    code.mkdir(parents=True)
    (code / "sum.py").write_text("both = 1 + 1\n")
    (tmp_path / "tests").mkdir()
    monkeypatch.setattr(mutations, "ROOT", tmp_path)
    monkeypatch.setattr(mutations, "_NEEDED", ("layers", "tests"))
    monkeypatch.setattr("sys.argv", ["mutations"])
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def run(test: str, old: str = "+", new: str = "-", only: str = "") -> tuple[int, str]:
        (tmp_path / "tests/test_sum.py").write_text(f"from csms.sum import both\n\n\n{test}")
        with pytest.raises(SystemExit) as end:
            mutations.run([Mutation("sums", "sum.py", old, new, "tests/test_sum.py", only)])
        assert isinstance(end.value.code, int)
        return end.value.code, capsys.readouterr().out

    return run


def test_what_fails_only_when_the_code_is_broken_has_noticed(tried: Tried) -> None:
    assert tried(BOTH) == (0, "sums: test_both\n")


def test_what_passes_all_the_same_has_not_noticed(tried: Tried) -> None:
    assert tried(BOTH, new="*1+") == (1, "sums: NOT NOTICED\n")


def test_what_does_not_end_has_noticed(tried: Tried, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutations, "_AT_LEAST_S", 1.0)
    monkeypatch.setattr(mutations, "_PATIENCE", 1)
    assert tried(BOTH, old="both = 1", new="while True: pass\nboth = 1") == (
        0,
        "sums: tests/test_sum.py, which does not end\n",
    )


@pytest.mark.parametrize(
    ("test", "only"),
    [
        (BOTH.replace("2", "3"), ""),
        (BOTH, "another"),
        (f"import pytest\n\n@pytest.mark.skip\n{BOTH}", ""),
    ],
    ids=["it fails unbroken, too", "none is chosen", "none is run"],
)
def test_a_test_that_does_not_pass_on_unbroken_code_says_nothing(tried: Tried, test: str, only: str) -> None:
    code, said = tried(test, only=only)
    assert code == 2
    assert "says nothing" in said
    assert "sums:" not in said


def test_words_that_describe_no_mutation_are_told(tried: Tried, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["mutations", "nonsense"])
    assert tried(BOTH) == (2, "no mutation is described like that\n")
