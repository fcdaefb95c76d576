"""Which route takes which token: `python -m tests.api_scopes` writes docs/api-scopes.md from the routes as declared.

The page is reviewed and checked in; tests hold it equal to the routes, and every cell of it to what is answered.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from csms.api.routing import Endpoint, all_endpoints
from csms.api.scopes import Scope

PAGE: Final = Path(__file__).parents[1] / "docs" / "api-scopes.md"
PASSES: Final = "passes"
TOKENS: Final[Mapping[str, Mapping[str, Any] | None]] = {
    "no token": None,
    "ID token": {"token_use": "id", "cognito:groups": "[admin]", "scope": "csms/admin"},
    "another's": {"cognito:groups": "[auditors]", "scope": "openid billing/admin aws.cognito.signin.user.admin"},
    "read": {"cognito:groups": "[read]"},
    "operate": {"cognito:groups": "[operate]"},
    "admin": {"cognito:groups": "[admin]"},
}
"""Claims by the name of the column; None where no authorizer let the request pass."""
_INTRODUCTION: Final = """# Routes and scopes

Made by `python -m tests.api_scopes`; a test holds it equal to the routes and every cell to what is answered.

`admin` includes `operate`, which includes `read`. Who gets them how: [operations](operations.md#operators).
"No token" is what the function itself answers, should a request ever come past the authorizer, which refuses it before.
"Another's" is an access token with scopes and groups of somebody else. Routes without a scope are open: the files of
stations have a token of their own in the path.
"""


def cell(endpoint: Endpoint, token: str) -> str:
    """What becomes of a request with this token: the status of the refusal, or that it passes."""
    if endpoint.scope is None:
        return PASSES
    if token in {"no token", "ID token"}:
        return str(HTTPStatus.UNAUTHORIZED.value)
    levels = list(Scope)
    may = token in levels and levels.index(Scope(token)) >= levels.index(endpoint.scope)
    return PASSES if may else str(HTTPStatus.FORBIDDEN.value)


def page() -> str:
    """The whole page."""
    rows = [("Route", "Scope", *TOKENS), ("---",) * (2 + len(TOKENS))]
    for endpoint in sorted(all_endpoints(), key=lambda each: (each.path, each.method)):
        path = re.sub(r"<(.+?)>", r"{\1}", endpoint.path)
        rows.append(
            (f"`{endpoint.method} {path}`", endpoint.scope or "open", *(cell(endpoint, token) for token in TOKENS))
        )
    return "\n".join([_INTRODUCTION, *(f"| {' | '.join(row)} |" for row in rows), ""])


if __name__ == "__main__":
    PAGE.write_text(page())
