"""The load in small: a few stations live through every phase, and nothing is lost."""

from benchmarks.load import Scenario, measure_load
from benchmarks.load.recorder import CONNECT, DOWNLOAD
from benchmarks.load.scenario import FIRMWARE, MIDNIGHT, RAMP, STEADY, STORM
from benchmarks.load_section import section_of

SMALL = Scenario(
    stations=4,
    steady_s=2,
    ramp_s=0.3,
    back_off_s=0.3,
    midnight_s=0.3,
    update_s=0.3,
    patience_s=20,
    sample_s=1,
    stay_s=(1.5, 30),
    pause_s=(0.2, 0.4),
    charging_stations=1,
    reboot_s=0.2,
)


def test_every_station_lives_through_everything_and_nothing_is_lost() -> None:
    run = measure_load(SMALL)
    assert section_of(run).failures == []
    counts = {phase: {name: one.count for name, one in of.items()} for phase, of in run.recorder.figures.items()}
    assert counts[RAMP][CONNECT] == counts[STORM][CONNECT] == counts[FIRMWARE][CONNECT] == SMALL.stations
    assert counts[STORM]["BootNotification"] == counts[FIRMWARE][DOWNLOAD] == SMALL.stations
    assert counts[FIRMWARE]["FirmwareStatusNotification"] == 4 * SMALL.stations
    assert counts[STEADY]["MeterValues"] > 0
    assert counts[MIDNIGHT]["StopTransaction"] > 0
    sent = {what: count for what, count, _ in run.comparison.rows}
    assert sent["transactions"] >= SMALL.stations
    assert run.items[FIRMWARE] > run.items[RAMP]
