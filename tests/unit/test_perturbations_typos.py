"""Typos: as frequent in every script, nested by rate, within words, and the same for every model."""

import os
import re
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st
from perturbing import TEXTS, one, perturbed, table, texts_of

from xstilts.perturbations import draws
from xstilts.perturbations.typos import Text

RATE = 10
ROWS = 150
KIND = {
    "xnli": "classification",
    "copa": "multiple_choice",
    "udpos": "tagging",
    "xquad": "span",
    "tatoeba": "retrieval",
}
"""A task of each kind."""
UNSPACED = {"ja": 2, "th": 4, "zh": 2}
"""The languages without spaces here, with the clusters that count as a word."""
SPACED = [text for lang, text in TEXTS.items() if lang not in UNSPACED]
AWKWARD = [
    "e\u0301",
    "\u0301",
    "\U0001f1e9",
    "\U0001f469\u200d\U0001f52c",
    "\u200b",
    "\u200d",
    "क्",
    "षि",
    "ที่",
    "กำ",
    "ᄀ",
    "ᅡ",
]
AWKWARD += ["각", "ـ", "\u200f", "\r", "\n", " ", "\u3000", "a", "b", ".", "字"]
"""Characters that merge with others, or that are not seen."""


def clusters(text: str) -> list[str]:
    return regex.findall(r"\X", text)


def edits_between(one: list[str], other: list[str]) -> int:
    """The number of insertions, deletions, replacements and swaps of neighbours (optimal string alignment)."""
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and (a, one[i - 2]) == (other[j - 2], b) and a != b:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def edited(text: str, count: int, *parts: str) -> list[str]:
    """A text, or the words of a sentence, after some edits."""
    page = Text([text, *parts])
    for _, _ in zip(range(count), page.edits(draws.generator("any")), strict=False):
        pass
    return page.parts


def words_of(lang: str) -> float:
    text = TEXTS[lang]
    return (
        len([one for one in clusters(text) if one.strip()]) / UNSPACED[lang] if lang in UNSPACED else len(text.split())
    )


@pytest.mark.parametrize("task", KIND)
def test_at_rate_0_nothing_changes(task: str):
    examples = table(KIND[task], *TEXTS.values())
    assert one("typos0", task, "en", examples).equals(examples)


@pytest.mark.parametrize("lang", TEXTS)
def test_every_script_has_as_many_edits_in_100_words(lang: str):
    found = perturbed(f"typos{RATE}", "xquad", **{lang: table("span", *[TEXTS[lang]] * ROWS)})[lang]
    original = clusters(TEXTS[lang])
    counted = [edits_between(original, clusters(text)) for text in texts_of(found.table, "question")]
    nominal = ROWS * words_of(lang) * RATE / 100
    # Two edits side by side may be one insertion less than their number.
    assert 0.9 * nominal < sum(counted) < 1.1 * nominal
    assert found.notes["edits"] == pytest.approx(sum(counted), rel=0.03)
    assert found.notes["words"] == round(ROWS * words_of(lang))
    assert found.notes["clusters"] == ROWS * len([one for one in original if one.strip()])
    assert found.notes["rows"] == ROWS
    assert found.notes["changed_rows"] == sum(count > 0 for count in counted)
    # A swap changes two clusters, the others one.
    assert found.notes["edits"] < found.notes["changed_clusters"] < 1.5 * found.notes["edits"]


@pytest.mark.parametrize("lang", TEXTS)
def test_a_higher_rate_adds_edits_to_those_of_a_lower_one(lang: str):
    examples = table("span", TEXTS[lang], TEXTS[lang])
    chain = [texts_of(one(f"typos{rate}", "xquad", lang, examples), "question") for rate in range(0, 101, 4)]
    # A text of fewer than 25 words has at most one edit more.
    steps = [edits_between(*map(clusters, pair)) for two in pairwise(chain) for pair in zip(*two, strict=True)]
    assert set(steps) == {0, 1}
    for row in (0, 1):
        assert abs(sum(steps[row::2]) - words_of(lang)) <= 1


@given(st.lists(st.sampled_from(AWKWARD), max_size=30).map("".join), st.integers(0, 30))
def test_no_cluster_is_torn_apart_or_merged(text: str, count: int):
    (found,) = edited(text, count)
    assert set(clusters(found)) <= set(clusters(text))


@given(st.lists(st.sampled_from(AWKWARD), max_size=30).map("".join), st.integers(0, 30))
def test_spaces_stay_and_no_word_becomes_empty(text: str, count: int):
    (found,) = edited(text, count)
    assert regex.sub(r"\S+", "w", found) == regex.sub(r"\S+", "w", text)


@given(st.lists(st.sampled_from(AWKWARD), max_size=30).map("".join), st.integers(0, 30))
def test_characters_that_are_not_seen_are_neither_edited_nor_added(text: str, count: int):
    (found,) = edited(text, count)
    for unseen in ("\u200b", "\u200f"):
        assert found.count(unseen) == text.count(unseen)


@given(st.lists(st.text(st.sampled_from("".join(AWKWARD)), min_size=1, max_size=4), max_size=9), st.integers(0, 30))
def test_the_words_of_a_sentence_are_neither_empty_nor_more(words: list[str], count: int):
    found = edited("ab", count, *words)
    assert len(found) == 1 + len(words)
    for before, after in zip(words, found[1:], strict=True):
        assert after
        assert len(after.split()) == len(before.split())


@given(st.lists(st.sampled_from(AWKWARD), max_size=30).map("".join), st.integers(1, 30))
def test_each_edit_is_one_edit_more(text: str, count: int):
    before, after = (clusters(edited(text, number)[0]) for number in (count - 1, count))
    assert edits_between(before, after) <= 1


