"""Plans of a copy of the project, made in processes that have not seen another version of the library."""

import importlib.metadata
import multiprocessing
import os
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import yaml
from snakemake.utils import update_config


def apart(function: Callable, folder: Path, *arguments: object) -> Any:
    """What a function returns in a fresh process whose library is that of `folder / "project"`."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", "planning", "pydantic"])
    with ProcessPoolExecutor(1, mp_context=context, initializer=_enter, initargs=(folder,)) as processes:
        return processes.submit(function, *arguments).result()


def _enter(folder: Path) -> None:
    os.chdir(folder)
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(folder / "project" / "workflow"))


def plan(file: str, versions: dict[str, str]) -> tuple[list[str], list[str]]:
    """The paths of what is pending and of all entries; `versions` take the place of those of installed libraries."""
    installed = importlib.metadata.version
    importlib.metadata.version = lambda name: versions.get(name) or installed(name)
    run = _run(file)
    return list(run.pending), list(run.grid.entries)


def jobs(file: str) -> list[str]:
    """The paths of the jobs that make what is pending."""
    return [job.path for job in _run(file).jobs.all]


def codes(file: str) -> dict[str, str]:
    """The fingerprints of the code of all roles, and, as `module.<name>`, of their modules."""
    entries = _run(file).grid.entries.values()
    roles = {role: code for entry in entries for role, code in entry.spec["code"].items()}
    modules = {name: code for entry in entries for found in entry.modules.values() for name, code in found.items()}
    return roles | {f"module.{name}": code for name, code in modules.items()}


def finish(file: str) -> None:
    """Make everything that is pending, with a line of text for each result and each file that a report shows."""
    run = _run(file)
    from xstilts.reporting import gallery
    from xstilts.store import drafts

    shown = [*gallery.tables(run.grid), *gallery.figures(run.grid)]
    for entry in run.pending.values():
        names = ["content", *(item.file for item in shown if item.entry is entry)]
        with drafts.publishing(run.config.store, entry) as draft:
            for place in (draft.folder / name for name in names):
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(entry.path)
    run.show()


def _run(file: str):
    from xstilts.run import Run

    raw = yaml.safe_load(Path("project", "config.yaml").read_text(encoding="utf-8"))
    update_config(raw, yaml.safe_load(Path(file).read_text(encoding="utf-8")))
    return Run(raw, [file, "project/config.yaml"])
