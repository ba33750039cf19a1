"""Compare every file with its recorded SHA-256."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Mapping
from pathlib import Path

from xstilts.commands.shell import add_configs, many, open_experiments
from xstilts.errors import UserError
from xstilts.experiments import Experiment
from xstilts.inspection import verification
from xstilts.inspection.verification import Verified
from xstilts.paths import MANIFEST
from xstilts.steps.entry import Entry
from xstilts.store.entries import finished


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_configs(parser, "*", "configurations to verify; by default the shipped one")


def run(arguments: Namespace) -> None:
    """Print differences as they are found, and finally what to do about them.

    Raises:
        UserError: a file differs.
    """
    opened = open_experiments(arguments)
    store, grids = opened[0].store, [one.grid for one in opened]
    named = {path: entry for grid in grids for path, entry in grid.entries.items()}
    files = _read("input file", "input files", verification.inputs(grids))
    results = _read("entry of the store", "entries of the store", verification.entries(store, named.values()))
    now = {path for one in opened if files for path in Experiment(one.config).grid.entries}
    doubtful = [path for path, entry in named.items() if files and path not in now and finished(store, entry)]
    advice = [_on_files(store, doubtful)] if files else []
    damaged = [one.what for one in results if isinstance(one.what, Entry)]
    advice += [_on_results(store, named, damaged)] if damaged else []
    if advice:
        raise UserError("\n".join([f"{many(len(files) + len(results), 'difference')}.", *advice]))


def _read(noun: str, plural: str, found: Iterable[Verified]) -> list[Verified]:
    """Print the problems found, and return the items with problems."""
    everything = []
    for one in found:
        for file, problem in one.problems.items():
            print(f"{file} {problem}", flush=True)
        everything.append(one)
    wrong = [one for one in everything if one.problems]
    print(f"{many(len(everything), noun, plural)} read, {len(wrong)} with differences", flush=True)
    return wrong


def _on_results(store: Path, named: Mapping[str, Entry], damaged: Iterable[Entry]) -> str:
    """What to do about damaged entries of the store and everything computed from them."""
    affected = {entry.path for entry in damaged}
    while more := {
        path
        for path, entry in named.items()
        if path not in affected and any(source.path in affected for source in entry.inputs.values())
    }:
        affected |= more
    return (
        "To recompute the damaged entries and everything computed from them, delete these files and run snakemake "
        f"again:\n{_listed(store / named[path].manifest for path in affected)}"
    )


def _on_files(store: Path, doubtful: list[str]) -> str:
    """What to do about input files that differ from their recorded hash."""
    if not doubtful:
        return "No result was computed from the input files that differ; the next run uses their present content."
    return (
        f"{many(len(doubtful), 'result')} are named after the recorded content and may have been computed from either. "
        "The next run of snakemake recomputes them from the present files, under other names. If you restore the "
        f"previous files, delete these first:\n{_listed(store / path / MANIFEST for path in doubtful)}"
    )


def _listed(files: Iterable[Path]) -> str:
    return "\n".join(f"  {file}" for file in sorted(files) if os.path.lexists(file))
