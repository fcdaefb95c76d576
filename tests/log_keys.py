"""Which keys the product's log lines carry, read from its source."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = [*(ROOT / "layers/csms/python/csms").rglob("*.py"), *(ROOT / "functions").rglob("handler.py")]
_LEVELS = {"debug", "info", "warning", "error", "exception"}


def logged_keys() -> dict[str, str]:
    """Every key given as `extra=`, and one place where it is."""
    found: dict[str, str] = {}
    for source in SOURCES:
        tree = ast.parse(source.read_text())
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in _LEVELS:
                for argument in call.keywords:
                    if argument.arg == "extra":
                        found |= dict.fromkeys(_keys(argument.value, tree), f"{source}:{call.lineno}")
    return found


def _keys(value: ast.expr, tree: ast.Module) -> Iterator[str]:
    """Of a dictionary as it is written, or of what a name stands for in that module."""
    match value:
        case ast.Dict():
            for key, inner in zip(value.keys, value.values, strict=True):
                if isinstance(key, ast.Constant):
                    yield str(key.value)
                else:
                    yield from _keys(inner, tree)
        case ast.Name():
            assigned = [
                node.value
                for node in ast.walk(tree)
                if isinstance(node, ast.Assign)
                and [target.id for target in node.targets if isinstance(target, ast.Name)] == [value.id]
            ]
            assert assigned, f"nobody can tell what is logged with {value.id}"
            for each in assigned:
                yield from _keys(each, tree)
        case _:
            raise AssertionError(f"nobody can tell what is logged: {ast.unparse(value)}")
