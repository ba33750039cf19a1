"""Results of two encoders, as read by the reports, whose tables are computed by hand."""

from itertools import product

import pandas as pd

from xstilts import tasks
from xstilts.config import GridSettings
from xstilts.reporting import collect, significance
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.formats import Table

GRID = GridSettings(
    encoders=("other", "my_enc"),
    intermediates=("none", "mnli", "squad_v1"),
    targets=("xnli", "xquad", "tatoeba"),
    seeds=(1, 2, 3),
)
LANGUAGES = {"xnli": ("en", "de"), "xquad": ("en", "de"), "tatoeba": ("de", "ru")}
TEST = {
    ("none", "xnli"): 70.0,
    ("none", "xquad"): 60.0,
    ("none", "tatoeba"): 30.0,
    ("mnli", "xnli"): 72.0,
    ("mnli", "xquad"): 58.0,
    ("mnli", "tatoeba"): 50.0,
    ("squad_v1", "xnli"): 71.0,
    ("squad_v1", "xquad"): 65.0,
    ("squad_v1", "tatoeba"): 40.0,
}
OFFSETS = ({1: 9.0, 2: 0.0, 3: -9.0}, {1: -9.0, 2: -3.0, 3: 12.0})
"""Offsets of the first and the second language of a target, by seed. The median over seeds of the mean over languages
is 0; the mean of the medians would be -1.5."""

APART = {"none": 5.0, "mnli": 6.0, "squad_v1": 4.0}
"""The distance of F1 and exact match from their mean."""

DEV = {
    "mnli": 80.0,
    "mnli/mnli": 79.0,
    "squad_v1/mnli": 81.0,
    "squad_v1": 85.0,
    "mnli/squad_v1": 84.0,
    "squad_v1/squad_v1": 88.0,
}
"""On dev, squad_v1 is the best intermediate for both targets with training; on test, mnli is the best for XNLI."""

ON_DEV = {1: (0.0, 20), 2: (4.0, 60), 3: (1.0, 30)}
"""The offset of the dev scores and the number of training steps, by seed."""


def scores() -> pd.DataFrame:
    """The scores of both encoders; those of `other` are 100 minus those of `my_enc`."""
    rows = []
    for (cell, level), seed, place in product(TEST.items(), GRID.seeds, (0, 1)):
        value, lang, apart = level + OFFSETS[place][seed], LANGUAGES[cell[1]][place], APART[cell[0]]
        pair = {"f1": value + apart, "exact_match": value - apart} if cell[1] == "xquad" else {"accuracy": value}
        for metric, score in {**pair, "main_score": value}.items():
            rows.append(["my_enc", *cell, lang, "test", seed, metric, score, 100])
            rows.append(["other", *cell, lang, "test", seed, metric, 100 - score, 100])
    return pd.DataFrame(rows, columns=collect.COLUMNS)


def trainings() -> pd.DataFrame:
    rows = []
    for (stages, value), (seed, (more, steps)) in product(DEV.items(), ON_DEV.items()):
        task = stages.rpartition("/")[2]
        rows.append(["my_enc", stages, seed, task, 10, 99.0, False, steps, stages])
        rows.append(["my_enc", stages, seed, task, 20, value + more, True, steps, stages])
        rows.append(["other", stages, seed, task, 20, 100 - value, True, 7, stages])
    return pd.DataFrame(rows, columns=collect.TRAINING_COLUMNS)


def sure() -> pd.DataFrame:
    """The statistics of these scores, in which a change of more than 3 points is significant, of the other none."""
    rows = []
    for encoder, ((intermediate, target), level) in product(GRID.encoders, TEST.items()):
        mine = encoder == "my_enc"
        for place, lang in enumerate(("all", *LANGUAGES[target])):
            value, baseline = (number + (0, 1, -2)[place] for number in (level, TEST["none", target]))
            value += (lang, intermediate) == ("de", "mnli")
            delta = value - baseline
            n = (200, 90, 110)[place]
            seeds = 1 if (intermediate, target) == ("none", "tatoeba") else 3
            numbers = {"value": value if mine else 100 - value, "delta": delta if mine else -delta}
            numbers |= {"significant": mine and abs(delta) > 3, "n": n if mine else 5, "seeds": seeds if mine else 2}
            names = {"encoder": encoder, "intermediate": intermediate, "target": target, "language": lang}
            rows.append(names | numbers)
    return pd.DataFrame(rows).reindex(columns=[*significance.COLUMNS, "p_adjusted", "significant"])


def own_stages(grid: GridSettings) -> dict[str, tuple[str, ...]]:
    """The stages of the targets of a configuration that does not change them."""
    return {target: (stage,) if (stage := tasks.load(target).stage) else () for target in grid.targets}


def results(**changes) -> Results:
    made = {"scores": scores(), "trainings": trainings(), "statistics": sure(), "grid": GRID, **changes}
    data = {"mnli": (1000, "en"), "squad_v1/mnli": (2000, "de, en")}
    return Results(
        **{"sizes": {}, "data": data, "over_seeds": "median", "own_stages": own_stages(made["grid"]), **made}
    )


def without(table: pd.DataFrame, **where: object) -> pd.DataFrame:
    """A table without the numbers of some rows."""
    gone = (table[list(where)] == pd.Series(where)).all(axis=1)
    return table.assign(value=table["value"].mask(gone))


def row(table: Table, name: str) -> list[str]:
    return table.shown.loc[name].to_list()
