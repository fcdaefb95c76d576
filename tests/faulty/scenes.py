"""What the functions are asked to do while AWS breaks: one invocation each, and what has to be so before."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from tests.faulty.acts import (
    CAPABILITIES,
    COMMANDS,
    CP,
    NEW_CHARGE_POINT,
    NEW_IMAGE,
    NEW_SITE,
    NEW_SITE_WITH_TWO,
    PROFILE,
    RESERVATION,
    Act,
    adds_plan,
    adds_second_station,
    after,
    asked_for_diagnostics,
    asked_to_update,
    asks,
    asks_plan,
    asks_site,
    assigns,
    boots,
    closes,
    delivers,
    downloads_image,
    ended,
    finishes,
    goes_away,
    has_plan,
    has_site,
    has_tag_of_group,
    is_called,
    latest_call,
    notes_site,
    notes_target,
    orphan_of,
    reports_connector,
    rests,
    says,
    says_model,
    sends_profile,
    starts,
    sweeps,
    takes_part,
    uploads_diagnostics,
    uploads_form,
    uploads_image,
    version_of_site,
    waits,
    wakes,
    withdraws,
)
from tests.faulty.aws import Trouble

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


def command(action: str, body: Any = None, *before: Act, key: str | None = "key") -> Scene:
    """A command under an Idempotency-Key."""
    return Scene(
        "operator_api", f"commands {action}", asks("POST", f"{COMMANDS}/{action}", body or {}, key=key), after(*before)
    )


HAS_USED_SITE: Final = after(boots, reports_connector, has_site, starts, notes_site)
HAS_DIAGNOSTICS: Final = after(boots, asked_for_diagnostics)
HAS_UPDATE: Final = after(boots, asks("POST", "/firmware", NEW_IMAGE), uploads_image, asked_to_update)
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
        "corrects what a charge point can do",
        asks("PATCH", f"{CP}/capabilities", CAPABILITIES),
        after(boots, is_called("GetConfiguration", is_answered=True)),
    ),
    Scene(
        "operator_api",
        "asks for what limits a connector",
        asks("POST", f"{CP}/composite-schedule", query="connectorId=1&duration=600", key="key"),
        after(boots, reports_connector),
    ),
    Scene(
        "operator_api",
        "sets what a model should have",
        asks("PUT", "/models/Acme/One", {"desired": {"HeartbeatInterval": "120"}, "callSettleS": 1}),
        after(boots),
    ),
    Scene("operator_api", "adds a site", asks("POST", "/sites", NEW_SITE), is_repeatable=False),
    Scene(
        "operator_api",
        "adds a site with charge points",
        asks("POST", "/sites", NEW_SITE_WITH_TWO),
        after(reports_connector, adds_second_station),
        CONFLICT,
        is_repeatable=False,
    ),
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
    Scene("operator_api", "adds a plan", adds_plan("active"), HAS_USED_SITE, CONFLICT, is_repeatable=False),
    Scene("operator_api", "adds a plan to be paused", adds_plan("paused"), HAS_USED_SITE, is_repeatable=False),
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
        asks("PATCH", "/id-tags/ADA", {"status": "Blocked", "groups": ["vans"]}, query="propagate=true"),
        after(boots, has_tag_of_group),
        is_repeatable=False,
    ),
    Scene(
        "operator_api",
        "imports a blocked tag everywhere",
        asks("POST", "/id-tags", [{"idTag": "ADA", "status": "Blocked"}], query="propagate=true"),
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
    Scene("operator_api", "takes diagnostics", uploads_diagnostics, HAS_DIAGNOSTICS),
    Scene("operator_api", "takes diagnostics in a form", uploads_form, HAS_DIAGNOSTICS),
    Scene("operator_api", "hands out an image", downloads_image, HAS_UPDATE),
    Scene("operator_api", "withdraws a request for diagnostics", withdraws("diagnostics"), HAS_DIAGNOSTICS),
    Scene("operator_api", "withdraws a firmware update", withdraws("firmware-updates"), HAS_UPDATE),
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
    Scene("message", "authorizes", says("Authorize", idTag="TAG1")),
    Scene("message", "hears of a firmware update", says("FirmwareStatusNotification", status="Installed"), HAS_UPDATE),
    Scene("message", "hears of diagnostics", says("DiagnosticsStatusNotification", status="Uploaded"), HAS_DIAGNOSTICS),
    Scene("message", "hears of a log", says("LogStatusNotification", status="Uploaded", requestId=1)),
    Scene(
        "message",
        "hears of a signed firmware update",
        says("SignedFirmwareStatusNotification", status="Installed", requestId=1),
    ),
    Scene(
        "message",
        "hears of a security event",
        says("SecurityEventNotification", type="TamperDetectionActivated", timestamp="2026-03-05T12:00:00Z"),
    ),
    Scene("message", "is asked to sign a certificate", says("SignCertificate", csr="a request")),
    Scene("message", "is of a vendor", says("DataTransfer", vendorId="com.example", data="a word")),
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
