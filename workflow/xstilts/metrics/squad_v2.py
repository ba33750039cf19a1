"""Exact match and token F1 with unanswerable questions (Rajpurkar et al. 2018), as in SQuAD's evaluate-v2.0.py.

The correct prediction for an unanswerable question is the empty string. Unlike the script for SQuAD 1.1, this one
ignores gold answers that are empty after normalisation, and gives two answers without tokens an F1 of 1.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from xstilts.metrics import Number, gold, ratio, table
from xstilts.metrics.squad import main_score, normalise, normalised_prediction, token_f1

__all__ = ["NAMES", "aggregate", "main_score", "per_example"]

NAMES = ("f1", "exact_match", "answerable_f1", "answerable_exact_match", "unanswerable_accuracy")

_COUNTS = [f"{kind}{measure}" for kind in ("answerable", "unanswerable") for measure in ("_f1", "_exact_match", "")]

Result = tuple[float, float]
"""F1 and exact match of a question, 0 to 1."""


def per_example(examples: pa.Table, predictions: Mapping[str, str], lang: str) -> pa.Table:
    """F1 and exact match of each question, 0 to 1, separately for answerable and unanswerable questions.

    Each score is the maximum over the gold answers. A question without a prediction scores 0; a prediction without a
    question is ignored.

    Raises:
        UserError: the examples are unlabelled, or a prediction is not a string.
    """
    questions, rows = examples["id"].to_pylist(), []
    for question, answers in zip(questions, gold(examples, "answers"), strict=True):
        f1, exact_match = _compare(question, predictions, [answer["text"] for answer in answers])
        rows.append((f1, exact_match, 1, 0, 0, 0) if answers else (0, 0, 0, f1, exact_match, 1))
    return table(questions, **dict(zip(_COUNTS, zip(*rows, strict=True), strict=True)))


def aggregate(sums: Mapping[str, Number]) -> dict[str, Number]:
    """F1 and exact match over all and over answerable questions, and accuracy over unanswerable ones, in percent.

    Scores without any question are missing.
    """
    answerable, unanswerable = sums["answerable"], sums["unanswerable"]
    scores = {
        name: ratio(100 * (sums[f"answerable_{name}"] + sums[f"unanswerable_{name}"]), answerable + unanswerable)
        for name in ("f1", "exact_match")
    }
    if np.any(answerable):
        scores |= {name: ratio(100 * sums[name], answerable) for name in ("answerable_f1", "answerable_exact_match")}
    if np.any(unanswerable):
        scores["unanswerable_accuracy"] = ratio(100 * sums["unanswerable_exact_match"], unanswerable)
    return scores


def _compare(question: str, predictions: Mapping[str, str], answers: list[str]) -> Result:
    if question not in predictions:
        return 0.0, 0.0
    found = normalised_prediction(question, predictions[question], normalise)
    expected = [text for text in map(normalise, answers) if text] or [""]
    if found in expected:
        return 1.0, 1.0
    return max(token_f1(found.split(), text.split()) for text in expected), 0.0
