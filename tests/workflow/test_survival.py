"""Deaths at random moments, and the same command again: in the end all is as after a run that nothing disturbed."""

import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from survival import (
    Death,
    Moment,
    Tormented,
    all_killed,
    both_terminated,
    disk_full,
    job_killed,
    job_terminated,
    leaving_job_killed,
    snakemake_killed,
    snakemake_terminated,
    state_damaged,
)

from experiments import Experiment, experiment

pytestmark = pytest.mark.slow

SEED = int(os.environ.get("SURVIVAL_SEED", "2005"))
STEPS = 240
"""Of each of three trainings, one after the other, with a state after every second step."""
LAST = 80
"""Steps in the end in which nothing dies: a run may get on a bit between the moment and its death."""
EARLY: list[Death] = [all_killed, all_killed]
"""Before there is a training."""
DEATHS: list[Death] = [
    *[job_killed, job_terminated, both_terminated, all_killed, state_damaged] * 3,
    *[snakemake_killed] * 2,
    *[disk_full] * 3,
]
"""In any order. When Snakemake alone is asked to end, a whole training goes by; that happens once, among the first. A
job that dies while it leaves is the last."""


def trainings_in_a_row(folder: Path, **settings: object) -> Experiment:
    made = experiment(folder, "survival", ["udpos/mnli"], ["xnli"])
    raw = yaml.safe_load(made.file.read_text(encoding="utf-8"))
    recipe = {"epochs": STEPS / 2, "batch_size": 16, "evaluate_every": 2, "patience": STEPS}
    raw["stages"] = {"udpos": recipe, "mnli": recipe}
    raw |= {"checkpoint_minutes": 0, **settings}
    made.file.write_text(yaml.safe_dump(raw), encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path | None]:
    """A disk that can be filled; None where this user may not mount one."""
    folder = tmp_path_factory.mktemp("disk")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128M", "tmpfs", folder], check=False).returncode == 0
    yield folder if mounted else None
    if mounted:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture(scope="module")
def undisturbed(world: Callable[[str], Path]) -> Experiment:
    """The experiment after one run."""
    made = trainings_in_a_row(world("undisturbed"))
    run = made.snakemake()
    assert run.returncode == 0, run.stdout
    return made


HOW = {"in their own processes": False, "in forks": True}
"""How jobs run; `--dist loadgroup` of pytest-xdist runs both at once."""


@pytest.fixture(
    scope="module",
    params=[pytest.param(forks, marks=pytest.mark.xdist_group(name), id=name) for name, forks in HOW.items()],
)
def survivor(
    request: pytest.FixtureRequest, world: Callable[[str], Path], small_disk: Path | None
) -> Iterator[Tormented]:
    """The experiment after many deaths and a last run, which succeeded."""
    print(f"SURVIVAL_SEED={SEED}")
    random.seed(SEED)
    folder = world("survivor-forks" if request.param else "survivor")
    if small_disk:
        folder = shutil.copytree(folder, small_disk / folder.name)
    deaths = [death for death in DEATHS if small_disk or death is not disk_full]
    random.shuffle(deaths)
    deaths.insert(random.randrange(6), snakemake_terminated)
    run = Tormented(trainings_in_a_row(folder, fork_server=request.param), STEPS)
    try:
        torment(run, [*EARLY, *deaths, leaving_job_killed])
        yield run
    finally:
        run.end()


def torment(run: Tormented, deaths: list[Death]) -> None:
    """Let an experiment die of all of this, its deaths spread over its trainings, and let it end well."""
    while deaths:
        if run.orphan:
            assert not run.run(), "two trainers at once"
            continue
        before = len(run.deaths)
        assert not run.run(deaths[0], moment(run, len(deaths))), "the trainings are too short for so many deaths"
        del deaths[: len(run.deaths) - before]
    for _ in range(3):
        if run.run():
            return
    pytest.fail("the run does not end well although nothing disturbs it any more")


def moment(run: Tormented, deaths: int) -> Moment:
    """When a run may die so that there is something left for the deaths that follow."""
    if len(run.deaths) < len(EARLY):
        return Moment(None, random.uniform(0, 20))
    safe = run.safe()
    left = max(0, len(run.trainings) * STEPS - LAST - safe)
    ahead = random.randint(0, 2 * left // (deaths + 1))
    # Where nothing new has to be safe, it may die while it loads its libraries.
    return Moment(safe + ahead, random.uniform(0, 0.3 if ahead else 3))


def test_runs_die_often_and_in_every_way(survivor: Tormented):
    assert len(survivor.deaths) >= 20
    names = {death.__name__ for death in (*EARLY, *DEATHS, snakemake_terminated, leaving_job_killed)}
    assert set(survivor.deaths) >= names - {disk_full.__name__}


def test_a_full_disk_is_one_of_these_ways(survivor: Tormented, small_disk: Path | None):
    if small_disk is None:
        pytest.skip("this user may not mount a small disk")
    assert survivor.deaths.count(disk_full.__name__) >= 3


def test_trainings_go_on_from_their_last_whole_state(survivor: Tormented):
    assert len(survivor.resumed) >= 10
    assert all(survivor.resumed)


def test_the_scores_are_those_of_an_undisturbed_run_byte_for_byte(undisturbed: Experiment, survivor: Tormented):
    one, other = (made.reports / "scores.csv" for made in (undisturbed, survivor.experiment))
    assert one.read_bytes() == other.read_bytes()


def test_every_file_of_every_entry_is_that_of_an_undisturbed_run(undisturbed: Experiment, survivor: Tormented):
    def hashes(made: Experiment) -> dict[tuple[str, str], str]:
        notes = {path: json.loads(text) for path, (_, text) in made.files().items() if path.endswith("/manifest.json")}
        return {(path, name): sha256 for path, note in notes.items() for name, sha256 in note["files"].items()}

    assert hashes(undisturbed)
    assert hashes(undisturbed) == hashes(survivor.experiment)


def test_nothing_but_results_remains(undisturbed: Experiment, survivor: Tormented):
    def names(made: Experiment) -> set[str]:
        places = (made.results, made.folder / "logs", made.folder / "data")
        found = {path.relative_to(made.folder) for place in places for path in place.rglob("*")}
        # What is remembered between two looks depends on how old the files were, and the name of the configuration of
        # the jobs on the folder of the data.
        return {str(path) for path in found if not {".cache", "configs"} & set(path.parts)}

    assert names(undisturbed) == names(survivor.experiment)
    assert [path for path in survivor.experiment.results.rglob(".*") if path.name != ".cache"] == []
