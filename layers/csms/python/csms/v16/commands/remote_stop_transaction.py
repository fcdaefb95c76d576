"""RemoteStopTransaction [S 5.12]: stop a transaction; the StopTransaction that follows is what ends it."""

from typing import Literal

from csms.calls import CallRefused
from csms.ids import TransactionId
from csms.store.transactions import TransactionState
from csms.v16.operations import CommandRequest, CommandResponse, Operation, Situation
from csms.v16.types import Integer32


class RemoteStopTransactionRequest(CommandRequest):
    """RemoteStopTransaction.req [S 6.35]."""

    transaction_id: Integer32


class RemoteStopTransactionResponse(CommandResponse):
    """RemoteStopTransaction.conf [S 6.36]: Accepted or Rejected."""

    status: Literal["Accepted", "Rejected"]


REMOTE_STOP_TRANSACTION = Operation(
    "RemoteStopTransaction", RemoteStopTransactionRequest, RemoteStopTransactionResponse, is_immediate=True
)


@REMOTE_STOP_TRANSACTION.checks
def check(request: RemoteStopTransactionRequest, situation: Situation) -> None:
    """Only what the station itself has not stopped: one superseded or closed by hand may still be running there."""
    transaction_id = TransactionId(request.transaction_id)
    found = situation.store.transactions.get(situation.charge_point_id, transaction_id)
    if found is None:
        raise CallRefused(f"transactionId {transaction_id}: the charge point has no such transaction")
    if found.state is TransactionState.STOPPED:
        raise CallRefused(f"transactionId {transaction_id}: the transaction has ended")
