"""Results of experiments that never ran, in the form in which reports read them."""

from dataclasses import replace

import numpy as np
import pandas as pd

from xstilts import tasks
from xstilts.config import GridSettings
from xstilts.names import NO_INTERMEDIATE
from xstilts.reporting.collect import ALL
from xstilts.reporting.experiment_results import Results

ENCODER = "toy"


def invented(
    intermediates: tuple[str, ...] = ("none", "mnli", "squad_v1", "squad_v1/mnli"),
    targets: tuple[str, ...] = ("xnli", "xquad", "tatoeba"),
    seeds: tuple[int, ...] = (1, 2, 3),
    languages: tuple[str, ...] = ("en", "de", "ru", "hi", "zh", "sw"),
    encoder: str = ENCODER,
) -> Results:
    """Results without gaps."""
    grid = GridSettings(encoders=(encoder,), intermediates=intermediates, targets=targets, seeds=seeds)
    scores = _scores(grid, languages)
    sizes = {name: 1000 * 3**place for place, name in enumerate(grid.intermediates) if name != NO_INTERMEDIATE}
    models = tuple(_models(grid))
    own = {target: (stage,) if (stage := tasks.load(target).stage) else () for target in grid.targets}
    return Results(scores, _trainings(grid), _statistics(scores, grid), sizes, grid, "median", own, models)


def without(results: Results, intermediate: str, target: str) -> Results:
    """The same, where a cell is missing, and with a baseline all changes over it."""
    scores, statistics = results.scores.copy(), results.statistics.copy()
    for frame, columns in ((scores, ["value"]), (statistics, ["value", "low", "high", *DELTAS])):
        gap = frame["intermediate"].eq(intermediate) & frame["target"].eq(target)
        frame.loc[gap, columns] = np.nan
    if intermediate == NO_INTERMEDIATE:
        statistics.loc[statistics["target"] == target, DELTAS] = np.nan
    statistics.loc[statistics["value"].isna(), ["n", "seeds"]] = 0
    statistics.loc[statistics["delta"].isna(), "significant"] = False
    return replace(results, scores=scores, statistics=statistics)


def of_targets(statistics: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The statistics by target, as the jobs write them: what depends on the other targets is not in them."""
    own = statistics.drop(columns=CORRECTED)
    return {target: own[own["target"] == target] for target in own["target"].unique()}


CORRECTED = ["p_adjusted", "significant"]

_EFFECTS = (0, 4, -6, 1)
"""What an intermediate does to every score, by its place in the grid."""

DELTAS = ["delta", "delta_low", "delta_high", "p", "p_adjusted"]


def _scores(grid: GridSettings, languages: tuple[str, ...]) -> pd.DataFrame:
    random = np.random.default_rng(7)
    rows = [
        (*grid.encoders, intermediate, target, language, "test", seed, "main_score", _score(place, random), 150)
        for place, intermediate in enumerate(grid.intermediates)
        for target in grid.targets
        for language in tasks.load(target).languages
        if language in languages
        for seed in grid.seeds
    ]
    columns = ["encoder", "intermediate", "target", "language", "split", "seed", "metric", "value", "n"]
    return pd.DataFrame(rows, columns=columns)


def _score(place: int, random: np.random.Generator) -> float:
    return 60 + _EFFECTS[place % len(_EFFECTS)] + random.normal(0, 4)


def _statistics(scores: pd.DataFrame, grid: GridSettings) -> pd.DataFrame:
    keys = ["encoder", "intermediate", "target"]
    by_language = scores.groupby([*keys, "language"], sort=False).agg(value=("value", "median"), n=("n", "max"))
    whole = by_language.groupby(keys, sort=False).agg(value=("value", "mean"), n=("n", "sum")).assign(language=ALL)
    found = pd.concat([whole.reset_index(), by_language.reset_index()], ignore_index=True)
    baseline = found[found["intermediate"] == NO_INTERMEDIATE].set_index(["target", "language"])["value"]
    paired = pd.MultiIndex.from_frame(found[["target", "language"]])
    delta = found["value"] - baseline.reindex(paired).to_numpy()
    delta[found["intermediate"] == NO_INTERMEDIATE] = np.nan
    p = delta.abs().rsub(9).clip(0, 9) / 10
    return found.assign(
        metric="main_score",
        low=found["value"] - 2,
        high=found["value"] + 2,
        delta=delta,
        delta_low=delta - 3,
        delta_high=delta + 3,
        p=p,
        p_adjusted=p,
        significant=delta.abs() > 4.5,
        seeds=len(grid.seeds),
    )


def _trainings(grid: GridSettings) -> pd.DataFrame:
    rows = []
    for place, path in enumerate(_models(grid)):
        for seed in grid.seeds:
            for step in (100, 200, 300):
                value = 70 + place / 5 + 5 * np.log(step / 100) + seed
                stage = path.rpartition("/")[2]
                rows.append(
                    (*grid.encoders, path, seed, stage, step, value, step == 300, 300, f"models/{path}/seed-{seed}")
                )
    columns = ["encoder", "stages", "seed", "task", "step", "value", "chosen", "steps", "path"]
    return pd.DataFrame(rows, columns=columns)


def _models(grid: GridSettings) -> list[str]:
    own = [task.stage for task in map(tasks.load, grid.targets) if task.stage]
    before = [name for name in grid.intermediates if name != NO_INTERMEDIATE]
    return list(dict.fromkeys([*before, *own, *(f"{name}/{stage}" for name in before for stage in own)]))
