"""Show what a run would do: jobs, steps, time and disk space."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections import Counter
from collections.abc import Iterator

from rich.table import Table

from xstilts.commands.shell import add_config, hours, many, open_experiment, show, size
from xstilts.config import Config
from xstilts.errors import UserError
from xstilts.inspection import times, upgrades
from xstilts.inspection.forecast import Disk, Plan, Trainings
from xstilts.inspection.speed import measurements
from xstilts.inspection.times import Jobs, Time
from xstilts.runtime import devices, sharing

_SOURCES = {"encoded": "token ids", "read": "data", "published": "published count", "assumed": "an assumption"}
_MEASURED = {"train_stage": "training", "predict": "prediction"}


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_config(parser)
    parser.add_argument(
        "--card",
        metavar="GPU",
        help="estimate the time on this GPU, such as h100, instead of that of this machine; an unknown name lists the "
        "known ones",
    )
    parser.add_argument(
        "--jobs-per-gpu",
        type=_count,
        metavar="N",
        help="estimate the time if N jobs share a GPU; by default jobs_per_gpu, or as many as its memory holds, with "
        "16 cores per GPU",
    )


def _count(text: str) -> int:
    """Parse a positive integer."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"found {text!r}; expected a number of jobs, at least 1")
    return int(text)


def run(arguments: Namespace) -> None:
    """Print the plan."""
    experiment = open_experiment(arguments)
    config, grid = experiment.config, experiment.grid
    plan = Plan(config, grid)
    for reason in grid.arms.left_out:
        print(f"left out: {reason}")
    jobs = arguments.jobs_per_gpu or (None if config.jobs_per_gpu == "auto" else config.jobs_per_gpu)
    gpus = devices.gpus(devices.visible()).values()
    found = times.devices(measurements(plan.results), arguments.card, jobs, gpus)
    if not plan.pending:
        print(f"{config.experiment}: nothing to do.")
        return
    show(_jobs(plan, config.experiment))
    if plan.trainings:
        show(_trainings(plan.trainings))
    estimates = [one for device in found if (one := device.time(config, plan.work)).known]
    if estimates:
        show(_times(estimates))
    for line in (*_notes(estimates, plan.work, jobs), *_lines(plan), *upgrades.notes(config.store, grid, plan.pending)):
        print(line)
    if not arguments.card:
        _check_machine(config, plan)


def _check_machine(config: Config, plan: Plan) -> None:
    """Print why a run on this machine would be refused. The run may be meant for another one."""
    try:
        sharing.of_machine(config).require_all(config, plan.pending.values())
    except UserError as error:
        print(f"note: a run on the GPUs of this machine is refused: {error}")


def _jobs(plan: Plan, experiment: str) -> Table:
    table = Table(title=f"{experiment}: {many(sum(plan.jobs.values()), 'job')}")
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
    sign = "≈ " if one.work.estimated else ""
    numbers = (one.work.rows, one.work.steps, one.work.steps * one.count)
    return [*(f"{sign}{number:,}" for number in numbers), _SOURCES[one.work.source]]


def _lines(plan: Plan) -> list[str]:
    lines = []
    if plan.in_float32:
        lines.append(
            f"precision: trainings of {', '.join(plan.in_float32)} compute in float32, which their objective requires, "
            "not in the bfloat16 of 'mixed'"
        )
    if plan.models.models:
        lines.append(f"disk: {_disk(plan.models)}")
        if plan.states:
            lines.append(f"disk: up to {size(plan.states)} more for each training while it runs")
        saves = "would save" if plan.config.keep_models else "saves"
        lines.append(f"keep_models: false {saves} {_disk(plan.unused)}, which are used for predictions only")
    for task, splits, jobs in plan.missing():
        lines.append(
            f"missing: {task} has no files for {', '.join(splits)}; {many(jobs, 'job')} cannot run without them"
        )
    return lines


def _times(estimates: list[Time]) -> Table:
    unit = "hours" if all(one.device == "cpu" for one in estimates) else "GPU hours"
    table = Table(title=f"{unit} of trainings, up to their last step, predictions and probes")
    table.add_column("device")
    for column in ("jobs at once", unit, "factor", "one job at a time", "factor"):
        table.add_column(column, justify="right")
    table.add_column("estimated from")
    for one in estimates:
        together = hours(one.shared), f"{one.off_shared:.1f}"
        table.add_row(one.device, str(one.jobs), *together, hours(one.seconds), f"{one.off:.1f}", _basis(one))
    return table


def _basis(one: Time) -> str:
    """What an estimate rests on."""
    counts = sorted(Counter((job.step, job.encoder) for job in one.measured).items())
    measured = [f"{many(count, _MEASURED[step])} on {encoder}" for (step, encoder), count in counts]
    calibrated = [f"a calibration ({many(one.calibrated, 'job')})"] if one.calibrated else []
    speed = "published speed of the GPU of this machine" if one.own else "published speed"
    published = [f"{speed} ({many(one.published, 'job')})"] if one.published else []
    return ", ".join([*measured, *calibrated, *published])


def _notes(estimates: list[Time], work: Jobs, jobs: int | None) -> Iterator[str]:
    """What the reader of an estimate must know."""
    if not estimates:
        if work and not any(known for _, known in work):
            yield "time: unknown until the data are read, since the numbers of their rows are not published"
        elif work:
            yield (
                "time: unknown; there is no finished training or prediction in the store, no calibration, and no GPU "
                "that is known to hold an encoder of a known shape"
            )
        return
    yield (
        "time: the real one may be longer or shorter by up to the factor; early stopping may end trainings before "
        "their last step"
    )
    for one in estimates:
        if jobs and one.jobs < jobs:
            yield f"time: {one.device} holds at most {many(one.jobs, 'job')} at once, not {jobs}"
        if one.unknown:
            reason = "with an unknown number of rows, or for which nothing comparable is known"
            yield f"time: on {one.device} without {many(one.unknown, 'job')} {reason}"
    if any(one.published for one in estimates):
        yield (
            "time: published speed means rates measured on one H200 with 16 cores, for the shape of the encoder and "
            "the mean length of the rows, scaled to the speed of the GPU; `xstilts calibrate` measures yours"
        )
    if any(one.off_shared > one.off for one in estimates):
        yield (
            "time: jobs that share a GPU were not measured; each further job is assumed to add half of what one "
            "achieves alone, until the GPU is busy"
        )


def _disk(disk: Disk) -> str:
    amount = f"about {size(disk.bytes)}" if disk.bytes or not disk.models else "an unknown number of bytes"
    rest = f" (without {', '.join(disk.unknown)}, whose size is not known yet)" if disk.unknown else ""
    return f"{amount} for the weights of {many(disk.models, 'model')}{rest}"
