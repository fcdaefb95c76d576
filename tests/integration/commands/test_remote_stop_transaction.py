"""RemoteStopTransaction: the answer stops nothing, StopTransaction does (TC_012, TC_028)."""

import pytest

from csms.calls import CallRefused
from csms.ids import ChargePointId, TransactionId
from csms.runtime import Runtime
from csms.store.calls import CallState
from csms.store.links import Registration
from tests.called_station import CalledStation

CP001 = ChargePointId("CP001")


@pytest.mark.parametrize(("status", "state"), [("Accepted", CallState.ACCEPTED), ("Rejected", CallState.REJECTED)])
def test_the_transaction_stays_open_whatever_the_answer(
    csms: Runtime, called: CalledStation, status: str, state: CallState
) -> None:
    number = called.start()["transactionId"]
    call = called.is_called("RemoteStopTransaction", {"transactionId": number})
    assert called.posted[-1][3] == {"transactionId": number}
    called.reply({"status": status})
    assert called.stored(call).state is state
    transaction = csms.store.transactions.get(CP001, TransactionId(number))
    assert transaction is not None
    assert transaction.is_open


def test_an_unknown_transaction_is_refused_unless_forced(called: CalledStation) -> None:
    with pytest.raises(CallRefused, match="transactionId 4711: the charge point has no such transaction"):
        called.is_called("RemoteStopTransaction", {"transactionId": 4711})
    called.is_called("RemoteStopTransaction", {"transactionId": 4711}, is_forced=True)
    assert called.posted[-1][3] == {"transactionId": 4711}


def test_a_stopped_transaction_is_refused(called: CalledStation) -> None:
    number = called.start()["transactionId"]
    called.stop(number)
    with pytest.raises(CallRefused, match="has ended"):
        called.is_called("RemoteStopTransaction", {"transactionId": number})


def test_one_that_a_later_start_superseded_may_still_run_at_the_station(called: CalledStation) -> None:
    number = called.start()["transactionId"]
    called.start(idTag="TAG2", meterStart=9000)
    called.is_called("RemoteStopTransaction", {"transactionId": number})
    assert called.posted[-1][3] == {"transactionId": number}


def test_one_that_stops_while_the_call_waits_fails_the_call(called: CalledStation) -> None:
    number = called.start()["transactionId"]
    called.is_called("ClearCache")
    waiting = called.is_called("RemoteStopTransaction", {"transactionId": number})
    called.stop(number)
    called.reply({"status": "Accepted"})
    assert called.stored(waiting).state is CallState.FAILED
    assert "has ended" in str(called.stored(waiting).status)
    assert len(called.posted) == 1


def test_a_pending_station_is_not_told_to_stop(csms: Runtime, called: CalledStation) -> None:
    number = called.start()["transactionId"]
    csms.store.links.set_registration(CP001, Registration.PENDING)
    with pytest.raises(CallRefused, match="pending"):
        called.is_called("RemoteStopTransaction", {"transactionId": number})
