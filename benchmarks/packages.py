"""What is uploaded: the code of each function and the two layers."""

import io
import shutil
import zipfile
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

from infra.definitions import AWS_SERVICES, FUNCTIONS

ROOT: Final = Path(__file__).parents[1]
_LOCK: Final = ROOT / "layers" / "dependencies" / "requirements.txt"


@dataclass(frozen=True)
class Package:
    """One archive."""

    name: str
    zipped_bytes: int
    unzipped_bytes: int


def package_sizes() -> list[Package]:
    """Every package as it would be uploaded; the dependencies only where `make synth` has built them."""
    packages = [_package(name, ROOT / "functions" / name) for name in FUNCTIONS]
    packages.append(_package("layer csms", ROOT / "layers" / "csms"))
    built = max(ROOT.glob("cdk.out/asset.*/python/botocore"), key=lambda path: path.stat().st_mtime, default=None)
    if built:
        packages.append(_package("layer dependencies", built.parents[1]))
    return packages


def stage(target: Path) -> None:
    """Lay the code out as Lambda does: sources without bytecode, the locked requirements with few botocore models."""
    without_bytecode = shutil.ignore_patterns("__pycache__")
    for source in (ROOT / "layers" / "csms" / "python", ROOT / "functions"):
        shutil.copytree(source, target, ignore=without_bytecode, dirs_exist_ok=True)
    for line in _LOCK.read_text().splitlines():
        if "==" in line:
            _copy_distribution(line.partition("==")[0], target)


def _copy_distribution(name: str, target: Path) -> None:
    for file in distribution(name).files or ():
        is_model = file.parts[:2] == ("botocore", "data") and len(file.parts) > 3 and file.parts[2] not in AWS_SERVICES
        if is_model or "__pycache__" in file.parts or ".." in file.parts:
            continue
        copy = target / file
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(file.locate()), copy)


def _package(name: str, folder: Path) -> Package:
    files = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for path in files:
            zipped.write(path, path.relative_to(folder))
    return Package(name, archive.tell(), sum(path.stat().st_size for path in files))
