"""The second text in another language: translations of the same example, drawn for each, and counted."""

import json
from collections import Counter
from hashlib import sha256

import pyarrow as pa
import pytest
from perturbing import perturbed, texts_of

from xstilts.errors import UserError
from xstilts.sources.columns import SCHEMAS

LANGUAGES = ("de", "en", "fr", "zh")
ROWS = 60
LABELS = ("neutral", "entailment", "contradiction")


def pairs(lang: str, rows: int = ROWS, untranslated: dict[int, tuple[str, str]] | None = None) -> pa.Table:
    """Pairs of texts that say what they are; an untranslated pair has another label, as in PAWS-X."""
    found = []
    for row in range(rows):
        first, second = (untranslated or {}).get(row, (f"{lang} {row} first", f"{lang} {row} second"))
        label = "0" if row in (untranslated or {}) else LABELS[row % 3]
        found.append({"id": str(row), "text_a": first, "text_b": second, "label": label})
    return pa.Table.from_pylist(found, SCHEMAS["classification"])


def questions(lang: str, names: list[str]) -> pa.Table:
    rows = [
        {
            "id": name,
            "question": f"{lang} question {name}",
            "context": f"{lang} context {name}",
            "answers": [{"start": len(lang) + 9, "text": name}],
        }
        for name in names
    ]
    return pa.Table.from_pylist(rows, SCHEMAS["span"])


def drawn(task: str, lang: str, name: str, others: list[str]) -> str:
    """The language with the lowest hash, of those that have the example."""
    return min(others, key=lambda other: sha256(json.dumps([task, lang, name, other]).encode()).hexdigest()[:16])


def test_the_second_text_of_a_pair_is_in_a_drawn_language():
    tables = {lang: pairs(lang) for lang in LANGUAGES}
    for lang, found in perturbed("mixed_language", "xnli", **tables).items():
        partners = [drawn("xnli", lang, str(row), [one for one in LANGUAGES if one != lang]) for row in range(ROWS)]
        assert found.table.select(["id", "text_a", "label"]).equals(tables[lang].select(["id", "text_a", "label"]))
        assert texts_of(found.table, "text_b") == [f"{other} {row} second" for row, other in enumerate(partners)]
        assert texts_of(found.table, "text_b_language") == partners
        assert found.notes == {
            "rows": ROWS,
            "changed_rows": ROWS,
            "untranslated": 0,
            "without_translation": 0,
            "partners": Counter(partners),
        }
        assert len(found.notes["partners"]) == 3
        assert list(found.notes["partners"]) == sorted(found.notes["partners"])


def test_an_untranslated_pair_stays_and_is_nobody_s_partner():
    tables = {lang: pairs(lang) for lang in LANGUAGES}
    tables["fr"] = pairs("fr", untranslated={0: ("NS", "fr 0 second"), 1: ("fr 1 first", "NS"), 2: ("", "NS")})
    tables["zh"] = pairs("zh", untranslated=dict.fromkeys(range(ROWS), ("NS", "NS")))
    found = perturbed("mixed_language", "pawsx", **tables)
    assert found["fr"].table.slice(0, 3).select(tables["fr"].schema.names).equals(tables["fr"].slice(0, 3))
    assert texts_of(found["fr"].table, "text_b_language")[:3] == ["fr"] * 3
    assert found["fr"].notes["untranslated"] == 3
    assert found["fr"].notes["changed_rows"] == ROWS - 3
    for lang in ("de", "en"):
        assert "fr" not in texts_of(found[lang].table, "text_b_language")[:3]
        assert "zh" not in texts_of(found[lang].table, "text_b_language")
        assert found[lang].notes["untranslated"] == found[lang].notes["without_translation"] == 0
    assert found["zh"].table.select(tables["zh"].schema.names).equals(tables["zh"])
    assert found["zh"].notes == {
        "rows": ROWS,
        "changed_rows": 0,
        "untranslated": ROWS,
        "without_translation": 0,
        "partners": {},
    }


