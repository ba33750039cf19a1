"""Write an XTREME submission, or list what it lacks."""

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path

from xstilts.commands.shell import add_choice, add_config, many, open_experiment
from xstilts.config import Config
from xstilts.errors import UserError, nearest
from xstilts.metrics.xtreme import TASKS
from xstilts.publication.selection import intermediate_of, only
from xstilts.publication.xtreme_submission import PREDICTIONS, Missing, Submission
from xstilts.reporting.choice import BEST
from xstilts.store.warned import require


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_config(parser)
    parser.add_argument(
        "--cells",
        required=True,
        metavar="best|INTERMEDIATE",
        help="the intermediate whose predictions are submitted; best: for each target the one with the best dev score",
    )
    parser.add_argument(
        "--choose",
        action="append",
        default=[],
        metavar="TARGET=INTERMEDIATE",
        help="another intermediate for a target; with best, required for targets without training (may be repeated)",
    )
    add_choice(parser)
    parser.add_argument(
        "--to", type=Path, help="the folder to write; by default submission/ in the folder of the experiment"
    )


def run(arguments: Namespace) -> None:
    """Write a complete submission, or list the missing files.

    Raises:
        UserError: files are missing, all of which have been printed, or the configuration is strict and rejects the
            results.
    """
    experiment = open_experiment(arguments)
    config = experiment.config
    require(config, experiment.grid)
    encoder = only("encoder", config.grid.encoders, arguments.encoder)
    seed = only("seed", config.grid.seeds, arguments.seed)
    found = Submission(config, experiment.grid, encoder, seed, _wanted(arguments, config))
    if found.missing:
        for missing in found.missing:
            _list(missing)
        count = sum(len(missing.files) for missing in found.missing)
        raise UserError(f"{many(count, 'file')} of the submission cannot be written (see above); nothing was written.")
    folder = arguments.to or config.store / "experiments" / config.experiment / "submission"
    count = found.write(folder)
    for target, cell in found.chosen.items():
        print(f"{target}: {cell.intermediate}{_reason(found.choices[target].scores)}")
    for note in found.notes:
        print(f"note: {note}")
    print(f"{folder / PREDICTIONS}: {many(count, 'file')}, complete and checked")


def _wanted(arguments: Namespace, config: Config) -> dict[str, str]:
    """The intermediate of each target, or `best`."""
    wanted = dict.fromkeys(TASKS, intermediate_of(config, arguments.cells, BEST))
    for text in arguments.choose:
        target, _, intermediate = text.partition("=")
        if target not in TASKS:
            raise UserError(f"--choose {text}: {target!r} is not a target of XTREME.{nearest(target, TASKS)}")
        wanted[target] = intermediate_of(config, intermediate)
    return wanted


def _list(missing: Missing) -> None:
    print(f"missing: {missing.why}; {missing.advice}")
    for name in missing.files:
        print(f"    {name}")


def _reason(scores: Mapping[str, float | None]) -> str:
    """The dev scores of the intermediates in descending order."""
    known = {name: score for name, score in scores.items() if score is not None}
    ranked = sorted(known.items(), key=lambda item: -item[1])
    return f" (dev: {', '.join(f'{name} {score:.1f}' for name, score in ranked)})" if ranked else ""
