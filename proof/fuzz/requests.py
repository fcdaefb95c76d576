"""What clients of the operator API send: what the API's own description allows, and what it does not."""

import json
import re
from datetime import timedelta
from random import Random
from typing import Any, Final
from urllib.parse import quote, urlencode

from csms.api.routing import Endpoint, all_endpoints
from csms.runtime import Runtime
from proof.fuzz.noise import NASTY, Noise
from proof.fuzz.world import FUZZED, VICTIM, Escape, World
from tests.integration.files.library import uploaded
from tests.lambda_operator import Answer, LambdaOperator, claims_of
from tests.schemas import schema

_JSON: Final = "application/json"
_TYPES: Final = (_JSON, f"{_JSON}; charset=utf-8", "text/csv", "text/plain", "", "multipart/form-data")
_GROUPS: Final = ("", "read", "nobody", "operate", "Admin", "admin")
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW", "get")
_NAMED_BY: Final = {
    "/sites": "site",
    "/charging-plans": "plan",
    "/firmware": "image",
    "/commands": "bulk",
    "/orphans": "orphan",
}
"""The parameter for what a collection holds; calls and transactions are found by their own fields."""
_LINK: Final = re.compile(r"/[fu]/([^\s\"]+)")
_ENDPOINTS: Final = all_endpoints()


