"""Say what the table of the demo shows, and compare it with that of the README: the end of `make demo`.

A table stands in the README between `<!-- begin NAME, PROCESSOR -->` and `<!-- end NAME -->`; NAME is `demo` or
`demo-full`, PROCESSOR the one on which it was made.

python docs/demo.py             # after `make demo`
python docs/demo.py --write     # after `make demo` and `make demo-full`: replace the tables of the README
"""

import argparse
import re
from pathlib import Path

import pandas as pd

from xstilts import experiments
from xstilts.errors import UserError
from xstilts.experiments import Experiment
from xstilts.reporting import results, tables
from xstilts.reporting.tables import MEAN
from xstilts.runtime.timing import COMPUTED, CPU
from xstilts.steps.entry import Entry
from xstilts.store.entries import MEASURED, manifest_of

REPOSITORY = Path(__file__).parents[1]
README = REPOSITORY / "README.md"
CONFIGS = [REPOSITORY / "workflow" / "experiments" / f"{name}.yaml" for name in ("miniature", "miniature-full")]

_BLOCK = r"<!-- begin {}, (?P<processor>[^\n]*) -->\n(?P<table>.*?)<!-- end {} -->"
_LINES = "<!-- begin {}, PROCESSOR --> and <!-- end {} -->"
_LARGEST = "tydiqa"
"""The target with the largest changes, without which the mean is shown too."""


def main() -> None:
    """Compare the table of the demo, or replace the tables of the README."""
    parser = argparse.ArgumentParser(prog="docs/demo.py", description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="replace the tables of the README")
    page = README.read_text(encoding="utf-8")
    try:
        if parser.parse_args().write:
            page = replaced(page, "demo", *one_seed(experiments.load(CONFIGS[0])))
            page = replaced(page, "demo-full", *all_seeds(experiments.load(*CONFIGS)))
            README.write_text(page, encoding="utf-8")
        else:
            say(experiments.load(CONFIGS[0]), page)
    except UserError as error:
        raise SystemExit(f"error: {error}") from None


def say(experiment: Experiment, page: str) -> None:
    """Print what the table shows, how it differs from that of the README, where the page is, and what to do next."""
    (table,) = tables.of_scores(results(experiment).scores, experiment.config).values()
    report = experiment.store / "experiments" / experiment.config.experiment / "report.html"
    print(f"\n{shows(table)} {compared(*one_seed(experiment), page)}")
    print(f"The page with everything behind these numbers: {report}")
    print("Next, describe your own experiment in mine.yaml (README.md), and see what it costs:")
    print("    .venv/bin/xstilts plan mine.yaml")


def one_seed(experiment: Experiment) -> tuple[str, str]:
    """The table of the demo in Markdown, and the processor on which it was made."""
    (table,) = tables.of_scores(results(experiment).scores, experiment.config).values()
    return tables.markdown(table), processors(experiment)


def all_seeds(experiment: Experiment) -> tuple[str, str]:
    """The tables of all encoders in Markdown, and the processor on which they were made."""
    found, config = results(experiment), experiment.config
    parts = []
    for encoder, table in tables.of_scores(found.scores, config).items():
        spread, uncertain = tables.spreads(found.scores, encoder, config.grid), found.uncertain(encoder)
        without = table.drop(columns=[MEAN, _LARGEST]).mean(axis=1, skipna=False)
        shown = pd.DataFrame("", table.index, [*table.columns, f"without {_LARGEST}"])
        for row in table.index:
            is_change = tables.is_delta(table, row)
            for column in table.columns:
                text = tables.text(table.loc[row, column], is_change) + tables.around(spread, row, column)
                shown.loc[row, column] = f"({text})" if column in uncertain and uncertain.loc[row, column] else text
            shown.loc[row, f"without {_LARGEST}"] = tables.text(without[row], is_change)
        parts.append(shown.rename_axis(encoder).to_markdown(disable_numparse=True))
    return "\n\n".join(parts) + "\n", processors(experiment)


def processors(experiment: Experiment) -> str:
    """The processors on which the models of an experiment were trained."""
    trained = [entry for entry in experiment.grid.entries.values() if entry.step == "train_stage"]
    return ", ".join(sorted({_processor(experiment.store, entry) for entry in trained}))


def _processor(store: Path, entry: Entry) -> str:
    manifest = manifest_of(store, entry)
    made = manifest.get(COMPUTED)
    if made is None:
        device = manifest.get(MEASURED, {}).get("device", CPU)
        # Manifests of earlier releases do not describe the CPU.
        return "an unknown CPU" if device == CPU else device
    return f"{made['processor']} ({made['instructions']}, threads: {made['threads']})"


def shows(table: pd.DataFrame) -> str:
    """Sentences about the intermediate that helps most."""
    changes = table.iloc[1:]
    best = changes[MEAN].idxmax()
    largest = changes.loc[best].drop(MEAN).sort_values(ascending=False)[:3]
    listed = ", ".join(f"{target} ({tables.text(value, delta=True)})" for target, value in largest.items())
    mean = tables.text(changes.loc[best, MEAN], delta=True)
    return (
        f"Training on {best} before the target changes the mean score by {mean} points, most on {listed}; changes "
        "whose interval contains 0 are grey, since they may be chance."
    )


def compared(table: str, processor: str, page: str) -> str:
    """A sentence about the differences from the table of the README."""
    block = _found("demo", page)
    if block is None:
        return f"The README has no table to compare with, between {_LINES.format('demo', 'demo')}."
    try:
        ours, theirs = _numbers(table), _numbers(block["table"])
    except ValueError:
        return "The table of the README has been edited, and is not compared."
    if ours == theirs:
        return f"The table equals that of the README, which was made on {block['processor']}; this one on {processor}."
    if ours.keys() != theirs.keys():
        return "The table of the README has other intermediates or targets."
    apart = {cell: abs(number - theirs[cell]) for cell, number in ours.items() if number != theirs[cell]}
    (row, column), most = max(apart.items(), key=lambda one: one[1])
    return (
        f"{len(apart)} of {len(ours)} numbers differ from those of the README, at most by {most:.1f} ({row}, {column}: "
        f"{ours[row, column]:.1f} here, {theirs[row, column]:.1f} there). The README's were computed on "
        f"{block['processor']}, these on {processor}."
    )


def replaced(page: str, name: str, table: str, processor: str) -> str:
    """The page with another table.

    Raises:
        UserError: the page has no place for it.
    """
    block = _found(name, page)
    if block is None:
        raise UserError(f"{README} has no lines {_LINES.format(name, name)}, between which the table stands. Add them.")
    return (
        page[: block.start()] + f"<!-- begin {name}, {processor} -->\n{table}<!-- end {name} -->" + page[block.end() :]
    )


def _found(name: str, page: str) -> re.Match | None:
    """The block of a table in the README."""
    return re.search(_BLOCK.format(name, name), page, re.DOTALL)


def _numbers(markdown: str) -> dict[tuple[str, str], float]:
    """The numbers of a table by the names of row and column."""
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in markdown.strip().splitlines()]
    return {(row[0], column): float(number) for row in rows for column, number in zip(head[1:], row[1:], strict=True)}


if __name__ == "__main__":
    main()
