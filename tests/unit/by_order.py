"""Results of an experiment with sequences in several orders, whose tables are computed by hand."""

import pandas as pd
from grids import Words

from xstilts.config import parse
from xstilts.grid import Grid
from xstilts.reporting import collect
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.significance import COLUMNS

BLOCKS = {"tasks": ["mnli", "squad_v1"], "steps": 100}
STAGES = {
    "mixed": {**BLOCKS, "sampling": {"schedule": "shuffled"}},
    "ab": {**BLOCKS, "sampling": {"schedule": "blocks"}},
    "ba": {**BLOCKS, "sampling": {"schedule": "blocks", "order": ["squad_v1", "mnli"]}},
}

ONE, OTHER = "mnli/squad_v1", "squad_v1/mnli"

SCORES = {
    ONE: {"en": (80, 82, 84), "sw": (60, 62, 61)},
    OTHER: {"en": (78, 80, 79), "sw": (66, 62, 70)},
    "mixed": {"en": (81, 81, 81), "sw": (64, 65, 66)},
    "squad_v1": {"en": (70, 70, 70), "sw": (60, 58, 59)},
    "none": {"en": (50, 52, 54), "sw": (70, 70, 70)},
}
"""XNLI by seed. The mean over languages is 70, 72, 72.5 in the first order and 72, 71, 74.5 in the second one."""


def grid(intermediates: tuple[str, ...], stages: dict | None = None, **more: object) -> Grid:
    """A grid for XNLI."""
    made = {"encoders": ["toy"], "intermediates": list(intermediates), "targets": ["xnli"], "seeds": [1, 2, 3], **more}
    raw = {"encoders": {name: {"path": "toy"} for name in made["encoders"]}, "stages": {**STAGES, **(stages or {})}}
    return Grid(parse({**raw, "grid": made}), Words())


def results(scores: dict = SCORES, seeds: tuple[int, ...] = (1, 2, 3), **more: object) -> Results:
    """Results with these scores by intermediate, language and seed."""
    planned = grid(tuple(scores), seeds=list(seeds), **more)
    rows = [
        [encoder, name, target, lang, "test", seed, "main_score", value, 10]
        for encoder in planned.arms.encoders
        for name, languages in scores.items()
        for target in planned.arms.targets
        for lang, values in languages.items()
        for seed, value in zip(seeds, values, strict=True)
    ]
    found = pd.DataFrame(rows, columns=collect.COLUMNS).astype({"value": "float64"})
    keys = ["encoder", "intermediate", "target", "language"]
    cells = found.groupby(keys, sort=False)["value"].median().reset_index()
    whole = cells.groupby(keys[:3], sort=False)["value"].mean().reset_index().assign(language=collect.ALL)
    statistics = pd.concat([whole, cells]).reindex(columns=[*COLUMNS, "p_adjusted"])
    return Results(
        scores=found,
        trainings=pd.DataFrame(columns=collect.TRAINING_COLUMNS),
        statistics=statistics.assign(significant=False, metric="main_score", n=10, seeds=len(seeds)),
        sizes=dict.fromkeys(scores, 100),
        grid=planned.arms,
        over_seeds="median",
        own_stages={target: planned.target(target).stages for target in planned.arms.targets},
        orders=planned.orders,
    )
