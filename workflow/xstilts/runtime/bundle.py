"""A job that creates several entries one after another. An entry that fails does not stop the others."""

import traceback
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from xstilts.errors import UserError
from xstilts.paths import MANIFEST
from xstilts.runtime import job
from xstilts.runtime.job import Job
from xstilts.store import drafts, entries, jsonfiles


def run(arguments: Namespace, create: Callable[[Job], None]) -> list[Job]:
    """Create an entry, or those of `arguments.predictions` that are not finished, and then the marker of their bundle.

    Returns:
        The jobs of all these entries.

    Raises:
        UserError: entries have failed. The others are finished.
    """
    if getattr(arguments, "predictions", None) is None:
        this = job.of(arguments)
        create(this)
        return [this]
    jobs, failed = job.planned(arguments.config, arguments.predictions), dict[str, str]()
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
    mark(jobs[0].store, arguments.entry)
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
