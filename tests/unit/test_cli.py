"""The command line starts quickly, and reports a user error in one message."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from xstilts.cli import COMMANDS, JOBS
from xstilts.runtime import termination

WORKFLOW = Path(__file__).parents[2] / "workflow"
HELP = """
import runpy, sys
sys.argv = ["xstilts", "--help"]
try:
    runpy.run_module("xstilts", run_name="__main__")
finally:
    print("imported:", *sorted({"torch", "pandas", "pyarrow", "transformers"} & set(sys.modules)))
"""


def python(*arguments: str | Path) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONPATH": str(WORKFLOW)}
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False)


def job(config: Path, *options: str | Path) -> subprocess.CompletedProcess:
    """A job of the workflow."""
    return python("-m", "xstilts", "read_task", "data/xnli.evaluate~000", "--config", config, *options)


@pytest.fixture
def mistaken(tmp_path: Path) -> Path:
    """A configuration with a mistake in it."""
    file = tmp_path / "config.yaml"
    file.write_text("experiment: mine\ntrainin: {}\n")
    return file


def test_help_lists_every_command_and_what_it_does_without_heavy_imports():
    run = python("-c", HELP)
    assert run.returncode == 0
    assert re.findall(r"^  (\w+) +[A-Z].*\.$", run.stdout, re.MULTILINE) == list(COMMANDS)
    assert not any(job in run.stdout for job in JOBS)
    assert run.stdout.splitlines()[-1] == "imported:"


def test_a_mistake_of_the_user_is_one_line_on_standard_error(mistaken: Path):
    run = job(mistaken)
    assert run.returncode == 1
    (line,) = run.stderr.splitlines()
    assert line.startswith(f"error: config key 'trainin' ({mistaken}, line 2): unknown key")


def test_a_mistake_of_the_user_is_the_first_line_of_the_log(mistaken: Path, tmp_path: Path):
    run = job(mistaken, "--log", tmp_path / "logs" / "job.log")
    assert (run.returncode, run.stdout, run.stderr) == (1, "", "")
    first, *rest = (tmp_path / "logs" / "job.log").read_text().splitlines()
    assert first.startswith("error: config key 'trainin'")
    assert any(line.startswith("python -m xstilts read_task ") for line in rest)
    assert "Traceback" not in "".join(rest)


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[subprocess.Popen]:
    """A job that waits for its configuration, which is a pipe that nobody writes to."""
    os.mkfifo(tmp_path / "pipe.yaml")
    entry = ["data/xnli.evaluate~000", "--config", tmp_path / "pipe.yaml", "--log", tmp_path / "job.log"]
    command = [sys.executable, "-m", "xstilts", "read_task", *entry]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(WORKFLOW)}) as process:
        # Opening the other end waits until the job has opened its own.
        with (tmp_path / "pipe.yaml").open("w"):
            yield process
        process.kill()


@pytest.mark.parametrize("number", termination.SIGNALS, ids=lambda number: number.name)
def test_a_job_that_is_asked_to_end_says_so_in_the_first_line_of_its_log(
    waiting: subprocess.Popen, tmp_path: Path, number: signal.Signals
):
    waiting.send_signal(number)
    assert waiting.wait() == 1
    first, *rest = (tmp_path / "job.log").read_text().splitlines()
    assert first == f"error: stopped by {number.name}. Nothing is lost: the next run starts it again."
    assert "Traceback" not in "".join(rest)


STUBBORN = """
import signal, sys, time
from xstilts.runtime import termination

def answer(name):
    print(name, flush=True)

termination.heed()
with termination.answered(answer):
    print("ready", flush=True)
    while True:
        time.sleep(0.05)
"""


@pytest.fixture
def stubborn() -> Iterator[subprocess.Popen]:
    """A process that takes its time to end."""
    environment = {**os.environ, "PYTHONPATH": str(WORKFLOW)}
    command = [sys.executable, "-c", STUBBORN]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def test_a_second_ctrl_c_ends_a_job_at_once_but_the_same_one_arriving_twice_does_not(stubborn: subprocess.Popen):
    stubborn.send_signal(signal.SIGINT)
    assert stubborn.stdout.readline() == "SIGINT\n"
    for number in (signal.SIGINT, signal.SIGTERM):
        stubborn.send_signal(number)
    time.sleep(1.5)
    assert stubborn.poll() is None
    stubborn.send_signal(signal.SIGINT)
    assert stubborn.wait(60) == -signal.SIGINT
    assert stubborn.stdout.read() == ""


def test_a_scheduler_may_repeat_sigterm(stubborn: subprocess.Popen):
    stubborn.terminate()
    assert stubborn.stdout.readline() == "SIGTERM\n"
    time.sleep(1.5)
    stubborn.terminate()
    time.sleep(0.5)
    assert stubborn.poll() is None


def test_a_signal_that_whoever_started_the_job_has_switched_off_stays_so():
    environment = {**os.environ, "PYTHONPATH": str(WORKFLOW)}
    code = f"import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n{STUBBORN}"
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGHUP)
        process.terminate()
        assert process.stdout.readline() == "SIGTERM\n"
        process.kill()


def test_a_command_whose_reader_has_seen_enough_ends_without_a_word():
    command = [sys.executable, "-m", "xstilts", "schema"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(WORKFLOW)}, **pipes) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == -signal.SIGPIPE


def test_a_failure_that_is_nobody_s_mistake_is_the_first_line_of_the_log_with_its_traceback_below(tmp_path: Path):
    (tmp_path / "a folder.yaml").mkdir()
    run = job(tmp_path / "a folder.yaml", "--log", tmp_path / "job.log")
    assert run.returncode == 1
    first, *rest = (tmp_path / "job.log").read_text().splitlines()
    assert first.startswith("error: IsADirectoryError: ")
    assert "a folder.yaml" in first
    assert any(line.startswith("Traceback") for line in rest)
