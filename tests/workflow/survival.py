"""Runs that die: an experiment to which it happens again and again, and what may happen to it."""

import os
import random
import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psutil

from experiments import Experiment
from xstilts.inspection.progress import holder
from xstilts.runtime.timing import GOING_ON
from xstilts.steps.entry import Entry
from xstilts.store import drafts, entries
from xstilts.store.drafts import lock_file
from xstilts.training.states import SEAL

PATIENCE = 900
"""Seconds after which a run that neither ends nor gets anywhere fails the test."""
DAMAGED = "damaged"
"""Marks a state in which a test has damaged a file."""
RESUMED = re.compile(GOING_ON.replace("{}", r"(\d+)"))
HOLDING = re.compile(r"^pid (\d+) on ")
HOLDER = re.compile(r"another process \(pid (\d+) on ")


@dataclass(frozen=True)
class Moment:
    """When a run dies.

    Args:
        steps: while a training is under way and so many steps are safe; at any time where it is None.
        seconds: that go by until then.
    """

    steps: int | None
    seconds: float


class Tormented:
    """An experiment whose runs die, one after the other; its trainings make up one path.

    Args:
        steps: of each training.
    """

    def __init__(self, experiment: Experiment, steps: int):
        self.experiment, self.steps = experiment, steps
        self.process: psutil.Popen | None = None
        self.orphan: psutil.Process | None = None
        self.filling = experiment.folder / "filling"
        self.deaths: list[str] = []
        self.resumed: list[int] = []

    # Where it is

    @cached_property
    def trainings(self) -> list[Entry]:
        """In the order in which they run."""
        found = [entry for entry in self.experiment.grid().entries.values() if entry.step == "train_stage"]
        return sorted(found, key=lambda entry: len(entry.path))

    def done(self) -> int:
        """How many trainings are finished."""
        return sum(entries.finished(self.experiment.results, entry) for entry in self.trainings)

    def states(self) -> list[Path]:
        """The whole states of the training that is next or under way, the latest first."""
        done = self.done()
        if done == len(self.trainings):
            return []
        seals = drafts.scratch(self.experiment.results, self.trainings[done], "training").glob(f"state-*[0-9]/{SEAL}")
        found = [seal.parent for seal in seals if _is_written(seal) and not seal.with_name(DAMAGED).exists()]
        return sorted(found, key=_step, reverse=True)

    def step(self) -> int:
        """The step from which this training can go on."""
        return max(map(_step, self.states()), default=0)

    def safe(self) -> int:
        """The steps of all trainings that need not be made again."""
        return self.steps * self.done() + self.step()

    def processes(self) -> list[psutil.Process]:
        """The run and all that it has started."""
        with suppress(psutil.NoSuchProcess):
            return [self.process, *self.process.children(recursive=True)]
        return []

    def job(self) -> psutil.Process | None:
        """The process that makes the training that is next."""
        path = next((entry.path for entry in self.trainings[self.done() :]), None)
        for process in self.processes():
            with suppress(psutil.Error):
                if path in process.cmdline():
                    return process
        return None

    def trainer(self, job: psutil.Process) -> psutil.Process:
        """The process that trains: that of the job, or its fork. It has locked the training, once it has begun."""
        found = HOLDING.search(holder(lock_file(self.experiment.results, self.trainings[self.done()])) or "")
        return psutil.Process(int(found[1])) if found else job

    # What happens to it

    def run(self, death: "Death | None" = None, moment: Moment | None = None) -> bool:
        """Run the experiment, let it die, and do what it says has to be done.

        Returns:
            Whether the run succeeded.
        """
        log, step, safe = self._log(), self.step(), self.safe()
        with tempfile.TemporaryFile("w+") as output:
            self.process = psutil.Popen(self.experiment.command, stdout=output, stderr=subprocess.STDOUT)
            struck = death is not None and self._strike(death, moment)
            succeeded = self.process.wait(PATIENCE) == 0
            self.filling.unlink(missing_ok=True)
            output.seek(0)
            printed = output.read()
        if struck and not succeeded:
            self.deaths.append(death.__name__)
            print(f"{len(self.deaths)}. {death.__name__}, {self.safe()} steps safe", flush=True)
        assert self.safe() >= safe or death is state_damaged, "what was safe is lost"
        if log and log.is_file():
            self._see_resumption(log.read_text(encoding="utf-8", errors="replace"), step)
        if not succeeded:
            self._obey(printed, struck)
        return succeeded

    def _strike(self, death: "Death", moment: Moment) -> bool:
        """Let the run die at some moment; False where it ends before, of itself."""
        patience = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < patience, "the run gets nowhere"
            if self._may(death, moment):
                time.sleep(moment.seconds)
                if self._may(death, moment):
                    with suppress(psutil.NoSuchProcess):
                        death(self, self.job())
                    return True
            time.sleep(0.05)
        return False

    def _may(self, death: "Death", moment: Moment) -> bool:
        if moment.steps is None:
            return True
        needed = bool(self.states()) if death is state_damaged else True
        return needed and self.safe() >= moment.steps and self.job() is not None

    def _obey(self, printed: str, struck: bool) -> None:
        """What a user does whose run has failed: what it says, and nothing else."""
        if "--unlock" in printed:
            assert self.experiment.snakemake("--unlock").returncode == 0
        elif found := HOLDER.search(printed):
            assert self.orphan, printed
            assert int(found[1]) == self.orphan.pid
            self._end_orphan()
        else:
            assert struck, printed

    def _end_orphan(self) -> None:
        self.orphan.terminate()
        self.orphan.resume()
        patience = time.monotonic() + PATIENCE
        while self.orphan.is_running() and self.orphan.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < patience, "the orphan does not end"
            time.sleep(0.1)
        self.orphan = None

    def _log(self) -> Path | None:
        """Where the training that is next will write; what an earlier attempt has written goes."""
        done = self.done()
        if done == len(self.trainings):
            return None
        log = self.experiment.folder / "logs" / f"{self.trainings[done].path}.log"
        log.unlink(missing_ok=True)
        return log

    def _see_resumption(self, log: str, step: int) -> None:
        """The log of a training says that it went on from the last whole state, or it has trained nothing."""
        if found := RESUMED.search(log):
            assert int(found[1]) == step, log
            self.resumed.append(step)
        elif step:
            assert ": loss " not in log, log

    def end(self) -> None:
        """Let nothing run any more."""
        for process in (*(self.processes() if self.process else []), *([self.orphan] if self.orphan else [])):
            with suppress(psutil.NoSuchProcess):
                process.kill()


