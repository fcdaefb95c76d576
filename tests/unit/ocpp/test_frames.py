import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.ocpp import frames
from csms.ocpp.errors import MalformedCall, ProtocolViolation, UnreadableFrame
from csms.ocpp.frames import Call, CallError, CallResult

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(TEXT, JSON, max_size=4)
IDS = TEXT | st.integers()
FRAMES = st.one_of(
    st.builds(Call, IDS, TEXT, OBJECTS),
    st.builds(CallResult, IDS, JSON),
    st.builds(CallError, IDS, TEXT, TEXT, OBJECTS),
)


@given(FRAMES)
def test_a_frame_survives_the_wire(frame: frames.Frame) -> None:
    assert frames.parse(frames.serialize(frame)) == frame


@given(st.text() | st.binary().map(lambda raw: raw.decode(errors="surrogateescape")))
def test_no_text_crashes_the_parser(text: str) -> None:
    with contextlib.suppress(ProtocolViolation):
        frames.parse(text)


@given(st.lists(JSON, max_size=6))
def test_no_array_crashes_the_parser_and_what_it_returns_can_be_written(elements: list[Any]) -> None:
    try:
        frame = frames.parse(json.dumps(elements))
    except ProtocolViolation:
        return
    frames.serialize(frame).encode()


def test_a_lone_surrogate_is_replaced_wherever_it_stands() -> None:
    frame = frames.parse('[2,"\\ud800","A",{"\\udfff":["\\ud800","\\ud83d\\ude00"]}]')
    assert frame == Call("\ufffd", "A", {"\ufffd": ["\ufffd", "😀"]})


@pytest.mark.parametrize("text", ["[" * 100_000, "[2," + "9" * 5000 + ',"A",{}]', '[2,1e999,"A",{}]'])
def test_what_overwhelms_a_parser_is_unreadable(text: str) -> None:
    with pytest.raises(UnreadableFrame):
        frames.parse(text)


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ('[3,"m1",{"status":"Accepted","x":NaN}]', {"status": "Accepted", "x": None}),
        ('[3,"m1",{"status":"Accepted","x":[-Infinity,1e400,1.5]}]', {"status": "Accepted", "x": [None, None, 1.5]}),
        ('["3", "m1", NaN]', None),
        ('[3,"m1",' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "]", None),
        ('[3,"m1",{"status":"Acc', None),
    ],
)
def test_of_an_answer_that_is_no_json_so_much_is_read_as_can_be(text: str, payload: Any) -> None:
    assert frames.parse(text) == CallResult("m1", payload, is_json=False)


def test_an_error_that_is_no_json_ends_its_call_as_well() -> None:
    assert frames.parse('[4,"m1","GenericError","no",{"x":NaN}]') == CallError("m1", "GenericError", "no", {"x": None})
    assert frames.parse('[4,"m1","GenericErr') == CallError("m1", "")


def test_a_message_type_in_quotes_is_read_of_answers() -> None:
    assert frames.parse('["3","m1",{}]') == CallResult("m1", {})
    assert frames.parse('["4","m1","GenericError"]') == CallError("m1", "GenericError")


def test_a_malformed_call_names_the_message_to_answer() -> None:
    with pytest.raises(MalformedCall) as violation:
        frames.parse('[2,"m1","Heartbeat"]')
    assert violation.value.message_id == "m1"


def test_what_a_station_leaves_out_of_an_error_is_empty() -> None:
    assert frames.parse('[4,"m1"]') == CallError("m1", "")
    assert frames.parse('[4,"m1",1,null,"x"]') == CallError("m1", "")


def test_frames_are_compact() -> None:
    assert frames.serialize(CallResult("ä", {"a": [1, 2]})) == '[3,"ä",{"a":[1,2]}]'
