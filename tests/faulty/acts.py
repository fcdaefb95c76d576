"""What may happen in a scene: an operator asks, a station does something, a queue delivers, time passes."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from csms.authorization import IdTag
from csms.calls import Order
from csms.ids import ChargePointId, PlanId
from csms.store.calls import Call, CallState, Outcome
from csms.store.charge_points import ChargePoint, SecurityProfile
from csms.store.links import Registration
from tests.faulty.world import CP001, World
from tests.lambda_operator import Answer

Act = Callable[[World], object]
CP: Final = "/charge-points/CP001"
COMMANDS: Final = f"{CP}/commands"


def asks(method: str, path: str, body: Any = None, *, key: str | None = None, query: str = "") -> Act:
    """An operator's request; `key`: under an Idempotency-Key."""
    headers = {"Idempotency-Key": key} if key else {}
    text = None if body is None else json.dumps(body)
    return lambda world: world.operator.send(method, path, body=text, headers=headers, query=query)


def after(*steps: Act) -> Act:
    """One after the other; an operator's requests succeed."""

    def do(world: World) -> None:
        for step in steps:
            answer = step(world)
            assert not isinstance(answer, Answer) or answer.status < 300, answer.text
            world.wait(1)

    return do


# What may have to be so before.


def says_model(world: World) -> object:
    """The station boots."""
    model = {"chargePointVendor": "Acme", "chargePointModel": "One", "firmwareVersion": "1.0"}
    return world.station.call("BootNotification", model, "boot")


def boots(world: World) -> None:
    """The same, and it has settled."""
    says_model(world)
    world.wait(60)


def reports_connector(world: World) -> object:
    """There is a connector."""
    status = {"connectorId": 1, "errorCode": "NoError", "status": "Available", "timestamp": world.station.timestamp()}
    return world.station.result("StatusNotification", status)


def starts(world: World) -> object:
    """A transaction runs."""
    return world.station.start(timestamp=world.station.timestamp())


def goes_away(world: World) -> None:
    """The station is not there."""
    world.disconnect()


def rests(world: World) -> None:
    """What came before has had all its consequences."""
    world.come_to_rest()


def has_tag_of_group(world: World) -> object:
    """A tag that the station has cached and has in its local list."""
    world.csms.store.id_tags.put(IdTag("ADA", groups=("fleet",)))
    world.csms.store.charge_points.change(CP001, {"groups": ["fleet"]})
    world.station.result("Authorize", {"idTag": "ADA"})
    answer = world.operator.post(f"{CP}/local-list/sync")
    world.come_to_rest()
    return answer


def adds_second_station(world: World) -> None:
    """Another charge point, which never was there."""
    second = ChargePoint(ChargePointId("CP002"), SecurityProfile.NONE, world.now, groups=("fleet",))
    world.csms.store.links.create(second.id, Registration.ACCEPTED)
    world.csms.store.charge_points.create(second)


def is_called(action: str, payload: Mapping[str, Any] | None = None, *, is_answered: bool = False, **order: Any) -> Act:
    """An operator has commanded something."""

    def place(world: World) -> None:
        world.csms.calls.place(Order(CP001, action, dict(payload or {}), "somebody", **order))
        if is_answered:
            world.answer()

    return place


def ended(action: str, payload: Mapping[str, Any], response: Mapping[str, Any], **order: Any) -> Act:
    """A call was answered, and whoever noted that died before doing anything else."""

    def end(world: World) -> None:
        store = world.csms.store
        is_called(action, payload, **order)(world)
        (call,) = store.calls.list(CP001, limit=1).calls
        world.answered.add(call.id)
        outcome = Outcome(CallState.ACCEPTED, response.get("status", "Accepted"), response)
        assert store.calls.end_sent(call, outcome, world.now, is_last=False)
        world.aws.contents.messages.clear()
        link = store.links.get(CP001)
        assert link
        assert link.flight
        store.links.land(CP001, link.flight)

    return end


