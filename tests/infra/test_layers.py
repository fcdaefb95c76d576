import re
import subprocess
from pathlib import Path

import pytest

from infra.constructs.layers import RUNTIME, Pip
from infra.definitions import AWS_SERVICES
from tests.infra.synthesized import ROOT, Synthesized

LOCK = ROOT / "layers" / "dependencies" / "requirements.txt"


def _asset(stack: Synthesized, construct: str) -> Path:
    (layer,) = [
        layer
        for logical_id, layer in stack.resources("AWS::Lambda::LayerVersion").items()
        if logical_id.startswith(f"FunctionsLayers{construct}")
    ]
    return stack.asset(layer["Properties"]["Content"]["S3Key"])


def test_the_package_layer_is_our_package_without_leftovers(deployed: Synthesized) -> None:
    layer = _asset(deployed, "Csms")
    source = ROOT / "layers" / "csms"
    expected = {path.relative_to(source) for path in source.rglob("*") if path.suffix in {".py", ".typed"}}
    assert {path.relative_to(layer) for path in layer.rglob("*") if path.is_file()} == expected


def test_every_function_has_both_layers(deployed: Synthesized) -> None:
    layers = set(deployed.resources("AWS::Lambda::LayerVersion"))
    for function in deployed.functions().values():
        assert {layer["Ref"] for layer in function["Layers"]} == layers


def test_layers_are_for_the_platform_of_the_functions(deployed: Synthesized) -> None:
    for layer in deployed.properties("AWS::Lambda::LayerVersion"):
        assert layer["CompatibleRuntimes"] == [RUNTIME.name] == ["python3.13"]
        assert layer["CompatibleArchitectures"] == ["arm64"]


def test_the_lock_holds_for_every_platform() -> None:
    """Pip would evaluate environment markers for the machine it runs on, not for Lambda."""
    pins = [line for line in LOCK.read_text().splitlines() if line and not line.lstrip().startswith("#")]
    assert [pin for pin in pins if not re.fullmatch(r"[a-z0-9-]+==[0-9a-z.]+", pin)] == []


def test_the_layer_keeps_the_models_of_all_services_used() -> None:
    sources = [path.read_text() for folder in ("layers/csms", "functions") for path in (ROOT / folder).rglob("*.py")]
    used = {name for text in sources for name in re.findall(r"\bclient\(\s*\"([\w-]+)\"", text)}
    assert used == set(AWS_SERVICES)


def test_bundling_installs_for_the_runtime_and_leaves_out_what_no_function_uses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []

    def install(command: list[str], *, check: bool) -> None:
        assert check
        commands.append(command)
        for name in ("bin", "boto3", "botocore/data/dynamodb", "botocore/data/ec2"):
            (tmp_path / "python" / name).mkdir(parents=True)
        (tmp_path / "python/botocore/data/endpoints.json").touch()

    monkeypatch.setattr(subprocess, "run", install)
    assert Pip().try_bundle(str(tmp_path))
    (command,) = commands
    assert command[command.index("--python-version") + 1] == RUNTIME.name.removeprefix("python")
    assert "manylinux2014_aarch64" in command
    assert {path.name for path in (tmp_path / "python").iterdir()} == {"boto3", "botocore"}
    assert {path.name for path in (tmp_path / "python/botocore/data").iterdir()} == {"dynamodb", "endpoints.json"}
