"""Exact match and token F1 of answers (Rajpurkar et al. 2016), XTREME's metrics for XQuAD and TyDiQA-GoldP.

The English normaliser is used for every language: only ASCII punctuation and English articles are deleted, and tokens
are separated by whitespace, so a Chinese or Thai answer is a single token.
"""

import re
import string
from collections import Counter
from collections.abc import Callable, Mapping

import pyarrow as pa

from xstilts.errors import UserError
from xstilts.metrics import Number, gold, ratio, table

NAMES = ("f1", "exact_match")

Normaliser = Callable[[str], str]
"""Converts an answer into the tokens that are compared, separated by single spaces."""

_NO_ASCII_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ENGLISH_ARTICLES = re.compile(r"\b(?:a|an|the)\b")


def per_example(examples: pa.Table, predictions: Mapping[str, str], lang: str) -> pa.Table:
    """F1 and exact match of each question; predictions are given by question id. See `compare`."""
    return compare(examples, predictions, normalise)


def aggregate(sums: Mapping[str, Number]) -> dict[str, Number]:
    """The mean F1 and exact match over all questions, in percent."""
    return {name: ratio(100 * sums[name], sums["all"]) for name in NAMES}


def main_score(scores: Mapping[str, Number]) -> Number:
    """The mean of exact match and F1."""
    return (scores["exact_match"] + scores["f1"]) / 2


def normalise(answer: str) -> str:
    """Normalise an answer: lower case, no ASCII punctuation or English articles, single spaces."""
    return " ".join(_ENGLISH_ARTICLES.sub(" ", answer.lower().translate(_NO_ASCII_PUNCTUATION)).split())


def compare(examples: pa.Table, predictions: Mapping[str, str], normaliser: Normaliser) -> pa.Table:
    """F1 and exact match of each question, 0 to 1, each the maximum over the gold answers.

    A question without a prediction scores 0 in both; a prediction without a question is ignored.

    Raises:
        UserError: the examples are unlabelled, a question has no gold answer, or a prediction is not a string.
    """
    questions, results = examples["id"].to_pylist(), []
    for question, answers in zip(questions, gold(examples, "answers"), strict=True):
        if not answers:
            raise UserError(f"Question {question!r} has no gold answer; expected at least one.")
        if question in predictions:
            found = normalised_prediction(question, predictions[question], normaliser)
            expected = [normaliser(answer["text"]) for answer in answers]
            f1 = max(token_f1(found.split(), answer.split()) for answer in expected)
            results.append((f1, float(found in expected)))
        else:
            results.append((0.0, 0.0))
    f1s, exact_matches = zip(*results, strict=True)
    return table(questions, f1=f1s, exact_match=exact_matches, all=[1] * len(results))


def normalised_prediction(question: str, prediction: object, normaliser: Normaliser) -> str:
    """A normalised prediction.

    Raises:
        UserError: the prediction is not a string.
    """
    if not isinstance(prediction, str):
        raise UserError(f"Question {question!r}: found the prediction {prediction!r}; expected a string.")
    return normaliser(prediction)


def token_f1(found: list[str], expected: list[str]) -> float:
    """F1, 0 to 1, over two bags of tokens; 0 if they share no token, even if both are empty."""
    shared = (Counter(found) & Counter(expected)).total()
    if not shared:
        return 0.0
    precision, recall = shared / len(found), shared / len(expected)
    return 2 * precision * recall / (precision + recall)