def latest_call(world: World) -> Call:
    """The call that was placed last."""
    return world.csms.store.calls.list(CP001, limit=1).calls[0]


RESERVATION: Final = {"connectorId": 1, "expiryDate": "2026-03-05T13:00:00Z", "idTag": "TAG1", "reservationId": 7}
PROFILE: Final = {
    "connectorId": 0,
    "csChargingProfiles": {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}],
        },
    },
}
NEW_CHARGE_POINT: Final = {"id": "CP003", "securityProfile": 1, "password": "00112233445566778899aabbccddeeff0011"}
NEW_SITE: Final = {"name": "Car park", "maximumA": 100, "safeLimitA": 6}
CAPABILITIES: Final = {
    "profiles": ["Core", "SmartCharging"],
    "limits": {"ChargeProfileMaxStackLevel": 5},
    "quirks": {},
}
NEW_SITE_WITH_TWO: Final = NEW_SITE | {"chargePoints": [{"chargePointId": "CP001"}, {"chargePointId": "CP002"}]}
NEW_IMAGE: Final = {"name": "one.bin", "version": "2.0", "vendor": "Acme", "model": "One", "sha256": "ab" * 32}


# Sites and plans. Ids are random: a scene looks them up.


def has_site(world: World) -> object:
    """A site with the station."""
    return world.operator.post("/sites", NEW_SITE | {"chargePoints": [{"chargePointId": "CP001"}]})


def site_of(world: World) -> str:
    """Its id."""
    (site,) = world.operator.items("/sites")
    return str(site["id"])


def plan_of(world: World) -> str:
    """The id of the plan."""
    (plan,) = world.operator.items("/charging-plans")
    return str(plan["id"])


def adds_plan(state: str) -> Act:
    """A plan for the site, whose limit changes in half an hour."""

    def add(world: World) -> object:
        periods = [
            {"start": "2026-03-05T12:00:00Z", "end": "2026-03-05T12:30:00Z", "limitA": 40},
            {"start": "2026-03-05T12:30:00Z", "end": "2026-03-05T15:00:00Z", "limitA": 20},
        ]
        plan = {"siteId": world.notes["site"], "name": "Plan", "periods": periods, "state": state}
        return world.operator.post("/charging-plans", plan)

    return add


def asks_plan(method: str, verb: str, body: Any = None) -> Act:
    """An operator's request about the plan."""
    return lambda world: asks(method, f"/charging-plans/{world.notes['plan']}{verb}", body)(world)


def asks_site(method: str, rest: str, body: Any = None) -> Act:
    """An operator's request about the site."""
    return lambda world: asks(method, f"/sites/{world.notes['site']}{rest}", body)(world)


def notes_site(world: World) -> None:
    """Whoever asks knows the id."""
    world.notes["site"] = site_of(world)


def notes_plan(world: World) -> None:
    """Whoever asks knows the id."""
    world.notes["plan"] = plan_of(world)


def takes_part(do: str, step: int = 1, **more: Any) -> Act:
    """A part of a step."""

    def take(world: World) -> Any:
        arguments = {name: value(world) if callable(value) else value for name, value in more.items()}
        if "task_token" in arguments:
            world.aws.contents.tasks.setdefault(arguments["task_token"], None)
        return world.plan(do, world.notes["plan"], step, **arguments)

    return take


def sends_profile(world: World) -> None:
    """The first thing the plan wants."""
    world.aws.contents.tasks.setdefault("send", None)
    target = world.notes["target"]
    world.send_profile(world.notes["plan"], 1, target, "send")


def notes_target(world: World) -> None:
    """What the first part of the step said."""
    part = world.plan("plan", world.notes["plan"], 1)
    world.notes["target"] = [*part["decreases"], *part["increases"]][0]


def has_plan(state: str = "active") -> Act:
    """A station with a transaction at a site with a plan."""
    return after(boots, reports_connector, has_site, starts, notes_site, adds_plan(state), notes_plan)


