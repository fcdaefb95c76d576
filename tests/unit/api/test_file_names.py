import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.api.file_names import safe_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("log.zip", "log.zip"),
        ("/a/b/log.zip", "log.zip"),
        ("C:\\logs\\log.zip", "log.zip"),
        ("../..", "otherwise"),
        ("", "otherwise"),
        ("a\x00b é.txt", "a_b_.txt"),
        ("x" * 200 + ".zip", "x" * 96 + ".zip"),
    ],
)
def test_a_name_becomes_harmless(text: str, name: str) -> None:
    assert safe_name(text, "otherwise") == name


@given(st.text())
def test_every_name_is_harmless(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_=+-][A-Za-z0-9._=+-]{0,99}", safe_name(text, "otherwise"))
