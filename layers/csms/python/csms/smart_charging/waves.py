"""What to send now of what everyone should get, so that the sum never exceeds the capacity on the way: pure."""

from collections.abc import Mapping, Sequence

from csms.smart_charging.allocation import Draws
from csms.smart_charging.ledger import Ledger, less
from csms.smart_charging.situation import ConnectorKey, ManagedConnector, Situation, Target

Wanted = Mapping[ConnectorKey, tuple[int, ...]]


def decreases(
    situation: Situation,
    book: Ledger,
    managed: Sequence[ManagedConnector],
    wanted: Wanted,
    free: Sequence[Sequence[int]],
) -> tuple[Target, ...]:
    """Everyone who holds more than it should have, without those that are too small to matter.

    Args:
        free: by interval, what the managed connectors may use in all.
    """
    falling = [one for one in managed if any(map(int.__lt__, wanted[one.key], one.held_da))]
    small = {one.key for one in falling if _largest_fall(one, wanted) < situation.hysteresis_da}
    if small and _fits_without(small, situation, book, managed, wanted, free):
        falling = [one for one in falling if one.key not in small]
    return tuple(Target(one.key, tuple(map(min, wanted[one.key], one.held_da))) for one in falling)


def increases(
    situation: Situation,
    book: Ledger,
    managed: Sequence[ManagedConnector],
    wanted: Wanted,
    free: Sequence[Sequence[int]],
    decreasing: Sequence[Target],
) -> tuple[Target, ...]:
    """Those who should have more, as far as there is room beside what everyone holds; who has least comes first.

    While decreases are out, who cannot have all it should waits for them rather than being sent two profiles, unless
    it is paused and could begin.

    Args:
        free: by interval, the room beside what the managed connectors hold.
    """
    falling = {target.key for target in decreasing}
    rising = [one for one in managed if one.key not in falling and any(map(int.__gt__, wanted[one.key], one.held_da))]
    room = [list(left) for left in free]
    targets = []
    for one in sorted(rising, key=lambda one: one.held_da):
        draws, full = book.draws(one), tuple(map(max, wanted[one.key], one.held_da))
        granted = tuple(
            _granted(draws, held_da, full_da, left, situation.minimum_da)
            for held_da, full_da, left in zip(one.held_da, full, room, strict=True)
        )
        can_begin = one.held_da[0] < situation.minimum_da <= granted[0]
        if (granted == full or not falling or can_begin) and _is_worth_sending(situation, one, granted):
            _take(draws, one.held_da, granted, room)
            targets.append(Target(one.key, granted))
    return tuple(targets)


def _largest_fall(one: ManagedConnector, wanted: Wanted) -> int:
    return max(map(int.__sub__, one.held_da, wanted[one.key]))


def _fits_without(
    small: set[ConnectorKey],
    situation: Situation,
    book: Ledger,
    managed: Sequence[ManagedConnector],
    wanted: Wanted,
    free: Sequence[Sequence[int]],
) -> bool:
    """Whether there is room for every rise that is worth sending without these falls."""

    def ends_at(one: ManagedConnector) -> Sequence[int]:
        row = wanted[one.key]
        if one.key in small:
            return tuple(map(max, row, one.held_da))
        is_too_small_a_rise = all(map(int.__ge__, row, one.held_da)) and not _is_worth_sending(situation, one, row)
        return one.held_da if is_too_small_a_rise else row

    ends = book.sums((one, ends_at(one)) for one in managed)
    return all(left >= 0 for row in less(free, ends) for left in row)


def _granted(draws: Draws, held_da: int, full_da: int, left: Sequence[int], minimum_da: int) -> int:
    """As much of the rise as there is room for; never between nothing and the minimum."""
    room_da = min(left[number] // weight for number, weight in draws)
    if full_da - held_da <= room_da:
        return full_da
    partly_da = held_da + max(0, room_da)
    return partly_da if partly_da >= minimum_da else held_da


def _is_worth_sending(situation: Situation, one: ManagedConnector, granted: Sequence[int]) -> bool:
    return any(
        (held_da < situation.minimum_da <= granted_da) or granted_da - held_da >= situation.hysteresis_da
        for held_da, granted_da in zip(one.held_da, granted, strict=True)
    )


def _take(draws: Draws, held: Sequence[int], granted: Sequence[int], room: Sequence[list[int]]) -> None:
    for held_da, granted_da, left in zip(held, granted, room, strict=True):
        for number, weight in draws:
            left[number] -= weight * (granted_da - held_da)
