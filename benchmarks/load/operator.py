"""What an operator does to all stations at once: new firmware, from the upload of the image to the last result."""

import hashlib
import os
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import httpx

from benchmarks.load.station import NEW_FIRMWARE

IMAGE_BYTES: Final = 64 * 1024
_PAGE: Final = 100


@dataclass(frozen=True)
class Rollout:
    """New firmware for everybody: one bulk command and what became of it."""

    image: bytes
    path: str
    """Of the bulk command."""

    async def differences(self, api: httpx.AsyncClient, identities: list[str]) -> list[str]:
        """What is missing, read as an operator reads it: the bulk result, and the updates of each charge point."""
        results = [item async for item in _items(api, self.path)]
        states = Counter(item["command"]["state"] if item["command"] else item["refusal"] for item in results)
        missing = set(identities) - {item["chargePointId"] for item in results}
        updates = Counter([await _update_of(api, identity) for identity in identities])
        found = [f"{len(missing)} stations are not in the bulk result"] if missing else []
        found += [f"{count} bulk results are {state}" for state, count in states.items() if state != "accepted"]
        found += [f"{count} updates are {told}" for told, count in updates.items() if told != _COMPLETE]
        return found


_COMPLETE: Final = "completed, fetched, Downloading, Downloaded, Installing, Installed"


async def roll_out(api: httpx.AsyncClient, web: httpx.AsyncClient) -> Rollout:
    """Upload an image and tell every charge point to install it."""
    image = os.urandom(IMAGE_BYTES)
    new = {"name": "load.bin", "version": NEW_FIRMWARE, "sha256": hashlib.sha256(image).hexdigest()}
    created = (await api.post("/firmware", json=new)).raise_for_status().json()
    upload = created["upload"]
    stored = await web.request(upload["method"], upload["url"], headers=upload["headers"], content=image)
    stored.raise_for_status()
    command = {"action": "UpdateFirmware", "payload": {"location": created["location"]}, "all": True}
    started = (await api.post("/commands", json=command)).raise_for_status()
    return Rollout(image, started.headers["location"])


async def _update_of(api: httpx.AsyncClient, identity: str) -> str:
    """State and statuses of a charge point's one update."""
    updates = (await _get(api, f"/charge-points/{identity}/firmware-updates"))["items"]
    if len(updates) != 1:
        return f"{len(updates)} updates"
    (update,) = updates
    fetched = "fetched" if update["fetchedAt"] else "not fetched"
    return ", ".join((update["state"], fetched, *(told["status"] for told in update["statuses"])))


async def _get(api: httpx.AsyncClient, path: str, **query: str | int) -> Any:
    return (await api.get(path, params=query)).raise_for_status().json()


async def _items(api: httpx.AsyncClient, path: str) -> AsyncIterator[Any]:
    page = await _get(api, path, limit=_PAGE)
    while True:
        for item in page["items"]:
            yield item
        if not page["cursor"]:
            return
        page = await _get(api, path, limit=_PAGE, cursor=page["cursor"])
