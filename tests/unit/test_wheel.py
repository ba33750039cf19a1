"""The wheel contains the library and the commands, and works without the repository."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from xstilts.fingerprints.sameness import Sameness
from xstilts.fingerprints.sourcecode import SourceCode

pytestmark = pytest.mark.thorough

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "workflow" / "xstilts"
WITH_FILES = ("job.page", "job.tables")
"""Roles that reach packages with style sheets, scripts, templates and tables."""
CODE = """
from pathlib import Path
from xstilts.fingerprints.sameness import Sameness
from xstilts.fingerprints.sourcecode import SourceCode
source = SourceCode(Path("no memory.json"), Sameness([]))
print(*map(source.fingerprint, {roles}))
"""


def variables() -> dict[str, str]:
    """The environment without the path of modules, on which other tests put the package of the repository."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def python(*arguments: str | Path, folder: Path) -> None:
    subprocess.run([sys.executable, *arguments], cwd=folder, env=variables(), check=True, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without network from a copy: setuptools leaves files beside what it builds."""
    copy, folder = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE", "config.yaml"):
        shutil.copy(REPOSITORY / name, copy)
    shutil.copytree(PACKAGE, copy / "workflow" / "xstilts", symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    offline = ("--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check")
    python("-m", "pip", "wheel", "--quiet", *offline, "--wheel-dir", folder, ".", folder=copy)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel, and the libraries of the environment that runs the tests."""
    folder = tmp_path_factory.mktemp("environment")
    python("-m", "venv", "--without-pip", folder, folder=folder)
    install = ("install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check")
    python("-m", "pip", "--python", folder / "bin" / "python", *install, wheel, folder=folder)
    # The libraries come second: they may include this package, which pip would consider installed.
    (packages,) = folder.glob("lib/python*/site-packages")
    libraries = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    (packages / "libraries.pth").write_text("\n".join(libraries), encoding="utf-8")
    return folder


def run(environment: Path, program: str, *arguments: str | Path, folder: Path) -> subprocess.CompletedProcess:
    """A program of the environment, started in a folder."""
    command = [environment / "bin" / program, *arguments]
    return subprocess.run(command, cwd=folder, env=variables(), capture_output=True, text=True, check=True)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder for the user, beside that of the configuration."""
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "elsewhere"


def test_the_wheel_holds_every_file_of_the_package(wheel: Path):
    files = (path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    with zipfile.ZipFile(wheel) as archive:
        held = {name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name}
    assert held == {f"xstilts/{path.relative_to(PACKAGE).as_posix()}": path.read_bytes() for path in files}


def test_the_defaults_are_those_of_the_repository(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read("xstilts/config.yaml") == (REPOSITORY / "config.yaml").read_bytes()


def test_status_looks_for_the_store_beside_the_configuration_and_creates_nothing(environment: Path, elsewhere: Path):
    file = elsewhere.parent / "mine.yaml"
    file.write_text("experiment: mine\ngrid: {intermediates: [none], targets: [xnli, tatoeba], seeds: [1]}\n")
    done = run(environment, "xstilts", "status", "../mine.yaml", folder=elsewhere)
    assert "mine: 0 of 2 cells are done" in done.stdout
    store = elsewhere.parent / "results"
    assert done.stderr.splitlines()[0] == f"store: {store} (does not exist yet)"
    assert set(elsewhere.parent.rglob("*")) == {elsewhere, file}


def test_plan_without_a_file_is_that_of_the_default_configuration(environment: Path, elsewhere: Path):
    done = run(environment, "xstilts", "plan", folder=elsewhere)
    counted = re.search(r"what would run: (\d+) jobs", (REPOSITORY / "README.md").read_text(encoding="utf-8"))
    # Snakemake counts the rule `all` too.
    assert f"xtreme: {int(counted[1]) - 1} jobs" in done.stdout
    assert done.stderr == f"store: {elsewhere / 'results'} (does not exist yet)\n"


def test_schema_is_that_of_the_repository(environment: Path, elsewhere: Path):
    printed = run(environment, "xstilts", "schema", folder=elsewhere).stdout
    kept = (REPOSITORY / "workflow" / "schemas" / "config.schema.json").read_text(encoding="utf-8")
    assert json.loads(printed) == json.loads(kept)


def test_the_template_of_model_cards_is_there(environment: Path, elsewhere: Path):
    code = "from xstilts.publication import card; print(card.__file__); print(card.TEMPLATE.read_text())"
    module, _, template = run(environment, "python", "-c", code, folder=elsewhere).stdout.partition("\n")
    assert Path(module).is_relative_to(environment)
    assert template.strip() == (PACKAGE / "publication" / "card.md").read_text(encoding="utf-8").strip()


def test_code_has_the_fingerprints_that_it_has_in_the_repository(environment: Path, elsewhere: Path):
    """Results of a run from the repository are found with the wheel."""
    printed = run(environment, "python", "-c", CODE.format(roles=WITH_FILES), folder=elsewhere).stdout
    source = SourceCode(elsewhere / "no memory.json", Sameness([]))
    assert printed.split() == [source.fingerprint(role) for role in WITH_FILES]
