"""Results of an experiment on robustness, whose tables are computed by hand."""

from itertools import product
from statistics import median

import pandas as pd

from xstilts.arms import Arms
from xstilts.reporting import collect, correction
from xstilts.reporting.changed_text import COLUMNS as OF_TEXT
from xstilts.reporting.contrasts import COLUMNS as OF_CONTRASTS
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.significance import COLUMNS
from xstilts.robustness import Gain, OutOfDomain, Perturbed, Robustness

TEXTS = {
    "xnli": 0.0,
    "xnli+typos10": -4.0,
    "xnli+typos20": -9.0,
    "xnli+word_order": -2.0,
    "anli_from_mnli": -30.0,
}
"""What the text of a target adds to the score."""

INTERMEDIATES = {"none": 70.0, "mnli": 72.0, "mnli+freelb": 73.0, "mnli3": 74.0}

MORE = {("mnli+freelb", "xnli+typos10"): 1.5, ("mnli+freelb", "xnli+typos20"): 5.0}
"""What an intermediate adds under a perturbation."""

LANGUAGES = {"en": 10.0, "de": 6.0, "sw": -12.0, "zh": -4.0}
"""What a language adds; these add up to 0."""

WORSE = {("xnli+typos20", "zh"): -12.0, ("xnli+typos10", "sw"): -2.0}
"""What a language adds under a perturbation."""

SEEDS = {
    "en": {1: 9.0, 2: 0.0, 3: -9.0},
    "de": {1: -9.0, 2: -3.0, 3: 12.0},
    "sw": {1: 0.0, 2: 0.0, 3: 0.0},
    "zh": {1: 0.0, 2: 3.0, 3: -3.0},
}
"""What a seed adds in a language. The median over seeds of the mean over all four is 0; in German, the median is -3."""

DROPS = {"xnli+typos10": 4.5, "xnli+typos20": 12.0, "xnli+word_order": 2.0}
"""What a perturbation costs: (4 + 4 + (4 + 2) + 4) / 4, (9 + 9 + 9 + (9 + 12)) / 4, and 2."""

TYPOS10 = Perturbed("xnli+typos10", "xnli", "typos10", "typos", 10, tuple(LANGUAGES))
TYPOS20 = Perturbed("xnli+typos20", "xnli", "typos20", "typos", 20, tuple(LANGUAGES))
WORD_ORDER = Perturbed("xnli+word_order", "xnli", "word_order", "word_order", None, ("en", "de", "sw"))
ARMS = Robustness(
    perturbed=(TYPOS10, TYPOS20, WORD_ORDER),
    out_of_domain=(OutOfDomain("anli_from_mnli", "xnli"),),
    gains=tuple(
        Gain("freelb", (equal,), ("mnli+freelb", target), (plain, target))
        for target in TEXTS
        for plain, equal in (("mnli", "steps"), ("mnli3", "passes"))
    ),
    groups={"low": ("sw",), "high": ("en", "de")},
)


def languages(target: str) -> tuple[str, ...]:
    return {"xnli+word_order": WORD_ORDER.languages, "anli_from_mnli": ("en",)}.get(target, tuple(LANGUAGES))


def score(intermediate: str, target: str, lang: str, seed: int) -> float:
    own = INTERMEDIATES[intermediate] + MORE.get((intermediate, target), 0) + TEXTS[target]
    return own + LANGUAGES[lang] + WORSE.get((target, lang), 0) + SEEDS[lang][seed]


def scores() -> pd.DataFrame:
    """The scores of both encoders; those of `other` are 100 minus those of `toy`."""
    rows = []
    for intermediate, target, seed in product(INTERMEDIATES, TEXTS, (1, 2, 3)):
        for lang in languages(target):
            value = score(intermediate, target, lang, seed)
            rows.append(["toy", intermediate, target, lang, "test", seed, "main_score", value, 100])
            rows.append(["other", intermediate, target, lang, "test", seed, "main_score", 100 - value, 100])
    return pd.DataFrame(rows, columns=collect.COLUMNS)


