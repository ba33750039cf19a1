"""The environment of jobs: this package and its interpreter come first, and the user's variables are kept."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from xstilts.fingerprints.sourcecode import PACKAGE, ROOT
from xstilts.run import Run

RAW = {"grid": {"encoders": ["toy"], "targets": ["tatoeba"]}, "encoders": {"toy": {"path": "toy"}}}


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty configuration file, in a folder where a store may begin."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.environ["PATH"])
    (tmp_path / "config.yaml").write_text("{}")
    return tmp_path / "config.yaml"


@pytest.mark.parametrize(
    "before, after",
    [
        (None, [str(ROOT)]),
        ("", [str(ROOT)]),
        ("/mine:/other", [str(ROOT), "/mine", "/other"]),
        (f"/mine:{ROOT}", [str(ROOT), "/mine"]),
    ],
    ids=["not set", "empty", "with dependencies", "with this package"],
)
def test_the_python_path_of_the_user_is_extended(
    own: Path, monkeypatch: pytest.MonkeyPatch, before: str | None, after: list[str]
):
    monkeypatch.setenv("PYTHONPATH", before or "")
    if before is None:
        monkeypatch.delenv("PYTHONPATH")
    for _ in range(2):
        Run(RAW, [own])
        assert os.environ["PYTHONPATH"].split(os.pathsep) == after
    assert os.environ["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)


@pytest.mark.parametrize("installed", [False, True], ids=["from a source tree", "installed"])
def test_the_folder_of_the_package_is_handed_on_from_a_source_tree_alone(own: Path, tmp_path: Path, installed: bool):
    packages = tmp_path / "packages"
    shutil.copytree(ROOT / PACKAGE, packages / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    (packages / "other-1.0.dist-info").mkdir()
    if installed:
        (packages / f"{PACKAGE}-1.0.dist-info").mkdir()
    program = f"import os; from xstilts.run import Run; Run({RAW}, [{str(own)!r}]); print(os.environ['PYTHONPATH'])"
    begin = f"import sys; sys.path.insert(0, {str(packages)!r}); "
    environment = {**os.environ, "PYTHONPATH": "/mine"}
    command = [sys.executable, "-P", "-c", begin + program]
    printed = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == ("/mine" if installed else f"{packages}{os.pathsep}/mine")
