"""Remove results from the store that no given configuration uses."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from rich.table import Table

from xstilts.commands.shell import add_configs, add_consent, many, open_experiments, show, size
from xstilts.errors import UserError
from xstilts.inspection import upgrades
from xstilts.store import pruning
from xstilts.store.entries import pending
from xstilts.store.pruning import Leftover

_SHOWN = 10


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_configs(parser, "+", "configurations whose results are kept")
    parser.add_argument("--experiments", action="store_true", help="also remove the reports of other experiments")
    add_consent(parser)


def run(arguments: Namespace) -> None:
    """Show what would be removed and its size, and remove it with `--yes`."""
    opened = open_experiments(arguments)
    store, names = opened[0].store, [one.config.experiment for one in opened]
    named = {path: entry for one in opened for path, entry in one.grid.entries.items()}
    found, others = pruning.leftovers(store, named, names), pruning.other_experiments(store, names)
    if arguments.experiments:
        found += others
    elif others:
        _warn(store, others)
    if not found:
        print(f"Everything in {store} is used by these configurations.")
        return
    _show(found)
    for experiment in opened:
        for note in upgrades.notes(store, experiment.grid, pending(store, experiment.grid)):
            print(note)
    if not arguments.yes:
        print(f"Nothing was removed. Add --yes to free {size(pruning.freed(found))}.")
        return
    bytes_ = pruning.freed(found)
    for done, one in enumerate(found):
        try:
            pruning.remove(one)
        except OSError as error:
            raise UserError(
                f"{error.filename or store} cannot be removed ({error.strerror}). Prune with write permission. "
                f"{many(done, 'entry', 'entries')} of {len(found)} had been removed before."
            ) from None
    print(f"Removed {many(len(found), 'entry', 'entries')}, {size(bytes_)}.")


def _warn(store: Path, others: list[Leftover]) -> None:
    """Warn that results that only other experiments use are removed, unless their configurations are given."""
    print("Not given; what only these experiments use is removed, except their reports (see --experiments):")
    for one in others:
        print(f"  {store / one.path} ({size(one.bytes)})")


def _show(found: list[Leftover]) -> None:
    table = Table(title="not used by any configuration")
    for column in ("kind", "entries", "size"):
        table.add_column(column, justify="left" if column == "kind" else "right")
    for kind in dict.fromkeys(one.kind for one in found):
        mine = [one for one in found if one.kind == kind]
        table.add_row(kind, f"{len(mine):,}", size(sum(one.bytes for one in mine)))
    show(table)
    print("largest:")
    for one in sorted(found, key=lambda one: -one.bytes)[:_SHOWN]:
        print(f"  {size(one.bytes):>10}  {one.path}")
