from csms.store.keys import TTL_ATTRIBUTE
from infra.definitions import FUNCTIONS, STREAM_VIEW
from local.provision import table_definition
from tests.infra.synthesized import Properties, Synthesized


def _table(stack: Synthesized) -> Properties:
    properties: Properties = stack.only("AWS::DynamoDB::GlobalTable")["Properties"]
    return properties


def test_rows_expire(deployed: Synthesized) -> None:
    expected = {"AttributeName": TTL_ATTRIBUTE, "Enabled": True}
    assert _table(deployed)["TimeToLiveSpecification"] == expected


def test_the_table_can_be_restored_to_any_moment_and_not_deleted(deployed: Synthesized, varied: Synthesized) -> None:
    (replica,) = _table(deployed)["Replicas"]
    assert replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert replica["DeletionProtectionEnabled"] is True
    assert _table(varied)["Replicas"][0]["DeletionProtectionEnabled"] is False


def test_the_local_stack_has_the_same_table(deployed: Synthesized) -> None:
    table, local = _table(deployed), table_definition()
    assert table["KeySchema"] == local["KeySchema"]
    assert table["GlobalSecondaryIndexes"] == local["GlobalSecondaryIndexes"]
    assert table["AttributeDefinitions"] == local["AttributeDefinitions"]
    assert table["BillingMode"] == local["BillingMode"] == "PAY_PER_REQUEST"
    assert table["StreamSpecification"]["StreamViewType"] == STREAM_VIEW
    assert local["StreamSpecification"]["StreamViewType"] == STREAM_VIEW


def test_nothing_scans_or_changes_the_table_itself() -> None:
    actions = {action for definition in FUNCTIONS.values() for action in definition.table_actions}
    assert actions <= {"BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"}
