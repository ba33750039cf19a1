"""Words in another order: near their places, with their tags, and between the same spaces."""

import re
from collections import Counter
from itertools import permutations

import pyarrow as pa
import pytest
from perturbing import TEXTS, one, perturbed, table, texts_of

from xstilts.perturbations.word_order import WINDOW, order

LETTERS = "a b c d e f g h i j k l"


def reachable(count: int) -> set[tuple[int, ...]]:
    """The orders in which no word passes one that is `WINDOW` places away: they move by less than that."""
    places = range(count)
    return {
        found
        for found in permutations(places)
        if all(found.index(a) < found.index(b) for a in places for b in places if b - a >= WINDOW)
    }


def test_words_change_places_in_every_way_within_the_window_and_in_no_other():
    found = Counter(tuple(order(5, str(number))) for number in range(3000))
    assert set(found) == reachable(5)
    assert all(abs(place - word) < WINDOW for places in found for place, word in enumerate(places))


def test_a_text_keeps_its_words_and_spaces():
    text = f"  {TEXTS['en'].replace(' ', '  ', 3)}\n\u3000{TEXTS['ko']} "
    found = texts_of(one("word_order", "xquad", "en", table("span", *[text] * 20)), "question")
    assert len(set(found)) == 20
    for other in found:
        assert sorted(other.split()) == sorted(text.split())
        assert re.sub(r"\S+", "w", other) == re.sub(r"\S+", "w", text)
        places = [text.split().index(word) for word in other.split() if text.split().count(word) == 1]
        assert places != sorted(places)


def test_tags_move_with_their_words():
    examples = table("tagging", *[LETTERS] * 20, TEXTS["zh"])
    found = perturbed("word_order", "udpos", en=examples)["en"]
    tag_of = {word: f"-{place}" for place, word in enumerate(LETTERS.split())}
    for row, (words, tags) in enumerate(
        zip(texts_of(found.table, "words"), texts_of(found.table, "tags"), strict=True)
    ):
        if row < 20:
            assert tags == [f"{row}{tag_of[word]}" for word in words]
            assert sorted(words) == LETTERS.split()
    assert found.table.slice(20).equals(examples.slice(20))
    sentences = texts_of(found.table, "words")[:20]
    moved = sum(word != own for words in sentences for word, own in zip(words, LETTERS.split(), strict=True))
    changed = sum(words != LETTERS.split() for words in sentences)
    assert found.notes == {"rows": 21, "changed_rows": changed, "words": 241, "moved_words": moved}


def test_a_sentence_without_tags_has_its_words_in_another_order():
    examples = table("tagging", LETTERS, LETTERS)
    unlabelled = examples.set_column(2, "tags", pa.nulls(2, examples.schema.field("tags").type))
    found = one("word_order", "udpos", "en", unlabelled)
    assert texts_of(found, "tags") == [None, None]
    assert texts_of(found, "words") == texts_of(one("word_order", "udpos", "en", examples), "words")


@pytest.mark.parametrize(
    ("task", "kind", "kept", "changed"),
    [
        ("xnli", "classification", ("id", "label"), ("text_a", "text_b")),
        ("copa", "multiple_choice", ("id", "choices", "label"), ("prompt",)),
        ("xquad", "span", ("id", "context", "answers"), ("question",)),
    ],
)
def test_ids_gold_and_what_answers_are_taken_from_stay(task: str, kind: str, kept: tuple, changed: tuple):
    examples = table(kind, TEXTS["de"], TEXTS["ru"])
    found = one("word_order", task, "de", examples)
    assert found.schema == examples.schema
    assert found.select(kept).equals(examples.select(kept))
    for name in changed:
        assert not set(texts_of(found, name)) & set(texts_of(examples, name))


def test_english_sentences_to_be_found_keep_their_words():
    examples = table("retrieval", *[TEXTS["de"]] * 4)
    found = one("word_order", "tatoeba", "de", examples)
    assert [text == TEXTS["de"] for text in texts_of(found, "text")] == [False, True, False, True]


def test_an_example_has_the_same_order_among_any_others():
    examples = table("classification", *TEXTS.values())
    whole, rows = one("word_order", "xnli", "en", examples), [4, 1, 9]
    assert one("word_order", "xnli", "en", examples.take(rows)).equals(whole.take(rows))


def test_each_id_text_and_language_has_its_own_order():
    examples = table("classification", LETTERS, LETTERS)
    english, german = (one("word_order", "xnli", lang, examples) for lang in ("en", "de"))
    texts = [*texts_of(english, "text_a"), *texts_of(english, "text_b"), *texts_of(german, "text_a")]
    assert len(set(texts)) == 6
