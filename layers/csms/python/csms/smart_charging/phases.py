"""To which phases of the grid connection a connector's own are wired (ConnectorPhaseRotation [S 9.1.8]).

`STR` says: its L1 is fed by S (the connection's L2), its L2 by T, its L3 by R. The key lists connectors (1.RST, 2.STR);
its entry 0 says how the charge point's main meter is wired to the connection, and the connectors to that.
"""

from typing import Final

ALL: Final = (0, 1, 2)
_PHASES: Final = {"R": 0, "S": 1, "T": 2}
_ROTATIONS: Final = {
    rotation: tuple(_PHASES[letter] for letter in rotation) for rotation in ("RST", "RTS", "SRT", "STR", "TRS", "TSR")
}
_MAIN_METER: Final = 0


def site_phases(phases: int, connector_id: int, rotation: str | None) -> tuple[int, ...]:
    """The phases of the site that a connector may draw on: all three unless its wiring is known.

    Args:
        phases: on how many it draws, 1 to 3; a vehicle uses the first of them.
        connector_id: whose entry to look for.
        rotation: the value of ConnectorPhaseRotation, or one rotation for all connectors (`RST`). None, Unknown,
            NotApplicable and what cannot be read: not known.
    """
    wired = _wiring(connector_id, rotation or "")
    return ALL if wired is None or phases >= len(ALL) else tuple(sorted(wired[:phases]))


def _wiring(connector_id: int, rotation: str) -> tuple[int, ...] | None:
    """The site's phase of each phase of a connector."""
    if rotation.strip() in _ROTATIONS:
        return _ROTATIONS[rotation.strip()]
    entries = dict(entry.strip().split(".", 1) for entry in rotation.split(",") if "." in entry)
    own = _ROTATIONS.get(entries.get(str(connector_id), "").strip())
    main = _ROTATIONS.get(entries.get(str(_MAIN_METER), "RST").strip())
    return tuple(main[phase] for phase in own) if own and main else None
