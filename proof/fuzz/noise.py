"""Right values for a JSON schema, and what can be wrong with them: all from one source of randomness."""

import copy
import json
import re
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, Final

Schema = Mapping[str, Any]
Known = dict[str, Callable[[], Sequence[Any]]]

NASTY: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 1, 7.5, -0.0, 1e308, 5e-324, 2**31 - 1, 2**31, -(2**31) - 1, 2**63, 10**30, 10**400),
    *("", " ", "0", "-1", "7", "1e5", "9" * 40, "9" * 5000, "x" * 51, "x" * 501, "x" * 1100, "x" * 20_000, "\x00"),
    *(
        "\ud800",
        "é" * 25,
        "é" * 1100,
        "ß",
        "İ",
        "\U0001f600" * 20,
        "\u202e",
        "#",
        "/",
        "..",
        "%",
        "%2F",
        "CP001",
        "TAG1#CP001",
        "CP#CP001",
    ),
    *("null", "NaN", "true", "{}", "Accepted", "accepted", "Rejected", "NotSupported", "<script>", "' OR 1=1 --"),
    *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "0000-00-00T00:00:00Z", "2026-02-30T00:00:00Z"),
    *("9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2026-03-05T12:00:60Z", "2026-03-05", "12:00"),
    *("2026-03-05T12:00:00", "2026-03-05T12:00:00+99:99", "1970-01-01T00:00:00Z", "2026-W10-4", "-2026-03-05T12:00Z"),
    *([], {}, [[]], [{}], {"": ""}, [None], ["x"] * 200, {"status": "Accepted"}, {"a": {"b": {"c": [1]}}}),
)
"""What programs stumble over."""
LITERALS: Final = (
    *("1e999", "-1e999", "1E+5", "0.1e1", "1.0", "-0", "NaN", "Infinity", "01", "1.", "+1", "0x1", "tru", "'x'"),
    *("12345678901234567890.123456789", "9" * 5000, "1" * 400 + ".5", "1e-999", '"\\ud83d\\u0000"', "[" * 2000),
)
"""What no Python value is written as, or what is no JSON at all."""
TOKENS: Final = (
    *('"', "\\", "\\u", "\\ud800", "\\u0000", "[", "]", "{", "}", ",", ":", "NaN", "Infinity", "-Infinity", "1e999"),
    *(
        "-0",
        "0x1",
        "null",
        "\x00",
        "\x7f",
        "\ufeff",
        "\u2028",
        "é",
        "\U0001f600",
        "9" * 5000,
        "[" * 2000,
        '{"a":' * 500,
    ),
    *("2", "3", "4", "5", ".", "-", " ", "\n", "/*", "1" * 400 + ".5"),
)


_STAND_IN: Final = "literally {}"
_STANDING_IN: Final = re.compile('"literally ([0-9]+)"')


class Noise:
    """Makes values; `known` are those that mean something, by the name of their field."""

    def __init__(self, random: Random, known: Known) -> None:
        self.random = random
        self.known = known

    def chance(self, share: float) -> bool:
        """True that often."""
        return self.random.random() < share

    def sample(self, schema: Schema, root: Schema | None = None, name: str = "") -> Any:
        """A value that the schema allows, as far as it is one of those that OCPP and our API use."""
        root = root or schema
        match schema:
            case {"$ref": str(reference)}:
                return self.sample(_referred(reference, root), root, name)
            case {"anyOf": choices} | {"oneOf": choices}:
                return self.sample(self.random.choice(choices), root, name)
            case {"enum": values} | {"const": values}:
                return self.random.choice(values) if isinstance(values, list) else values
        kind = schema.get("type", "string")
        kind = kind if isinstance(kind, str) else self.random.choice(kind)
        if kind == "object":
            return self._object(schema, root)
        if kind == "array":
            least = schema.get("minItems", 0)
            count = self.random.randint(least, min(schema.get("maxItems", least + 3), least + 3))
            return [self.sample(schema.get("items", {}), root, name) for _ in range(count)]
        values = self.known[name]() if name in self.known and self.chance(0.8) else ()
        return self.random.choice(values) if values else self._scalar(kind, schema)

    def _object(self, schema: Schema, root: Schema) -> dict[str, Any]:
        required = schema.get("required", ())
        return {
            name: self.sample(part, root, name)
            for name, part in schema.get("properties", {}).items()
            if name in required or self.chance(0.5)
        }

    def _scalar(self, kind: str, schema: Schema) -> Any:
        low = int(schema.get("minimum", 0))
        high = int(schema.get("maximum", low + 9))
        match kind:
            case "integer":
                return self.random.randint(low, high if self.chance(0.2) else min(high, low + 9))
            case "number":
                return self.random.randint(0, 320) / 10
            case "boolean":
                return self.chance(0.5)
            case "null":
                return None
            case _:
                return self._text(schema)

    def _text(self, schema: Schema) -> str:
        match schema.get("format"):
            case "date-time":
                return str(self.random.choice(self.known["timestamp"]()))
            case "date":
                return "2026-03-05"
            case "uri":
                return "https://files.example.com/x"
        low, high = schema.get("minLength", 0), schema.get("maxLength", 12)
        length = high if self.chance(0.05) else self.random.randint(low, max(low, min(high, 12)))
        return "".join(self.random.choices("aZ09 .-_é#", k=length))

    def mutated(self, value: Any) -> Any:
        """The value with something in it changed; at times all of it."""
        value = copy.deepcopy(value)
        places = list(_places(value))
        if not places or self.chance(0.02):
            return self.random.choice(NASTY)
        holder, key = self.random.choice(places)
        match self.random.randrange(8):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, list):
                holder[key:key] = [copy.deepcopy(holder[key])] * self.random.choice((1, 2, 60))
            case 1:
                holder[self.random.choice((key.swapcase(), "", "vendorsOwn", f"{key} "))] = holder.pop(key)
            case 2:
                holder[key] = [holder[key]]
            case 3 if isinstance(holder[key], int | float) and abs(holder[key]) < 10**18:
                number = holder[key]
                holder[key] = self.random.choice((str(number), -number, number + 0.5, number * 10**9))
            case 3 if isinstance(holder[key], str):
                holder[key] = self.garbled(holder[key])
            case 4:
                holder[key] = json.dumps(holder[key])
            case _:
                literal = _STAND_IN.format(self.random.randrange(len(LITERALS)))
                holder[key] = self.random.choice((*NASTY, *[literal] * 20))
        return value

    def written(self, value: Any) -> str:
        """As JSON, and what stands in for it."""
        text = json.dumps(value, ensure_ascii=self.chance(0.5))
        return _STANDING_IN.sub(lambda found: LITERALS[int(found[1]) % len(LITERALS)], text)

    def garbled(self, text: str) -> str:
        """The text with a part of it lost, doubled or replaced."""
        for _ in range(self.random.choice((1, 1, 2, 5))):
            first = self.random.randint(0, len(text))
            last = min(len(text), first + self.random.choice((1, 1, 2, 10, 100)))
            middle = self.random.choice(("", "", text[first:last] * 2, self.random.choice(TOKENS)))
            if self.chance(0.1):
                last = len(text)
            text = text[:first] + middle + text[last:]
        return text

    def octets(self) -> bytes:
        """Bytes of no meaning."""
        return self.random.randbytes(self.random.choice((0, 1, 2, 3, 10, 100, 1000)))


def _referred(reference: str, root: Schema) -> Schema:
    found: Any = root
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    schema: Schema = found
    return schema


def _places(value: Any) -> Any:
    """Every place within the value: what holds it, and under which key."""
    inner: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inner:
        yield value, key
        yield from _places(below)
