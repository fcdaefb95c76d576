import pytest

from csms.settings import Settings
from infra.definitions import FUNCTIONS
from tests.infra.synthesized import ROOT, Synthesized, flat, listed


def test_every_folder_of_functions_is_deployed(deployed: Synthesized) -> None:
    folders = {handler.parent.name for handler in (ROOT / "functions").glob("*/handler.py")}
    assert set(deployed.functions()) == set(FUNCTIONS) == folders


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_as_defined(deployed: Synthesized, name: str) -> None:
    definition, function = FUNCTIONS[name], deployed.functions()[name]
    assert function["Handler"] == definition.handler
    assert function["Timeout"] == definition.timeout_s
    assert function["MemorySize"] == definition.memory_mb
    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == ["arm64"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_contains_its_own_folder_and_nothing_else(deployed: Synthesized, name: str) -> None:
    asset = deployed.asset(deployed.functions()[name]["Code"]["S3Key"])
    assert [path.name for path in asset.iterdir()] == [name]
    assert (asset / name / "handler.py").is_file()
    assert not list(asset.rglob("*.pyc"))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_environment_is_what_the_settings_are_read_from(deployed: Synthesized, name: str) -> None:
    variables = deployed.functions()[name]["Environment"]["Variables"]
    ours = {key: flat(value) for key, value in variables.items() if not key.startswith("POWERTOOLS_")}
    assert set(ours) == {field.upper() for field in Settings.model_fields}
    settings = Settings.model_validate({key.lower(): value for key, value in ours.items()})
    assert settings.stage == "prod"
    assert settings.callback_url.startswith("https://")
    assert settings.callback_url.endswith("/prod")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_writes_json_to_its_own_log_group_only(deployed: Synthesized, name: str) -> None:
    logging = deployed.functions()[name]["LoggingConfig"]
    assert logging["LogFormat"] == "JSON"
    group = logging["LogGroup"]["Ref"]
    (statement,) = [s for s in deployed.statements(name) if listed(s["Action"])[0].startswith("logs:")]
    assert statement["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert flat(statement["Resource"]) == f"<{group}.Arn>"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_uses_no_other_services_than_listed(deployed: Synthesized, name: str) -> None:
    definition = FUNCTIONS[name]
    services = {action.split(":")[0] for s in deployed.statements(name) for action in listed(s["Action"])}
    expected = {"logs"}
    expected |= {"dynamodb"} if definition.table_actions else set()
    expected |= {"events"} if definition.publishes_events else set()
    expected |= {"execute-api"} if definition.connection_methods else set()
    expected |= {"s3"} if definition.file_actions else set()
    expected |= {"kms", "sqs"} if definition.places_calls else set()
    expected |= {"secretsmanager"} if definition.knows_edges else set()
    expected |= {"states"} if definition.workflow_actions else set()
    expected |= {"sqs"} if definition.wakes_calls or definition.sends_boundaries else set()
    expected |= {"sqs"} if definition.passes_on_events or definition.publishes_events else set()
    assert services == expected


def test_every_function_has_a_role_of_its_own(deployed: Synthesized) -> None:
    roles = {function["Role"]["Fn::GetAtt"][0] for function in deployed.functions().values()}
    assert len(roles) == len(FUNCTIONS)
