"""`python -m local.fleet`: a simulated fleet against a running local stack (`make demo`)."""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from local.errors import StackError
from local.fleet.fleet import run_fleet
from local.fleet.id_tags import IdTagsError, operator_api, provide_id_tags
from local.fleet.plan import FleetPlan
from local.fleet.progress import Progress
from local.fleet.report import FleetReport
from local.listener import HOST
from local.open_files import allow_many_connections
from local.settings import StackSettings

PORTS: Final = {"ws": 80, "wss": 443}


def main(arguments: list[str] | None = None) -> int:
    """Run, and print what was measured. Exit status 1: something was refused or lost."""
    try:
        options = _parser(StackSettings.from_environment()).parse_args(arguments)
    except StackError as error:
        print(f"fleet: {error}", file=sys.stderr)
        return 2
    plan = _plan(options)
    allow_many_connections()
    try:
        if options.id_tags is None:
            with operator_api(options.api, options.token_file) as api:
                provide_id_tags(api, plan.id_tags)
        report = asyncio.run(_run(plan))
    except (IdTagsError, UnreachableError) as error:
        print(f"fleet: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    if options.json:
        options.json.write_text(report.to_json())
    print(report.to_text())
    return 1 if report.errors else 0


class UnreachableError(Exception):
    """Nothing listens where the Central System should be; the text says what to do."""


async def _run(plan: FleetPlan) -> FleetReport:
    await _check_that_somebody_listens(plan.url)
    progress = Progress(sys.stderr, plan.stations)
    try:
        return await run_fleet(plan, progress.follow)
    finally:
        progress.clear()


async def _check_that_somebody_listens(url: str) -> None:
    """A station would try again and again; somebody at a terminal would rather know at once."""
    target = urlsplit(url)
    try:
        _, writer = await asyncio.open_connection(target.hostname, target.port or PORTS[target.scheme])
    except OSError as error:
        raise UnreachableError(f"nothing listens at {url}: start the local stack first (make run)") from error
    writer.close()


def _plan(options: argparse.Namespace) -> FleetPlan:
    return FleetPlan(
        stations=options.stations,
        url=options.url.rstrip("/"),
        day_s=options.day,
        seed=options.seed,
        prefix=options.prefix,
        visits=options.visits,
        id_tags=tuple(options.id_tags or (f"{options.prefix}TAG-{n:03d}" for n in range(1, options.stations + 3))),
        password=options.password,
        validate=not options.no_validation,
    )


def _parser(stack: StackSettings) -> argparse.ArgumentParser:
    """Options whose defaults lead to the local stack of this environment."""
    ocpp_url, api_url = f"ws://{HOST}:{stack.ocpp.port}/ocpp", f"http://{HOST}:{stack.api.port}"
    parser = argparse.ArgumentParser(prog="python -m local.fleet", description=__doc__)
    parser.add_argument("--stations", type=int, default=FleetPlan.stations, metavar="N")
    parser.add_argument("--url", default=ocpp_url, help="without the identity (default: %(default)s)")
    parser.add_argument("--day", type=float, default=FleetPlan.day_s, metavar="SECONDS", help="length of the day")
    parser.add_argument("--seed", type=int, default=FleetPlan.seed, help="same seed, same day")
    parser.add_argument("--visits", type=int, default=FleetPlan.visits, help="cars per connector, on average")
    parser.add_argument("--prefix", default=FleetPlan.prefix, help="of the identities (default: %(default)s)")
    parser.add_argument("--password", help="Basic authentication, the same for every station")
    parser.add_argument("--id-tags", nargs="+", metavar="TAG", help="known tags; default: create some over the API")
    parser.add_argument("--api", default=api_url, help="operator API (default: %(default)s)")
    parser.add_argument("--token-file", type=Path, default=stack.directory / "token", help="bearer token for the API")
    parser.add_argument("--no-validation", action="store_true", help="skip schema validation: less CPU time")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the whole report there")
    return parser


if __name__ == "__main__":
    sys.exit(main())
