"""What the record of a charge point's profiles says after each thing that happens to a call: pure [S 5.5, 5.16.3].

Before a call goes out its profile is entered as one that may be there, and what it would replace or clear as in doubt.
So there is no moment at which the charge point may follow a profile that is not on record, whatever dies or gets lost.
Every function gives the rows that change.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeAlias

from csms.ids import CallId
from csms.store.charging_profiles import InstalledProfile, ProfileState

MOST_EARLIER: Final = 10
"""So many profiles in question under one id are kept; where there are as many, there may have been more."""
_MOST_DOUBTS: Final = 10
_Rows: TypeAlias = Sequence[InstalledProfile]
_Test: TypeAlias = Callable[[InstalledProfile], bool]


def sent(rows: _Rows, new: InstalledProfile) -> Iterator[InstalledProfile]:
    """When a profile goes out: it may be there from now on, in the place of others or not."""
    earlier: list[InstalledProfile] = []
    for row in rows:
        if row.id == new.id:
            earlier = [one for one in row.versions if one.call_id != new.call_id]
        else:
            yield from _doubted(row, lambda one: _is_in_place_of(new, one), new.call_id, new.as_of)
    yield row_of([replace(new, is_acknowledged=False), *earlier[:MOST_EARLIER]], new.as_of)


def taken(rows: _Rows, new: InstalledProfile) -> Iterator[InstalledProfile]:
    """When the charge point has accepted a profile: what it replaces is gone."""
    for row in rows:
        if row.id != new.id:
            yield from _ended(row, lambda one: _is_in_place_of(new, one), ProfileState.REPLACED, new.call_id, new.as_of)
    yield row_of([new], new.as_of)


def awaited(rows: _Rows, new: InstalledProfile) -> Iterator[InstalledProfile]:
    """When a profile goes out, or is accepted, for a transaction that is to come: until then, all else stays."""
    earlier = [one for row in rows if row.id == new.id for one in row.versions if one.call_id != new.call_id]
    stay = [_with_doubt(one, new.call_id) for one in earlier if one.id_tag is None]
    yield row_of([new, *stay[:MOST_EARLIER]], new.as_of)


def refused(rows: _Rows, call_id: CallId, as_of: datetime) -> Iterator[InstalledProfile]:
    """When a call has changed nothing. A row that is left with nothing is `ENDED` and may be forgotten."""
    for row in rows:
        versions = [one for one in row.versions if one.is_acknowledged or one.call_id != call_id]
        left = [replace(one, doubts=tuple(filter(call_id.__ne__, one.doubts))) for one in versions]
        if left != list(row.versions):
            yield row_of(left, as_of) if left else replace(row, state=ProfileState.ENDED)


def clearing(rows: _Rows, fits: _Test, call_id: CallId, as_of: datetime) -> Iterator[InstalledProfile]:
    """When profiles are told to go: what fits may be gone from now on."""
    for row in rows:
        yield from _doubted(row, fits, call_id, as_of)


def cleared(rows: _Rows, fits: _Test, call_id: CallId, as_of: datetime) -> Iterator[InstalledProfile]:
    """When what fits is gone."""
    for row in rows:
        yield from _ended(row, fits, ProfileState.CLEARED, call_id, as_of)


def without(row: InstalledProfile, is_gone: _Test) -> list[InstalledProfile]:
    """The versions of a row that are left; what one that is gone may have replaced stays in doubt."""
    left: list[InstalledProfile] = []
    doubts: tuple[CallId, ...] = ()
    for one in row.versions:
        if is_gone(one):
            doubts += (one.call_id,)
        else:
            left.append(replace(one, doubts=one.doubts + doubts))
    return left


def row_of(versions: Sequence[InstalledProfile], as_of: datetime) -> InstalledProfile:
    """A row with these versions, the newest first."""
    head, *earlier = [
        replace(one, state=_state_of(one), sent_at=one.sent_at or one.as_of, earlier=()) for one in versions
    ]
    return replace(head, as_of=as_of, earlier=tuple(earlier))


def _state_of(one: InstalledProfile) -> ProfileState:
    return ProfileState.INSTALLED if one.is_acknowledged and not one.doubts else ProfileState.UNKNOWN


def _doubted(row: InstalledProfile, fits: _Test, call_id: CallId, as_of: datetime) -> Iterator[InstalledProfile]:
    versions = [_with_doubt(one, call_id) if fits(one) else one for one in row.versions]
    if versions != list(row.versions):
        yield row_of(versions, as_of)


def _with_doubt(one: InstalledProfile, call_id: CallId) -> InstalledProfile:
    """With too many to keep, its acknowledgement counts no more."""
    if call_id in one.doubts:
        return one
    if len(one.doubts) == _MOST_DOUBTS:
        return replace(one, is_acknowledged=False)
    return replace(one, doubts=(*one.doubts, call_id))


def _ended(
    row: InstalledProfile, is_gone: _Test, state: ProfileState, call_id: CallId, as_of: datetime
) -> Iterator[InstalledProfile]:
    left = without(row, is_gone)
    if len(left) == len(row.versions):
        return
    gone = replace(row, state=state, call_id=call_id, as_of=as_of, earlier=(), doubts=())
    yield row_of(left, as_of) if left else gone


def _is_in_place_of(new: InstalledProfile, one: InstalledProfile) -> bool:
    """The same purpose and level on the same connector [S 5.16.3]."""
    return (new.connector_id, new.purpose, new.stack_level) == (one.connector_id, one.purpose, one.stack_level)
