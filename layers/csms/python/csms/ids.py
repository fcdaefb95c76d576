"""Identifiers that are strings or numbers on the wire and must not be mixed up here."""

from typing import NewType

ChargePointId = NewType("ChargePointId", str)
ConnectionId = NewType("ConnectionId", str)
TransactionId = NewType("TransactionId", int)
ReservationId = NewType("ReservationId", int)
"""Unique per charge point; a second reservation of the same id replaces the first [S 5.13]."""
CallId = NewType("CallId", str)
"""The message id of a call of ours, time-ordered, at most 36 characters [J 4.1.4]."""
SiteId = NewType("SiteId", str)
PlanId = NewType("PlanId", str)
"""A charging plan; short enough to begin the name of an execution of Step Functions."""
