import stat
from pathlib import Path

import pytest

from local.access_token import granted_scopes, keep_token


def test_the_token_file_is_its_owners_alone_and_survives(tmp_path: Path) -> None:
    path = tmp_path / "state" / "token"
    token = keep_token(path)
    assert len(token) >= 32
    assert path.read_text().strip() == token == keep_token(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_others_can_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("secret\n")
    path.chmod(0o644)
    assert keep_token(path) == "secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("presented", "scopes"),
    [
        ("secret", ("read", "operate", "admin")),
        ("secret.read", ("read",)),
        ("secret.read.operate", ("read", "operate")),
        ("secret.", None),
        ("secret.root", None),
        ("other", None),
        ("other.read", None),
        ("", None),
        ("sécret", None),
    ],
)
def test_appended_scopes_narrow_the_token(presented: str, scopes: tuple[str, ...] | None) -> None:
    assert granted_scopes(presented, "secret") == scopes
