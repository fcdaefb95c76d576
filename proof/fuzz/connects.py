"""What opens a connection: names, sub-protocols, credentials and headers of every kind."""

import base64
from collections.abc import Sequence
from random import Random
from typing import Any, Final

import connect.handler
import disconnect.handler
from csms import edge
from csms.credentials import hash_secret
from csms.ids import ChargePointId, ConnectionId
from csms.runtime import Runtime
from csms.store.charge_points import ChargePoint, SecurityProfile
from csms.store.links import Registration
from proof.fuzz.noise import NASTY
from proof.fuzz.world import FUZZED, VICTIM, Escape, World
from tests.lambda_station import NOON, event

_PASSWORD: Final = b"0123456789abcdef"
_GUARDED: Final = "GUARDED"
_CERTIFIED: Final = "CERTIFIED"
_STATUSES: Final = frozenset({200, 400, 401, 403, 404, 503})
_NAMES: Final = (VICTIM, FUZZED, _GUARDED, _CERTIFIED, "guarded", "NEW", "new/1", "a b", "x" * 48, "x" * 49, "%00", "+")
_HEADERS: Final = (edge.EDGE_HEADER, edge.PROOF_HEADER, edge.ADDRESS_HEADER, edge.SUBJECT_HEADER)


class Connects(World):
    """Anybody tries to connect as anybody; nobody knows the password, and no distribution vouches for anybody."""

    family = "connects"

    def __init__(self, csms: Runtime, random: Random) -> None:
        super().__init__(csms, random)
        for name, profile in ((_GUARDED, SecurityProfile.BASIC), (_CERTIFIED, SecurityProfile.CLIENT_CERTIFICATE)):
            guarded = ChargePoint(
                id=ChargePointId(name),
                security_profile=profile,
                created_at=NOON,
                secrets=(hash_secret(_PASSWORD),),
            )
            csms.store.links.create(guarded.id, Registration.ACCEPTED)
            csms.store.charge_points.create(guarded)
        self._knows_password = False

    def run(self) -> None:
        self.station.wait(seconds=self.random.choice((0, 0.1, 5, 61)))
        self.station.connection_id = f"connection-of-{self.random.randrange(10**9)}"
        self.station.connected_at = self.station.now
        opened = self._handshake()
        first = len(self.table.written)
        self.said.append(f"connect {opened.get('queryStringParameters')} {opened.get('headers')}")
        answer = connect.handler.lambda_handler(opened, None)
        self._check(opened, answer)
        for key in self.table.written[first:]:
            if "#" in key.partition.partition("#")[2] and key.partition.startswith(("CP#", "IDENTITY#", "SESSION#")):
                raise Escape(f"written to {key}")
        if answer["statusCode"] == 200:
            self._speak()

    def _handshake(self) -> dict[str, Any]:
        opened = self.station._in_context(event("connect"))
        name = self._text(_NAMES)
        opened["queryStringParameters"] = self.random.choice(({"cp": name}, {"cp": name}, {"cp": name}, {}, None))
        headers = {
            "Host": "x",
            "Sec-WebSocket-Protocol": self._text(
                ("ocpp1.6", "ocpp1.6", "ocpp2.0.1,ocpp1.6", " ocpp1.6 , x", "ocpp1.5")
            ),
            "User-Agent": self._text(("station/1.0",)),
            "Authorization": self._authorization(name),
        }
        headers |= {header: self._text(("wss", "ws", "mtls", "CN=CERTIFIED", "10.0.0.1")) for header in _HEADERS}
        kept = {self._cased(header): value for header, value in headers.items() if self.noise.chance(0.6)}
        opened["headers"] = None if self.noise.chance(0.01) else kept
        if self.noise.chance(0.05):
            opened["requestContext"].pop("identity")
        return opened

    def _authorization(self, name: str) -> str:
        self._knows_password = self.noise.chance(0.1)
        password = _PASSWORD if self._knows_password else self.noise.octets()
        user = self.random.choice((name, self._text(_NAMES)))
        token = base64.b64encode(user.encode(errors="replace") + b":" + password).decode()
        right = f"{self.random.choice(('Basic', 'basic', 'Bearer'))} {token}"
        return right if self._knows_password or self.noise.chance(0.6) else self.noise.garbled(right)

    def _text(self, usual: Sequence[str]) -> str:
        """As a header or a parameter can be."""
        text = self.random.choice(usual)
        if self.noise.chance(0.2):
            text = self.noise.garbled(text)
        elif self.noise.chance(0.1):
            text = str(self.random.choice(NASTY))[:4000]
        return text.encode("utf-8", "replace").decode()

    def _cased(self, header: str) -> str:
        return self.random.choice((header, header.lower(), header.upper()))

    def _check(self, opened: dict[str, Any], answer: dict[str, Any]) -> None:
        status, headers = answer["statusCode"], answer.get("headers", {})
        if status not in _STATUSES or not answer.keys() <= {"statusCode", "headers"}:
            raise Escape(f"answered with {answer}")
        if status != 200:
            return
        offered = [value for name, value in opened["headers"].items() if name.lower() == "sec-websocket-protocol"]
        if headers != {"Sec-WebSocket-Protocol": "ocpp1.6"} or "ocpp1.6" not in offered[0]:
            raise Escape(f"let in with {headers}")
        session = self.csms.store.sessions.get(ConnectionId(self.station.connection_id))
        if session is None or session.charge_point_id == _CERTIFIED:
            raise Escape("let in without a certificate")
        if session.charge_point_id == _GUARDED and not self._knows_password:
            raise Escape("let in without the password")

    def _speak(self) -> None:
        """Who was let in is answered, and may leave."""
        self.station.result("Heartbeat", {})
        if self.noise.chance(0.5):
            disconnect.handler.lambda_handler(self.station._in_context(event("disconnect")), None)