# What may happen


Death = Callable[[Tormented, psutil.Process], None]


def job_killed(run: Tormented, job: psutil.Process) -> None:
    """As by a kernel that is out of memory: the process that trains, or the one that waits for it."""
    random.choice([job, run.trainer(job)]).kill()


def leaving_job_killed(run: Tormented, job: psutil.Process) -> None:
    """When its model is finished, but it has not left yet, and Snakemake takes it for failed."""
    done = run.done()
    while run.done() == done and job.is_running():
        time.sleep(0.005)
    job.kill()


def job_terminated(run: Tormented, job: psutil.Process) -> None:
    """As by a cluster."""
    random.choice([job, run.trainer(job)]).terminate()


def disk_full(run: Tormented, job: psutil.Process) -> None:
    """Until the run has ended there is no room, nor where an old state was removed."""
    with run.filling.open("wb", buffering=0) as file:
        while job.is_running():
            with suppress(OSError):
                while file.write(bytes(2**16)):
                    pass
            time.sleep(0.05)


def snakemake_killed(run: Tormented, job: psutil.Process) -> None:
    """The job lives on, and would for hours; here it stands still instead, as soon as it has begun to train."""
    lock = lock_file(run.experiment.results, run.trainings[run.done()])
    while holder(lock) is None and job.is_running():
        time.sleep(0.01)
    run.orphan = run.trainer(job)
    run.orphan.suspend()
    run.process.kill()


def snakemake_terminated(run: Tormented, _: psutil.Process) -> None:
    """It lets the job under way finish."""
    run.process.terminate()


def both_terminated(run: Tormented, job: psutil.Process) -> None:
    """As by a cluster on which Snakemake itself is a job."""
    run.process.terminate()
    job.terminate()


def all_killed(run: Tormented, _: psutil.Process | None) -> None:
    """As by a machine that loses its power."""
    for process in run.processes():
        with suppress(psutil.NoSuchProcess):
            process.kill()


def state_damaged(run: Tormented, job: psutil.Process) -> None:
    """Everything is killed, and a file of the newest state has suffered."""
    all_killed(run, job)
    for state in run.states()[:1]:
        file = random.choice(sorted(file for file in state.iterdir() if file.stat().st_size))
        random.choice([Path.unlink, _cut, _flip])(file)
        (state / DAMAGED).touch()


def _cut(file: Path) -> None:
    os.truncate(file, random.randrange(file.stat().st_size))


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[random.randrange(len(content))] ^= 0xFF
    file.write_bytes(content)


def _is_written(seal: Path) -> bool:
    try:
        return seal.stat().st_size > 0
    except FileNotFoundError:
        return False


def _step(state: Path) -> int:
    return int(state.name.rpartition("-")[2])
