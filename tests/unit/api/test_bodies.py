import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.api.bodies import parse_json, parse_object, readable
from csms.api.problems import InvalidRequest, MalformedRequest


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "nope", "{'a': 1}", '{"a": NaN}', '{"a": Infinity}', '{"a": -Infinity}', '{"a": 1e999}'),
        '{"a": "\\ud800"}',
        '{"\\udc00": 1}',
        "[" * 100_000,
        '{"a": ' + "9" * 5000 + "}",
        "\ufeff{}",
        '{"type": "Soft", "type": "Hard"}',
        '[{"a": {"b": 1, "b": 1}}]',
    ],
)
def test_what_is_no_json_of_ours_is_malformed(text: str) -> None:
    with pytest.raises(MalformedRequest):
        parse_json(text)


@pytest.mark.parametrize("text", ["[]", "1", "null", '"x"', "true", '[{"id": "CP001"}]'])
def test_an_object_is_an_object(text: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_object(text)


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        parse_json(text)
    except MalformedRequest:
        return


@pytest.mark.parametrize(
    "event",
    [
        {"rawPath": "/\ud800"},
        {"rawQueryString": "\ud800"},
        {"queryStringParameters": {"a": "\ud800"}},
        {"body": "\ud800"},
        {"body": "*", "isBase64Encoded": True},
        {"body": "//8=", "isBase64Encoded": True},
    ],
)
def test_what_is_no_unicode_is_malformed(event: dict[str, object]) -> None:
    with pytest.raises(MalformedRequest):
        readable(event)


def test_a_body_in_base64_is_its_text_and_header_names_are_lower_case() -> None:
    read = readable({"body": "e30=", "isBase64Encoded": True, "headers": {"Content-Type": "Text/CSV; x=y"}})
    assert (read["body"], read["isBase64Encoded"], read["headers"]) == (
        "{}",
        False,
        {"content-type": "text/csv"},
    )