def test_the_four_types_of_edits_are_equally_frequent():
    text = "abcdefgh ijklmnop"
    kinds: Counter[str] = Counter()
    for found in texts_of(one("typos50", "xquad", "en", table("span", *[text] * 400)), "question"):
        if len(found) != len(text):
            kinds["deleted" if len(found) < len(text) else "doubled"] += 1
        else:
            kinds["swapped" if sorted(found) == sorted(text) else "replaced"] += 1
    assert kinds.total() == 400
    assert len(kinds) == 4
    assert all(75 < count < 125 for count in kinds.values())


def test_the_last_cluster_of_a_word_is_swapped_with_the_one_before():
    found = texts_of(one("typos100", "xquad", "en", table("span", *["ab"] * 400)), "question")
    assert 75 < found.count("ba") < 125


def test_equal_neighbours_are_not_swapped():
    found = texts_of(one("typos50", "xquad", "en", table("span", *["aaaa bbbb"] * 50)), "question")
    assert "aaaa bbbb" not in found


def test_every_cluster_is_hit_and_replaced_by_any_other():
    found = texts_of(one("typos100", "xquad", "en", table("span", *["a b c d e"] * 99)), "question")
    for place in (0, 2, 4, 6, 8):
        assert {text[place] for text in found} == set("abcde") - {"a b c d e"[place]}


def test_words_of_one_cluster_are_only_replaced():
    text = "क ที่ é x"
    for found in texts_of(one("typos100", "xquad", "en", table("span", *[text] * 50)), "question"):
        assert [len(clusters(word)) for word in found.split()] == [1, 1, 1, 1]
        assert all(before != after for before, after in zip(text.split(), found.split(), strict=True))


def test_a_text_without_another_cluster_stays_as_it_is():
    assert edited("字", 9) == ["字"]
    assert edited("", 9) == [""]
    assert edited(" \u200b\n", 9) == [" \u200b\n"]


def test_an_example_has_the_same_typos_among_any_others():
    examples = table("classification", *TEXTS.values(), *TEXTS.values())
    whole = one("typos20", "xnli", "en", examples)
    mixed = [7, 3, 19, 0]
    assert one("typos20", "xnli", "en", examples.take(mixed)).equals(whole.take(mixed))
    alone = perturbed("typos20", "xnli", en=examples, de=examples.slice(2))
    assert alone["en"].table.equals(whole)


def test_each_id_text_language_and_task_has_its_own_typos():
    examples = table("classification", *[TEXTS["en"]] * 2)
    found = one("typos20", "xnli", "en", examples)
    (first, second), (other, _) = texts_of(found, "text_a"), texts_of(found, "text_b")
    german, paraphrase = one("typos20", "xnli", "de", examples), one("typos20", "pawsx", "en", examples)
    texts = [first, second, other, texts_of(german, "text_a")[0], texts_of(paraphrase, "text_a")[0]]
    assert len(set(texts)) == len(texts)


KEPT = {
    "xnli": ("id", "label"),
    "copa": ("id", "choices", "label"),
    "udpos": ("id", "tags"),
    "xquad": ("id", "context", "answers"),
    "tatoeba": ("id", "side", "gold"),
}


@pytest.mark.parametrize("task", KIND)
def test_ids_gold_and_what_answers_are_taken_from_stay(task: str):
    examples = table(KIND[task], *SPACED)
    found = one("typos50", task, "en", examples)
    assert found.schema == examples.schema
    assert found.select(KEPT[task]).equals(examples.select(KEPT[task]))
    for name in set(examples.schema.names) - set(KEPT[task]):
        changed = [
            before != after for before, after in zip(texts_of(examples, name), texts_of(found, name), strict=True)
        ]
        expected = (
            [side == "foreign" for side in texts_of(examples, "side")] if task == "tatoeba" else [True] * len(found)
        )
        assert changed == expected


def test_a_sentence_keeps_its_words():
    examples = table("tagging", *SPACED)
    found = one("typos100", "panx", "en", examples)
    for before, after in zip(texts_of(examples, "words"), texts_of(found, "words"), strict=True):
        assert len(before) == len(after)
        assert all(re.fullmatch(r"\S+", word) for word in after)


def test_the_words_of_a_tagged_sentence_without_spaces_are_counted_by_clusters_too():
    examples = pa.Table.from_pylist([{"id": "0", "words": list("渔夫打开窗户"), "tags": ["O"] * 6}] * 1)
    assert perturbed("typos10", "panx", zh=examples)["zh"].notes["words"] == 3


def test_a_missing_second_text_stays_missing():
    examples = table("classification", TEXTS["en"]).set_column(2, "text_b", pa.array([None], pa.string()))
    assert texts_of(one("typos50", "xnli", "en", examples), "text_b") == [None]


def test_random_numbers_are_those_of_a_hash():
    # printf '["xnli", "de", "7"]' | sha256sum
    assert draws.number("xnli", "de", "7") == 0x820FD667806F03A9
    assert draws.number("a", "bc") != draws.number("ab", "c")


SCRIPT = """
import sys
sys.path[:0] = sys.argv[1:]
from perturbing import TEXTS, perturbed, table
examples = {lang: table("classification", text, text[::-1]) for lang, text in TEXTS.items()}
for lang, found in sorted(perturbed("typos30", "xnli", **examples).items()):
    print(ascii(found.table.to_pylist()))
"""


def test_processes_agree():
    def printed(seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", SCRIPT, str(Path(__file__).parent)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    assert printed("1") == printed("2") != ""
