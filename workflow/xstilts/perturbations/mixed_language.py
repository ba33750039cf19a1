"""The second text of an example in another language: the languages of one input differ.

The second text of a pair comes from another language of the target. In question answering, the question keeps its
language, and the context comes from another one with its answers, as in the cross-lingual part of MLQA (Lewis et al.
2020). Scores are still listed by the language of the first text or the question; answers are those of the context, and
metrics that depend on a language need that of the answer.

The other language is drawn for each example among those that have its translation. An example without one, and an
untranslated pair, which official scores count, stay as they are.
"""

from collections import Counter
from collections.abc import Mapping

import pyarrow as pa

from xstilts.errors import UserError, shorten
from xstilts.perturbations import draws, texts
from xstilts.perturbations.texts import Facts, Perturbed
from xstilts.task import Task

LANGUAGE_FACTS = ()
LIBRARIES = ()

SECOND = {"classification": ("text_b",), "span": ("context", "answers")}
"""The columns that come from the other language, by the kind of the task; the last one also tells the language."""

UNTRANSLATED = ("", "NS")
"""How PAWS-X writes that a text has no translation."""


def apply(tables: Mapping[str, pa.Table], task: Task, facts: Facts, rate: None) -> dict[str, Perturbed]:
    """The examples with their second text in another language."""
    rows = {lang: _translated(table, task.kind) for lang, table in tables.items()}
    _require_parallel(rows, task)
    return {lang: _of_language(table, task, lang, rows) for lang, table in tables.items()}


def partner(task: Task, lang: str, name: str, rows: Mapping[str, Mapping[str, dict]]) -> str:
    """The language of the second text of an example.

    Each candidate has its own random number, so another language only takes examples for itself.

    Args:
        name: the id of the example.
        rows: the translated examples by id, by language.

    Returns:
        The other language; `lang` itself if no other has the example, or it is not translated.
    """
    others = [other for other in rows if other != lang and name in rows[other]] if name in rows[lang] else []
    return min(others, key=lambda other: draws.number(task.name, lang, name, other), default=lang)


def _translated(table: pa.Table, kind: str) -> dict[str, dict]:
    """The rows of a table by id, without untranslated pairs."""
    pair = ("text_a", "text_b") if kind == "classification" else ()
    return {row["id"]: row for row in table.to_pylist() if not any(row[text] in UNTRANSLATED for text in pair)}


def _require_parallel(rows: Mapping[str, Mapping[str, dict]], task: Task) -> None:
    """Check that translations have the same label.

    Raises:
        UserError: two have different labels, so that their files do not have the same examples in the same order.
    """
    if task.kind != "classification":
        return
    labels: dict[str, tuple[str, str]] = {}
    for lang, own in rows.items():
        for name, row in own.items():
            first, label = labels.setdefault(name, (lang, row["label"]))
            if row["label"] != label:
                raise UserError(
                    f"example {shorten(name)} of {task.name} has the label {label!r} in {first!r}, but "
                    f"{row['label']!r} in {lang!r}: found examples that are not translations of each other; expected "
                    "the same examples in the same order in every language. Fetch the files of both languages again."
                )


def _of_language(table: pa.Table, task: Task, lang: str, rows: Mapping[str, Mapping[str, dict]]) -> Perturbed:
    """The examples of a language.

    The notes have the numbers of rows, of those that change, of untranslated ones and of those without a translation in
    another language, and how often each language was drawn.
    """
    ids = table["id"].to_pylist()
    partners = [partner(task, lang, name, rows) for name in ids]
    found = table
    for column in SECOND[task.kind]:
        own = zip(ids, partners, table[column].to_pylist(), strict=True)
        values = [kept if other == lang else rows[other][name][column] for name, other, kept in own]
        found = texts.with_column(found, column, values)
    found = found.append_column(texts.LANGUAGE_COLUMN[SECOND[task.kind][-1]], pa.array(partners, pa.string()))
    drawn = Counter(other for other in partners if other != lang)
    untranslated = sum(name not in rows[lang] for name in ids)
    notes = {
        "rows": len(ids),
        "changed_rows": drawn.total(),
        "untranslated": untranslated,
        "without_translation": len(ids) - drawn.total() - untranslated,
        "partners": dict(sorted(drawn.items())),
    }
    return Perturbed(found, notes)
