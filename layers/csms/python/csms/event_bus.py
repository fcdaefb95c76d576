"""The event bus: EventBridge, where partners' rules pick what concerns them."""

import json
from collections.abc import Sequence
from typing import Any, Final

from csms.event_queue import News

SOURCE: Final = "csms"
"""Of every event."""


class EventBus:
    """Publishes events, ten at once, as many as EventBridge takes."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def publish(self, news: Sequence[News]) -> list[bool]:
        """Put them on the bus; which of them it has taken."""
        answer = self._client.put_events(Entries=[self._entry(each) for each in news])
        return ["ErrorCode" not in entry for entry in answer["Entries"]]

    def _entry(self, news: News) -> dict[str, Any]:
        return {
            "EventBusName": self._name,
            "Source": SOURCE,
            "DetailType": news.detail_type,
            "Time": news.occurred_at,
            "Detail": json.dumps(news.detail, separators=(",", ":"), ensure_ascii=False),
        }
