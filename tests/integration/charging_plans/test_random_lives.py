"""Sites whose stations come, go, refuse and fall silent at random: once a plan runs, the limit always holds."""

from random import Random

import pytest

from tests.played_site import PlayedSite, Reply, SiteStation

LIMIT_A = 40
EVENTS = 18
REPLIES: tuple[Reply, ...] = ({"status": "Rejected"}, "InternalError", None)


def happen(site: PlayedSite, station: SiteStation, random: Random) -> None:
    """Something that may happen to a station."""
    is_online = station.identity not in site.away
    match random.choice(["transaction", "transaction", "connection", "mood"]):
        case "transaction" if is_online and station.charging:
            station.finish()
        case "transaction" if is_online:
            station.begin()
        case "connection" if is_online:
            station.disconnect()
            site.away.add(station.identity)
        case "connection":
            site.connect(station)
            site.away.discard(station.identity)
        case "mood":
            reply = random.choice(REPLIES)
            station.reply = random.choice([None, None, lambda *_: reply])


@pytest.mark.parametrize("seed", [1, 2])
def test_the_limit_holds_whatever_happens(site: PlayedSite, seed: int) -> None:
    random = Random(seed)  # noqa: S311  it only has to be the same each time
    site.add_site(LIMIT_A)
    stations = [site.add_station(name) for name in "ABC"]
    site.add_plan()
    site.settle()
    for _ in range(EVENTS):
        happen(site, random.choice(stations), random)
        assert site.total_a() <= LIMIT_A
        site.change()
        assert site.total_a() <= LIMIT_A
        site.wait(minutes=random.choice([1, 5, 20]))
        site.run_wakes()
        assert site.total_a() <= LIMIT_A
    for station in stations:
        station.reply = None
        if station.identity in site.away:
            site.connect(station)
        if not station.charging:
            station.begin()
    site.wait(hours=1)
    site.change()
    assert site.total_a() == pytest.approx(LIMIT_A, abs=0.3)
