"""The files around the package are consistent with each other."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import xstilts
from xstilts import run

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ROOT / "envs"
CI = ROOT / ".github" / "workflows" / "ci.yml"


def normal(name: str) -> str:
    """A distribution's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins() -> dict[str, str]:
    """The version that the lock gives to each distribution."""
    lines = (ENVIRONMENTS / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pinned = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {normal(name): version for name, version in pinned}


def project() -> dict:
    """The metadata of the package."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def citation() -> dict:
    return yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))


def ci_job() -> dict:
    """The one job of CI."""
    (job,) = yaml.safe_load(CI.read_text(encoding="utf-8"))["jobs"].values()
    return job


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


@pytest.mark.parametrize("name", project()["dependencies"])
def test_a_dependency_has_its_version_in_the_lock_and_nowhere_else(name: str):
    needed = Requirement(name)
    assert normal(needed.name) in pins()
    assert not needed.specifier or needed.name == "snakemake"
    assert needed == Requirement(f"{needed.name}{needed.specifier}"), "neither extras, markers nor addresses"


def test_the_range_of_snakemake_is_the_one_that_the_workflow_accepts():
    (needed,) = (one for one in map(Requirement, project()["dependencies"]) if one.name == "snakemake")
    assert pins()["snakemake"] in needed.specifier
    oldest, first_other = (".".join(map(str, version)) for version in run.SNAKEMAKE)
    assert needed.specifier == SpecifierSet(f">={oldest},<{first_other}")
    (stated,) = re.findall(r'^min_version\("(.*)"\)', (ROOT / "Snakefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert stated == oldest


def test_the_version_is_that_of_the_citation_and_of_the_latest_entry_of_the_changelog():
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[:2] == ["Unreleased", xstilts.__version__]
    assert citation()["version"] == xstilts.__version__
    assert project()["dynamic"] == ["version"]


def test_licence_and_authors_are_the_same_everywhere():
    (licence_file,) = project()["license-files"]
    text = (ROOT / licence_file).read_text(encoding="utf-8")
    assert text.startswith("MIT License\n")
    assert project()["license"] == citation()["license"] == "MIT"
    assert project()["authors"] == citation()["authors"] == [{"name": "The xstilts authors"}]
    assert "the xstilts authors\n" in text


def test_the_citation_has_the_keys_that_its_format_requires():
    # The schema of the Citation File Format 1.2.0 lists them as `required`.
    assert citation()["cff-version"] == "1.2.0"
    assert {"authors", "message", "title"} <= set(citation())
    assert [{"authors", "title", "type"} - set(reference) for reference in citation()["references"]] == [set(), set()]


def test_ci_tests_every_version_of_python_that_the_package_names():
    tested = ci_job()["strategy"]["matrix"]["python-version"]
    prefix = "Programming Language :: Python :: 3."
    assert tested == [name.rpartition(" ")[2] for name in project()["classifiers"] if name.startswith(prefix)]
    assert project()["requires-python"] == f">={tested[0]}"


def test_ci_runs_the_script_and_waits_longer_than_that_plans_to_take():
    assert ci_job()["steps"][-1] == {"run": ".ci/run"}
    (minutes,) = re.findall(r"^minutes=(\d+)$", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE)
    assert ci_job()["timeout-minutes"] > int(minutes)


def test_the_hooks_call_the_pinned_tools_of_make_check():
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    called = [hook["entry"].removesuffix(" --force-exclude") for hook in local["hooks"]]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    checks = re.findall(r"^\t\$\(BIN\)/((?:ruff|snakefmt)(?: [a-z]+)?)", makefile, re.MULTILINE)
    assert called == [f".venv/bin/{check}" for check in checks]
    assert len(called) == 3
    pinned = re.findall(r"^(\w+)==", (ENVIRONMENTS / "requirements-dev.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert {check.split()[0] for check in checks} <= set(pinned)
