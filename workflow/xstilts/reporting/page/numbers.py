"""The numbers of the page: the statistics of the main score, and all scores with their means and changes."""

import pandas as pd

from xstilts.names import NO_INTERMEDIATE
from xstilts.reporting.collect import MAIN_SCORE
from xstilts.reporting.experiment_results import ALL, Results

NAMES = ["encoder", "intermediate", "target", "language", "metric", "seed"]
"""The columns that contain names."""

INTERVALS = ["low", "high", "delta_low", "delta_high", "p_adjusted", "significant", "seeds"]
"""The columns that only the main score over seeds has."""


def rows(results: Results) -> pd.DataFrame:
    """All numbers: a table with `NAMES`, `value`, `delta` (the change over the baseline), `n` and `INTERVALS`.

    The language `all` is the mean over the languages of a target. The seed with the name of `over_seeds` is the
    aggregate over all seeds. A missing value is NaN, and so is every mean that includes it.
    """
    scores = _with_mean(_complete(results), "language", ALL, "mean", "sum")
    others = scores[scores["metric"] != MAIN_SCORE]
    summed_up = _with_mean(others, "seed", results.over_seeds, results.over_seeds, "first").iloc[len(others) :]
    main_score = results.statistics.assign(seed=results.over_seeds)
    found = pd.concat([main_score, _with_change(pd.concat([scores, summed_up]))], ignore_index=True)
    return found[[*NAMES, "value", "delta", "n", *INTERVALS]]


def _complete(results: Results) -> pd.DataFrame:
    """A row for each language, metric and seed of each cell; the value is missing if it is not among the scores."""
    languages = results.statistics.loc[results.statistics["language"] != ALL, NAMES[:4]]
    metrics = results.scores[["target", "metric"]].drop_duplicates()
    every = languages.merge(metrics, on="target").merge(pd.DataFrame({"seed": results.grid.seeds}), how="cross")
    return every.merge(results.scores[[*NAMES, "value", "n"]], how="left", on=NAMES)


def _with_mean(scores: pd.DataFrame, over: str, name: str, how: str, count: str) -> pd.DataFrame:
    """The scores with their mean or median over the column `over` appended; these rows have `name` in that column."""
    keys = [column for column in NAMES if column != over]
    middle = {"value": lambda values: getattr(values, how)(skipna=False), "n": count}
    return pd.concat([scores, scores.groupby(keys, sort=False).agg(middle).reset_index().assign(**{over: name})])


def _with_change(scores: pd.DataFrame) -> pd.DataFrame:
    """The scores with the change over the baseline, which is missing for the baseline itself."""
    keys = [column for column in NAMES if column != "intermediate"]
    baseline = scores[scores["intermediate"] == NO_INTERMEDIATE].set_index(keys)["value"].rename("baseline")
    found = scores.join(baseline, on=keys)
    changed = found["intermediate"] != NO_INTERMEDIATE
    return found.assign(delta=(found["value"] - found["baseline"]).where(changed)).drop(columns="baseline")
