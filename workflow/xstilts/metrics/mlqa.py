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
import pyarrow.compute as pc

from xstilts.errors import UserError
from xstilts.metrics import UNIT
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


_ANSWER_LANGUAGE = "answer_language"
"""The column with the language of the answers, of examples whose questions are in another language."""


def per_example(examples: pa.Table, predictions: Mapping[str, str], lang: str) -> pa.Table:
    """F1 and exact match of each question; predictions are given by question id. See `xstilts.metrics.squad.compare`.

    Answers are normalised in the language of the context, as officially for questions in other languages.

    Args:
        lang: the language of the questions, and of the answers of examples that do not tell theirs.

    Raises:
        UserError: as for `compare`, or a language is not one of MLQA's.
    """
    if _ANSWER_LANGUAGE not in examples.column_names:
        return compare(examples, predictions, partial(normalise, lang=lang))
    languages = examples[_ANSWER_LANGUAGE]
    parts = [
        compare(examples.filter(pc.equal(languages, own)), predictions, partial(normalise, lang=own))
        for own in pc.unique(languages).to_pylist()
    ]
    found = pa.concat_tables(parts)
    return found.take(pc.index_in(examples["id"].combine_chunks(), found[UNIT].combine_chunks()))


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