def version_of_site(world: World) -> int:
    """How many changes there have been."""
    site = world.csms.store.sites.get(world.csms.store.charging_plans.get(PlanId(world.notes["plan"])).site_id)  # type: ignore[union-attr]
    assert site
    return site.version


def wakes(world: World) -> object:
    """The stream's turn, with a failure told by the numbers that were named."""
    return world.read_stream("wake_plans")


def finishes(world: World) -> object:
    """The stream's turn."""
    return world.read_stream("finish_calls")


def delivers(queue: str) -> Act:
    """A batch of what is due."""
    return lambda world: world.deliver_again(queue)


def sweeps(world: World) -> None:
    """The schedule's turn."""
    world.sweep()


def waits(seconds: float) -> Act:
    """Time passes."""
    return lambda world: world.wait(seconds)


def orphan_of(world: World) -> None:
    """A stop that belongs to nothing, beside a transaction that runs."""
    world.station.stop(4711, idTag="TAG2")
    (orphan,) = world.operator.items("/orphans")
    (transaction,) = world.operator.items("/transactions", state="open")
    world.notes |= {"orphan": orphan["id"], "transaction": transaction["transactionId"]}


def assigns(world: World) -> object:
    """The orphan to the transaction."""
    body = {"transactionId": world.notes["transaction"]}
    return world.operator.post(f"/orphans/{world.notes['orphan']}/assign", body)


def closes(world: World) -> object:
    """The transaction, by hand."""
    path = f"/transactions/CP001/{world.notes['transaction']}/close"
    return world.operator.post(path, {"reason": "meter exchanged", "meterStop": 1500})


def uploads_image(world: World) -> None:
    """The content of the one image is there."""
    (image,) = world.operator.items("/firmware")
    world.notes["image"] = image["id"]
    world.aws.contents.objects[f"firmware/{image['id']}/one.bin"] = b"firmware"


def asked_for_diagnostics(world: World) -> None:
    """The station was told where to put them."""
    is_called_by_operator = world.operator.post(f"{COMMANDS}/GetDiagnostics", {})
    assert is_called_by_operator.status == 202
    (frame,) = (json.loads(text) for _, text in world.aws.contents.posted)
    world.notes["upload"] = frame[3]["location"].removeprefix("https://api.example.com")
    world.answer()


def asked_to_update(world: World) -> None:
    """The station was told where to get an image."""
    answer = world.operator.post(f"{COMMANDS}/UpdateFirmware", {"retrieveDate": "2026-03-05T13:00:00Z"})
    assert answer.status == 202, answer.text
    (frame,) = (json.loads(text) for _, text in world.aws.contents.posted)
    world.notes["download"] = frame[3]["location"].removeprefix("https://api.example.com")
    world.answer()


def downloads_image(world: World) -> object:
    """The station does so; it has no token."""
    return world.stranger.get(world.notes["download"])


def withdraws(kind: str) -> Act:
    """The one firmware update, or request for diagnostics, that there is."""

    def withdraw(world: World) -> object:
        (transfer,) = world.operator.items(f"{CP}/{kind}")
        return world.operator.delete(f"{CP}/{kind}/{transfer['id']}")

    return withdraw


def says(action: str, **payload: Any) -> Act:
    """The station sends a CALL that succeeds; at every repetition the same."""
    return lambda world: world.station.result(action, payload)


def uploads_diagnostics(world: World) -> object:
    """The station does so; it has no token."""
    return world.stranger.send("PUT", f"{world.notes['upload']}log.zip", body="text", headers={"content-type": "a/b"})


def uploads_form(world: World) -> object:
    """The same, two files in a form."""
    parts = (f'--x\r\nContent-Disposition: form-data; name="f"; filename="{name}"\r\n\r\ntext\r\n' for name in "ab")
    form = {"content-type": "multipart/form-data; boundary=x"}
    return world.stranger.send("POST", world.notes["upload"], body="".join([*parts, "--x--\r\n"]), headers=form)
