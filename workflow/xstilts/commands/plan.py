"""Show what a run would do: jobs, steps, time and disk space."""

from argparse import ArgumentParser, Namespace
from collections import Counter

from rich.table import Table

from xstilts.commands.shell import add_config, duration, many, open_experiment, show, size
from xstilts.inspection import upgrades
from xstilts.inspection.forecast import Disk, Plan, Time, Trainings

_SOURCES = {"encoded": "token ids", "read": "data", "published": "published count"}
_MEASURED = {"train_stage": "training", "predict": "prediction"}


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_config(parser)


def run(arguments: Namespace) -> None:
    """Print the plan."""
    experiment = open_experiment(arguments)
    config, grid = experiment.config, experiment.grid
    plan = Plan(config, grid)
    if not plan.pending:
        print(f"{config.experiment}: nothing to do.")
        return
    show(_jobs(plan, config.experiment))
    if plan.trainings:
        show(_trainings(plan.trainings))
    for line in (*_lines(plan), *upgrades.notes(config.store, grid, plan.pending)):
        print(line)


def _jobs(plan: Plan, experiment: str) -> Table:
    table = Table(title=f"{experiment}: {many(len(plan.pending), 'job')}")
    table.add_column("rule")
    table.add_column("jobs", justify="right")
    for step, count in plan.jobs.items():
        table.add_row(step, str(count))
    return table


def _trainings(trainings: list[Trainings]) -> Table:
    table = Table(title="trainings up to the last step; early stopping may end them before")
    for column in ("encoder", "stage"):
        table.add_column(column)
    for column in ("trainings", "examples", "steps", "steps in all"):
        table.add_column(column, justify="right")
    table.add_column("known from")
    for one in trainings:
        table.add_row(one.encoder, one.stage, str(one.count), *_work(one))
    return table


def _work(one: Trainings) -> list[str]:
    if one.work is None:
        return ["?", "?", "?", "unknown until read"]
    sign = "≥ " if one.work.at_least else ""
    numbers = (one.work.rows, one.work.steps, one.work.steps * one.count)
    return [*(f"{sign}{number:,}" for number in numbers), _SOURCES[one.work.source]]


def _lines(plan: Plan) -> list[str]:
    lines = [_time(time) for time in plan.times]
    lines = lines or ["time: unknown; no finished training or prediction in the store to estimate the speed from"]
    if plan.models.models:
        lines.append(f"disk: {_disk(plan.models)}")
        saves = "would save" if plan.config.keep_models else "saves"
        lines.append(f"keep_models: false {saves} {_disk(plan.unused)}, which are used for predictions only")
    for task, splits, jobs in plan.missing():
        lines.append(
            f"missing: {task} has no files for {', '.join(splits)}; {many(jobs, 'job')} cannot run without them"
        )
    return lines


def _time(time: Time) -> str:
    counts = sorted(Counter((one.step, one.encoder) for one in time.measured).items())
    source = ", ".join(f"{many(count, _MEASURED[step])} on {encoder}" for (step, encoder), count in counts)
    reason = "with an unknown number of rows or for which no comparable job was timed"
    rest = f" without {many(time.unknown, 'job')} {reason}" if time.unknown else ""
    return f"time: about {duration(time.seconds)} on {time.device}{rest}, from {source}"


def _disk(disk: Disk) -> str:
    amount = f"about {size(disk.bytes)}" if disk.bytes or not disk.models else "an unknown number of bytes"
    rest = f" (without {', '.join(disk.unknown)}, whose weights are not downloaded yet)" if disk.unknown else ""
    return f"{amount} for the weights of {many(disk.models, 'model')}{rest}"
