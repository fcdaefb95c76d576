"""The description of this API, for programs and for people."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.swagger_ui import generate_swagger_html

from csms.api.routing import OPEN, Routes

routes = Routes("About")


@routes.get("/openapi.json", OPEN, compress=True)
def read_openapi() -> Response[Any]:
    """This description."""
    return Response(200, "application/json", _document())


@routes.get("/docs", OPEN, compress=True, answers={200: {"text/html": {"schema": {"type": "string"}}}})
def read_docs() -> Response[str]:
    """This description as a page to read and to try out. Needs nothing from elsewhere on the net."""
    return Response(200, "text/html; charset=utf-8", _page())


@cache
def _document() -> str:
    # Imported when asked for: the document describes every route, this one as well.
    from csms.api.documentation import openapi_document  # noqa: PLC0415
    from csms.api.resolver import Resolver  # noqa: PLC0415

    return json.dumps(openapi_document(Resolver()), separators=(",", ":"))


@cache
def _page() -> str:
    assets = files("aws_lambda_powertools.event_handler.openapi.swagger_ui")
    script = assets.joinpath("swagger-ui-bundle.min.js").read_text("utf-8")
    style = assets.joinpath("swagger-ui.min.css").read_text("utf-8")
    specification = _document().replace("</", "<\\/")  # it stands inside of a script element
    return generate_swagger_html(specification, script, style, "", None)
