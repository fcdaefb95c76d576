"""Whatever is said of a site or a plan, no answer is the server's fault, and what is taken can be shown."""

from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from csms.runtime import Runtime
from tests.lambda_operator import LambdaOperator, claims_of

NUMBER = st.integers(-1, 70) | st.floats(allow_nan=False, allow_infinity=False) | st.integers()
JUNK: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | NUMBER | st.text() | st.lists(NUMBER, max_size=4) | st.just({})
)
CLOCK = st.sampled_from(["00:00", "08:00", "24:00", "30:00", "48:00", "Mon 00:00", "Sun 48:00", "8:00", "Xyz 08:00"])
MOMENT = st.sampled_from(
    [
        *("2026-03-05T12:00:00Z", "2026-03-05T13:00:00.001+01:00", "0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00Z"),
        *("9999-12-31T23:59:59.999-23:59", "9999-12-31T23:59:59Z", "2026-02-30T12:00:00Z", "2026-03-05T12:00:00"),
    ]
)
WHEN = CLOCK | MOMENT | JUNK
AMPERES = NUMBER | st.lists(NUMBER, min_size=3, max_size=3) | JUNK
PERIOD = st.fixed_dictionaries({}, optional={"start": WHEN, "end": WHEN, "limitA": AMPERES, "limitW": JUNK})
CLOCK_PERIOD = st.fixed_dictionaries({"start": CLOCK, "end": CLOCK, "limitA": st.integers(0, 100)})
MOMENT_PERIOD = st.fixed_dictionaries({"start": MOMENT, "end": MOMENT, "limitW": st.integers(0, 100)})


def mostly(usual: dict[str, Any], odd: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """The usual, but for one field or two."""
    names = st.lists(st.sampled_from(sorted(odd)), max_size=2, unique=True)
    fields = names.flatmap(lambda chosen: st.fixed_dictionaries({name: odd[name] for name in chosen}))
    return fields.map(lambda given: usual | given)


DAILY = {"kind": "Recurring", "recurrency": "Daily", "periods": [{"start": "00:00", "end": "24:00", "limitA": 1}]}
ODD_IN_PLAN = {
    "kind": JUNK,
    "recurrency": JUNK,
    "timeZone": st.sampled_from(["Europe/Berlin", "America", "..", "/etc/passwd", "\x00"]) | JUNK,
    **dict.fromkeys(["policy", "rebalanceS", "turnS"], JUNK),
    "periods": st.lists(PERIOD, max_size=3) | st.lists(CLOCK_PERIOD, min_size=1, max_size=2) | JUNK,
}
ABSOLUTE = {
    "kind": "Absolute",
    "periods": [{"start": "2026-03-05T12:00:00Z", "end": "2026-03-05T13:00:00Z", "limitW": 1}],
}
BEFORE_ALL_CALENDARS = {"start": "0001-01-01T00:00:00Z", "end": "2026-03-05T13:00:00Z", "limitW": 0}
PLAN = mostly(DAILY, ODD_IN_PLAN) | mostly(ABSOLUTE, {"periods": st.lists(MOMENT_PERIOD, min_size=1, max_size=2)})
MEMBER = mostly(
    {"chargePointId": "CP001"},
    {
        **dict.fromkeys(["chargePointId", "maximumA", "stationMaximumA", "phases", "phaseRotation", "priority"], JUNK),
        "connectors": st.lists(st.fixed_dictionaries({"connectorId": JUNK, "maximumA": JUNK}), max_size=2) | JUNK,
    },
)
SITE = mostly(
    {"name": "x", "maximumA": 100, "safeLimitA": 6},
    {
        **dict.fromkeys(["name", "maximumW", "voltageV", "marginPercent", "newcomers", "chargePoints"], JUNK),
        **dict.fromkeys(["maximumA", "baseLoadA", "safeLimitA"], AMPERES),
    },
)
UNHURRIED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@UNHURRIED
@given(body=SITE)
def test_any_site_is_taken_and_shown_or_refused(csms: Runtime, body: dict[str, Any]) -> None:
    admin = LambdaOperator(claims_of("admin"))
    answer = admin.post("/sites", body)
    if answer.status == 201:
        assert admin.get(f"/sites/{answer.json['id']}").json == answer.json
        assert admin.delete(f"/sites/{answer.json['id']}").status == 204
    else:
        assert answer.fields


@UNHURRIED
@given(body=MEMBER)
def test_any_charge_point_of_a_site_is_taken_or_refused(csms: Runtime, body: dict[str, Any]) -> None:
    admin = LambdaOperator(claims_of("admin"))
    admin.post("/charge-points", {"id": "CP001", "securityProfile": 0})
    answer = admin.post("/sites", {"name": "x", "maximumA": 100, "safeLimitA": 6, "chargePoints": [body]})
    if answer.status == 201:
        assert len(admin.items(f"/sites/{answer.json['id']}/charge-points")) == 1
        assert admin.delete(f"/sites/{answer.json['id']}/charge-points/CP001").status == 204
    else:
        assert answer.fields


@UNHURRIED
@given(body=PLAN)
@example(body=ABSOLUTE | {"periods": [BEFORE_ALL_CALENDARS]})
def test_any_plan_is_taken_and_shown_and_can_be_tried_or_is_refused(csms: Runtime, body: dict[str, Any]) -> None:
    admin = LambdaOperator(claims_of("admin"))
    site = admin.post("/sites", {"name": "x", "maximumA": 100, "safeLimitA": 6}).json["id"]
    draft = {"siteId": site, **body}
    answer = admin.post("/charging-plans", draft | {"name": "x", "state": "paused"})
    tried = admin.post("/charging-plans/preview", draft)
    if answer.status == 201:
        assert tried.status == 200
        shown = admin.get(f"/charging-plans/{answer.json['id']}").json
        again = admin.post("/charging-plans", draft | {"name": "x", "state": "paused", "periods": shown["periods"]})
        assert admin.get(f"/charging-plans/{again.json['id']}").json["periods"] == shown["periods"]
    else:
        assert answer.fields.keys() == tried.fields.keys()
