"""Meter values of a transaction: the samples as the station sent them, or one CSV line each."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any, Final

from aws_lambda_powertools.event_handler import Response

from csms.api.csv_text import MEDIA_TYPE, csv_response, to_csv
from csms.api.cursors import CursorText, decode_key, encode_key
from csms.api.models import AsSent, Moment, Page, PathIdentity, PathTransaction, View
from csms.api.paging import AnyLimit, next_page, page_size
from csms.api.request import Current
from csms.api.routing import Routes
from csms.api.scopes import Scope
from csms.ocpp.primitives import format_timestamp
from csms.store.meter_values import MeterMessage

routes = Routes("Transactions")

_DEFAULTS: Final = {
    "context": "Sample.Periodic",
    "format": "Raw",
    "measurand": "Energy.Active.Import.Register",
    "phase": None,
    "location": "Outlet",
    "unit": "Wh",
}
"""What a sampled value means where it does not say [S 7.43]. Only energy has a default unit."""
_LONGEST_CSV: Final = 5_000_000
"""A function may answer 6 MB, as JSON."""
_COLUMNS: Final = ("connectorId", "timestamp", "receivedAt", "value", *_DEFAULTS)


class MeterMessageView(View):
    """The samples of one MeterValues, or of a StopTransaction's transactionData."""

    connector_id: int | None
    timestamp: Moment
    received_at: Moment
    meter_value: Annotated[list[Any], AsSent]


_ANSWERS: Final = {
    200: {"application/json": {"model": Page[MeterMessageView]}, MEDIA_TYPE: {"schema": {"type": "string"}}}
}


@routes.get("/transactions/<identity>/<transaction>/meter-values", Scope.READ, answers=_ANSWERS)
def list_meter_values(
    current: Current,
    identity: PathIdentity,
    transaction: PathTransaction,
    limit: AnyLimit = None,
    cursor: CursorText = None,
) -> Response[Any]:
    """The samples of a transaction in the order of their time, as the station sent them.

    With `Accept: text/csv` one line per sampled value, OCPP's defaults filled in; `limit` still counts messages.
    """
    found = current.transaction(identity, transaction)
    read = partial(current.store.meter_values.of_transaction, found.charge_point_id, found.id, after=decode_key(cursor))
    page = read(limit=page_size(current, limit))
    if current.wants_csv:
        fitting = _fitting(page.messages)
        page = page if fitting == len(page.messages) else read(limit=fitting)
        following = encode_key(page.cursor)
        rows = (row for message in page.messages for row in _rows(message))
        return csv_response(f"meter-values-{found.id}", _COLUMNS, rows, next_page(current, following))
    following = encode_key(page.cursor)
    views = [
        MeterMessageView(
            connector_id=message.connector_id,
            timestamp=message.timestamp,
            received_at=message.received_at,
            meter_value=message.meter_value,
        )
        for message in page.messages
    ]
    return Response(200, "application/json", Page[MeterMessageView](items=views, cursor=following))


def _fitting(messages: list[MeterMessage]) -> int:
    """How many of the messages fit an answer as CSV, which is ten times as long as a short sample; at least one."""
    left = _LONGEST_CSV
    for number, message in enumerate(messages):
        left -= len(json.dumps(to_csv(_COLUMNS, _rows(message))))
        if left < 0:
            return max(number, 1)
    return len(messages)


def _rows(message: MeterMessage) -> Iterator[dict[str, Any]]:
    """One row per sampled value. The payload is the station's own and was not refused whatever it looks like."""
    for value in _objects(message.meter_value):
        for sample in _objects(value.get("sampledValue")):
            row = {"value": _text(sample.get("value"))}
            row |= {name: _text(sample.get(name)) or default for name, default in _DEFAULTS.items()}
            if not str(row["measurand"]).startswith("Energy."):
                row["unit"] = _text(sample.get("unit"))
            yield {
                "connectorId": message.connector_id,
                "timestamp": _text(value.get("timestamp")),
                "receivedAt": format_timestamp(message.received_at),
                **row,
            }


def _objects(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return None if value is None else str(value)
