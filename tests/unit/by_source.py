"""Results of an experiment with sources, whose scores are an additive model with known parts."""

import pandas as pd

from xstilts.arms import Arms
from xstilts.reporting import collect
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.pairs import COLUMNS as COLUMNS_OF_PAIRS
from xstilts.reporting.significance import COLUMNS
from xstilts.transfer import Arm, Matrix

SOURCES = {"en": 9.0, "de": 3.0, "es": 1.0, "zh": -4.0}
"""The sources with their effects; those of the translated sources add up to 0."""

LANGUAGES = {"de": 5.0, "en": 8.0, "es": 2.0, "ja": -6.0, "zh": -9.0}
"""The evaluated languages with their effects, which add up to 0."""

MEAN, OWN, GAIN = 70.0, 6.0, 2.0
"""The mean of the scores, the gain in the source itself, and the gain of the intermediate."""

SEEDS = {1: -1.0, 2: 0.0, 3: 4.0}
"""What a seed adds to all scores; the median adds nothing."""


def score(source: str, lang: str) -> float:
    return MEAN + SOURCES[source] + LANGUAGES[lang] + OWN * (source == lang)


def target(source: str) -> str:
    return "pawsx" if source == "en" else f"pawsx@{source}"


def arm(source: str, intermediate: str) -> Arm:
    return Arm(source, intermediate, target(source), source != "en", (source,))


def pairs() -> pd.DataFrame:
    """Differences between German and two others, of which the last is not known."""
    rows = [
        ["toy", "de", "es", "en ja zh", 2.0, -0.5, 4.25, 30, 3],
        ["toy", "de", "en", "es ja zh", -6.0, -8.0, -4.0, 30, 3],
        ["toy", "de", "zh", "", float("nan"), float("nan"), float("nan"), 0, 0],
    ]
    return pd.DataFrame(rows, columns=COLUMNS_OF_PAIRS)


def results(**changes) -> Results:
    """Scores for `none` and `udpos` before PAWS-X trained in each source."""
    grid = Arms(
        encoders=("toy",),
        intermediates=("none", "udpos"),
        targets=tuple(map(target, SOURCES)),
        sources=tuple(SOURCES),
        seeds=tuple(SEEDS),
    )
    rows, statistics = [], []
    for name in grid.intermediates:
        for source in SOURCES:
            values = {lang: score(source, lang) + GAIN * (name == "udpos") for lang in LANGUAGES}
            for lang, value in values.items():
                for seed, more in SEEDS.items():
                    rows.append(["toy", name, target(source), lang, "test", seed, "main_score", value + more, 10])
            whole = {"all": sum(values.values()) / len(values), **values}
            for lang, value in whole.items():
                delta = GAIN if name == "udpos" else None
                about = {"encoder": "toy", "intermediate": name, "target": target(source), "language": lang}
                statistics.append({**about, "value": value, "delta": delta, "n": 10, "seeds": 3})
    known = pd.DataFrame(statistics).reindex(columns=[*COLUMNS, "p_adjusted"])
    matrices = tuple(
        Matrix(name, "pawsx@{source}", tuple(arm(source, name) for source in SOURCES), tuple(LANGUAGES))
        for name in grid.intermediates
    )
    made = {
        "scores": pd.DataFrame(rows, columns=collect.COLUMNS),
        "trainings": pd.DataFrame(columns=collect.TRAINING_COLUMNS),
        "statistics": known.assign(significant=False, metric="main_score", delta=known["delta"].astype("float64")),
        "sizes": {"udpos": 100},
        "grid": grid,
        "over_seeds": "median",
        "own_stages": {target(source): (target(source),) for source in SOURCES},
        "seen": {(name, target(source)): (source,) for name in grid.intermediates for source in SOURCES},
        "matrices": matrices,
        "pairs": {one.title: pairs() for one in matrices},
    }
    return Results(**{**made, **changes})
