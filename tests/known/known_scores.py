"""The scores of every cell, from the counts that are worked out beside the texts."""

from statistics import mean, median

import known_answers
import known_bitext
import known_choices
import known_nli
import known_tags
from known_experiment import MODELS, SEEDS

Scores = dict[str, dict[str, float]]
"""By language and metric."""


def of_cell(encoder: str, intermediate: str, target: str, seed: int) -> Scores:
    """The scores of a cell, in percent."""
    trained = {"mlqa": "squad_v1", "xquad": "squad_v1", "tatoeba": "retrieval", "bucc2018": "retrieval"}
    model = MODELS[encoder][trained.get(target, target)][intermediate][SEEDS.index(seed)]
    match target:
        case "xnli":
            return {lang: _accuracy(right, 6) for lang, right in known_nli.RIGHT[model].items()}
        case "udpos":
            return {lang: _runs(*counts) for lang, counts in known_tags.RUNS[model].items()}
        case "xquad":
            return {lang: _answers(*sums) for lang, sums in known_answers.XQUAD_RESULTS[model].items()}
        case "mlqa":
            return {lang: _answers(*sums) for lang, sums in known_answers.MLQA_RESULTS[model].items()}
        case "copa":
            return {"en": _accuracy(known_choices.RIGHT[model], 30)}
        case "bucc2018":
            return {lang: _f1(*counts) for lang, counts in known_bitext.BUCC_PAIRS[model].items()}
        case "tatoeba":
            right = known_bitext.TATOEBA_RIGHT[model]
            return {lang: _accuracy(right[lang], len(known_bitext.TATOEBA[lang])) for lang in right}


def over_seeds(encoder: str, intermediate: str, target: str, language: str, metric: str = "main_score") -> float:
    """The median over seeds of a language, or of the mean over `all`."""
    cells = [of_cell(encoder, intermediate, target, seed) for seed in SEEDS]
    if language == "all":
        return median(mean(scores[metric] for scores in cell.values()) for cell in cells)
    return median(cell[language][metric] for cell in cells)


def _accuracy(right: int, all_: int) -> dict[str, float]:
    return {"accuracy": 100 * right / all_, "main_score": 100 * right / all_}


def _f1(right: int, found: int, expected: int) -> dict[str, float]:
    f1 = 200 * right / (found + expected)
    return {"f1": f1, "precision": 100 * right / found, "recall": 100 * right / expected, "main_score": f1}


def _runs(right: int, found: int, expected: int) -> dict[str, float]:
    # No two of these tags differ in their first letter alone, so that both generations of seqeval agree.
    scores = _f1(right, found, expected)
    return scores | {"f1_seqeval1": scores["f1"]}


def _answers(exact: int, f1: float) -> dict[str, float]:
    return {"exact_match": 100 * exact / 3, "f1": 100 * f1 / 3, "main_score": 100 * (exact + f1) / 6}
