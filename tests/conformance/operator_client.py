"""The operator's side of a case: preconditions are set and results read over the HTTP API, as an operator would."""

import hashlib
import itertools
import uuid
from typing import Any

import httpx

Json = dict[str, Any]


WAIT_S = 25
"""The longest that a command may be waited for."""


class Operator:
    """A client of the operator API."""

    def __init__(self, api: httpx.Client) -> None:
        self._api = api
        self._run = uuid.uuid4().hex[:6].upper()
        self._numbers = itertools.count(1)

    def create_charge_point(self, **fields: Any) -> str:
        """A new charge point, in quiet mode as certification wants it; returns its identity."""
        identity = f"TC-{self._run}-{next(self._numbers)}"
        self._post("/charge-points", {"id": identity, "securityProfile": 0, **fields})
        self._put(f"/charge-points/{identity}/quiet", {"quiet": True})
        return identity

    def leave_quiet_mode(self, identity: str) -> None:
        """Let the Central System call the charge point of its own accord."""
        self._put(f"/charge-points/{identity}/quiet", {"quiet": False})

    def start_plan(self, identities: list[str], maximum_a: float, safe_limit_a: float) -> Json:
        """A charging plan at a new site of these charge points that shares so many A on each phase."""
        members = [{"chargePointId": identity, "maximumA": 32} for identity in identities]
        limits = {"maximumA": maximum_a, "safeLimitA": safe_limit_a}
        site = self._post("/sites", {"name": "Site", **limits, "chargePoints": members})
        day = {"start": "00:00", "end": "24:00", "limitA": maximum_a}
        recurring = {"kind": "Recurring", "recurrency": "Daily", "periods": [day]}
        return self._post("/charging-plans", {"siteId": site["id"], "name": "Plan", **recurring})

    def stop_plan(self, plan_id: str) -> None:
        """Stop a plan; one that was stopped is left alone."""
        if self._get(f"/charging-plans/{plan_id}")["state"] == "active":
            self._post(f"/charging-plans/{plan_id}/stop", {"release": "failsafe"})

    def create_id_tag(self, status: str = "Accepted", **fields: Any) -> str:
        """A new id tag; returns it."""
        id_tag = f"TAG{self._run}{next(self._numbers)}"
        self._post("/id-tags", {"idTag": id_tag, "status": status, **fields})
        return id_tag

    def command(self, identity: str, action: str, payload: Json, *, is_forced: bool = False) -> Json:
        """Have a CALL sent; returns what became of it."""
        query = {"wait": str(WAIT_S)} | ({"force": "true"} if is_forced else {})
        return self._post(f"/charge-points/{identity}/commands/{action}", payload, **query)

    def raise_security_profile(self, identity: str, profile: int) -> Json:
        """Have a charge point told to connect with a higher profile, and restarted; returns what became of telling."""
        return self._post(f"/charge-points/{identity}/security-profile", {"securityProfile": profile}, wait=str(WAIT_S))

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

    def has_meter_values(self, identity: str, transaction_id: int) -> bool:
        """Whether there are samples of a transaction."""
        return bool(self._list(f"/transactions/{identity}/{transaction_id}/meter-values"))

    def orphans(self, identity: str) -> list[Json]:
        """The charge data of a charge point that belongs to no transaction."""
        return [orphan for orphan in self._list("/orphans") if orphan["chargePointId"] == identity]

    def reservation(self, identity: str, reservation_id: int) -> Json:
        """One reservation."""
        items = self._list(f"/charge-points/{identity}/reservations")
        return next(item for item in items if item["reservationId"] == reservation_id)

    def local_list(self, identity: str) -> Json:
        """What is known of the list that a charge point holds."""
        return self._get(f"/charge-points/{identity}/local-list")

    def composite_schedule(self, identity: str, **query: str) -> Json:
        """What the profiles of a connector come to, beside what the charge point last said."""
        return self._get(f"/charge-points/{identity}/composite-schedule", **query)

    def upload_firmware(self, content: bytes, **fields: str) -> None:
        """A new image in the library, with its content."""
        digest = hashlib.sha256(content).hexdigest()
        upload = self._post("/firmware", {"name": "image.bin", "sha256": digest, **fields})["upload"]
        httpx.put(upload["url"], content=content, headers=upload["headers"], trust_env=False).raise_for_status()

    def firmware_updates(self, identity: str) -> list[Json]:
        """The firmware updates of a charge point."""
        return self._list(f"/charge-points/{identity}/firmware-updates")

    def diagnostics(self, identity: str) -> list[Json]:
        """The diagnostics that were asked of a charge point."""
        return self._list(f"/charge-points/{identity}/diagnostics")

    def everything_about_commands(self, identity: str) -> str:
        """Whatever the API shows of the commands to a charge point, as text."""
        return str([self._list(f"/charge-points/{identity}/{what}") for what in ("commands", "messages")])

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

    def _post(self, path: str, body: Json, **query: str) -> Json:
        answer = self._api.post(path, json=body, params=query)
        assert answer.is_success, answer.text
        created: Json = answer.json()
        return created

    def _put(self, path: str, body: Json) -> None:
        answer = self._api.put(path, json=body)
        assert answer.is_success, answer.text
