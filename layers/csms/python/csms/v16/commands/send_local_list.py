"""SendLocalList [S 5.15]: replace or change the list by which a station authorizes while it is offline."""

from typing import Literal

from csms.authorization import AuthorizationStatus
from csms.calls import CallRefused
from csms.ocpp.json_types import JsonObject
from csms.ocpp.primitives import GivenTimestamp
from csms.store.calls import CallState
from csms.store.local_lists import Entries, LocalList
from csms.v16.local_list import UpdateType, merged, repeated_tags
from csms.v16.local_list_sync import go_on, limits_of, longest_list
from csms.v16.operations import CommandRequest, CommandResponse, Operation, Prepared, Settled, Situation
from csms.v16.types import IdToken20, Integer32


class GivenIdTagInfo(CommandRequest):
    """What a tag is worth [S 7.27], as it is sent."""

    expiry_date: GivenTimestamp | None = None
    parent_id_tag: IdToken20 | None = None
    status: AuthorizationStatus


class AuthorizationData(CommandRequest):
    """An entry [S 7.1]; in a Differential one without idTagInfo is removed."""

    id_tag: IdToken20
    id_tag_info: GivenIdTagInfo | None = None


class SendLocalListRequest(CommandRequest):
    """SendLocalList.req [S 6.43]. A Full without entries clears the list."""

    list_version: Integer32
    local_authorization_list: list[AuthorizationData] | None = None
    update_type: UpdateType


class SendLocalListResponse(CommandResponse):
    """SendLocalList.conf [S 6.44]: Accepted, Failed, NotSupported or VersionMismatch."""

    status: Literal["Accepted", "Failed", "NotSupported", "VersionMismatch"]


SEND_LOCAL_LIST = Operation("SendLocalList", SendLocalListRequest, SendLocalListResponse, fills=("listVersion",))


@SEND_LOCAL_LIST.prepares
def fill_in(body: JsonObject, situation: Situation) -> Prepared:
    """The next version, where none is given."""
    if "listVersion" in body:
        return Prepared(body)
    known = situation.store.local_lists.get(situation.charge_point_id)
    return Prepared({"listVersion": known.next_version, **body})


@SEND_LOCAL_LIST.checks
def check(request: SendLocalListRequest, situation: Situation) -> None:
    """A list the station can take: its version, its entries, its length."""
    entries = request.local_authorization_list or []
    if request.list_version <= 0:
        raise CallRefused(f"listVersion {request.list_version}: must be greater than 0 [ER 3.52]")
    if repeated := repeated_tags(entry.id_tag for entry in entries):
        raise CallRefused(f"localAuthorizationList: {repeated[0]} is there twice [S 5.15]")
    if request.update_type is UpdateType.FULL and any(entry.id_tag_info is None for entry in entries):
        raise CallRefused("localAuthorizationList: in a Full every entry has idTagInfo [S 7.1]")
    most = limits_of(situation.store, situation.charge_point_id).entries
    if most is not None and len(entries) > most:
        raise CallRefused(f"localAuthorizationList: {len(entries)} entries, at most {most} (SendLocalListMaxLength)")
    _check_against_what_it_holds(request, situation)


@SEND_LOCAL_LIST.applies
def record_list(
    request: SendLocalListRequest,
    response: SendLocalListResponse | None,  # noqa: ARG001
    settled: Settled,
) -> None:
    """Note what the station holds now, and go on with the synchronisation the list was sent for."""
    call, lists = settled.call, settled.store.local_lists
    known = lists.get(call.charge_point_id)
    is_full = request.update_type is UpdateType.FULL
    if settled.is_accepted:
        entries = _held_after(call.payload, known, is_full=is_full)
        lists.acknowledge(call, known, request.list_version, entries, is_full=is_full)
    elif settled.is_not_supported or (call.state, call.status) == (CallState.REJECTED, "NotSupported"):
        lists.is_not_supported(call)
    elif settled.was_answered or settled.is_unclear:
        may_hold_it = settled.is_unclear and (is_full or known.is_as_acknowledged)
        lists.fail(call, known, request.list_version, may_hold_it=may_hold_it)
    go_on(settled)


def _check_against_what_it_holds(request: SendLocalListRequest, situation: Situation) -> None:
    known = situation.store.local_lists.get(situation.charge_point_id)
    is_full = request.update_type is UpdateType.FULL
    if not is_full and known.version is not None and request.list_version <= known.version:
        raise CallRefused(
            f"listVersion {request.list_version}: the charge point holds {known.version}, a Differential must exceed it"
        )
    held = _held_after(request.write(), known, is_full=is_full)
    most = longest_list(situation.store, situation.charge_point_id)
    if held is not None and most is not None and len(held) > most:
        raise CallRefused(f"localAuthorizationList: it would hold {len(held)}, at most {most} (LocalAuthListMaxLength)")


def _held_after(payload: JsonObject, known: LocalList, *, is_full: bool) -> Entries | None:
    """What the station holds once it has taken the list; None where it is unknown what it held."""
    entries = tuple(payload.get("localAuthorizationList", ()))
    if is_full:
        return merged((), entries)
    return merged(known.entries, entries) if known.entries is not None and known.is_as_acknowledged else None
