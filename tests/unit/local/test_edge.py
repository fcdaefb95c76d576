import pytest

from local.gateway.edge import MalformedUrlError, Target, rewrite


def edge(path: str, query: str = "") -> Target:
    return rewrite(path, query, "prod")


def test_the_identity_moves_from_the_path_into_the_query() -> None:
    assert edge("/ocpp/CP001") == Target("/prod", "cp=CP001")


def test_a_trailing_slash_is_tolerated() -> None:
    assert edge("/ocpp/CP001/") == Target("/prod", "cp=CP001")


@pytest.mark.parametrize(
    ("segment", "query"),
    [
        ("a%2Fb", "cp=a%2Fb"),
        ("a%20b", "cp=a%20b"),
        ("a+b", "cp=a%2Bb"),
        ("a&cp=evil", "cp=a%26cp%3Devil"),
        ("%C3%A9", "cp=%C3%A9"),
        ("a%252Fb", "cp=a%252Fb"),
        ("-_.!~*'()", "cp=-_.!~*'()"),
    ],
)
def test_the_segment_is_decoded_and_encoded_again(segment: str, query: str) -> None:
    assert edge(f"/ocpp/{segment}").query == query


@pytest.mark.parametrize("segment", ["%", "%4", "%zz", "a%", "%ff", "%C3", "%ED%A0%80", "% 41"])
def test_a_malformed_escape_is_refused(segment: str) -> None:
    with pytest.raises(MalformedUrlError):
        edge(f"/ocpp/{segment}")


def test_a_second_segment_is_refused() -> None:
    with pytest.raises(MalformedUrlError):
        edge("/ocpp/a/b")


def test_the_viewers_own_query_is_dropped() -> None:
    assert edge("/ocpp/CP001", "cp=CP002").query == "cp=CP001"


def test_without_a_segment_nothing_names_the_charge_point() -> None:
    assert edge("/ocpp", "cp=CP002") == edge("/ocpp/") == Target("/prod", "")


def test_the_raw_url_passes_unchanged() -> None:
    assert edge("/prod", "cp=CP001") == Target("/prod", "cp=CP001")
    assert edge("/ocppx", "a=b") == Target("/ocppx", "a=b")
