import json
import re
from pathlib import Path

import pytest
from aws_cdk import Stack
from aws_cdk.aws_lambda import Code, Function

from csms.settings import Settings
from infra.constructs.layers import RUNTIME, Layers
from infra.definitions import CALLS_QUEUE, FUNCTIONS, INTERPRETER
from tests.infra.synthesized import ROOT, Synthesized, flat, listed, unbundled_app


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
    assert INTERPRETER.items() <= variables.items()
    ours = {key: flat(value) for key, value in variables.items() if key not in INTERPRETER}
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


def test_every_function_has_a_role_of_its_own(deployed: Synthesized) -> None:
    roles = {function["Role"]["Fn::GetAtt"][0] for function in deployed.functions().values()}
    assert len(roles) == len(FUNCTIONS)


def test_sizes_and_bounds_can_be_chosen(deployed: Synthesized, varied: Synthesized) -> None:
    assert varied.functions()["message"]["MemorySize"] == 1024
    assert varied.functions()["disconnect"]["MemorySize"] == FUNCTIONS["disconnect"].memory_mb
    bounds = [_bound_of(stack, "dispatch_calls") for stack in (deployed, varied)]
    assert bounds == [CALLS_QUEUE.maximum_concurrency, 200]


def _bound_of(stack: Synthesized, name: str) -> int:
    sources = stack.properties("AWS::Lambda::EventSourceMapping")
    (bound,) = {source["ScalingConfig"]["MaximumConcurrency"] for source in sources if _feeds(stack, source, name)}
    return int(bound)


def _feeds(stack: Synthesized, source: dict[str, object], name: str) -> bool:
    return "ScalingConfig" in source and "".join(word.capitalize() for word in name.split("_")) in flat(
        source["FunctionName"]
    )


def test_nothing_caps_what_stations_and_operators_wait_for(deployed: Synthesized, varied: Synthesized) -> None:
    for stack in (deployed, varied):
        assert [f for f in stack.functions().values() if "ReservedConcurrentExecutions" in f] == []


def test_a_function_is_invoked_by_its_latest_version_only(deployed: Synthesized) -> None:
    """The function itself is changed in two steps, and in between of two releases."""
    functions = deployed.resources("AWS::Lambda::Function").keys()
    assert deployed.live_functions.keys() == FUNCTIONS.keys()
    for alias in deployed.properties("AWS::Lambda::Alias"):
        version = deployed.template["Resources"][alias["FunctionVersion"]["Fn::GetAtt"][0]]
        assert version["Properties"]["FunctionName"] == alias["FunctionName"]
    known_by_name = {
        "AWS::Lambda::Alias",
        "AWS::Lambda::Version",
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
    }
    for logical_id, resource in deployed.template["Resources"].items():
        if resource["Type"] == "AWS::Lambda::EventInvokeConfig":
            assert resource["Properties"]["Qualifier"] != "$LATEST"
        elif resource["Type"] not in known_by_name:
            references = re.findall(r'"(?:Ref|Fn::GetAtt)": \[?"(\w+)"', json.dumps(resource))
            assert not functions & set(references), logical_id


def test_snapshots_are_a_choice_for_each_function(deployed: Synthesized, varied: Synthesized) -> None:
    snapped = [
        {name for name, function in stack.functions().items() if function.get("SnapStart")}
        for stack in (deployed, varied)
    ]
    assert snapped == [set(), {"connect", "dispatch_calls", "operator_api", "plan_charging", "sweep"}]
    assert varied.functions()["sweep"]["SnapStart"] == {"ApplyOn": "PublishedVersions"}


def test_a_changed_package_is_another_version_of_functions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before, after = (_version_with(monkeypatch, tmp_path / package, package) for package in ("before", "after"))
    assert before != after


def _version_with(monkeypatch: pytest.MonkeyPatch, directory: Path, package: str) -> str:
    """The logical id of the version of a function with our layers, with this in the one of our package."""
    module = directory / "layers" / "csms" / "python" / "csms" / "__init__.py"
    module.parent.mkdir(parents=True)
    module.write_text(f'"""{package}"""')
    monkeypatch.setattr("infra.constructs.layers.ROOT", directory)
    stack = Stack(unbundled_app(directory / "out"))
    layers = Layers(stack, "Layers").versions
    code = Code.from_inline("the same")
    function = Function(stack, "Function", runtime=RUNTIME, handler="index.handler", code=code, layers=layers)
    return str(stack.resolve(function.current_version.function_arn)["Ref"])
