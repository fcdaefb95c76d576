from hypothesis import given
from hypothesis import strategies as st

from csms.api.multipart import Part, boundary_of, parse_parts


def written(parts: list[Part], boundary: str) -> bytes:
    text = b""
    for part in parts:
        name = f'; filename="{part.name}"' if part.name else ""
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="f"{name}\r\n\r\n'
        text += head.encode() + part.content + b"\r\n"
    return text + f"--{boundary}--\r\n".encode()


@given(st.lists(st.builds(Part, st.none() | st.sampled_from(["a.bin", "b c.zip"]), st.binary()), max_size=4))
def test_what_was_put_into_a_form_comes_out_of_it(parts: list[Part]) -> None:
    assert list(parse_parts(written(parts, "x" * 40), "x" * 40)) == parts


@given(st.binary(), st.text(min_size=1, max_size=5))
def test_no_body_breaks_the_reader(body: bytes, boundary: str) -> None:
    list(parse_parts(body, boundary))
    list(parse_parts(b"--" + boundary.encode() + b"\r\n" + body, boundary))


def test_a_boundary_that_begins_like_another_one_is_content() -> None:
    body = b"--ab\r\nX: y\r\n\r\none\r\n--abc\r\ntwo\r\n--ab--"
    assert list(parse_parts(body, "ab")) == [Part(None, b"one\r\n--abc\r\ntwo")]


def test_a_body_that_breaks_off_has_what_came() -> None:
    assert list(parse_parts(b"--b\r\nX: y\r\n\r\nhalf of", "b")) == [Part(None, b"half of")]


def test_only_a_form_has_a_boundary() -> None:
    assert boundary_of('multipart/form-data; boundary="a b"') == "a b"
    for other in ("", "text/plain; boundary=x", "multipart/form-data", f"multipart/form-data; boundary={'x' * 71}"):
        assert boundary_of(other) is None, other
