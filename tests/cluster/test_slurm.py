"""A grid on a real SLURM cluster where all that can happen to a job happens, beside the same grid on one machine."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from clusters import ROOT, Cluster, missing
from snakemake.utils import update_config

from xstilts import experiments
from xstilts.config import parse
from xstilts.steps.entry import Entry
from xstilts.store import drafts
from xstilts.training.states import PROGRESS

pytestmark = pytest.mark.slow

SIZES = {"train": 256, "dev": 16, "test": 16, "pairs": 16}
PRETRAINING = {
    "sentences": 200,
    "hidden_size": 32,
    "layers": 2,
    "heads": 2,
    "max_length": 256,
    "batches": 4,
    "steps": 4,
}
TRAINING = {"learning_rate": 0.001, "epochs": 100, "batch_size": 16, "evaluate_every": 100, "dev_examples": 16}
GRID = {
    "experiment": "cluster",
    "source": "miniature",
    "miniature": SIZES,
    "grid": {"encoders": ["tiny"], "intermediates": ["none", "mnli"], "targets": ["pawsx"], "seeds": [1]},
    "languages": ["en", "de"],
    "training": TRAINING,
    "checkpoint_minutes": 0,
    "encoders": {"tiny": {"pretraining": PRETRAINING, "max_length": 256, "retrieval": {"layer": 2, "max_length": 64}}},
    "stages": {"mnli": {"epochs": 100}, "pawsx": {"epochs": 100}},
}
"""Three trainings of 1,600 steps: `mnli`, `pawsx` on the encoder and `pawsx` on `mnli`."""

MINUTES = 60
PATIENCE = 30 * MINUTES


@dataclass(frozen=True)
class Experiment:
    """The grid in a folder of its own."""

    folder: Path

    def __post_init__(self):
        self.folder.mkdir()
        self.file.write_text(yaml.safe_dump(GRID), encoding="utf-8")

    @property
    def file(self) -> Path:
        """The configuration."""
        return self.folder / "cluster.yaml"

    @property
    def output(self) -> Path:
        """All that snakemake prints."""
        return self.folder / "snakemake.out"

    def start(self, *options: str | Path, **environment: str) -> subprocess.Popen:
        """Run the workflow on one thread for each job, so that bits can be compared."""
        command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile"]
        with self.output.open("w") as output:
            return subprocess.Popen(
                [*command, "--directory", self.folder, "--configfile", self.file, *options],
                env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def run(self, *options: str) -> None:
        """Run the workflow on this machine, to its end."""
        run = self.start(*options)
        try:
            assert run.wait(PATIENCE) == 0, self.output.read_text()
        finally:
            run.terminate()

    def trainings(self) -> dict[str, Entry]:
        """The trainings by their stages."""
        raw = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
        update_config(raw, GRID)
        entries = experiments.open_grid(parse({**raw, "store": str(self.folder / "results")})).entries
        found = {path: entry for path, entry in entries.items() if entry.step == "train_stage"}
        return {"/".join(re.findall(r"(?<!models)/(\w+)~", path)): entry for path, entry in found.items()}

    def saved(self, training: Entry) -> float:
        """When a state of a training was saved last, of those that are there now."""
        states = drafts.scratch(self.folder / "results", training, "training").glob(f"state-*/{PROGRESS}")
        return max((file.stat().st_mtime for file in states), default=0.0)

    def scores(self) -> bytes:
        """The table of all scores."""
        return (self.folder / "results/experiments/cluster/scores.csv").read_bytes()

    def weights(self, training: Entry) -> bytes:
        """The weights of a trained model."""
        return (self.folder / "results" / training.path / "model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Four nodes on this machine."""
    if reason := missing():
        pytest.skip(reason)
    pytest.importorskip("snakemake_executor_plugin_slurm", reason="pip install -r envs/requirements-clusters.txt")
    running = Cluster(Path(os.environ.get("SLURM_LAB", f"{tempfile.gettempdir()}/slurm-lab")))
    running.script("start-slurm.sh")
    yield running
    running.script("stop-slurm.sh")


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped profile, filled in, for a cluster whose nodes are small and whose partitions are one."""
    settings = yaml.safe_load((ROOT / "workflow/profiles/slurm/config.yaml").read_text(encoding="utf-8"))
    small = {"slurm_partition": "main", "cpus_per_task": 2, "mem_mb": "1500 * attempt"}
    settings["default-resources"] |= small | {"slurm_account": "lab"}
    for resources in settings["set-resources"].values():
        resources |= small
    settings |= {"latency-wait": 5, "slurm-init-seconds-before-status-checks": 5}
    folder = tmp_path_factory.mktemp("profile")
    (folder / "config.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    """The grid as one machine runs it."""
    experiment = Experiment(tmp_path_factory.mktemp("grids") / "local")
    experiment.run("--cores", "2")
    return experiment


@pytest.fixture(scope="module")
def disturbed(cluster: Cluster, profile: Path, tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    """The grid on the cluster: each of its trainings is hit, some of them twice, after it has saved a state."""
    experiment = Experiment(tmp_path_factory.mktemp("grids") / "disturbed")
    run = experiment.start("--workflow-profile", profile, SLURM_CONF=str(cluster.folder / "etc/slurm.conf"))
    trainings = experiment.trainings()

    def hit(name: str, blow: Callable[[str], object]) -> None:
        blow(under_way(cluster, run, experiment, trainings[name]))

    try:
        hit("mnli", lambda job: cluster.tool("scancel", job))
        hit("pawsx", lambda job: cluster.tool("scontrol", "update", f"jobid={job}", "timelimit=1"))
        hit("mnli", lambda job: cluster.tool("scontrol", "requeue", job))
        hit("mnli/pawsx", lambda _: cluster.restart_controller())
        hit("mnli/pawsx", lambda job: cluster.script("node.sh", "crash", cluster.node(job)))
        assert run.wait(PATIENCE) == 0, experiment.output.read_text()
    finally:
        run.terminate()
    return experiment


def under_way(cluster: Cluster, run: subprocess.Popen, experiment: Experiment, training: Entry) -> str:
    """The number of the job that runs a training, once it has saved a state since it began."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and run.poll() is None:
        for job, comment in cluster.jobs("running").items():
            if names(comment, training) and experiment.saved(training) > cluster.begun(job):
                return job
        time.sleep(0.2)
    raise AssertionError(f"{training.path} was not seen in training\n{experiment.output.read_text()}")


def names(comment: str, training: Entry) -> bool:
    """Whether the comment of a job is about a training: separators differ."""
    return re.sub(r"\W", "_", comment).endswith(re.sub(r"\W", "_", training.path))


def test_a_grid_on_the_cluster_has_the_scores_of_a_local_run_whatever_happened_to_its_jobs(disturbed, local):
    assert disturbed.scores() == local.scores()


def test_the_weights_are_the_same_byte_for_byte(disturbed, local):
    for name, training in local.trainings().items():
        assert disturbed.weights(training) == local.weights(training), name


def test_what_was_stopped_says_so_where_users_look(disturbed):
    assert "stopped by SIGTERM; the state at step" in disturbed.output.read_text()


def test_a_job_that_is_started_again_after_it_had_finished_ends_well_and_deletes_nothing(local):
    training = local.trainings()["pawsx"]
    before = local.weights(training)
    started = ["--mode", "remote", "--target-jobs", f"train_stage:entry={training.path}", "--force", "--cores", "1"]
    local.run(*started)
    assert local.weights(training) == before
