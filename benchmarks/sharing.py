"""Several trainings that share one GPU, each in a process of its own."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

ROOT = Path(__file__).parents[1]
CONTROL = "nvidia-cuda-mps-control"
WARM = 3
"""Steps before a job waits for the others."""
PATIENCE = 120
"""Seconds to wait for all jobs."""


def plan(smoke: bool) -> list[tuple[int, bool]]:
    """Numbers of jobs, with and without MPS where it is installed."""
    numbers = [1, 2] if smoke else [1, 4, 6]
    return [(number, False) for number in numbers] + [
        (number, True) for number in numbers[1:] if shutil.which(CONTROL) and not smoke
    ]


def run(features: Path, encoder: Path, folder: Path, jobs: int, mps: bool, smoke: bool) -> tuple[float, float]:
    """The examples a second of all jobs together, and the memory of one on the GPU, in GB.

    Raises:
        RuntimeError: a job has failed.
    """
    with _mps(folder) if mps else _no_mps() as environment:
        processes = [_start(features, encoder, folder, number, jobs, environment, smoke) for number in range(jobs)]
        try:
            _wait_for(folder, processes)
            (folder / "go").touch()
            outputs = [process.communicate(timeout=PATIENCE) for process in processes]
        finally:
            for process in processes:
                process.kill()
                process.wait()
    if any(process.returncode for process in processes):
        raise RuntimeError("a job has failed; its message is above")
    found = [json.loads(printed.splitlines()[-1]) for printed, _ in outputs]
    rate = sum(one["examples"] for one in found) / max(one["seconds"] for one in found)
    return rate, max(one["GB"] for one in found)


def _start(
    features: Path, encoder: Path, folder: Path, number: int, jobs: int, environment: dict[str, str], smoke: bool
) -> subprocess.Popen:
    arguments = map(str, (features, encoder, folder, number, jobs, 4 if smoke else 40))
    path = os.pathsep.join([str(ROOT), str(ROOT / "workflow")])
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.sharing", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path, **environment},
    )


def _wait_for(folder: Path, processes: list[subprocess.Popen]) -> None:
    end = time.monotonic() + PATIENCE
    while len(list(folder.glob("ready-*"))) < len(processes):
        if any(process.poll() for process in processes):
            raise RuntimeError("a job has failed; its message is above")
        if time.monotonic() > end:
            raise RuntimeError(f"the jobs were not ready after {PATIENCE} s")
        time.sleep(0.05)


@contextmanager
def _no_mps() -> Iterator[dict[str, str]]:
    yield {}


@contextmanager
def _mps(folder: Path) -> Iterator[dict[str, str]]:
    """A daemon of MPS for the jobs of the block."""
    places = {"CUDA_MPS_PIPE_DIRECTORY": str(folder / "pipe"), "CUDA_MPS_LOG_DIRECTORY": str(folder / "log")}
    for place in places.values():
        Path(place).mkdir()
    environment = {**os.environ, **places}
    subprocess.run([CONTROL, "-d"], env=environment, check=True)
    try:
        yield places
    finally:
        subprocess.run([CONTROL], input="quit\n", text=True, env=environment, check=False)


def main() -> None:
    """Train; wait for the others after the first steps, and print what the next ones take."""
    from benchmarks import ours
    from benchmarks.clock import now
    from benchmarks.gpu import Bench

    features, encoder, folder = map(Path, sys.argv[1:4])
    number, jobs, steps = map(int, sys.argv[4:])
    bench = Bench(features, encoder.parent, smoke=steps < 10)
    work = bench.work("classification", "mnli.train", 32)
    taken = 0
    begun = now()

    def stepped(*_: object) -> None:
        nonlocal taken, begun
        taken += 1
        if taken == WARM:
            (folder / f"ready-{number}").touch()
            while not (folder / "go").exists():
                time.sleep(0.01)
            begun = now()
        if taken == WARM + steps:
            seconds = (now() - begun).seconds
            used = torch.cuda.max_memory_reserved() / 1e9 if torch.cuda.is_available() else 0.0
            found = {"examples": steps * work.batch, "seconds": seconds, "GB": used}
            print(json.dumps(found), file=sys.__stdout__, flush=True)
            os._exit(0)

    register_optimizer_step_post_hook(stepped)
    ours.train(work, WARM + steps, folder / str(number), jobs=jobs)


if __name__ == "__main__":
    main()
