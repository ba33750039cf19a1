"""Shared code of the commands: arguments, opening experiments, and formatting of output."""

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from xstilts import experiments
from xstilts.config import Config
from xstilts.errors import UserError
from xstilts.experiments import Experiment


def add_config(parser: ArgumentParser) -> None:
    """Add the arguments that select an experiment."""
    parser.add_argument(
        "config",
        type=Path,
        nargs="*",
        help="the files given to snakemake with --configfile, each of which overrides those before it, or the folder "
        "results/experiments/<experiment> of a run; by default the shipped configuration",
    )
    _add_directory(parser)


def add_configs(parser: ArgumentParser, nargs: str, what: str) -> None:
    """Add the arguments that select several experiments.

    Args:
        nargs: their number, as for `argparse`.
        what: a description for the help text.
    """
    parser.add_argument(
        "configs",
        type=Path,
        nargs=nargs,
        metavar="config",
        help=f"{what}: for each experiment the file given to snakemake with --configfile, or the folder "
        "results/experiments/<experiment> of its run, also for an experiment with several files",
    )
    _add_directory(parser)


def _add_directory(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--directory",
        type=Path,
        metavar="DIR",
        help="the working directory of snakemake, as for snakemake --directory, to which relative paths in the "
        "configuration refer. By default the folder above the store if results/experiments/<experiment> is given, else "
        "the repository, or the folder of the configuration if xstilts is installed without a repository",
    )


def open_experiment(arguments: Namespace) -> Experiment:
    """Open the experiment selected by the arguments of `add_config`, and change to the working directory of Snakemake.

    Raises:
        UserError: the configuration or folder does not exist, or the configuration is invalid.
    """
    (experiment,) = _opened([arguments.config], arguments)
    return experiment


def open_experiments(arguments: Namespace) -> list[Experiment]:
    """Open the experiments selected by the arguments of `add_configs`, one per file; by default the shipped one.

    Raises:
        UserError: as for `open_experiment`, or the experiments do not share one store and working directory.
    """
    return _opened([[file] for file in arguments.configs] or [[]], arguments)


def _opened(given: Sequence[Sequence[Path]], arguments: Namespace) -> list[Experiment]:
    configs = [experiments.read(*files) for files in given]
    folder = arguments.directory or _common_directory(configs, given)
    if not folder.is_dir():
        raise UserError(f"--directory {folder}: no such folder; expected the working directory of snakemake.")
    moves = not experiments.is_here(folder)
    if moves:
        configs = _move(configs, arguments, folder.resolve())
    store = experiments.store_of(configs).absolute()
    print(f"store: {store}{'' if store.is_dir() else ' (does not exist yet)'}", file=sys.stderr)
    if moves:
        print(f"relative paths below are relative to {Path.cwd()}", file=sys.stderr)
    return [Experiment(config) for config in configs]


def _common_directory(configs: list[Config], given: Sequence[Sequence[Path]]) -> Path:
    folders = {experiments.directory_of(config, *files) for config, files in zip(configs, given, strict=True)}
    if len(folders) > 1:
        listed = ", ".join(map(str, sorted(folders)))
        raise UserError(
            f"the configurations have different working directories ({listed}), to which their relative paths would "
            "refer; give the working directory of snakemake with --directory."
        )
    return folders.pop()


def _move(configs: list[Config], arguments: Namespace, folder: Path) -> list[Config]:
    """Change to the working directory of Snakemake; paths on the command line still refer to the previous one.

    Returns:
        The configurations, with absolute paths of their stores.
    """
    if getattr(arguments, "to", None):
        arguments.to = arguments.to.absolute()
    os.chdir(folder)
    return [config.model_copy(update={"store": config.store.absolute()}) for config in configs]


def add_choice(parser: ArgumentParser) -> None:
    """Add the arguments that select an encoder and a seed, which are optional if there is only one."""
    parser.add_argument("--encoder", help="required if the experiment has several")
    parser.add_argument("--seed", type=int, help="required if the experiment has several")


def add_consent(parser: ArgumentParser) -> None:
    """Add the arguments of a command that changes something only after confirmation."""
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--yes", action="store_true", help="do it")
    either.add_argument("--dry-run", action="store_true", help="only show what would be done; the default")


def show(table: Table) -> None:
    """Print a table in full width: a narrow terminal wraps its lines, where rich would truncate cells."""
    Console(width=Console(width=1000).measure(table).maximum).print(table)


def many(count: int, noun: str, plural: str = "") -> str:
    """A count with its noun: `1 job`, `2 jobs`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """A duration in suitable units: `3 h 20 min`."""
    minutes = round(seconds / 60)
    if seconds < 60:
        return f"{seconds:.0f} s"
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes < 24 * 60 else f"{minutes / 60 / 24:.1f} days"


def hours(seconds: float) -> str:
    """The time that a device is used for: `59 s`, `12 min`, `3.4 h`, `170 h`."""
    if seconds < 60 * 60:
        return duration(seconds)
    return f"{seconds / 3600:.1f} h" if seconds < 36_000 else f"{seconds / 3600:,.0f} h"


def size(count: float) -> str:
    """A number of bytes in a suitable unit: `1.5 GB`."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
