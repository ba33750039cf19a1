"""Text is printed, read and written correctly in a locale that is not UTF-8."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fabricated import World, of_step

pytestmark = pytest.mark.thorough

PACKAGE = Path(__file__).parents[2] / "workflow" / "xstilts"
OTHER = {"os.open", "tarfile.open"}
"""Calls of this name that open no text."""


def without_encoding(tree: ast.AST) -> Iterator[int]:
    """The lines that open a file or a pipe as text in the encoding of the locale."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        method = name.rpartition(".")[2]
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        parts = (part for value in (*node.args, *given.values()) for part in ast.walk(value))
        literals = [part.value for part in parts if isinstance(part, ast.Constant)]
        is_text = {
            "open": not any(isinstance(value, str) and "b" in value for value in literals),
            "read_text": True,
            "write_text": True,
            "run": "text" in given,
            "Popen": "text" in given,
            "check_output": "text" in given,
        }
        if name not in OTHER and is_text.get(method) and "encoding" not in given:
            yield node.lineno


@pytest.mark.parametrize(
    "code, found",
    [
        ("path.open()", True),
        ("path.open('w')", True),
        ("open(path)", True),
        ("(folder / name).write_text(text)", True),
        ("path.read_text()", True),
        ("subprocess.run(command, text=True)", True),
        ("path.open('rb')", False),
        ("path.open(encoding='utf-8')", False),
        ("path.read_text(encoding='utf-8')", False),
        ("path.read_bytes()", False),
        ("subprocess.run(command, capture_output=True)", False),
    ],
)
def test_a_call_that_leaves_the_encoding_to_the_locale_is_found(code: str, found: bool):
    assert bool(list(without_encoding(ast.parse(code)))) is found


def test_every_text_file_is_opened_as_utf_8():
    files = {file: list(without_encoding(ast.parse(file.read_bytes()))) for file in PACKAGE.rglob("*.py")}
    assert len(files) > 100
    assert not {file: lines for file, lines in files.items() if lines}


LOCALES = {
    "C": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
}
CAUSE = "keine Datei für “größe” → 漢字"


@pytest.fixture(params=LOCALES.values(), ids=LOCALES.keys())
def world(request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A locale that is not UTF-8, and a failure that is told in letters that it has not."""
    for name, value in request.param.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    world = World(tmp_path)
    (failed,) = of_step(world.real(), "read_task")[:1]
    log = Path("logs") / f"{failed.path}.log"
    log.parent.mkdir(parents=True)
    log.write_text(f"error: {CAUSE}\n", encoding="utf-8")
    return world


def run(world: World, *arguments: str | Path) -> subprocess.CompletedProcess:
    """A command, whose bytes are letters of the widest of these encodings."""
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    command = [sys.executable, "-m", "xstilts", *arguments]
    return subprocess.run(
        command, cwd=world.folder, env=environment, capture_output=True, encoding="latin-1", check=False
    )


def test_status_shows_failures_in_any_locale(world: World):
    shown = run(world, "status", "--directory", ".", world.file())
    assert (shown.returncode, shown.stderr) == (0, f"store: {world.store} (does not exist yet)\n")
    assert "\\u2192 \\u6f22\\u5b57" in shown.stdout
    assert run(world, "status", "--directory", ".", world.file(), "--json").returncode == 0


def test_a_job_leaves_its_log_in_utf_8_in_any_locale(world: World):
    config = world.folder / "config.yaml"
    config.write_text("experiment: größe\n", encoding="utf-8")
    job = run(world, "read_task", "data/x", "--config", config, "--log", "job.log")
    assert (job.returncode, job.stderr) == (1, "")
    first = Path("job.log").read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("error: config key 'experiment'")
    assert "'größe'" in first


def test_a_path_that_the_locale_cannot_write_is_refused(world: World):
    shown, refused = run(world, "status", "--directory", ".", world.file(data="dätä")), os.environ.get("LC_ALL") == "C"
    assert shown.returncode == refused
    assert ("error: config key 'data'" in shown.stderr and "PYTHONUTF8=1" in shown.stderr) == refused
