"""A job that makes predictions of one model one after another. One that fails does not stop the others."""

import traceback
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from xstilts.errors import UserError
from xstilts.paths import MANIFEST
from xstilts.runtime import job
from xstilts.runtime.job import Job
from xstilts.store import drafts, entries, jsonfiles, weights


def run(arguments: Namespace, create: Callable[[Job], None]) -> None:
    """Create an entry, or those of `arguments.predictions` that are not finished and then the marker of their bundle.

    If `keep_models` is false, the weights of the model are deleted unless they are still needed.

    Raises:
        UserError: an entry has failed. If there are several, the others are finished.
    """
    several = getattr(arguments, "predictions", None)
    jobs = _all(arguments.config, several, create) if several else [_one(arguments, create)]
    if several:
        mark(jobs[0].store, arguments.entry)
    inputs = {entry.path: entry for this in jobs for entry in this.entry.inputs.values()}
    weights.delete_unneeded_weights(jobs[0].config, jobs[0].grid, inputs.values())


def _one(arguments: Namespace, create: Callable[[Job], None]) -> Job:
    this = job.of(arguments)
    create(this)
    return this


def _all(file: Path, paths: list[str], create: Callable[[Job], None]) -> list[Job]:
    jobs, failed = job.planned(file, paths), dict[str, str]()
    # An entry with which an earlier attempt was killed may need too much memory, and comes last.
    for this in sorted(jobs, key=lambda this: bool(drafts.left_behind(this.store, this.entry, drafts.DRAFT))):
        if entries.finished(this.store, this.entry):
            continue
        print(this.entry.path, flush=True)
        if cause := _failure(this, create):
            failed[this.entry.path] = cause
    if failed:
        causes = "; ".join(f"{path}: {cause}" for path, cause in failed.items())
        raise UserError(f"{len(failed)} of {len(jobs)} predictions failed: {causes}")
    return jobs


def mark(store: Path, path: str) -> None:
    """Write the marker of a bundle."""
    jsonfiles.write_json(store / path / MANIFEST, {})


def _failure(this: Job, create: Callable[[Job], None]) -> str:
    """Create an entry; the cause if it fails, else an empty text."""
    try:
        entries.require_intact(this.store, this.entry)
        create(this)
    except UserError as error:
        print(f"failed: {error}", flush=True)
        return str(error)
    except Exception as error:
        traceback.print_exc()
        return f"{type(error).__name__}: {error}"
    return ""
