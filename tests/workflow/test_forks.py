"""A run whose jobs are forks of one process makes the same files as one whose jobs start by themselves."""

import re
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import yaml

from experiments import Attempt, attempt, experiment
from xstilts.inspection.jobs import Jobs
from xstilts.runtime import forkserver

pytestmark = pytest.mark.skipif(not forkserver.IS_SUPPORTED, reason="needs file descriptors of processes")


@pytest.fixture(scope="module")
def runs(world: Callable[[str], Path]) -> dict[bool, Attempt]:
    """The run of an experiment without and with the server."""
    return {forks: attempted(world(f"forks-{forks}"), forks) for forks in (False, True)}


def attempted(folder: Path, forks: bool) -> Attempt:
    made = experiment(folder, "forks", ["none"], ["xnli", "bucc2018", "tatoeba"])
    raw = yaml.safe_load(made.file.read_text(encoding="utf-8"))
    made.file.write_text(yaml.safe_dump(raw | {"fork_server": forks}), encoding="utf-8")
    done = attempt(made)
    assert done.status == 0, done.printed
    return done


def servers(run: Attempt, step: str) -> list[str | None]:
    """The process that has forked each job of a step, according to the first line of its log."""
    jobs = Jobs(run.experiment.grid(), run.entries).all
    logs = [run.experiment.folder / "logs" / f"{one.path}.log" for one in jobs if one.step == step]
    found = [re.search("  # forked by process ([0-9]+)$", log.read_text().split("\n")[0]) for log in logs]
    return [one and one[1] for one in found]


@pytest.mark.parametrize("step", ["train_stage", "predict", "score", "statistics"])
def test_jobs_are_forks_of_one_process_that_has_ended_with_the_run(runs: dict[bool, Attempt], step: str):
    (server,) = set(servers(runs[True], step))
    assert server
    assert not psutil.pid_exists(int(server))
    assert set(servers(runs[False], step)) == {None}


def test_every_file_is_the_same(runs: dict[bool, Attempt]):
    one, other = ({path: content for path, (_, content) in run.files.items()} for run in runs.values())
    assert one.keys() == other.keys()
    assert {path for path in one if one[path] != other[path] and Path(path).name != "manifest.json"} == set()
