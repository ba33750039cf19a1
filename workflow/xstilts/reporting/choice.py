"""Tables of dev scores: the intermediates on their own tasks, and the intermediate chosen for each target."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from xstilts.names import NO_INTERMEDIATE, path_of, stages_of
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.formats import Table
from xstilts.reporting.marks import MISSING, SIGNIFICANT
from xstilts.reporting.tables import MEAN, text
from xstilts.task import LOSS

BEST = "best"
"""The name that represents the best intermediate of each target, where the name of an intermediate is expected."""


def intermediates(results: Results, encoder: str) -> Table:
    """Dev scores of each intermediate on the tasks of its last stage, over seeds, with their range."""
    chosen = _chosen(results, encoder)
    rows = {}
    for name in results.intermediates:
        found = chosen[chosen["stages"] == name]
        for task in found["task"].unique():
            scores = found[found["task"] == task].set_index("seed").reindex(results.grid.seeds)
            rows[name, task] = _spread(scores, results.over_seeds)
        if found.empty:
            rows[name, MISSING] = dict.fromkeys(["score", "lowest", "highest", "steps"], float("nan")) | {"seeds": 0}
    numbers = pd.DataFrame.from_dict(rows, orient="index", columns=["score", "lowest", "highest", "steps", "seeds"])
    numbers.index = pd.MultiIndex.from_tuples(list(rows), names=["intermediate", "task"])
    numbers = numbers.reset_index("task")
    is_loss = numbers["task"].str.endswith(LOSS)
    scores = numbers[["score", "lowest", "highest"]].map(text, delta=False)
    scores[is_loss] = numbers.loc[is_loss, ["score", "lowest", "highest"]].map("{:.3f}".format, na_action="ignore")
    counts = numbers[["steps", "seeds"]].map(lambda count: MISSING if pd.isna(count) else f"{count:.0f}")
    caption = (
        "Dev scores of the intermediates in their own tasks, of the weights that were kept; "
        f"{results.over_seeds} over seeds, with the lowest and the highest."
    )
    if is_loss.any():
        caption += f" Tasks with {LOSS}: the loss per masked token in nats, not in percent; lower is better."
    return Table("intermediates", caption, numbers, pd.concat([numbers[["task"]], scores, counts], axis=1))


def trainings(results: Results, encoder: str) -> Table:
    """The rows, steps and languages of the last stage of each model."""
    mine = results.trainings[results.trainings["encoder"] == encoder]
    steps = mine.groupby("stages")["steps"].agg(["min", "max"])
    rows, texts = {}, {}
    for path, (count, languages) in results.data.items():
        low, high = steps.loc[path] if path in steps.index else (float("nan"), float("nan"))
        rows[path] = {"rows": count, "fewest steps": low, "most steps": high, "languages": languages}
        shown = [MISSING if pd.isna(number) else f"{number:,.0f}" for number in (count, low, high)]
        texts[path] = {"rows": shown[0], "steps": "–".join(dict.fromkeys(shown[1:])), "languages": languages}
    columns = ["rows", "fewest steps", "most steps", "languages"]
    numbers = pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("training")
    text_table = pd.DataFrame.from_dict(texts, orient="index", columns=["rows", "steps", "languages"])
    caption = (
        "Training rows of the last stage of each model, its steps (the fewest and the most over seeds), and the "
        "languages of its training data."
    )
    return Table("trainings", caption, numbers, text_table.rename_axis("training"))


def best(results: Results, encoder: str) -> Table:
    """For each target, the best intermediate on its English dev set, and the best one on test (the oracle)."""
    rows = {target: _choice(results, encoder, target) for target in results.grid.targets}
    numbers = pd.DataFrame.from_dict(rows, orient="index")
    numbers.loc[MEAN] = numbers.loc[list(results.grid.averaged), ["test", "oracle test"]].mean(skipna=False)
    numbers["lost"] = numbers["oracle test"] - numbers["test"]
    shown = pd.DataFrame(index=numbers.index)
    for name, column in numbers.items():
        shown[name] = column.map(_shown(name))
    marked = [
        name + SIGNIFICANT * _is_significant(results, encoder, target, name) for target, name in shown["chosen"].items()
    ]
    caption = (
        "The intermediate chosen for each target on the English dev set of its training, and its test score; beside it "
        "the choice on test (oracle), which no one has before testing, and what the choice on dev loses against it. "
        f"{SIGNIFICANT}: differs from the baseline. A target without training has no dev set to choose on."
    )
    return Table("best", caption, numbers.rename_axis("target"), shown.assign(chosen=marked).rename_axis("target"))


def _spread(scores: pd.DataFrame, over_seeds: str) -> dict[str, float]:
    values, steps = scores["value"], scores["steps"]
    return {
        "score": getattr(values, over_seeds)(skipna=False),
        "lowest": values.min(skipna=False),
        "highest": values.max(skipna=False),
        "steps": steps.median(skipna=False),
        "seeds": int(values.count()),
    }


def _chosen(results: Results, encoder: str) -> pd.DataFrame:
    """The dev scores of the weights that were kept."""
    return results.trainings[results.trainings["chosen"] & (results.trainings["encoder"] == encoder)]


def _choice(results: Results, encoder: str, target: str) -> dict[str, object]:
    dev, test = _dev(results, encoder, target), _test(results, encoder, target)
    chosen, oracle = highest(dev.to_dict()), highest(test.to_dict())
    return {
        "chosen": chosen,
        "dev": dev.get(chosen),
        "test": test.get(chosen),
        "change": test.get(chosen, float("nan")) - test.get(NO_INTERMEDIATE, float("nan")),
        "oracle": oracle,
        "oracle test": test.get(oracle),
    }


def _dev(results: Results, encoder: str, target: str) -> pd.Series:
    """The dev score of the target's own stage after each intermediate, over seeds; empty if the target has no stage."""
    own = results.own_stages[target]
    after = {path_of((*stages_of(name), *own)): name for name in results.after(target)} if own else {}
    chosen = _chosen(results, encoder)
    mine = chosen[chosen["stages"].isin(after)]
    by_seed = mine.groupby(["stages", "seed"])["value"].mean(skipna=False).unstack("seed")
    seeds = by_seed.reindex(index=list(after), columns=results.grid.seeds)
    return getattr(seeds, results.over_seeds)(axis=1, skipna=False).rename(index=after)


def _test(results: Results, encoder: str, target: str) -> pd.Series:
    """The test score after each intermediate."""
    rows = results.by_target(encoder)
    return rows[rows["target"] == target].set_index("intermediate")["value"].reindex(results.after(target))


def highest(scores: Mapping[str, float | None]) -> str | None:
    """The intermediate with the highest score, the first one if several are equal; None unless all have a score."""
    known = {name: score for name, score in scores.items() if score is not None and not pd.isna(score)}
    return max(known, key=known.__getitem__) if known and len(known) == len(scores) else None


def _is_significant(results: Results, encoder: str, target: str, intermediate: str) -> bool:
    rows = results.by_target(encoder)
    return bool(rows.loc[(rows["target"] == target) & (rows["intermediate"] == intermediate), "significant"].any())


def _shown(column: str) -> Callable[[Any], str]:
    """The formatter for a column of the table `best`."""
    if column in ("chosen", "oracle"):
        return lambda name: name if isinstance(name, str) else MISSING
    return lambda value: text(value, delta=column == "change")