class Requests(World):
    """Somebody with a token, mostly of an administrator, asks for everything."""

    family = "requests"
    _description: dict[str, Any] | None = None

    def __init__(self, csms: Runtime, random: Random) -> None:
        super().__init__(csms, random)
        self._seen = 0
        self._ids: dict[str, list[str]] = {
            "identity": [VICTIM, FUZZED],
            "tag": ["TAG1", "TAG2"],
            "vendor": ["Acme"],
            "model": ["One"],
        }
        self._bodies = Noise(
            random,
            self.noise.known
            | {
                "id": lambda: ("CP003", "CP004"),
                "siteId": lambda: self._ids.get("site", ()),
                "chargePointId": lambda: (VICTIM, FUZZED, "CP003"),
                "chargePointIds": lambda: (VICTIM, FUZZED, "CP003"),
                "transactionId": lambda: [int(text) for text in self._ids.get("transaction", ())],
                "action": lambda: ("Reset", "ClearCache", "Nonsense"),
                "start": self._moments,
                "end": self._moments,
                "sha256": lambda: ("0" * 64,),
                "location": lambda: ("ftp://files.example.com/x",),
                "maximumA": lambda: (16, 32, 100),
                "safeLimitA": lambda: (6, 8),
            },
        )
        if Requests._description is None:
            Requests._description = LambdaOperator(claims_of("admin"), now=self.station.now).get("/openapi.json").json
        self._api: dict[str, Any] = Requests._description
        self._furnish(LambdaOperator(claims_of("admin"), now=self.station.now))

    def _furnish(self, admin: LambdaOperator) -> None:
        """Something of everything there is."""
        self.station.result("BootNotification", {"chargePointVendor": "Acme", "chargePointModel": "One"})
        self.station.start(idTag="TAG2")
        self.station.stop(7)
        self.station.wait(seconds=60)
        self.run_wakes()
        (site,) = self._asked(admin, "/sites", {"name": "x", "maximumA": 100, "safeLimitA": 6})
        for identity in (VICTIM, FUZZED):
            assert admin.put(f"/sites/{site}/charge-points/{identity}", {"maximumA": 32}).status == 200
        start, end = self._moments()[1:3]
        plan = {"siteId": site, "name": "x", "periods": [{"start": start, "end": end, "limitA": 50}]}
        self._asked(admin, "/charging-plans", plan)
        self._remember("image", uploaded(admin)["id"])
        self._asked(admin, "/commands", {"chargePointIds": [FUZZED], "action": "ClearCache", "payload": {}})
        self._asked(admin, f"/charge-points/{FUZZED}/commands/GetDiagnostics", {})
        self._asked(admin, f"/charge-points/{FUZZED}/commands/UpdateFirmware", {})
        for path in ("/orphans", "/transactions"):
            self._learn(path, admin.get(path))

    def _asked(self, admin: LambdaOperator, path: str, body: dict[str, Any]) -> list[str]:
        answer = admin.post(path, body)
        assert answer.status < 300, answer.text
        self._learn(path, answer)
        return self._ids.get(_NAMED_BY.get(path, ""), [])

    def _moments(self) -> list[str]:
        return [f"{self.station.now + timedelta(minutes=later):%Y-%m-%dT%H:%M:%SZ}" for later in (-15, 0, 15, 30, 600)]

    def run(self) -> None:
        self.station.wait(seconds=self.random.choice((0, 0.1, 1, 61)))
        endpoint = self.random.choice(_ENDPOINTS)
        groups = "admin" if self.noise.chance(0.9) else self.random.choice(_GROUPS)
        claims = claims_of(groups) if self.noise.chance(0.95) else None
        operator = LambdaOperator(claims, now=self.station.now, decodes_path=self.noise.chance(0.95))
        method = endpoint.method if self.noise.chance(0.97) else self.random.choice(_METHODS)
        asked: dict[str, Any] = {"query": self._query(endpoint), "body": self._body(endpoint)}
        if asked["body"] is not None and self.noise.chance(0.1):
            asked["headers"] = {"content-type": self.random.choice(_TYPES)}
        if self.noise.chance(0.1):
            asked["headers"] = asked.get("headers", {}) | {"idempotency-key": str(self._some())[:300]}
        path = self._path(endpoint)
        self.said.append(f"{groups}: {method} {path} {asked}")
        answer = operator.send(method, path, **asked)
        if answer.status >= 500:
            raise Escape(f"{answer.status} {answer.text}")
        if claims is None and endpoint.scope is not None and answer.status < 400:
            raise Escape(f"{answer.status} without a token")
        self._learn(endpoint.path, answer)
        if self.noise.chance(0.3):
            self._live()

    def _live(self) -> None:
        """The charge points go on, as far as they were not removed: they answer what they are asked."""
        for station in (self.victim, self.station):
            station.now = self.station.now
            said = station.send('[2,"m","Heartbeat",{}]') or ""
            if "InternalError" in said:
                raise Escape(said)
            for frame in station.calls_received(self._seen):
                station.send(json.dumps([3, frame[1], self.noise.sample(schema(f"{frame[2]}Response"))]))
        self._learn("", None)
        self._seen = len(self.posted)
        self.run_wakes()

    def _path(self, endpoint: Endpoint) -> str:
        safe = self.random.choice(("", "/"))
        return re.sub(r"<(\w+)>", lambda found: quote(self._named(found[1]), safe=safe), endpoint.path)

    def _named(self, parameter: str) -> str:
        """What such a thing may be called."""
        if self.noise.chance(0.9) and (ids := self._ids.get(parameter)):
            return self.random.choice(ids)
        return str(self._some())

    def _some(self) -> Any:
        """What no thing is called, and names of things of other kinds."""
        if self.noise.chance(0.3):
            return self.random.choice([name for names in self._ids.values() for name in names])
        text = self.random.choice([each for each in NASTY if isinstance(each, str) and each])
        return text[:7000].encode(errors="replace").decode()

    def _described(self, endpoint: Endpoint) -> dict[str, Any]:
        path = re.sub(r"<(\w+)>", r"{\1}", endpoint.path)
        found: dict[str, Any] = self._api["paths"].get(path, {}).get(endpoint.method.lower(), {})
        return found

    def _query(self, endpoint: Endpoint) -> str:
        values = {}
        for parameter in self._described(endpoint).get("parameters", ()):
            if parameter["in"] == "query" and self.noise.chance(0.4 + parameter.get("required", False) / 2):
                value = self._bodies.sample(parameter["schema"], self._api, parameter["name"])
                value = self.noise.mutated([value]) if self.noise.chance(0.2) else [value]
                values[parameter["name"]] = value[0] if isinstance(value, list) and value else value
        return urlencode(values, errors="replace", encoding="utf-8")[:8000]

    def _body(self, endpoint: Endpoint) -> str | None:
        content = self._described(endpoint).get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            return None if self.noise.chance(0.8) else json.dumps(self.random.choice(NASTY))
        body = self._bodies.sample(content["application/json"]["schema"], self._api)
        for _ in range(self.random.choice((0, 0, 1, 1, 2))):
            body = self.noise.mutated(body)
        text = self.noise.written(body).encode(errors="replace").decode()
        return self.noise.garbled(text).encode(errors="replace").decode() if self.noise.chance(0.05) else text

    def _learn(self, path: str, answer: Answer | None) -> None:
        """Remember the ids of what there is now."""
        self._remember("link", *(link for _, text in self.posted[self._seen :] for link in _LINK.findall(text)))
        if answer is None or answer.status >= 300 or "json" not in answer.headers.get("content-type", ""):
            return
        found = answer.json
        for thing in [found, *found.get("items", [])] if isinstance(found, dict) else []:
            if "/commands/" in path or "orphan" in path or path in _NAMED_BY:
                kind = _NAMED_BY.get(path, "command")
                self._remember(kind, *([thing["id"]] if "id" in thing else []))
            if thing.get("transactionId"):
                self._remember("transaction", str(thing["transactionId"]))

    def _remember(self, kind: str, *names: str) -> None:
        known = self._ids.setdefault(kind, [])
        known += [name for name in names if name not in known]
        del known[:-10]
        self._ids["call"] = self._ids.get("command", [])