def statistics() -> pd.DataFrame:
    """Statistics of these scores, in which the change of `mnli3` is significant."""
    rows = []
    for encoder, intermediate, target in product(("toy", "other"), INTERMEDIATES, TEXTS):
        by_language = {
            lang: [score(intermediate, target, lang, seed) for seed in SEEDS[lang]] for lang in languages(target)
        }
        values = {"all": [sum(one) / len(one) for one in zip(*by_language.values(), strict=True)], **by_language}
        for lang, seeds in values.items():
            value = median(seeds) if encoder == "toy" else 100 - median(seeds)
            names = {"encoder": encoder, "intermediate": intermediate, "target": target, "language": lang}
            gained = INTERMEDIATES[intermediate] - INTERMEDIATES["none"] + MORE.get((intermediate, target), 0)
            rows.append(
                {
                    **names,
                    "metric": "main_score",
                    "value": value,
                    "delta": None if intermediate == "none" else gained if encoder == "toy" else -gained,
                    "significant": intermediate == "mnli3",
                    "n": 100,
                    "seeds": 3,
                }
            )
    found = pd.DataFrame(rows).reindex(columns=[*COLUMNS, "p_adjusted", "significant"])
    return found.assign(delta=found["delta"].astype("float64"))


def contrasts(p: float = 0.001) -> pd.DataFrame:
    """Differences that are known to one point below and two above, with the same p-value for all gains."""
    rows = []
    for one, name in product(ARMS.perturbed, INTERMEDIATES):
        drop = DROPS[one.target] - MORE.get((name, one.target), 0)
        rows.append(_contrast((name, "xnli"), (name, one.target), drop, float("nan")))
    for gain in ARMS.gains:
        own, plain = (INTERMEDIATES[name] + MORE.get((name, gain.one[1]), 0) for name in (gain.one[0], gain.other[0]))
        rows.append(_contrast(gain.one, gain.other, own - plain, p))
    return correction.of_contrasts([pd.DataFrame(rows, columns=OF_CONTRASTS)])


def changed() -> pd.DataFrame:
    """Counts of changed text in two languages, of which the second is no longer stored, and of moved words."""
    rows = [
        {"target": "xnli+typos10", "perturbation": "typos10", "language": "en", "rows": 2490, "changed_rows": 1245,
         "words": 400, "edits": 38, "clusters": 2000, "changed_clusters": 50},
        {"target": "xnli+typos10", "perturbation": "typos10", "language": "de"},
        {"target": "xnli+word_order", "perturbation": "word_order", "language": "en", "rows": 10, "changed_rows": 10,
         "words": 80, "moved_words": 60},
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=OF_TEXT)


def _contrast(one: tuple[str, str], other: tuple[str, str], delta: float, p: float) -> list:
    return ["toy", *one, *other, delta, delta - 1, delta + 2, p, 400, 3]


def results(**changes) -> Results:
    grid = Arms(
        encoders=("toy", "other"), intermediates=tuple(INTERMEDIATES), targets=tuple(TEXTS), seeds=(1, 2, 3),
        usual=("xnli",), of_benchmark=("xnli",),
    )  # fmt: skip
    made = {
        "scores": scores(),
        "trainings": pd.DataFrame(columns=collect.TRAINING_COLUMNS),
        "statistics": statistics(),
        "sizes": dict.fromkeys(INTERMEDIATES, 100),
        "grid": grid,
        "over_seeds": "median",
        "own_stages": dict.fromkeys(TEXTS, ("mnli",)),
        "seen": {(name, target): ("en",) for name in INTERMEDIATES for target in TEXTS},
        "robustness": ARMS,
        "contrasts": contrasts(),
        "changed": changed(),
    }
    return Results(**{**made, **changes})
