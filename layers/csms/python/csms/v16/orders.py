"""Ordering a command in an operator's own words: what they left out is filled in, the rest goes out verbatim."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from csms.calls import CallEngine, Order
from csms.files import Files
from csms.ocpp.json_types import JsonObject
from csms.settings import Settings
from csms.store import Store
from csms.store.calls import Call
from csms.store.links import Link
from csms.v16.operations import Situation, operations


@dataclass(frozen=True)
class Command:
    """What an operator wants of a charge point. `body` is the payload as far as they say it."""

    action: str
    body: JsonObject
    requested_by: str
    is_forced: bool = False
    lifetime: timedelta | None = None
    idempotency_key: str | None = None
    bulk_id: str | None = None
    context: JsonObject | None = None
    """What whoever orders it wants to be known when the answer comes, beside what the action wants."""


class Commands:
    """Makes calls of commands."""

    def __init__(self, settings: Settings, store: Store, files: Callable[[], Files], engine: CallEngine) -> None:
        self._settings = settings
        self._store = store
        self._files = files
        self._engine = engine

    def place(self, link: Link, command: Command, now: datetime) -> Call:
        """Complete, check and place. The link has just been read, strongly consistent.

        A repetition of the idempotency key gets the call that the first one became.

        Raises:
            pydantic.ValidationError: the payload does not satisfy the schema.
            CallRefused: a rule stands against it.
            NotConnected: the charge point is offline and the command is meant for now.
            WaitingListFull: too many calls wait already.
            LookupError: the charge point is gone.
        """
        order = Order(
            link.charge_point_id,
            command.action,
            command.body,
            command.requested_by,
            is_forced=command.is_forced,
            lifetime=command.lifetime,
            idempotency_key=command.idempotency_key,
            bulk_id=command.bulk_id,
            words=command.body,
        )
        if earlier := self._engine.repeated(order):
            return earlier
        situation = Situation(
            charge_point_id=link.charge_point_id,
            link=link,
            store=self._store,
            settings=self._settings,
            now=now,
            is_forced=command.is_forced,
            files=self._files,
        )
        prepared = operations()[command.action].prepare(command.body, situation)
        context = {**(command.context or {}), **(prepared.context or {})} or None
        return self._engine.place(replace(order, payload=prepared.payload, context=context), link)
