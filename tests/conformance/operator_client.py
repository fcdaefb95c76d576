"""The operator's side of a case: preconditions are set and results read over the HTTP API, as an operator would."""

import itertools
import uuid
from typing import Any

import httpx

Json = dict[str, Any]


class Operator:
    """A client of the operator API."""

    def __init__(self, api: httpx.Client) -> None:
        self._api = api
        self._run = uuid.uuid4().hex[:6].upper()
        self._numbers = itertools.count(1)

    def create_charge_point(self, **fields: Any) -> str:
        """A new charge point; returns its identity."""
        identity = f"TC-{self._run}-{next(self._numbers)}"
        self._post("/charge-points", {"id": identity, "securityProfile": 0, **fields})
        return identity

    def create_id_tag(self, status: str = "Accepted", **fields: Any) -> str:
        """A new id tag; returns it."""
        id_tag = f"TAG{self._run}{next(self._numbers)}"
        self._post("/id-tags", {"idTag": id_tag, "status": status, **fields})
        return id_tag

    def charge_point(self, identity: str) -> Json:
        """What is known about a charge point."""
        return self._get(f"/charge-points/{identity}")

    def connector_status(self, identity: str) -> dict[int, str]:
        """Status of every connector."""
        items = self._get(f"/charge-points/{identity}/connectors")["items"]
        return {item["connectorId"]: item["status"] for item in items}

    def connector(self, identity: str, connector_id: int) -> Json:
        """Everything about one connector."""
        items = self._get(f"/charge-points/{identity}/connectors")["items"]
        return next(item for item in items if item["connectorId"] == connector_id)

    def transactions(self, identity: str) -> list[Json]:
        """The transactions of a charge point."""
        return self._list("/transactions", chargePointId=identity)

    def transaction(self, identity: str, transaction_id: int) -> Json:
        """One transaction."""
        return self._get(f"/transactions/{identity}/{transaction_id}")

    def refused_connections(self, identity: str) -> list[Json]:
        """Attempts to connect that were turned away."""
        return [attempt for attempt in self._list("/connection-attempts") if attempt["identity"] == identity]

    def _list(self, path: str, **query: str) -> list[Json]:
        page = self._get(path, **query)
        items: list[Json] = page["items"]
        while page["cursor"] is not None:
            page = self._get(path, **query, cursor=page["cursor"])
            items += page["items"]
        return items

    def _get(self, path: str, **query: str) -> Json:
        answer = self._api.get(path, params=query)
        assert answer.is_success, answer.text
        body: Json = answer.json()
        return body

    def _post(self, path: str, body: Json) -> None:
        answer = self._api.post(path, json=body)
        assert answer.is_success, answer.text
