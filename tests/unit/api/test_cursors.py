import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.api.cursors import decode_key, decode_place, encode_key, encode_place
from csms.store.errors import InvalidCursor
from csms.store.listing import ShardCursor

keys = st.none() | st.dictionaries(st.text(), st.text(), min_size=1)


@given(number=st.integers(0, 10_000), key=keys)
def test_a_cursor_leads_back_to_its_place(number: int, key: dict[str, str] | None) -> None:
    place = ShardCursor(number, key)
    text = encode_place(place)
    assert text is not None
    assert text.replace("-", "").replace("_", "").isalnum()
    assert decode_place(text) == place


@given(st.dictionaries(st.text(), st.text(), min_size=1))
def test_a_cursor_in_one_partition_leads_back_to_its_key(key: dict[str, str]) -> None:
    assert decode_key(encode_key(key)) == key


def test_the_last_page_has_no_cursor() -> None:
    assert encode_place(None) is None
    assert encode_key(None) is None
    assert decode_place(None) is None
    assert decode_key(None) is None


def word(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        *("", "?", "ä", "a", "!!!!", "x" * 10_000, "////"),
        *map(word, ("", "{}", "[]", "1", "null", '{"p":0}', '{"p":0,"a":null,"x":1}', '{"p":"0","a":null}')),
        *map(
            word, ('{"p":1.5,"a":null}', '{"p":true,"a":null}', '{"p":0,"a":{"PK":1}}', '{"p":0,"a":{"PK":"\\ud800"}}')
        ),
        word("[" * 5000),
        word('{"p":' + "9" * 5000 + "}"),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor):
        decode_place(text)


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        decode_place(text)
    except InvalidCursor:
        return


@pytest.mark.parametrize("place", [ShardCursor(1, {"PK": "a"}), ShardCursor(0, None)])
def test_a_cursor_of_several_partitions_is_none_of_a_single_one(place: ShardCursor) -> None:
    with pytest.raises(InvalidCursor):
        decode_key(encode_place(place))
