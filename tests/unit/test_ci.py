"""CI runs the slow suites that fit the time limit, reports the others with the reason, and fails if one fails."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CI = ROOT / ".ci" / "run"

MAKE = """#!/bin/sh
echo "make $@"
for word in "$@"; do case "$word" in VENV=*) venv=${word#VENV=} ;; esac; done
[ -e "$venv" ] && echo "$venv is left over"
mkdir -p "$venv/bin"
cp python "$venv/bin/python"
exit ${TESTS:-0}
"""
PYTHON = """#!/bin/sh
echo "python $@"
case "$*" in *"${FAILING:-nothing}"*) exit 1 ;; esac
"""


@pytest.fixture
def ci(tmp_path: Path):
    """Runs a copy of CI whose suites take no time, some of the 45 minutes after it began."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(CI, tmp_path / ".ci")
    for name, script in {"make": MAKE, "python": PYTHON}.items():
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)

    def run(minutes: int = 0, **environment: str) -> subprocess.CompletedProcess:
        places = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "XSTILTS_SLURM": str(tmp_path / "none")}
        # The clock of a shell that begins.
        clock = {"SECONDS": str(60 * minutes)}
        command, pipes = [tmp_path / ".ci" / "run"], {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.run(command, env=places | clock | environment, text=True, check=False, **pipes)

    return run


def begun(run: subprocess.CompletedProcess) -> str:
    """The suites that were run."""
    return "\n".join(line for line in run.stdout.splitlines() if line.startswith("python -m pytest"))


def test_all_suites_are_run_where_there_is_time_and_the_longest_are_left_out_with_their_reason(ci):
    run = ci()
    assert run.returncode == 0, run.stdout
    for suite in (
        "test_smoke",
        "test_reruns",
        "test_several_devices",
        "test_survival",
        "test_slurm",
        "test_languages_real",
    ):
        assert suite in begun(run)
    assert [line.split(": ")[1] for line in run.stdout.splitlines() if line.startswith("left out: ")] == [
        "tests/miniature",
        "tests/workflow/test_make_same.py",
        "tests/real/test_real.py",
    ]


def test_a_suite_for_which_the_time_does_not_suffice_is_left_out_with_its_reason(ci):
    run = ci(minutes=27)
    assert run.returncode == 0, run.stdout
    assert "test_survival" in begun(run)
    assert "test_slurm" not in begun(run)
    assert "left out: tests/cluster/test_slurm.py: needs about 21 minutes here, and 27 of 45 are used up" in run.stdout


def test_after_the_time_nothing_is_begun(ci):
    run = ci(minutes=46)
    assert begun(run) == ""
    assert run.stdout.count("left out: ") == 10


def test_a_suite_that_fails_is_named_at_the_end_and_the_others_are_run(ci):
    run = ci(FAILING="test_reruns")
    assert run.returncode != 0
    assert "test_slurm" in begun(run)
    assert run.stdout.splitlines()[-1].startswith("failed: pytest -n 2 --dist loadfile -m slow tests/unit ")


def test_nothing_is_run_after_tests_that_fail(ci):
    run = ci(TESTS="1")
    assert run.returncode != 0
    assert begun(run) == ""


def test_the_environment_is_made_at_the_start_and_that_of_the_developer_is_left_alone(ci, tmp_path: Path):
    for folder in (".venv", ".ci/venv"):
        (tmp_path / folder / "bin").mkdir(parents=True)
        (tmp_path / folder / "bin" / "python").write_text("#!/bin/sh\nexit 1\n")
    run = ci()
    assert run.returncode == 0, run.stdout
    assert run.stdout.splitlines()[0] == "make test VENV=.ci/venv"
    assert "left over" not in run.stdout
    assert [file.name for file in (tmp_path / ".venv").rglob("*")] == ["bin", "python"]
    assert (tmp_path / ".venv" / "bin" / "python").read_text() == "#!/bin/sh\nexit 1\n"
    assert (tmp_path / ".ci" / "venv" / "bin" / "python").read_text() == PYTHON


def test_the_environment_is_ignored_by_git_and_removed_by_clean():
    (folder,) = re.findall(r"^venv=(.+)$", CI.read_text(encoding="utf-8"), re.MULTILINE)
    assert f"/{folder}/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    command = ["make", "--dry-run", "--silent", "clean"]
    # Without the variables of a `make` that runs the tests.
    environment = {"PATH": os.environ["PATH"]}
    removed = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    assert {folder, ".venv"} <= set(removed.split())


def test_every_slow_suite_is_named():
    words = set(re.findall(r"tests[\w/.]*", CI.read_text(encoding="utf-8")))
    marked = [path for path in (ROOT / "tests").rglob("*.py") if "mark.slow" in path.read_text(encoding="utf-8")]
    assert len(marked) > 6
    for path in marked:
        place = path.relative_to(ROOT)
        named = {str(place), *map(str, place.parents)} - {"tests", "."}
        assert named & words, place


def test_every_selection_of_tests_selects_some(monkeypatch):
    chosen = re.findall(r"^suite .*?(tests/\S+) -k (\"[^\"]+\"|\S+)$", CI.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(chosen) == 2
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    for file, words in chosen:
        command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n", "0", file, "-k", words.strip('"')]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr
