"""The table in memory judges conditions as DynamoDB does, as far as moto knows."""

from contextlib import suppress
from typing import Any

from boto3.dynamodb.conditions import Attr
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from csms.runtime import Runtime
from csms.store.errors import ConditionFailed
from csms.store.keys import Key
from proof.memory_table import MemoryTable

WORD = st.sampled_from(["a", "b"])
FLIGHT = st.fixed_dictionaries({"call_id": WORD, "attempt": st.integers(1, 2)})
ITEM = st.fixed_dictionaries(
    {"fence": st.integers(0, 2)}, optional={"state": WORD, "waiting": st.lists(WORD, max_size=2), "flight": FLIGHT}
)
SIMPLE = st.one_of(
    st.builds(lambda name: Attr(name).exists(), st.sampled_from(["PK", "waiting", "flight", "flight.call_id"])),
    st.builds(lambda name: Attr(name).not_exists(), st.sampled_from(["PK", "waiting", "flight", "waiting[1]"])),
    st.builds(lambda word: Attr("state").eq(word), WORD),
    st.builds(lambda word: Attr("flight.call_id").ne(word), WORD),
    st.builds(lambda flight: Attr("flight").eq(flight), FLIGHT),
    st.builds(lambda word: Attr("waiting[0]").eq(word), WORD),
    st.builds(lambda word: Attr("waiting").contains(word), WORD),
    st.builds(lambda size: Attr("waiting").not_exists() | Attr("waiting").size().lt(size), st.integers(0, 2)),
    st.builds(lambda number: Attr("fence").lt(number), st.integers(0, 2)),
    st.builds(lambda number: Attr("fence").lte(number), st.integers(0, 2)),
    st.builds(lambda words: Attr("state").is_in(words), st.lists(WORD, min_size=1, max_size=2)),
)
CONDITION = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.builds(lambda a, b: a & b, inner, inner),
        st.builds(lambda a, b: a | b, inner, inner),
        st.builds(lambda a: ~a, inner),
    ),
    max_leaves=4,
)
CHANGE = st.fixed_dictionaries(
    {},
    optional={
        "assign": st.fixed_dictionaries({"state": WORD | st.none()}),
        "append": st.fixed_dictionaries({"waiting": st.lists(WORD, min_size=1, max_size=2)}),
        "remove": st.sampled_from([("flight",), ("flight", "fence"), ()]),
    },
)
KEY = Key("a partition", "a sort key")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(item=ITEM | st.none(), condition=CONDITION, change=CHANGE)
@example(item={"fence": 1, "waiting": ["a", "b"]}, condition=Attr("fence").eq(1), change={"remove": ("waiting[0]",)})
def test_a_change_happens_here_if_it_happens_there(csms: Runtime, item: Any, condition: Any, change: Any) -> None:
    real, ours = csms.store.links._table, MemoryTable()
    for table in (real, ours):
        table.delete(KEY)
        if item is not None:
            table.put(KEY, item)
        with suppress(ConditionFailed):
            table.update(KEY, **change, condition=condition)
    found = real.get(KEY, consistent=True)
    assert (found and {name: value for name, value in found.items() if name != "v"}) == ours.get(KEY)
