import pytest
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


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('form-data; name="f"; filename="a.log"', "a.log"),
        ("Form-Data; FileName = a.log ; name=f", "a.log"),
        ('form-data; filename="with \\"quotes\\".log"', 'with "quotes".log'),
        ('form-data; filename="C:\\logs\\a.log"', "C:\\logs\\a.log"),
        ('form-data; name="; filename=b.log"; filename="a.log"', "a.log"),
        ('form-data; filename="a.log"; filename="b.log"', "a.log"),
        ("form-data; filename*=UTF-8''caf%C3%A9.log", "caf\u00e9.log"),
        ("form-data; filename*=UTF-8''b.log; filename=a.log", "a.log"),
        ('form-data;\r\n filename="a.log"', "a.log"),
        ('form-data; filename="open', "open"),
        ('form-data; filename=""', None),
        ("form-data; filename*0=a; filename*1=b", None),
        ("form-data; filename*0*=x'y'%zz; filename*x=3", None),
        ("form-data", None),
        ("", None),
    ],
)
def test_the_name_of_a_file_is_read_however_it_is_written(disposition: str, name: str | None) -> None:
    body = f"--b\r\nContent-Type: text/plain\r\ncontent-disposition: {disposition}\r\n\r\nx\r\n--b--"
    assert list(parse_parts(body.encode(), "b")) == [Part(name, b"x")]


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data; boundary*xyz=1; boundary*0*=q",
        "multipart/form-data; boundary*0*=a; boundary*=b; boundary*zz=c",
        'multipart/form-data; boundary=""',
        "multipart/form-data; boundary*=UTF-8",
        "multipart/form-data; boundary",
        "multipart/; =; ;;; boundary==",
    ],
)
def test_what_says_its_boundary_in_an_odd_way_is_no_form_or_one_of_that_boundary(content_type: str) -> None:
    assert boundary_of(content_type) in {None, "="}


@given(st.text() | st.text(alphabet="boundry*=;\"\\ 0'%fleam").map("multipart/form-data; boundary".__add__))
def test_no_header_breaks_the_reader(header: str) -> None:
    boundary = boundary_of(header)
    assert boundary is None or 0 < len(boundary) <= 70
    list(parse_parts(f"--b\r\nContent-Disposition: {header}\r\n\r\nx".encode("utf-8", "replace"), "b"))
