"""Where a list goes on, as an opaque word for the client to hand back.

A cursor is not secret and not trusted: what was decoded here the store checks against the list it is used on.
"""

from typing import Annotated, Any, Final

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import BaseModel, ConfigDict, ValidationError

from csms.api.bodies import parse_json
from csms.api.problems import MalformedRequest
from csms.api.words import from_word, to_word
from csms.store.errors import InvalidCursor
from csms.store.listing import ShardCursor
from csms.store.table import Cursor

DEFAULT_LIMIT: Final = 50
LARGEST_LIMIT: Final = 200
_LONGEST: Final = 8192

Limit = Annotated[int, Query(ge=1, le=LARGEST_LIMIT, description="How many items a page may have.")]
CursorText = Annotated[
    str | None, Query(min_length=1, description="`cursor` of the page before; absent for the first page.")
]


class _Place(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    p: int
    a: dict[str, str] | None


def encode_place(place: ShardCursor | None) -> str | None:
    """The cursor of a list over several partitions."""
    if place is None:
        return None
    return to_word(_Place(p=place.partition, a=place.after).model_dump_json())


def decode_place(text: str | None) -> ShardCursor | None:
    """The place a cursor stands for.

    Raises:
        InvalidCursor: it cannot be one of ours.
    """
    if text is None:
        return None
    try:
        place = _Place.model_validate(_decode(text))
    except (ValidationError, MalformedRequest, ValueError) as error:
        raise InvalidCursor("not a cursor") from error
    return ShardCursor(place.p, place.a)


def encode_key(key: Cursor | None) -> str | None:
    """The cursor of a list in a single partition."""
    return encode_place(ShardCursor(0, key)) if key else None


def decode_key(text: str | None) -> Cursor | None:
    """The place a cursor stands for in a single partition.

    Raises:
        InvalidCursor: it cannot be one of ours.
    """
    place = decode_place(text)
    if place and (place.partition or not place.after):
        raise InvalidCursor("not a cursor of this list")
    return place.after if place else None


def _decode(word: str) -> Any:
    if len(word) > _LONGEST:
        raise InvalidCursor("not a cursor")
    return parse_json(from_word(word))
