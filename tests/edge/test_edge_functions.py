"""The CloudFront functions, tested in JavaScript by Node's own runner: `node --test tests/edge/*.test.js`."""

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from local.gateway.edge import MalformedUrlError, rewrite

FOLDER = Path(__file__).parent
TESTS = sorted(FOLDER.glob("*.test.js"))
PIECES = ["/", "%", "%2", "%2F", "%2f", "%25", "%20", "%C3", "%A9", "%F0%9F%94%8C", "%00", "%zz", "%ff"]
PIECES += [
    "CP001",
    "a",
    "+",
    "&",
    "=",
    "cp=",
    ".",
    "..",
    "?",
    "#",
    ";",
    "é",
    "🔌",
    "'",
    '"',
    "\\",
    "~",
    "*",
    "/ocpp",
    "/prod",
]

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")


def test_the_functions_pass_their_tests_in_javascript() -> None:
    ran = subprocess.run(["node", "--test", *TESTS], capture_output=True, text=True, check=False, timeout=60)
    assert TESTS
    assert ran.returncode == 0, ran.stdout


def test_the_local_edge_agrees_about_any_url() -> None:
    chance = random.Random(1.6)  # noqa: S311  it keeps no secret
    urls = [(_url(chance), chance.choice(["", "cp=evil", "x=1&cp=evil"])) for _ in range(3000)]
    asked = json.dumps(urls)
    ran = subprocess.run(
        ["node", FOLDER / "rewrite.js"], input=asked, capture_output=True, text=True, check=True, timeout=60
    )
    differing = [
        (url, found, expected)
        for url, found in zip(urls, json.loads(ran.stdout), strict=True)
        if found != (expected := _rewritten(*url))
    ]
    assert not differing


def _url(chance: random.Random) -> str:
    beginning = chance.choice(["/ocpp/", "/ocpp/", "/ocpp/", "/ocpp", "/prod", "/"])
    return beginning + "".join(chance.choices(PIECES, k=chance.randrange(6)))


def _rewritten(path: str, query: str) -> list[str] | None:
    try:
        return list(rewrite(path, query, "prod"))
    except MalformedUrlError:
        return None
