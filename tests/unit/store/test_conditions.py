"""The text of a condition is what boto3's own builder makes of it."""

import re

import pytest
from boto3.dynamodb.conditions import Attr, ConditionBase, ConditionExpressionBuilder, Key

from csms.store.table import _Expression

CONDITIONS = [
    Attr("state").eq("open"),
    Attr("state").is_in(["open", "stopped", "closed"]),
    Attr("statuses").size().lt(5),
    Attr("flight").not_exists() | Attr("flight.call_id").ne("one"),
    Attr("waiting[0]").eq("one"),
    (Attr("at_ms").not_exists() | Attr("at_ms").lte(7)) & Attr("PK").exists() & ~Attr("tags").contains("one"),
    Attr("at_ms").gt(7) & Attr("at_ms").gte(7) & Attr("at_ms").between(7, 8) & Attr("name").begins_with("a"),
    Key("PK").eq("one") & Key("SK").begins_with("two"),
    Key("GSI1PK").eq("one") & Key("GSI1SK").between("two", "three"),
]


def spelt_out(text: str, names: dict[str, str], values: dict[str, object]) -> str:
    """Every placeholder replaced by what it stands for."""
    return re.sub(r"[#:]\w+", lambda found: str((names | values)[found[0]]), text)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_text_of_a_condition_is_that_of_boto3(condition: ConditionBase) -> None:
    arguments = _Expression(condition).arguments()
    values = {name: next(iter(wire.values())) for name, wire in arguments.get("ExpressionAttributeValues", {}).items()}
    ours = spelt_out(arguments["ConditionExpression"], arguments["ExpressionAttributeNames"], values)
    built = ConditionExpressionBuilder().build_expression(condition)
    assert ours == spelt_out(
        built.condition_expression, built.attribute_name_placeholders, built.attribute_value_placeholders
    )
