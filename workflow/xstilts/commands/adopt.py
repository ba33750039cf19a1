"""Give old results their new names, where a person knows that a change of code cannot matter."""

from argparse import ArgumentParser, Namespace
from collections import Counter

from xstilts.commands.shell import add_config, add_consent, many
from xstilts.errors import UserError
from xstilts.inspection import experiments
from xstilts.inspection.adoption import Adoption, adopt, adoptions
from xstilts.inspection.results import Results
from xstilts.steps import RESULTS
from xstilts.store import open_grid, pending


def add_arguments(parser: ArgumentParser) -> None:
    """The command's own arguments."""
    add_config(parser)
    parser.add_argument("--because", required=True, help="why the change cannot matter; it is kept in spec.json")
    parser.add_argument("--step", action="append", choices=RESULTS, help="only results of this step (may be repeated)")
    add_consent(parser)


def run(arguments: Namespace) -> None:
    """Show what can be adopted, and adopt it where the user has said yes."""
    if not arguments.because.strip():
        raise UserError("--because: say why the change of code cannot matter, such as 'renamed a variable'.")
    config = experiments.load(arguments.config)
    waiting = pending(config.store, open_grid(config))
    found = adoptions(waiting, Results(config.store), arguments.step or RESULTS)
    for step, count in Counter(one.entry.step for one in found).items():
        print(f"{step}: {many(count, 'result')}, such as {_example(found, step)}")
    left = Counter(entry.step for path, entry in waiting.items() if path not in {one.entry.path for one in found})
    print(f"left for snakemake: {', '.join(f'{step} {count}' for step, count in left.items()) or 'nothing'}")
    if not found:
        print("Nothing can be adopted: no result differs from a pending entry in its code alone.")
    elif not arguments.yes:
        print(f"Nothing is changed yet: give --yes to adopt {many(len(found), 'result')}.")
    else:
        for one in found:
            adopt(config.store, one, arguments.because.strip())
        print(f"Adopted {many(len(found), 'result')}.")


def _example(found: list[Adoption], step: str) -> str:
    one = next(one for one in found if one.entry.step == step)
    return f"{one.result.path} → {one.entry.path}"
