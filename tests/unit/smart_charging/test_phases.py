import pytest

from csms.smart_charging.phases import ALL, site_phases


@pytest.mark.parametrize(
    ("phases", "rotation", "expected"),
    [
        (1, "RST", (0,)),
        (1, "STR", (1,)),
        (1, "TRS", (2,)),
        (2, "STR", (1, 2)),
        (2, "TRS", (0, 2)),
        (3, "TSR", ALL),
        (3, None, ALL),
        (1, "1.STR, 2.TRS", (1,)),
        (1, "0.RST,1.TSR", (2,)),
        (1, "0.STR,1.RST", (1,)),
        (1, "0.STR, 1.STR", (2,)),
        (2, " 1.RTS ", (0, 2)),
    ],
)
def test_a_vehicle_draws_on_the_first_phases_of_a_connector(
    phases: int, rotation: str | None, expected: tuple[int, ...]
) -> None:
    assert site_phases(phases, 1, rotation) == expected


@pytest.mark.parametrize(
    "rotation",
    [
        None,
        "",
        "Unknown",
        "NotApplicable",
        "1.Unknown",
        "1.NotApplicable",
        "2.RST",
        "0.Unknown,1.RST",
        "1.RRR",
        "x",
        "1.",
        ".",
    ],
)
@pytest.mark.parametrize("phases", [1, 2])
def test_where_the_wiring_is_not_known_it_may_be_any_phase(phases: int, rotation: str | None) -> None:
    assert site_phases(phases, 1, rotation) == ALL
