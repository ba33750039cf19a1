"""The profiles that are shipped: what they ask for, by a dry run of the paper's rules on the miniature world."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROFILES = ROOT / "workflow" / "profiles"
PLUGINS = {
    "slurm": "snakemake_executor_plugin_slurm",
    "cluster-generic": "snakemake_executor_plugin_cluster_generic",
}


Resources = dict[str, dict[str, str]]
"""Those of a job of each rule."""


@pytest.fixture(scope="module", params=PLUGINS)
def plan(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Resources]:
    """Plans a run with a profile and more options."""
    if find_spec(PLUGINS[request.param]) is None:
        pytest.skip(f"no executor for {request.param}: pip install -r envs/requirements-clusters.txt")
    places = ["--snakefile", ROOT / "Snakefile", "--directory", tmp_path_factory.mktemp(request.param)]
    grid = ["--configfile", ROOT / "workflow/experiments/miniature.yaml"]
    profile = ["--workflow-profile", PROFILES / request.param]
    command = [sys.executable, "-m", "snakemake", *places, *grid, *profile, "--dry-run"]

    def with_options(*options: str) -> Resources:
        run = subprocess.run(
            [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        assert run.returncode == 0, run.stdout
        jobs = re.findall(r"^(?:local)?rule (\w+):\n(?:    .*\n)*?    resources: (.*)", run.stdout, re.MULTILINE)
        return {rule: dict(part.split("=", 1) for part in resources.split(", ")) for rule, resources in jobs}

    return with_options


@pytest.fixture(scope="module")
def planned(plan: Callable[..., Resources]) -> Resources:
    """The resources as they are without more options."""
    return plan()


def test_trainings_and_predictions_ask_for_a_gpu_where_gpus_are_and_the_rest_for_none(planned):
    gpus = {rule for rule, resources in planned.items() if resources.get("gpu", "0") != "0"}
    places = {
        rule for rule, resources in planned.items() if any(value.startswith("GPU_") for value in resources.values())
    }
    assert gpus == places == {"train_stage", "predict"}


def test_every_job_has_a_limit_of_time_and_memory(planned):
    assert len(planned) >= 9
    for rule, resources in planned.items():
        assert int(resources["mem_mb"]) >= 8000, rule
        assert int(resources.get("runtime") or resources["seconds"]) > 0, rule


def test_a_training_on_two_gpus_asks_for_two_and_for_twice_the_cores_and_memory(
    plan: Callable[..., Resources], planned: Resources
):
    # Snakemake plans with one core unless told otherwise; a run on a cluster has no such bound.
    one, two = planned["train_stage"], plan("--cores", "64", "--config", "training={gpus: 2}")["train_stage"]
    asked = {key for key in one if key in ("gpu", "mem_mb", "cpus", "cpus_per_task")}
    assert len(asked) == 3
    assert {key: int(two[key]) for key in asked} == {key: 2 * int(one[key]) for key in asked}


@pytest.mark.parametrize(
    "printed, status, answer",
    [
        ("job_state = Q", 0, "running"),
        ("job_state = R", 0, "running"),
        ("job_state = F\n    Exit_status = 0", 0, "success"),
        ("job_state = F\n    Exit_status = 1", 0, "failed"),
        ("job_state = F\n    Exit_status = 271", 0, "failed"),
        ("job_state = F", 0, "failed"),
        ("", 1, "running"),
    ],
)
def test_the_state_of_a_pbs_job_is_told_from_what_qstat_prints(tmp_path: Path, printed: str, status: int, answer: str):
    qstat = tmp_path / "qstat"
    qstat.write_text(f"#!/bin/sh\ncat <<'END'\nJob Id: $4\n    {printed}\nEND\nexit {status}\n")
    qstat.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    command = [PROFILES / "cluster-generic" / "status.sh", "17.server"]
    told = subprocess.run(command, env={"PATH": path}, stdout=subprocess.PIPE, text=True, check=True).stdout
    assert told.strip() == answer
