"""What perturbed text costs: the scores of the same models on clean and on perturbed text."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from xstilts.reporting.collect import MAIN_SCORE
from xstilts.reporting.experiment_results import Results
from xstilts.robustness import GROUPS, Cell, Perturbed

COLUMNS = [
    "intermediate", "target", "perturbation", "clean", "perturbed", "drop", "low", "high", "relative",
    "worst_clean_language", "worst_clean", "worst_language", "worst", *(f"drop_{name}" for name in GROUPS),
    "languages", "all_languages", "n", "seeds",
]  # fmt: skip

NAN = float("nan")


def drops(results: Results, encoder: str) -> pd.DataFrame:
    """A row for each perturbed target and each intermediate before it.

    Scores are means over the languages in which clean and perturbed text are evaluated, then over seeds.

    Returns:
        A table with `COLUMNS`. `target` is the one with clean text, or the perturbed one if the grid has no other.
        `drop` is `clean` - `perturbed` in points, with its interval from `low` to `high`; `relative` is `perturbed` /
        `clean`, missing for a clean score of 0; the worst languages are those with the lowest scores. The drop of a
        group is over its languages that are not seen, missing if there is none. `languages` is the number of languages
        behind a row, and `all_languages` that of the clean target. Whatever lacks a score is missing.
    """
    known = differences(results, encoder)
    rows = [row for one in results.robustness.perturbed for row in _rows(results, encoder, one, known)]
    return pd.DataFrame(rows, columns=COLUMNS)


def differences(results: Results, encoder: str) -> dict[tuple[Cell, Cell | None], dict]:
    """The differences between cells of an encoder, with intervals and tests, by both cells."""
    if results.contrasts.empty:
        return {}
    rows = results.contrasts[results.contrasts["encoder"] == encoder].to_dict("records")
    return {
        ((row["intermediate"], row["target"]), (row["other_intermediate"], row["other_target"])): row for row in rows
    }


def unseen(results: Results, one: Perturbed, intermediate: str, group: str) -> list[str]:
    """The languages of a group in which a perturbed target is evaluated and that its models have not seen."""
    seen = results.seen.get((intermediate, one.target), ())
    return [lang for lang in one.languages if lang in results.robustness.groups[group] and lang not in seen]


def _rows(
    results: Results, encoder: str, one: Perturbed, known: Mapping[tuple[Cell, Cell | None], dict]
) -> Iterable[dict[str, object]]:
    clean, perturbed = (_Scores(results, encoder, target) for target in (one.clean, one.target))
    all_languages = len(results.zero_shot(one.clean or one.target))
    for name in results.after(one.target):
        score, other = (scores.level(name, one.languages) for scores in (clean, perturbed))
        worst_clean, worst = (scores.worst(name, one.languages) for scores in (clean, perturbed))
        of_groups = {group: unseen(results, one, name, group) for group in GROUPS}
        paired = known.get(((name, one.clean or ""), (name, one.target)), {})
        yield {
            "intermediate": name,
            "target": one.clean or one.target,
            "perturbation": one.perturbation,
            "clean": score,
            "perturbed": other,
            "drop": score - other,
            "low": paired.get("delta_low", NAN),
            "high": paired.get("delta_high", NAN),
            "relative": other / score if score else NAN,
            "worst_clean_language": worst_clean[0],
            "worst_clean": worst_clean[1],
            "worst_language": worst[0],
            "worst": worst[1],
            **{
                f"drop_{group}": clean.level(name, langs) - perturbed.level(name, langs)
                for group, langs in of_groups.items()
            },
            "languages": len(one.languages),
            "all_languages": all_languages,
            "n": paired.get("n", 0),
            "seeds": paired.get("seeds", 0),
        }


class _Scores:
    """The scores of a target of one encoder.

    Args:
        target: its name; None for a target without scores.
    """

    def __init__(self, results: Results, encoder: str, target: str | None):
        self._over_seeds = getattr(np, results.over_seeds)
        scores = results.scores
        mine = scores[(scores["target"] == target) & (scores["encoder"] == encoder) & (scores["metric"] == MAIN_SCORE)]
        self._after = {
            name: rows.pivot(index="seed", columns="language", values="value").reindex(results.grid.seeds)
            for name, rows in mine.groupby("intermediate")
        }

    def level(self, intermediate: str, languages: Sequence[str]) -> float:
        """The mean over languages, then over seeds; missing without languages, or if a score is missing."""
        values = self._of(intermediate, languages)
        return float(self._over_seeds(values.mean(axis=1))) if values.size else NAN

    def worst(self, intermediate: str, languages: Sequence[str]) -> tuple[str | None, float]:
        """The language with the lowest score over seeds, and that score; missing if a score is missing."""
        values = self._of(intermediate, languages)
        by_language = self._over_seeds(values, axis=0) if values.size else np.array([NAN])
        if np.isnan(by_language).any():
            return None, NAN
        place = int(by_language.argmin())
        return languages[place], float(by_language[place])

    def _of(self, intermediate: str, languages: Sequence[str]) -> np.ndarray:
        """The scores after an intermediate, shape (seeds, languages); empty if it is not evaluated."""
        found = self._after.get(intermediate)
        return np.empty((0, 0)) if found is None else found.reindex(columns=list(languages)).to_numpy(dtype=float)
