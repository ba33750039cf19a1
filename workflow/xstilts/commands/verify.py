"""Read every byte again: whether input files, encoders and results are what the names of results stand for."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from pathlib import Path

from xstilts.commands.shell import many
from xstilts.errors import UserError
from xstilts.inspection import experiments, verification
from xstilts.inspection.verification import Verified
from xstilts.store import finished, open_grid

_SHOWN = 10


def add_arguments(parser: ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument(
        "configs",
        type=Path,
        nargs="*",
        metavar="config",
        help="configurations, as snakemake gets them; the one that is shipped if nothing is given",
    )


def run(arguments: Namespace) -> None:
    """Print what differs as it is found, and what to do about it.

    Raises:
        UserError: something differs.
    """
    configs = [experiments.load(path) for path in arguments.configs or [None]]
    store, grids = experiments.store_of(configs), [open_grid(config) for config in configs]
    named = {path: entry for grid in grids for path, entry in grid.entries.items()}
    files = _read("input file", "input files", verification.inputs(grids))
    results = _read("entry of the store", "entries of the store", verification.entries(store, named.values()))
    now = {path for config in configs if files for path in open_grid(config).entries}
    doubtful = [path for path, entry in named.items() if files and path not in now and finished(store, entry)]
    advice = [*_on_files(store, doubtful)] if files else []
    advice += [_ON_RESULTS.format(store / "experiments")] if results else []
    if advice:
        raise UserError(" ".join([f"{many(len(files) + len(results), 'difference')}.", *advice]))


def _read(noun: str, plural: str, found: Iterable[Verified]) -> list[Verified]:
    """Print what is wrong with each, and return those with which something is."""
    everything = []
    for one in found:
        for file, problem in one.problems.items():
            print(f"{file} {problem}", flush=True)
        everything.append(one)
    wrong = [one for one in everything if one.problems]
    print(f"{many(len(everything), noun, plural)} read, {len(wrong)} of them not as known", flush=True)
    return wrong


_ON_RESULTS = (
    "Delete the manifest.json of every such entry: snakemake rebuilds it as soon as something depends on it, "
    "and at once if those in {}/*/*~*/ are deleted too."
)


def _on_files(store: Path, doubtful: list[str]) -> list[str]:
    """What to do about input files that differ."""
    if not doubtful:
        return ["Of input files that differ nothing was made yet; the next run takes them as they are."]
    listed = ", ".join(str(store / path) for path in doubtful[:_SHOWN]) + ", …" * (len(doubtful) > _SHOWN)
    return [
        f"{many(len(doubtful), 'result')} stand for the content that was known, and may have been made from either "
        f"({listed}). The next run of snakemake rebuilds them from the files as they are now, under other names. "
        "If you put the earlier files back, delete the manifest.json of these results first."
    ]
