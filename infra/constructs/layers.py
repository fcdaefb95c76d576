"""Layers: our package, and the pinned requirements it needs, bundled by pip alone."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling
from aws_cdk.aws_lambda import Architecture, Code, LayerVersion, Runtime
from constructs import Construct

from infra.definitions import AWS_SERVICES

ROOT: Final = Path(__file__).parents[2]
RUNTIME: Final = Runtime.PYTHON_3_13
ARCHITECTURE: Final = Architecture.ARM_64
UNWANTED: Final = ("**/__pycache__", "**/*.pyc")

_DEPENDENCIES: Final = ROOT / "layers" / "dependencies"
_LOCK: Final = _DEPENDENCIES / "requirements.txt"
_PIP: Final = ("pip", "install", "--quiet", "--no-compile", "--no-deps", "--disable-pip-version-check")
_FOR_LAMBDA: Final = (
    *("--implementation", "cp", "--python-version", "3.13", "--only-binary=:all:"),
    *("--platform", "manylinux2014_aarch64", "--platform", "manylinux_2_28_aarch64"),
)


class Layers(Construct):
    """What every function has on its path beside its own code.

    Args:
        for_this_machine: whether the emulator is to run them, with the interpreter that builds them.
    """

    def __init__(self, scope: Construct, construct_id: str, *, for_this_machine: bool = False) -> None:
        super().__init__(scope, construct_id)
        self.versions = [
            self._layer("Csms", Code.from_asset(str(ROOT / "layers" / "csms"), exclude=list(UNWANTED))),
            self._layer("Dependencies", _dependencies(() if for_this_machine else _FOR_LAMBDA)),
        ]

    def _layer(self, construct_id: str, code: Code) -> LayerVersion:
        return LayerVersion(
            self, construct_id, code=code, compatible_runtimes=[RUNTIME], compatible_architectures=[ARCHITECTURE]
        )


def _dependencies(platform: tuple[str, ...]) -> Code:
    pip = Pip(platform)
    return Code.from_asset(
        str(_DEPENDENCIES),
        asset_hash_type=AssetHashType.CUSTOM,
        asset_hash=hashlib.sha256(" ".join([*pip.command, *AWS_SERVICES]).encode() + _LOCK.read_bytes()).hexdigest(),
        bundling=BundlingOptions(
            image=DockerImage.from_registry("not-used:the-local-bundling-never-declines"), local=pip
        ),
    )


@jsii.implements(ILocalBundling)
class Pip:
    """Installs the locked wheels of a platform, whatever the platform it runs on: Lambda's unless told otherwise."""

    def __init__(self, platform: tuple[str, ...] = _FOR_LAMBDA) -> None:
        self.command = (*_PIP, *platform)

    def try_bundle(self, output_dir: str, *_: Any, **__: Any) -> bool:
        """Called by the CDK instead of running a container."""
        target = Path(output_dir) / "python"
        command = [sys.executable, "-m", *self.command, "--target", str(target), "--requirement", str(_LOCK)]
        subprocess.run(command, check=True)  # noqa: S603
        shutil.rmtree(target / "bin", ignore_errors=True)
        _drop_unused_models(target / "botocore" / "data")
        return True


def _drop_unused_models(models: Path) -> None:
    """Leave one of 27 MB; what is not per service (endpoints, partitions, retries) are files."""
    for service in models.iterdir():
        if service.is_dir() and service.name not in AWS_SERVICES:
            shutil.rmtree(service)
