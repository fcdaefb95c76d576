"""Agreements with vendors for DataTransfer: one module per vendor here, its functions entered by `understands`.

@understands("com.example", "Tariff")
def tariff(data: object, exchange: Exchange) -> tuple[DataTransferStatus, str | None]: ...
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from csms.v16.exchange import Exchange
from csms.v16.types import DataTransferStatus

Understand = Callable[[Any, Exchange], tuple[DataTransferStatus, str | None]]

_vendors: dict[str, dict[str | None, Understand]] = {}


def understands(vendor_id: str, message_id: str | None = None) -> Callable[[Understand], Understand]:
    """Register the decorated function for a vendor's message; a message id of None is a transfer without one.

    Raises:
        ValueError: there is a function for it already.
    """

    def register(understand: Understand) -> Understand:
        messages = _vendors.setdefault(vendor_id, {})
        if message_id in messages:
            raise ValueError(f"{vendor_id} {message_id} is understood by {messages[message_id].__module__} already")
        messages[message_id] = understand
        return understand

    return register


@cache
def vendor_messages() -> Mapping[str, Mapping[str | None, Understand]]:
    """Every agreement, by vendor id and message id."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return MappingProxyType(_vendors)
