"""Exact match and token F1 of answers (Rajpurkar et al. 2016), as XTREME scores XQuAD and TyDiQA-GoldP.

The normaliser is the English one in every language: only ASCII punctuation and English articles go, and tokens
are what whitespace separates, so that a Chinese or Thai answer is a single token.
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
"""Turns an answer into the tokens that count, with single spaces between them."""

_NO_ASCII_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ENGLISH_ARTICLES = re.compile(r"\b(?:a|an|the)\b")


def per_example(examples: pa.Table, predictions: Mapping[str, str], lang: str) -> pa.Table:
    """F1 and exact match of the answer to each question, given by question id; see `compare`."""
    return compare(examples, predictions, normalise)


def aggregate(sums: Mapping[str, Number]) -> dict[str, Number]:
    """F1 and exact match in percent of all questions."""
    return {name: ratio(100 * sums[name], sums["all"]) for name in NAMES}


def main_score(scores: Mapping[str, Number]) -> Number:
    """The mean of exact match and F1."""
    return (scores["exact_match"] + scores["f1"]) / 2


def normalise(answer: str) -> str:
    """Lower case, without ASCII punctuation and English articles, single spaces."""
    return " ".join(_ENGLISH_ARTICLES.sub(" ", answer.lower().translate(_NO_ASCII_PUNCTUATION)).split())


def compare(examples: pa.Table, predictions: Mapping[str, str], normaliser: Normaliser) -> pa.Table:
    """F1 and exact match of each question, 0 to 1, each the best over the question's gold answers.

    A question without prediction counts 0 in both; a prediction without question is ignored.

    Raises:
        UserError: unlabelled examples, a question without gold answers, or a prediction that is not a text.
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
    """A prediction as it is compared.

    Raises:
        UserError: it is not a text.
    """
    if not isinstance(prediction, str):
        raise UserError(f"Question {question!r}: found the prediction {prediction!r}; expected a text.")
    return normaliser(prediction)


def token_f1(found: list[str], expected: list[str]) -> float:
    """F1, 0 to 1, over two bags of tokens; 0 when they share none, even when both are empty."""
    shared = (Counter(found) & Counter(expected)).total()
    if not shared:
        return 0.0
    precision, recall = shared / len(found), shared / len(expected)
    return 2 * precision * recall / (precision + recall)
