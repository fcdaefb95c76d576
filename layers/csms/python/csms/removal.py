"""Removing a charge point, so that the next one of its identity begins with nothing of it.

What is done is on record and stays there until its time is over: transactions, meter values and orphans, history and
message log, commands as they ended, firmware updates, diagnostics and their files. What would still be done, or be held
against somebody, goes: commands that wait, idempotency keys, configuration as it was reported and as it should be,
connectors, reservations, profiles, the local list, URLs for files.

Without its link nothing is placed, sent or settled any more, so the link goes first. The charge point itself goes last:
a removal that dies on its way is repeated.
"""

from datetime import datetime

from csms.calls import CallEngine
from csms.ids import ChargePointId
from csms.store import Store


def remove(store: Store, calls: CallEngine, charge_point_id: ChargePointId, now: datetime) -> None:
    """Remove a charge point and all that would outlive it. Safe to run again."""
    store.links.delete(charge_point_id)
    calls.abandon(charge_point_id)
    for transfer in store.file_transfers.unsettled(charge_point_id, now):
        if transfer.token_hash:
            store.file_tokens.revoke(transfer.token_hash)
        store.file_transfers.close(transfer, now)
    store.charge_points.clear(charge_point_id)
    store.charge_points.delete(charge_point_id)
