"""What the functions are asked to do while AWS breaks: one invocation each, and what has to be so before."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from csms.authorization import IdTag
from csms.calls import Order
from csms.ids import ChargePointId, PlanId
from csms.store.calls import Call, CallState, Outcome
from csms.store.charge_points import ChargePoint, SecurityProfile
from csms.store.links import Registration
from tests.faulty.aws import Trouble
from tests.faulty.world import CP001, World
from tests.lambda_operator import Answer

Act = Callable[[World], object]
CP: Final = "/charge-points/CP001"
COMMANDS: Final = f"{CP}/commands"
CONFLICT: Final = frozenset({409})
GONE: Final = frozenset({404})


@dataclass(frozen=True)
class Scene:
    """One invocation of a function. It is repeated in any case, as clients do, or if it failed, as event sources do."""

    function: str
    what: str
    act: Act
    before: Act = lambda _: None
    also: frozenset[int] = frozenset()
    """Other statuses that a repetition may get, or who comes second: it has been done."""

    may_lose: frozenset[Trouble] = frozenset()
    """By what else a call may be lost, as it may by every fault that a function is told of, or by death."""
    is_repeatable: bool = True
    """Whether the same again, of something that was done, is not something else."""

    def __str__(self) -> str:
        return f"{self.function} {self.what}"

    @property
    def is_delivered(self) -> bool:
        """Whether a queue or the stream asks, and again only if it is told to."""
        return self.function in {"dispatch_calls", "finish_calls", "publish_events", "wake_plans"}


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
        plan = {"siteId": site_of(world), "name": "Plan", "periods": periods, "state": state}
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


def uploads_diagnostics(world: World) -> object:
    """The station does so; it has no token."""
    return world.stranger.send("PUT", f"{world.notes['upload']}log.zip", body="text", headers={"content-type": "a/b"})


def command(action: str, body: Any = None, *before: Act, key: str | None = "key") -> Scene:
    """A command under an Idempotency-Key."""
    return Scene(
        "operator_api", f"commands {action}", asks("POST", f"{COMMANDS}/{action}", body or {}, key=key), after(*before)
    )


API: Final = (
    command("ClearCache"),
    command("ReserveNow", RESERVATION, boots, reports_connector),
    command("SetChargingProfile", PROFILE, boots),
    command("ChangeConfiguration", {"key": "AuthorizationKey", "value": "00112233445566778899aabbccddeeff00"}, boots),
    command(
        "UpdateFirmware",
        {"retrieveDate": "2026-03-05T13:00:00Z"},
        boots,
        asks("POST", "/firmware", NEW_IMAGE),
        uploads_image,
    ),
    command("GetDiagnostics", {}, boots),
    Scene(
        "operator_api",
        "commands ClearCache behind another command",
        asks("POST", f"{COMMANDS}/ClearCache", {}, key="key"),
        after(is_called("Reset", {"type": "Soft"})),
    ),
    Scene(
        "operator_api",
        "commands ClearCache while the station is away",
        asks("POST", f"{COMMANDS}/ClearCache", {}, key="key", query="expiresIn=600"),
        after(goes_away),
    ),
    Scene(
        "operator_api",
        "commands CancelReservation",
        asks("POST", f"{COMMANDS}/CancelReservation", {"reservationId": 7}, key="key"),
        after(boots, reports_connector, is_called("ReserveNow", RESERVATION, is_answered=True)),
    ),
    Scene(
        "operator_api",
        "withdraws a command",
        lambda world: world.operator.delete(f"{COMMANDS}/{world.notes['command']}"),
        after(goes_away, is_called("ClearCache"), lambda world: world.notes.update(command=latest_call(world).id)),
        CONFLICT,
    ),
    Scene(
        "operator_api",
        "withdraws all commands",
        asks("DELETE", COMMANDS, query="state=queued"),
        after(goes_away, is_called("ClearCache"), is_called("GetConfiguration")),
    ),
    Scene(
        "operator_api",
        "commands many",
        asks("POST", "/commands", {"action": "ClearCache", "payload": {}, "all": True}, key="key"),
        after(adds_second_station),
    ),
    Scene("operator_api", "adds a tag", asks("POST", "/id-tags", {"idTag": "NEW"}), also=CONFLICT),
    Scene("operator_api", "changes a tag", asks("PATCH", "/id-tags/TAG1", {"status": "Blocked", "note": None})),
    Scene("operator_api", "removes a tag", asks("DELETE", "/id-tags/TAG1"), also=GONE),
    Scene("operator_api", "imports tags", asks("POST", "/id-tags", [{"idTag": "A"}, {"idTag": "TAG1", "note": "n"}])),
    Scene("operator_api", "adds a charge point", asks("POST", "/charge-points", NEW_CHARGE_POINT), also=CONFLICT),
    Scene("operator_api", "changes a charge point", asks("PATCH", CP, {"description": "d", "groups": ["fleet"]})),
    Scene(
        "operator_api",
        "removes a charge point",
        asks("DELETE", CP, query="force=true"),
        after(boots, reports_connector, has_site, is_called("ClearCache"), is_called("Reset", {"type": "Soft"})),
        GONE,
    ),
    Scene("operator_api", "rejects a charge point", asks("PUT", f"{CP}/registration", {"status": "Rejected"})),
    Scene(
        "operator_api",
        "switches quiet mode",
        asks("PUT", f"{CP}/quiet", {"quiet": True}),
        after(goes_away, is_called("ClearCache")),
    ),
    Scene(
        "operator_api",
        "rotates a password",
        asks("POST", f"{CP}/credentials", {"password": "ff112233445566778899aabbccddeeff0011"}),
        also=CONFLICT,
    ),
    Scene(
        "operator_api",
        "raises a security profile",
        asks("POST", f"{CP}/security-profile", {"securityProfile": 2}, key="key"),
        after(boots),
    ),
    Scene(
        "operator_api",
        "sets a desired configuration",
        asks("PUT", f"{CP}/desired-configuration", {"values": {"MeterValueSampleInterval": "30"}}),
        after(boots, is_called("GetConfiguration", is_answered=True)),
    ),
    Scene(
        "operator_api",
        "sets what a model should have",
        asks("PUT", "/models/Acme/One", {"desired": {"HeartbeatInterval": "120"}, "callSettleS": 1}),
        after(boots),
    ),
    Scene("operator_api", "adds a site", asks("POST", "/sites", NEW_SITE), is_repeatable=False),
    Scene("operator_api", "changes a site", asks_site("PATCH", "", {"maximumA": 50}), after(has_site, notes_site)),
    Scene(
        "operator_api",
        "adds a charge point to a site",
        asks_site("PUT", "/charge-points/CP001", {"priority": 2}),
        after(reports_connector, asks("POST", "/sites", NEW_SITE), notes_site),
    ),
    Scene(
        "operator_api",
        "takes a charge point from a site",
        asks_site("DELETE", "/charge-points/CP001"),
        after(reports_connector, has_site, notes_site),
        GONE,
    ),
    Scene(
        "operator_api",
        "removes a site",
        asks_site("DELETE", ""),
        after(asks("POST", "/sites", NEW_SITE), notes_site),
        GONE | CONFLICT,
    ),
    Scene("operator_api", "pauses a plan", asks_plan("POST", "/pause"), has_plan()),
    Scene("operator_api", "resumes a plan", asks_plan("POST", "/resume"), has_plan("paused")),
    Scene("operator_api", "stops a plan", asks_plan("POST", "/stop", {"release": "clear"}), has_plan()),
    Scene(
        "operator_api",
        "stops a plan that is paused",
        asks_plan("POST", "/stop", {"release": "clear"}),
        after(has_plan(), asks_plan("POST", "/pause")),
    ),
    Scene("operator_api", "removes a plan", asks_plan("DELETE", ""), has_plan("paused"), GONE),
    Scene(
        "operator_api",
        "synchronises a local list",
        asks("POST", f"{CP}/local-list/sync"),
        after(boots, has_tag_of_group, asks("POST", "/id-tags", {"idTag": "NEW", "groups": ["fleet"]})),
        is_repeatable=False,
    ),
    Scene(
        "operator_api",
        "synchronises many local lists",
        asks("POST", "/local-lists/sync", {"all": True}, key="key"),
        after(boots, has_tag_of_group, asks("POST", "/id-tags", {"idTag": "NEW", "groups": ["fleet"]})),
    ),
    Scene(
        "operator_api",
        "blocks a tag everywhere",
        asks("PATCH", "/id-tags/ADA", {"status": "Blocked"}, query="propagate=true"),
        after(boots, has_tag_of_group),
        is_repeatable=False,
    ),
    Scene(
        "operator_api",
        "removes a tag everywhere",
        asks("DELETE", "/id-tags/ADA", query="propagate=true"),
        after(boots, has_tag_of_group),
        GONE,
        is_repeatable=False,
    ),
    Scene("operator_api", "assigns an orphan", assigns, after(boots, reports_connector, starts, orphan_of)),
    Scene("operator_api", "closes a transaction", closes, after(boots, reports_connector, starts, orphan_of), CONFLICT),
    Scene("operator_api", "adds an image", asks("POST", "/firmware", NEW_IMAGE), is_repeatable=False),
    Scene(
        "operator_api",
        "sees that an image was uploaded",
        lambda world: world.operator.get(f"/firmware/{world.notes['image']}"),
        after(asks("POST", "/firmware", NEW_IMAGE), uploads_image),
    ),
    Scene(
        "operator_api",
        "removes an image",
        lambda world: world.operator.delete(f"/firmware/{world.notes['image']}"),
        after(asks("POST", "/firmware", NEW_IMAGE), uploads_image),
        GONE,
    ),
    Scene("operator_api", "takes diagnostics", uploads_diagnostics, after(boots, asked_for_diagnostics)),
)
LOCAL_LIST: Final = after(boots, has_tag_of_group, asks("POST", "/id-tags", {"idTag": "NEW", "groups": ["fleet"]}))
QUEUED: Final = (
    Scene(
        "dispatch_calls",
        "sends what waits",
        delivers("calls"),
        after(
            goes_away,
            is_called("ClearCache"),
            lambda world: world.connect() and None,
            lambda world: world.station.result("Heartbeat", {}),
            waits(40),
        ),
    ),
    Scene(
        "dispatch_calls",
        "meets the deadline of a reservation",
        delivers("calls"),
        after(
            boots,
            reports_connector,
            is_called("ReserveNow", RESERVATION),
            lambda world: world.ignore_calls(),
            waits(31),
        ),
    ),
    Scene(
        "dispatch_calls",
        "meets a deadline while another call waits",
        delivers("calls"),
        after(
            is_called("ClearCache"), is_called("Reset", {"type": "Soft"}), lambda world: world.ignore_calls(), waits(31)
        ),
    ),
    Scene(
        "dispatch_calls",
        "finds the charge points of a bulk command",
        delivers("calls"),
        after(adds_second_station, asks("POST", "/commands", {"action": "ClearCache", "all": True}, key="key")),
    ),
    Scene(
        "dispatch_calls",
        "calls those of a bulk command",
        delivers("calls"),
        after(
            adds_second_station,
            asks("POST", "/commands", {"action": "ClearCache", "all": True}, key="key"),
            lambda world: world.deliver("calls"),
        ),
    ),
    Scene(
        "dispatch_calls",
        "begins to synchronise many lists",
        delivers("calls"),
        after(
            LOCAL_LIST,
            asks("POST", "/local-lists/sync", {"all": True}, key="key"),
            lambda world: world.deliver("calls"),
        ),
    ),
    Scene("dispatch_calls", "commissions", delivers("calls"), after(lambda world: world.commissions(), boots)),
)
STREAMED: Final = (
    Scene(
        "finish_calls",
        "makes up for a reservation",
        finishes,
        after(boots, reports_connector, rests, ended("ReserveNow", RESERVATION, {"status": "Accepted"})),
    ),
    Scene(
        "finish_calls",
        "makes up for a profile",
        finishes,
        after(boots, rests, ended("SetChargingProfile", PROFILE, {"status": "Accepted"})),
    ),
    Scene(
        "finish_calls",
        "ends a task",
        finishes,
        after(
            rests,
            lambda world: world.aws.contents.tasks.update(send=None),
            ended("ClearCache", {}, {"status": "Accepted"}, task_token="send"),
        ),
    ),
    Scene(
        "finish_calls",
        "tells of a transaction",
        finishes,
        after(
            rests,
            boots,
            reports_connector,
            starts,
            lambda world: world.station.stop(None),
            lambda world: world.station.stop(4711),
        ),
    ),
    Scene("wake_plans", "hears of a transaction", wakes, after(has_plan(), lambda world: world.station.stop(None))),
    Scene(
        "publish_events",
        "puts events on the bus",
        delivers("events"),
        after(rests, boots, reports_connector, starts, finishes),
    ),
)
SCHEDULED: Final = (
    Scene(
        "sweep",
        "expires a command",
        sweeps,
        after(goes_away, is_called("ClearCache", lifetime=timedelta(minutes=1)), waits(61)),
    ),
    Scene(
        "sweep",
        "expires a reservation",
        sweeps,
        after(boots, reports_connector, is_called("ReserveNow", RESERVATION, is_answered=True), goes_away, waits(3600)),
    ),
    Scene("sweep", "takes up a plan", sweeps, after(has_plan(), waits(600))),
)
PLANNED: Final = (
    Scene("plan_charging", "begins a step", takes_part("plan"), has_plan()),
    Scene("plan_charging", "decides again", takes_part("rebudget"), after(has_plan(), takes_part("plan"))),
    Scene(
        "plan_charging",
        "waits",
        takes_part("wait", version=version_of_site, task_token="wait"),
        after(has_plan(), takes_part("plan")),
    ),
    Scene("plan_charging", "goes on", takes_part("next"), after(has_plan(), takes_part("plan"))),
    Scene(
        "send_profile",
        "calls",
        sends_profile,
        after(has_plan(), notes_target),
        may_lose=frozenset({Trouble.REPEATED}),  # its own slot taken for another's outlives the call
    ),
    Scene(
        "wake_plans",
        "reaches a boundary",
        delivers("boundaries"),
        after(
            has_plan(), takes_part("plan"), takes_part("wait", version=version_of_site, task_token="wait"), waits(1801)
        ),
    ),
)
MESSAGES: Final = (
    Scene(
        "message",
        "is the answer to ReserveNow",
        lambda world: world.answer_again(),
        after(boots, reports_connector, is_called("ReserveNow", RESERVATION)),
    ),
    Scene(
        "message",
        "is the answer to ChangeConfiguration of a security profile",
        lambda world: world.answer_again(),
        after(boots, asks("POST", f"{CP}/security-profile", {"securityProfile": 2})),
    ),
    Scene(
        "message",
        "is the answer to GetLocalListVersion",
        lambda world: world.answer_again(),
        after(LOCAL_LIST, asks("POST", f"{CP}/local-list/sync")),
    ),
    Scene(
        "message",
        "is the answer to SetChargingProfile",
        lambda world: world.answer_again(),
        after(boots, is_called("SetChargingProfile", PROFILE)),
    ),
    Scene("message", "boots to be commissioned", says_model, after(lambda world: world.commissions())),
    Scene(
        "message",
        "finds an overdue flight",
        lambda world: world.station.result("Heartbeat", {}),
        after(
            is_called("ClearCache"),
            lambda world: world.ignore_calls(),
            lambda world: world.aws.contents.messages.clear(),
            waits(70),
        ),
    ),
)
SCENES: Final = (*API, *QUEUED, *STREAMED, *SCHEDULED, *PLANNED, *MESSAGES)
