"""docs/configuration.md names every context key with its default."""

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, get_args

from infra.config import Config

PAGE = Path(__file__).parents[3] / "docs" / "configuration.md"


def test_every_key_is_on_the_page_with_its_default() -> None:
    assert dict(_documented()) == {
        str(field.alias): _written(field.get_default(call_default_factory=True))
        for field in Config.model_fields.values()
        if get_args(field.annotation) != ("",)  # known only to the template
    }


def _documented() -> Iterator[tuple[str, str]]:
    for keys, defaults in re.findall(r"^\| (`.*?) \| (.*?) \|", PAGE.read_text(), re.MULTILINE):
        names = re.findall(r"`(\w+)`", keys)
        yield from zip(names, [defaults] if len(names) == 1 else defaults.split(", "), strict=True)


def _written(default: Any) -> str:
    match default:
        case None | "" | ():
            return "none"
        case bool():
            return str(default).lower()
        case Enum():
            return str(default.value)
        case dict():
            return ", ".join(sorted(f"{name}={value}" for name, value in default.items())) or "none"
        case _:
            return str(default)
