"""Identifiers that are strings or numbers on the wire and must not be mixed up here."""

from typing import NewType

ChargePointId = NewType("ChargePointId", str)
ConnectionId = NewType("ConnectionId", str)
TransactionId = NewType("TransactionId", int)
