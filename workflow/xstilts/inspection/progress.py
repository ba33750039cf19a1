"""Running and failed jobs, as seen from locks and logs."""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from xstilts.config import Config
from xstilts.inspection import workload
from xstilts.runtime.timing import GOING_ON, STEP_LINE
from xstilts.steps.entry import Entry
from xstilts.store.drafts import TRAINING, lock_file, scratch
from xstilts.store.locks import UNKNOWN, holder
from xstilts.training import folders

LOGS = Path("logs")
"""The folder of the logs of jobs, relative to the working directory of Snakemake."""

_STEP = re.compile("^" + STEP_LINE.format(r"(\d+)", r"\d+", r"(\S+)"), re.MULTILINE)
_RESUMED = re.compile(re.escape(GOING_ON).replace(r"\{\}", r"(\d+)"))
_FAILURE = "error: "
_TRACEBACK = "Traceback (most recent call last):"
_NOT_BEGUN = "its log is empty: the job ended before it started its work; see its output above or in the cluster's log"
_KILLED = "its log is incomplete: it was probably killed (kill -9, out of memory), or its disk was full; the last line:"


@dataclass(frozen=True)
class Failure:
    """A job that ended without completing its entry.

    Args:
        entry: its entry.
        cause: the first line of its log.
        log: its log.
    """

    entry: Entry
    cause: str
    log: Path


@dataclass(frozen=True)
class Running:
    """A running training.

    Args:
        entry: its entry.
        holder: the process that trains, or `locks.UNKNOWN`.
        log: its log.
        step: the number of optimiser steps that are done.
        steps: the total number of steps; training may end sooner by early stopping.
        loss: the last training loss.
        seconds_left: the estimated time until all steps are done, at the speed of this attempt.
    """

    entry: Entry
    holder: str
    log: Path
    step: int = 0
    steps: int | None = None
    loss: float | None = None
    seconds_left: float | None = None


@dataclass(frozen=True)
class Interrupted:
    """A training that was interrupted and has a saved state.

    Args:
        entry: its entry.
        step: the step of its last state. A resume verifies it, and uses the previous one if it is damaged.
        steps: the total number of steps, if known.
    """

    entry: Entry
    step: int
    steps: int | None


def interrupted(config: Config, pending: Iterable[Entry]) -> list[Interrupted]:
    """The trainings with a saved state, including those that are running."""
    found = []
    for entry in pending:
        if entry.step == "train_stage" and (states := _states(config.store, entry)):
            work = workload.of_training(config.store, entry)
            found.append(Interrupted(entry, folders.step_of(states[0]), work.steps if work else None))
    return found


def _states(store: Path, entry: Entry) -> list[Path]:
    return folders.numbered(scratch(store, entry, TRAINING), folders.STATE)


def running(config: Config, pending: Iterable[Entry]) -> list[Running]:
    """The running trainings, and those whose state is unknown because their disk does not support file locks."""
    return [
        _progress(config.store, entry, name)
        for entry in pending
        if entry.step == "train_stage" and (name := holder(lock_file(config.store, entry)))
    ]


def failures(pending: Iterable[Entry]) -> list[Failure]:
    """The jobs whose last attempt failed, so that their logs begin with `error:`."""
    logs = {entry: log_of(entry) for entry in pending}
    return [Failure(entry, cause, log) for entry, log in logs.items() if log.is_file() and (cause := _cause(log))]


def failures_since(begun: float, pending: Iterable[Entry]) -> list[Failure]:
    """The jobs that failed in a finished run. Snakemake removes logs of earlier attempts.

    A job that still locks its log belongs to another run and is not included.

    Args:
        begun: the start of the run, in seconds since 1970.
    """
    logs = {entry: log_of(entry) for entry in pending}
    return [
        Failure(entry, _cause(log) or _guess(log), log)
        for entry, log in logs.items()
        if log.is_file() and log.stat().st_mtime >= begun and (_cause(log) or holder(log) in (None, UNKNOWN))
    ]


def _cause(log: Path) -> str | None:
    with log.open(encoding="utf-8", errors="replace") as file:
        first = file.readline().rstrip()
    return first.removeprefix(_FAILURE) if first.startswith(_FAILURE) else None


def _guess(log: Path) -> str:
    """The probable cause of a failure that is not in the log."""
    lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    if not lines:
        return _NOT_BEGUN
    return lines[-1] if _TRACEBACK in lines else f"{_KILLED} {lines[-1]!r}"


def log_of(entry: Entry) -> Path:
    """The log of an entry's job."""
    return LOGS / f"{entry.path}.log"


def _progress(store: Path, entry: Entry, name: str) -> Running:
    log, work = log_of(entry), workload.of_training(store, entry)
    text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    steps, resumed = _STEP.findall(text), _RESUMED.search(text)
    begun = int(resumed[1]) if resumed else 0
    if work is None or not steps:
        return Running(entry, name, log, begun, work.steps if work else None)
    step, loss = int(steps[-1][0]), float(steps[-1][1])
    # The lock file is written at the start of an attempt, the log at every loss.
    seconds = log.stat().st_mtime - lock_file(store, entry).stat().st_mtime
    left = None
    if step > begun and seconds > 0:
        since = time.time() - log.stat().st_mtime
        left = max(0.0, (work.steps - step) * seconds / (step - begun) - since)
    return Running(entry, name, log, step, work.steps, loss, left)
