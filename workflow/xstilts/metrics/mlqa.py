"""Exact match and token F1 of answers in seven languages (Lewis et al. 2020, the MLQA evaluation, version 1).

Unlike SQuAD's, this normaliser deletes the punctuation of all scripts and the articles of each language, and treats
every Chinese character as a token.
"""

import re
import string
import unicodedata
from collections.abc import Mapping
from functools import partial

import pyarrow as pa

from xstilts.errors import UserError
from xstilts.metrics.squad import NAMES, aggregate, compare, main_score

__all__ = ["NAMES", "aggregate", "main_score", "normalise", "per_example"]

_ARTICLES = {
    "en": r"\b(?:a|an|the)\b",
    "es": r"\b(?:un|una|unos|unas|el|la|los|las)\b",
    "de": r"\b(?:ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b",
    "vi": r"\b(?:của|là|cái|chiếc|những)\b",
    # The official pattern is meant for the article, but also matches these two letters within words.
    "ar": "\N{ARABIC LETTER ALEF}\N{ARABIC LETTER LAM}",
    "hi": None,
    "zh": None,
}
_CHINESE_CHARACTER = re.compile("([\u4e00-\u9fa5])")


def per_example(examples: pa.Table, predictions: Mapping[str, str], lang: str) -> pa.Table:
    """F1 and exact match of each question; predictions are given by question id. See `xstilts.metrics.squad.compare`.

    Raises:
        UserError: as for `compare`, or the language is not one of MLQA's.
    """
    return compare(examples, predictions, partial(normalise, lang=lang))


def normalise(answer: str, lang: str) -> str:
    """Normalise an answer: lower case, no punctuation or articles, single spaces, Chinese characters separated.

    Raises:
        UserError: the language is not one of MLQA's.
    """
    if lang not in _ARTICLES:
        raise UserError(f"MLQA has no rules for the language {lang!r}, only for {', '.join(_ARTICLES)}.")
    text = "".join(character for character in answer.lower() if not _is_punctuation(character))
    if articles := _ARTICLES[lang]:
        text = re.sub(articles, " ", text)
    if lang == "zh":
        text = _CHINESE_CHARACTER.sub(r" \1 ", text)
    return " ".join(text.split())


def _is_punctuation(character: str) -> bool:
    return character in string.punctuation or unicodedata.category(character).startswith("P")
