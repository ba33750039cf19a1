"""Runs of the workflow on real samples with a real encoder."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SAMPLES = ROOT.parent / "shared"
"""Where config.yaml expects the samples and the encoder."""


@pytest.fixture(scope="session")
def run(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Runs an experiment from nothing, with the configurations of these names one over the other; its reports.

    With `until`, only the jobs of a rule and those that they need are run.
    """
    if samples.resolve() != (SAMPLES / "data").resolve():
        pytest.skip("tests/real/config.yaml expects the samples in ../shared/data")
    if not (SAMPLES / "models" / "me5-small-96k").is_dir():
        pytest.skip("tests/real/config.yaml expects an encoder in ../shared/models/me5-small-96k")

    def from_nothing(experiment: str, *configurations: str, until: str = "") -> Path:
        store = tmp_path_factory.mktemp(experiment)
        files = [HERE / name for name in configurations]
        snakemake = Path(sys.executable).with_name("snakemake")
        command = [snakemake, "--cores", "2", "--configfile", *files, "--config", f"store={store}"]
        command += ["--until", until] if until else []
        subprocess.run(command, cwd=ROOT, check=True)
        return store / "experiments" / experiment

    return from_nothing
