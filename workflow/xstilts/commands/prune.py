"""Remove what no given configuration names from the store."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from rich.table import Table

from xstilts.commands.shell import add_configs, add_consent, many, open_experiments, show, size
from xstilts.store import pruning
from xstilts.store.pruning import Leftover

_SHOWN = 10


def add_arguments(parser: ArgumentParser) -> None:
    """The command's own arguments."""
    add_configs(parser, "+", "configurations that keep their results")
    parser.add_argument("--experiments", action="store_true", help="remove the reports of other experiments too")
    add_consent(parser)


def run(arguments: Namespace) -> None:
    """Show what would go and how much that is, and remove it where the user has said yes."""
    opened = open_experiments(arguments)
    store, names = opened[0].store, [one.config.experiment for one in opened]
    named = {path: entry for one in opened for path, entry in one.grid.entries.items()}
    found, others = pruning.leftovers(store, named, names), pruning.other_experiments(store, names)
    if arguments.experiments:
        found += others
    elif others:
        _warn(store, others)
    if not found:
        print(f"Nothing in {store} is without a name in these configurations.")
        return
    _show(found)
    if not arguments.yes:
        print(f"Nothing is removed yet: give --yes to get back {size(pruning.freed(found))}.")
        return
    bytes_ = pruning.freed(found)
    for one in found:
        pruning.remove(one)
    print(f"Removed {many(len(found), 'entry', 'entries')}, {size(bytes_)}.")


def _warn(store: Path, others: list[Leftover]) -> None:
    """What is shared with experiments that are not given goes, unless they are given too."""
    print("Experiments that are not given; what only they need goes, their reports stay (without --experiments):")
    for one in others:
        print(f"  {store / one.path} ({size(one.bytes)})")


def _show(found: list[Leftover]) -> None:
    table = Table(title="no configuration names")
    for column in ("kind", "entries", "size"):
        table.add_column(column, justify="left" if column == "kind" else "right")
    for kind in dict.fromkeys(one.kind for one in found):
        mine = [one for one in found if one.kind == kind]
        table.add_row(kind, f"{len(mine):,}", size(sum(one.bytes for one in mine)))
    show(table)
    print("the biggest:")
    for one in sorted(found, key=lambda one: -one.bytes)[:_SHOWN]:
        print(f"  {size(one.bytes):>10}  {one.path}")
