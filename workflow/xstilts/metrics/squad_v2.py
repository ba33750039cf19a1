"""Exact match and token F1 where questions may have no answer (Rajpurkar et al. 2018): SQuAD's evaluate-v2.0.py.

The right prediction for a question without gold answers is the empty text. Unlike the script for SQuAD 1.1, this one
leaves out gold answers of which the normaliser leaves nothing, and gives two answers without tokens an F1 of 1.
"""

from collections.abc import Mapping

import pyarrow as pa

from xstilts.metrics import gold
from xstilts.metrics.squad import headline, normalise, normalised_prediction, token_f1

__all__ = ["NAMES", "headline", "score"]

NAMES = ("f1", "exact_match", "answerable_f1", "answerable_exact_match", "unanswerable_accuracy")

Result = tuple[float, float]
"""F1 and exact match of a question, 0 to 1."""


def score(examples: pa.Table, predictions: Mapping[str, str], lang: str) -> dict[str, float]:
    """F1 and exact match in percent of all questions, of those with gold answers, and the accuracy of those without.

    Each measure takes the best of a question's gold answers. A question without prediction counts 0, a prediction
    without question is ignored. Where a split has no question of a kind, the names of its scores are missing.

    Raises:
        UserError: unlabelled examples, or a prediction that is not a text.
    """
    answerable: list[Result] = []
    unanswerable: list[Result] = []
    for question, answers in zip(examples["id"].to_pylist(), gold(examples, "answers"), strict=True):
        result = _compare(question, predictions, [answer["text"] for answer in answers])
        (answerable if answers else unanswerable).append(result)
    scores = _means([*answerable, *unanswerable])
    if answerable:
        scores |= {f"answerable_{name}": value for name, value in _means(answerable).items()}
    if unanswerable:
        scores["unanswerable_accuracy"] = _means(unanswerable)["exact_match"]
    return scores


def _compare(question: str, predictions: Mapping[str, str], answers: list[str]) -> Result:
    if question not in predictions:
        return 0.0, 0.0
    found = normalised_prediction(question, predictions[question], normalise)
    expected = [text for text in map(normalise, answers) if text] or [""]
    if found in expected:
        return 1.0, 1.0
    return max(token_f1(found.split(), text.split()) for text in expected), 0.0


def _means(results: list[Result]) -> dict[str, float]:
    f1, exact_match = (100 * sum(values) / len(results) for values in zip(*results, strict=True))
    return {"f1": f1, "exact_match": exact_match}
