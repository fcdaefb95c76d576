"""A charging plan over the running stack: queue, stream and workflow, from an event to the frame on the wire."""

from functools import partial
from pathlib import Path

from tests.obedient_stations import is_in_state, obedient_stations, operator, started, until
from tests.stack import Stack, watched_stack


async def test_every_transaction_that_starts_hears_its_limit(stack: Stack) -> None:
    identities = [f"PLANNED-{number}" for number in range(3)]
    async with operator(stack) as api, obedient_stations(stack, identities) as stations:
        path = await started(api, identities, maximum_a=40)
        await until(lambda: all(station.heard for station in stations), "every station has its failsafe")
        for station in stations:
            number = await station.start()
            await until(partial(station.profiles_of, number), "the transaction has a limit")
        (await api.post(f"{path}/stop", json={"release": "clear"})).raise_for_status()
        await is_in_state(api, path, "stopped")
        for station in stations:
            station.station.assert_clean()


async def test_a_plan_goes_on_when_the_stack_was_stopped_and_started_again(tmp_path: Path) -> None:
    identities = ["PLANNED-A", "PLANNED-B"]
    with watched_stack(tmp_path, CALL_SETTLE_S="0") as stack:
        async with operator(stack) as api, obedient_stations(stack, identities) as stations:
            path = await started(api, identities, maximum_a=40)
            await until(lambda: all(station.heard for station in stations), "every station has its failsafe")
            before = await stations[0].start()
            await until(partial(stations[0].profiles_of, before), "the transaction has a limit")
    with watched_stack(tmp_path, CALL_SETTLE_S="0") as stack:
        async with operator(stack) as api, obedient_stations(stack, identities) as stations:
            number = await stations[1].start()
            await until(partial(stations[1].profiles_of, number), "a transaction after the restart has a limit")
            limits_a = [station.profiles_of(n)[-1][1] for station, n in zip(stations, (before, number), strict=True)]
            assert limits_a == [20, 20]  # the first gave way
            assert (await api.get(path)).raise_for_status().json()["budget"]["isWithinLimit"]
