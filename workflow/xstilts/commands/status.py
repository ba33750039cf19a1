"""Show what is done, running, failed or to do, and why."""

import json
from argparse import ArgumentParser, Namespace
from collections import Counter
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

from rich.table import Table
from rich.text import Text

from xstilts import labels
from xstilts.commands.shell import add_config, duration, many, open_experiment, show
from xstilts.grid import Cell
from xstilts.inspection.progress import Failure, Interrupted, Running
from xstilts.inspection.state import DONE, FAILED, NEVER, RUNNING, TO_DO, State
from xstilts.store import warned
from xstilts.store.differences import sentence

_STYLES = {DONE: "green", FAILED: "red", RUNNING: "yellow", TO_DO: "dim"}


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_config(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: Namespace) -> None:
    """Print the state of the grid as text or JSON."""
    experiment = open_experiment(arguments)
    state = State(experiment.config, experiment.grid)
    if arguments.json:
        print(json.dumps(_document(state), indent=2, ensure_ascii=False))
    else:
        _print(state)


def _print(state: State) -> None:
    cells = state.grid.cells
    done = sum(state.of(cell) == DONE for cell in cells)
    show(_table(state, f"{state.config.experiment}: {done} of {len(cells)} cells are done"))
    for one in state.running.values():
        print(f"running  {_progress(one)}; {_waiting(state, one.entry.path)}")
    for failure in state.failed.values():
        path = failure.entry.path
        print(f"failed   {path}: {failure.cause}; {_waiting(state, path)}; log: {failure.log}")
    for path, training in state.interrupted.items():
        steps = f"step {training.step} of {training.steps or 'unknown'}"
        print(f"to do    {path}: interrupted, resumes from {steps}; {_waiting(state, path)}")
    for group in state.groups():
        print(f"to do    {many(group.cells, 'cell')}: {group.text}")
        if group.instead:
            print(f"         such as {group.entry},\n         the store has {group.instead}")
    if done == len(cells) and state.pending:
        print("to do    the tables, by snakemake")
    for refusal in warned.refusals(state.config, state.grid):
        print(f"refused  {refusal}")


def _table(state: State, title: str) -> Table:
    grid = state.config.grid
    known = labels.labels((*grid.intermediates, *grid.targets))
    notes = labels.notes(known, " ".join(known.values()))
    table = Table(title=title, caption=" ".join(["seeds done / all seeds", *notes]))
    for column in ("encoder", "intermediate", *grid.targets):
        table.add_column(labels.labelled(column, known))
    for (encoder, intermediate), row in groupby(state.grid.cells, lambda cell: (cell.encoder, cell.intermediate)):
        seeds = {target: [state.of(cell) for cell in cells] for target, cells in groupby(row, lambda cell: cell.target)}
        counts = (_summary(seeds[target]) if target in seeds else "" for target in grid.targets)
        table.add_row(encoder, labels.labelled(intermediate, known), *counts)
    return table


def _summary(states: list[str]) -> Text:
    """The numbers of seeds that are done, running and failed."""
    counts = Counter(states)
    worst = next(state for state in (FAILED, RUNNING, TO_DO, DONE) if counts[state])
    rest = [f"{counts[state]} {state}" for state in (RUNNING, FAILED) if counts[state]]
    return Text(", ".join([f"{counts[DONE]}/{len(states)}", *rest]), style=_STYLES[worst])


def _progress(one: Running) -> str:
    """The progress of a training in one line."""
    parts = [f"{one.entry.path}: step {one.step} of {one.steps or 'unknown'}"]
    parts += [f"loss {one.loss:g}"] if one.loss is not None else []
    parts += [f"{duration(one.seconds_left)} left"] if one.seconds_left is not None else []
    return ", ".join([*parts, one.holder])


def _waiting(state: State, path: str) -> str:
    return f"needed by {many(state.cells_behind(path), 'cell')}"


def _document(state: State) -> dict:
    return {
        "experiment": state.config.experiment,
        "store": str(state.config.store),
        "cells": [_cell(state, cell) for cell in state.grid.cells],
        "running": [_job(state, one) for one in state.running.values()],
        "interrupted": [_job(state, one) for one in state.interrupted.values()],
        "failed": [_job(state, one) for one in state.failed.values()],
        "reasons": [asdict(group) for group in state.groups()],
        "refused": warned.refusals(state.config, state.grid),
        "tables": state.grid.tables.path not in state.pending,
    }


def _cell(state: State, cell: Cell) -> dict:
    what = {name: getattr(cell, name) for name in ("encoder", "intermediate", "target", "seed")}
    found = state.of(cell)
    reasons = [sentence([reason]) for reason in state.reasons(cell)] or [NEVER] if found == TO_DO else []
    return what | {"state": found, "reasons": sorted(reasons), "scores": cell.scores.path}


def _job(state: State, one: Running | Interrupted | Failure) -> dict:
    facts = {name: str(value) if isinstance(value, Path) else value for name, value in vars(one).items()}
    return facts | {"entry": one.entry.path, "cells": state.cells_behind(one.entry.path)}
