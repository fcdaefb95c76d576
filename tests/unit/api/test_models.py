import pytest

from csms.api.id_tag_models import IdTagChanges
from csms.api.models import ChangesModel
from csms.api.resources.charge_points import ChargePointChanges


@pytest.mark.parametrize("model", [IdTagChanges, ChargePointChanges])
def test_what_a_change_leaves_out_is_not_described_as_having_a_default(model: type[ChangesModel]) -> None:
    fields = model.model_json_schema()["properties"]
    assert len(fields) >= 4
    assert not [field for field, schema in fields.items() if "default" in schema]
