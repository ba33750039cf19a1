"""The texts of examples that perturbations rewrite."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import pyarrow as pa

from xstilts.perturbations.units import FIELDS

LANGUAGE_COLUMN = {"text_b": "text_b_language", "answers": "answer_language"}
"""The columns with the languages of texts that may differ from the language of the example."""

_REWRITTEN_SIDE = "foreign"
"""The side of retrieval that is rewritten. All languages are matched with the same English sentences."""

Facts = Mapping[str, Mapping[str, str]]
"""Facts about languages, by language, as `xstilts.languages.facts` returns them."""

Rewrite = Callable[[list[str], str, str, str], list[str]]
"""`rewrite(parts, id, field, lang)` returns as many parts: the words of a sentence, or one text, in a language."""


class Perturbed(NamedTuple):
    """Perturbed examples of one language.

    Args:
        table: the examples, in the order of the original ones.
        notes: what was changed, for the manifest.
    """

    table: pa.Table
    notes: dict


def rewritten(table: pa.Table, kind: str, lang: str, rewrite: Rewrite) -> pa.Table:
    """The examples of a language with other texts. Missing texts stay missing.

    Args:
        rewrite: is called for each text of each example.
    """
    ids = table["id"].to_pylist()
    sides = table["side"].to_pylist() if kind == "retrieval" else [_REWRITTEN_SIDE] * len(ids)
    for field in FIELDS[kind]:
        column = LANGUAGE_COLUMN.get(field)
        languages = table[column].to_pylist() if column in table.column_names else [lang] * len(ids)
        values = [
            _rewritten(text, rewrite, name, field, own) if side == _REWRITTEN_SIDE and text is not None else text
            for text, side, name, own in zip(table[field].to_pylist(), sides, ids, languages, strict=True)
        ]
        table = with_column(table, field, values)
    return table


def _rewritten(text: str | list[str], rewrite: Rewrite, name: str, field: str, lang: str) -> str | list[str]:
    if isinstance(text, list):
        return rewrite(text, name, field, lang)
    (found,) = rewrite([text], name, field, lang)
    return found


def with_column(table: pa.Table, name: str, values: list) -> pa.Table:
    """The table with other values in a column."""
    field = table.schema.field(name)
    return table.set_column(table.schema.get_field_index(name), field, pa.chunked_array([pa.array(values, field.type)]))


def count_changed(table: pa.Table, other: pa.Table, fields: Iterable[str]) -> int:
    """The number of rows that differ in one of the columns."""
    pairs = [zip(table[field].to_pylist(), other[field].to_pylist(), strict=True) for field in fields]
    return sum(any(one != two for one, two in row) for row in zip(*pairs, strict=True))
