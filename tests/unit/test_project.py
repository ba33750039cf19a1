"""The files around the package agree with each other."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ROOT / "envs"


def normal(name: str) -> str:
    """A distribution's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins() -> dict[str, str]:
    """The version that the lock gives to each distribution."""
    lines = (ENVIRONMENTS / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pinned = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {normal(name): version for name, version in pinned}


def dependencies() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["dependencies"]


def test_the_conda_environment_is_made_from_the_lock():
    command = [sys.executable, ENVIRONMENTS / "conda.py"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert (ENVIRONMENTS / "xstilts.yaml").read_text(encoding="utf-8") == printed


def test_every_file_beside_the_modules_is_installed_with_them():
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    patterns = tools["setuptools"]["package-data"]["*"]
    files = [file for file in (ROOT / "workflow" / "xstilts").rglob("*") if file.is_file()]
    beside = [file for file in files if not any(suffix in (".py", ".pyc") for suffix in file.suffixes)]
    assert len(beside) > 5
    assert [file for file in beside if not any(file.match(pattern) for pattern in patterns)] == []


@pytest.mark.parametrize("name", dependencies())
def test_a_dependency_has_its_version_in_the_lock_and_nowhere_else(name: str):
    assert re.fullmatch(r"[A-Za-z0-9._-]+", name)
    assert normal(name) in pins()
