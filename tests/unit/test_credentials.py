import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csms.credentials import hash_secret, match, password_of, secret_from_text, user_of


def basic(text: bytes) -> str:
    return f"Basic {base64.b64encode(text).decode()}"


@settings(max_examples=5, deadline=None)
@given(st.binary(min_size=16, max_size=20))
def test_a_password_matches_raw_and_as_hexadecimal_text(secret: bytes) -> None:
    stored = (hash_secret(b"another one entirely"), hash_secret(secret))
    assert match(secret, stored)
    assert match(secret.hex().encode(), stored)
    assert not match(secret + b"x", stored)


def test_nothing_matches_where_nothing_is_stored() -> None:
    assert not match(b"anything", ())


def test_hashes_are_salted() -> None:
    assert hash_secret(b"same") != hash_secret(b"same")


@pytest.mark.parametrize(
    ("text", "secret"),
    [("00112233445566778899AABBCCDDEEFF", bytes.fromhex("00112233445566778899aabbccddeeff")), ("x" * 16, b"x" * 16)],
)
def test_an_operator_may_give_text_or_hexadecimal_digits(text: str, secret: bytes) -> None:
    assert secret_from_text(text) == secret


@pytest.mark.parametrize("text", ["", "x" * 15, "x" * 21, "g" * 32, "0" * 31 + "g", "0" * 42])
def test_a_password_of_the_wrong_length_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="16 to 20"):
        secret_from_text(text)


def test_the_identity_is_stripped_as_a_prefix_because_it_may_hold_colons() -> None:
    assert password_of(basic(b"CP:1:pass:word"), "CP:1") == b"pass:word"
    assert password_of(basic(b"cp:1:\xff\xfe"), "CP:1") == b"\xff\xfe"
    assert password_of(basic(b"CP:12:x"), "CP:1") is None


@pytest.mark.parametrize("header", ["", "Basic", "Basic ???", "Bearer abc", basic(b"no colon"), "Basic \xe9"])
def test_an_unreadable_header_holds_no_password_and_no_user(header: str) -> None:
    assert password_of(header, "CP") is None
    assert user_of(header) is None
