"""Say what the table of the demo shows, and compare it with that of the README: the end of `make demo`.

The table stands in the README between `<!-- begin demo, PROCESSOR -->` and `<!-- end demo -->`; PROCESSOR is the one on
which it was made.

python docs/demo.py             # after `make demo`
python docs/demo.py --write     # replace the table of the README
"""

import argparse
import re
from pathlib import Path

import pandas as pd

from xstilts import experiments
from xstilts.experiments import Experiment
from xstilts.reporting import results, tables
from xstilts.reporting.tables import MEAN
from xstilts.runtime.timing import COMPUTED
from xstilts.steps.entry import Entry
from xstilts.store.entries import manifest_of

REPOSITORY = Path(__file__).parents[1]
README = REPOSITORY / "README.md"
CONFIG = REPOSITORY / "workflow" / "experiments" / "miniature.yaml"

_BLOCK = re.compile(r"<!-- begin demo, (?P<processor>[^\n]*) -->\n(?P<table>.*?)<!-- end demo -->", re.DOTALL)


def main() -> None:
    """Compare the table, or replace it."""
    parser = argparse.ArgumentParser(prog="docs/demo.py", description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="replace the table of the README")
    write = parser.parse_args().write
    experiment = experiments.load(CONFIG)
    table, processor = found(experiment), processors(experiment)
    page = README.read_text(encoding="utf-8")
    if write:
        block = f"<!-- begin demo, {processor} -->\n{tables.markdown(table)}<!-- end demo -->"
        README.write_text(_BLOCK.sub(lambda _: block, page), encoding="utf-8")
        return
    print(f"\n{shows(table)}\n{compared(table, processor, page)}")
    print(
        f"The page with all details: {experiment.store / 'experiments' / experiment.config.experiment / 'report.html'}"
    )
    print(
        "Next: describe your own experiment in mine.yaml (README.md, Your own experiments), see what it costs with\n"
        "    .venv/bin/xstilts plan mine.yaml"
    )


def found(experiment: Experiment) -> pd.DataFrame:
    """The table of the demo: the scores of the baseline, and changes over it."""
    scores = results(experiment).scores
    (table,) = tables.of_scores(scores, experiment.config).values()
    return table


def processors(experiment: Experiment) -> str:
    """The processors on which the models of the demo were trained."""
    trained = [entry for entry in experiment.grid.entries.values() if entry.step == "train_stage"]
    return ", ".join(sorted({_processor(experiment.store, entry) for entry in trained}))


def _processor(store: Path, entry: Entry) -> str:
    made = manifest_of(store, entry)[COMPUTED]
    return f"{made['processor']} ({made['instructions']}, threads: {made['threads']})"


def shows(table: pd.DataFrame) -> str:
    """A sentence about the intermediate that helps most."""
    changes = table.iloc[1:]
    best = changes[MEAN].idxmax()
    largest = changes.loc[best].drop(MEAN).sort_values(ascending=False)[:3]
    listed = ", ".join(f"{target} ({tables.text(value, delta=True)})" for target, value in largest.items())
    mean = tables.text(changes.loc[best, MEAN], delta=True)
    return (
        f"Training on {best} before the target changes the mean score by {mean} points, most on {listed}. Changes "
        "whose interval contains 0 are grey: they may be chance."
    )


def compared(table: pd.DataFrame, processor: str, page: str) -> str:
    """A sentence about the differences from the table of the README."""
    block = _BLOCK.search(page)
    assert block, f"{README} has no table of the demo"
    ours, theirs = _numbers(tables.markdown(table)), _numbers(block["table"])
    if ours == theirs:
        return f"The table equals that of the README, which was made on {block['processor']}; this one on {processor}."
    if ours.keys() != theirs.keys():
        return "The README has a table of other intermediates or targets."
    apart = {cell: abs(number - theirs[cell]) for cell, number in ours.items() if number != theirs[cell]}
    (row, column), most = max(apart.items(), key=lambda one: one[1])
    return (
        f"{len(apart)} of {len(ours)} numbers differ from those of the README, at most by {most:.1f} ({row}, {column}: "
        f"{ours[row, column]:.1f} here, {theirs[row, column]:.1f} there). The README's were computed on "
        f"{block['processor']}, these on {processor}."
    )


def _numbers(markdown: str) -> dict[tuple[str, str], float]:
    """The numbers of a table by the names of row and column."""
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in markdown.strip().splitlines()]
    return {(row[0], column): float(number) for row in rows for column, number in zip(head[1:], row[1:], strict=True)}


if __name__ == "__main__":
    main()
