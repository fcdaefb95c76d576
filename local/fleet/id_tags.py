"""Creates the tags that the fleet's drivers carry, over the operator API."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import httpx

MOST_AT_ONCE: Final = 500


class IdTagsError(Exception):
    """The tags could not be created; the text says what to do."""


def operator_api(url: str, token_file: Path) -> httpx.Client:
    """A client with the bearer token of the local stack.

    Raises:
        IdTagsError: there is no token.
    """
    try:
        token = token_file.read_text().strip()
    except OSError as error:
        raise IdTagsError(f"no token in {token_file}: start the local stack first (make run)") from error
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30, trust_env=False)


def provide_id_tags(api: httpx.Client, id_tags: Sequence[str]) -> None:
    """Create the tags, or make them valid again; each may be used for many cars at the same time.

    Raises:
        IdTagsError: there is no API, or it refuses.
    """
    try:
        for first in range(0, len(id_tags), MOST_AT_ONCE):
            chunk = id_tags[first : first + MOST_AT_ONCE]
            tags = [{"idTag": id_tag, "status": "Accepted", "maxActiveTransactions": None} for id_tag in chunk]
            answer = api.post("/id-tags", json=tags).raise_for_status().json()
            if answer["invalid"]:
                raise IdTagsError(f"{answer['invalid']} id tags were refused, such as {chunk[0]}: try a shorter prefix")
    except httpx.HTTPStatusError as error:
        raise IdTagsError(f"{api.base_url} answered {error.response.status_code}: {error.response.text}") from error
    except httpx.TransportError as error:
        raise IdTagsError(f"nothing answers at {api.base_url}: start the local stack first (make run)") from error
