"""What the commands have in common: which experiment they are about, where its store lies, and how they print."""

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
    """The arguments that name an experiment."""
    parser.add_argument(
        "config",
        type=Path,
        nargs="*",
        help="the files that snakemake gets with --configfile, each laid over the one before, or the folder "
        "results/experiments/<experiment> of a run; the shipped configuration if nothing is given",
    )
    _add_directory(parser)


def add_configs(parser: ArgumentParser, nargs: str, what: str) -> None:
    """The arguments that name several experiments.

    Args:
        nargs: how many, as argparse says it.
        what: what they are given for.
    """
    parser.add_argument(
        "configs",
        type=Path,
        nargs=nargs,
        metavar="config",
        help=f"{what}: for each experiment the file that snakemake gets with --configfile, or the folder "
        "results/experiments/<experiment> of its run, which also stands for several files",
    )
    _add_directory(parser)


def _add_directory(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--directory",
        type=Path,
        metavar="DIR",
        help="the folder in which snakemake is started, as in snakemake --directory: relative paths in the "
        "configuration are relative to it. By default the folder above the store that a given "
        "results/experiments/<experiment> is in, else the repository, or the folder of the configuration where xstilts "
        "is installed without one",
    )


def open_experiment(arguments: Namespace) -> Experiment:
    """The experiment that the arguments of `add_config` name. From now on the command works where Snakemake does.

    Raises:
        UserError: there is no such configuration or folder, or the configuration has a mistake.
    """
    (experiment,) = _opened([arguments.config], arguments)
    return experiment


def open_experiments(arguments: Namespace) -> list[Experiment]:
    """The experiments that the arguments of `add_configs` name, one for each file; the shipped one if there is none.

    Raises:
        UserError: as for `open_experiment`; or the experiments have more than one store or working directory.
    """
    return _opened([[file] for file in arguments.configs] or [[]], arguments)


def _opened(given: Sequence[Sequence[Path]], arguments: Namespace) -> list[Experiment]:
    configs = [experiments.read(*files) for files in given]
    folder = arguments.directory or _common_directory(configs, given)
    if not folder.is_dir():
        raise UserError(f"--directory {folder}: there is no such folder; give the one in which snakemake is started.")
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
            f"the configurations do not lie together: their relative paths would be relative to {listed}; give the "
            "folder in which snakemake is started with --directory."
        )
    return folders.pop()


def _move(configs: list[Config], arguments: Namespace, folder: Path) -> list[Config]:
    """Work in another folder, as Snakemake does with --directory. What users see or give leads on from where they are.

    Returns:
        The configurations, with the whole path of their store.
    """
    if getattr(arguments, "to", None):
        arguments.to = arguments.to.absolute()
    os.chdir(folder)
    return [config.model_copy(update={"store": config.store.absolute()}) for config in configs]


def add_choice(parser: ArgumentParser) -> None:
    """The arguments that name an encoder and a seed, which may be left out where there is only one."""
    parser.add_argument("--encoder", help="of several")
    parser.add_argument("--seed", type=int, help="of several")


def add_consent(parser: ArgumentParser) -> None:
    """The arguments of a command that shows what it would do before it does it."""
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--yes", action="store_true", help="do it")
    either.add_argument("--dry-run", action="store_true", help="only show what would be done, as without --yes")


def show(table: Table) -> None:
    """Print a table; a narrow terminal breaks the lines, where rich would cut the words."""
    Console(width=Console(width=1000).measure(table).maximum).print(table)


def many(count: int, noun: str, plural: str = "") -> str:
    """A number of things: `1 job`, `2 jobs`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """A time in the two units that matter: `3 h 20 min`."""
    minutes = round(seconds / 60)
    if seconds < 60:
        return f"{seconds:.0f} s"
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes < 24 * 60 else f"{minutes / 60 / 24:.1f} days"


def size(count: float) -> str:
    """A number of bytes in the unit that fits."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
