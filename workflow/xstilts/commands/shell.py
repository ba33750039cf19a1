"""What the commands for people have in common: which configuration they look at, and how they show things."""

from argparse import ArgumentParser
from pathlib import Path

from rich.console import Console
from rich.table import Table


def add_config(parser: ArgumentParser) -> None:
    """The argument that names an experiment."""
    parser.add_argument(
        "config",
        type=Path,
        nargs="?",
        help="the file that snakemake gets with --configfile, or results/experiments/<experiment>/config.json of a "
        "run; the configuration that is shipped if nothing is given",
    )


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