@pytest.mark.parametrize("task", ["xquad", "mlqa"])
def test_the_context_of_a_question_is_in_a_language_that_has_the_question(task: str):
    has = {"de": "abcdef", "en": "abcdefghijkx", "fr": "bcghx", "zh": "kz"}
    tables = {lang: questions(lang, list(names)) for lang, names in has.items()}
    found = perturbed("mixed_language", task, **tables)
    for lang, names in has.items():
        expected = [
            drawn(task, lang, name, others)
            if (others := [one for one in has if one != lang and name in has[one]])
            else lang
            for name in names
        ]
        table = found[lang].table
        assert texts_of(table, "id") == list(names)
        assert texts_of(table, "question") == [f"{lang} question {name}" for name in names]
        assert texts_of(table, "answer_language") == expected
        assert texts_of(table, "context") == [
            f"{own} context {name}" for own, name in zip(expected, names, strict=True)
        ]
        for context, (answer,) in zip(texts_of(table, "context"), texts_of(table, "answers"), strict=True):
            assert context[answer["start"] :] == answer["text"]
        assert found[lang].notes["without_translation"] == expected.count(lang)
        assert found[lang].notes["changed_rows"] == len(names) - expected.count(lang)
    assert found["zh"].notes["without_translation"] == 1
    assert found["en"].notes["without_translation"] == 2


def test_another_language_only_takes_examples_for_itself():
    three = perturbed("mixed_language", "xnli", **{lang: pairs(lang) for lang in LANGUAGES[:3]})
    four = perturbed("mixed_language", "xnli", **{lang: pairs(lang) for lang in reversed(LANGUAGES)})
    changed = 0
    for lang in LANGUAGES[:3]:
        columns = [texts_of(found[lang].table, "text_b_language") for found in (three, four)]
        for before, after in zip(*columns, strict=True):
            assert after in (before, "zh")
            changed += after == "zh"
    assert 0.2 < changed / (3 * ROWS) < 0.5


def test_the_order_of_rows_does_not_matter():
    tables, rows = {lang: pairs(lang) for lang in LANGUAGES}, [41, 3, 17]
    whole = perturbed("mixed_language", "xnli", **tables)["en"].table
    some = {lang: table.take(rows[:: 1 if lang == "en" else -1]) for lang, table in tables.items()}
    assert perturbed("mixed_language", "xnli", **some)["en"].table.equals(whole.take(rows))


def test_an_unlabelled_split_is_mixed_too():
    tables = {lang: pairs(lang) for lang in LANGUAGES}
    unlabelled = {
        lang: table.drop_columns("label").append_column("label", pa.nulls(ROWS, pa.string()))
        for lang, table in tables.items()
    }
    labelled, found = (perturbed("mixed_language", "xnli", **one)["de"].table for one in (tables, unlabelled))
    assert texts_of(found, "text_b") == texts_of(labelled, "text_b")


def test_examples_in_another_order_are_an_error():
    tables = {lang: pairs(lang) for lang in LANGUAGES}
    shifted = tables["fr"].set_column(0, "id", pa.array([str((row + 1) % ROWS) for row in range(ROWS)]))
    with pytest.raises(UserError, match=r"xnli has the label 'entailment' in 'de', but 'neutral' in 'fr'.*same order"):
        perturbed("mixed_language", "xnli", **{**tables, "fr": shifted})


def test_the_texts_of_untranslated_pairs_are_those_that_training_leaves_out():
    from xstilts.perturbations.mixed_language import UNTRANSLATED
    from xstilts.sources.formats import pairs as formats

    rows = [("line 1", {"text_a": "a", "text_b": text, "label": "0"}) for text in (*UNTRANSLATED, "NS.", "ns")]
    assert [isinstance(row, str) for _, row in formats.only_translated(iter(rows))] == [True, True, False, False]
