from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from csms.api.id_tag_models import IdTagChanges
from csms.api.models import ChangesModel, RequestModel
from csms.api.resources.charge_points import ChargePointChanges
from csms.api.routing import all_endpoints


@pytest.mark.parametrize("model", [IdTagChanges, ChargePointChanges])
def test_what_a_change_leaves_out_is_not_described_as_having_a_default(model: type[ChangesModel]) -> None:
    fields = model.model_json_schema()["properties"]
    assert len(fields) >= 4
    assert not [field for field, schema in fields.items() if "default" in schema]


def _request_models(model: type[RequestModel] = RequestModel) -> Iterator[type[RequestModel]]:
    all_endpoints()  # imports every resource
    for found in model.__subclasses__():
        yield found
        yield from _request_models(found)


def _fields(wanted: set[str]) -> Iterator[tuple[type[RequestModel], str]]:
    """Every field of every request body that takes one of these JSON types."""
    for model in dict.fromkeys(_request_models()):
        for name, schema in model.model_json_schema().get("properties", {}).items():
            kinds = [schema, *schema.get("anyOf", ()), *schema.get("oneOf", ())]
            if wanted & {kind.get("type") for kind in kinds}:
                yield model, name


def _is_refused(model: type[RequestModel], name: str, value: object) -> bool:
    with pytest.raises(ValidationError) as invalid:
        model.model_validate({name: value, "unknown": "so that it fails in any case"})
    return any(error["loc"][0] == name for error in invalid.value.errors())


def test_a_boolean_is_no_number() -> None:
    fields = list(_fields({"integer", "number"}))
    assert {name for _, name in fields} >= {"expiresIn", "maxActiveTransactions", "meterStop", "transactionId"}
    assert [(model.__name__, name) for model, name in fields if not _is_refused(model, name, True)] == []


@pytest.mark.parametrize("value", [1, 0, "true", "no"])
def test_only_a_boolean_is_a_boolean(value: object) -> None:
    fields = list(_fields({"boolean"}))
    assert {name for _, name in fields} >= {"all", "force", "dismiss", "quiet"}
    assert [(model.__name__, name) for model, name in fields if not _is_refused(model, name, value)] == []
