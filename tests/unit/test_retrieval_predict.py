"""Retrieval gives the nearest sentences of known vectors, with the settings and the dev set's threshold."""

import sys
from pathlib import Path

import pyarrow as pa
import pytest
import torch
from angles import PAD, Angles, features
from gold_tables import table

from xstilts.errors import UserError
from xstilts.models import encoders, tokenization
from xstilts.prediction import mine, sentences
from xstilts.prediction.forward import Request
from xstilts.prediction.retrieval import predict
from xstilts.sources.checkpoints import Checkpoint
from xstilts.task import Task

TATOEBA = Task("neighbours", "retrieval", "tatoeba", ("de", "ru"), {})
BUCC = Task("mining", "retrieval", "bucc", ("de", "ru"), {}, threshold_split="dev")

AGAIN = " again"

Rows = list[tuple[str, str, list[int], list[str] | None]]
"""The id, the side, the angles of the tokens and the gold of each sentence."""


@pytest.fixture
def predicted(monkeypatch: pytest.MonkeyPatch):
    """A function from sentences, by split and language, to the predictions."""
    loaded = []
    monkeypatch.setattr(
        encoders, "load_encoder", lambda checkpoint, dtype: loaded.append(checkpoint) or Angles().to(dtype)
    )
    monkeypatch.setattr(tokenization, "pad_token_id", {Path("tokenizer"): PAD}.__getitem__)

    def run(task: Task, splits: dict[str, dict[str, Rows]], split: str = "test", **options) -> dict[str, list]:
        parts = {name: {lang: part(rows) for lang, rows in langs.items()} for name, langs in splits.items()}
        options = {"layer": 1, "pooling": "mean", "precision": "fp32", **options}
        found = predict(Request(Checkpoint("toy"), Path("tokenizer"), task, parts, split, None, options))
        assert loaded == [Checkpoint("toy")], "one encoder for all languages"
        return found

    return run


def part(rows: Rows) -> tuple[pa.Table, pa.Table]:
    """Examples and features. Sentences whose ids differ in `AGAIN` alone have the same text, all others do not."""
    ids, sides, angles, gold = zip(*rows, strict=True)
    texts = [f"{side} {name.removesuffix(AGAIN)}" for name, side in zip(ids, sides, strict=True)]
    return table("retrieval", id=list(ids), side=list(sides), text=texts, gold=list(gold)), features(list(angles))


def foreign(name: str, *angles: int) -> tuple:
    return name, "foreign", list(angles), None


def english(name: str, *angles: int, gold: list[str] | None = None) -> tuple:
    return name, "english", list(angles), gold


# Rows of three lengths, so that the longest are embedded first; sides in turns; ids that are no row numbers.
GERMAN = [
    english("en-10", 10, 10, 10),
    foreign("7", 0),
    foreign("5", 52, 52),
    english("en-40", 40),
    foreign("2", 90, 90, 90),
    english("en-60", 60, 60),
]
RUSSIAN = [foreign("3", 20), foreign("1", 70, 70), english("en-80", 80), english("en-75", 75, 75), english("en-0", 0)]


def test_each_english_sentence_gets_the_nearest_foreign_one_of_its_language(predicted):
    # The other way round, 7, 5 and 2 would get en-10, en-60 and en-60.
    assert predicted(TATOEBA, {"test": {"de": GERMAN, "ru": RUSSIAN}}) == {"de": ["7", "5", "5"], "ru": ["1", "1", "3"]}


def both(lang: str, split: str) -> Rows:
    """The pairs of `two_pairs`, both with their gold."""
    return two_pairs(lang, split, "near far")


@pytest.mark.parametrize("vectors", [0, 1, 3, 4, 100])
def test_predictions_are_the_same_however_many_vectors_are_in_memory_together(predicted, monkeypatch, vectors):
    monkeypatch.setattr(sentences, "GROUP_BYTES", vectors * 4 * 2)
    near = predicted(TATOEBA, {"test": {"de": GERMAN, "ru": RUSSIAN}})
    assert near == {"de": ["7", "5", "5"], "ru": ["1", "1", "3"]}


@pytest.mark.parametrize("vectors", [0, 5, 8, 100])
def test_thresholds_go_from_one_group_of_vectors_to_the_next(predicted, monkeypatch, vectors):
    monkeypatch.setattr(sentences, "GROUP_BYTES", vectors * 4 * 2)
    dev = {"de": two_pairs("de", "dev", "near"), "ru": two_pairs("ru", "dev", "near far")}
    assert predicted(BUCC, {"test": {lang: both(lang, "test") for lang in dev}, "dev": dev}) == {
        "de": pairs("de", "test", "near"),
        "ru": pairs("ru", "test", "near", "far"),
    }


def test_sentences_with_the_same_token_ids_are_embedded_once_for_all_languages(predicted, monkeypatch):
    embedded, forward = [], Angles.forward

    def spied(self: Angles, input_ids: torch.Tensor, attention_mask: torch.Tensor, **options):
        embedded.extend(ids[mask.bool()].tolist() for ids, mask in zip(input_ids, attention_mask, strict=True))
        return forward(self, input_ids, attention_mask, **options)

    monkeypatch.setattr(Angles, "forward", spied)
    predicted(
        TATOEBA, {"test": {"de": [*GERMAN, english("en-41", 40)], "ru": [*RUSSIAN, english("en-10", 10, 10, 10)]}}
    )
    # 0 is a German, a Russian and an English sentence.
    expected = [[10] * 3, [0], [52, 52], [40], [90] * 3, [60, 60], [20], [70, 70], [80], [75, 75]]
    assert sorted(embedded) == sorted(expected)


@pytest.mark.parametrize(("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_weights_are_loaded_in_the_precision_that_computes(predicted, monkeypatch, precision, dtype):
    loaded, load = [], encoders.load_encoder
    monkeypatch.setattr(
        encoders, "load_encoder", lambda checkpoint, dtype: loaded.append(dtype) or load(checkpoint, dtype)
    )
    assert predicted(TATOEBA, {"test": {"de": QUESTIONS}}, precision=precision) == {"de": ["low", "high"]}
    assert loaded == [dtype]


QUESTIONS = [foreign("low", 0), foreign("high", 80), english("en-10", 10), english("en-45", 45)]


@pytest.mark.parametrize(
    ("layer", "found"),
    [
        (1, ["low", "high"]),  # 10 and 45 between 0 and 80
        (2, ["low", "low"]),  # 1.1 and 22.5 between 0 and 71.1
        (3, ["high", "high"]),  # 70 and 0 between 90 and 70
        (None, ["low", "low"]),  # 14/24 of three layers is the second
    ],
)
def test_the_vectors_are_those_of_the_layer_that_is_set(predicted, layer, found):
    assert predicted(TATOEBA, {"test": {"de": QUESTIONS}}, layer=layer) == {"de": found}


@pytest.mark.parametrize(("pooling", "found"), [("cls", ["low", "low"]), ("mean", ["low", "high"])])
def test_the_vectors_are_pooled_as_is_set(predicted, pooling, found):
    # The second English sentence begins at 10 and has its mean at 45.
    rows = [foreign("low", 0), foreign("high", 80), english("en-5", 5), english("en-45", 10, 80)]
    assert predicted(TATOEBA, {"test": {"de": rows}}, pooling=pooling) == {"de": found}


def two_pairs(lang: str, split: str, gold: str) -> Rows:
    """Two pairs with margins of 1.54 and 1.45, both from rows of other places in dev than in test.

    Cosines of the foreign 0 and 90 to the English 0 and 53: 1, 0.6 and 0, 0.8, with means of 0.8 and 0.4, and of 0.5
    and 0.7. Hence 1 / 0.65 = 1.54, 0.8 / 0.55 = 1.45, and 0.6 / 0.75 for the pair between them.
    """
    near, far = f"{lang}-{split}-near", f"{lang}-{split}-far"
    rows = [
        foreign(near, 0),
        foreign(far, 90),
        english(f"en-{near}", 0, gold=[near] if "near" in gold else []),
        english(f"en-{far}", 53, gold=[far] if "far" in gold else []),
    ]
    return rows if split == "dev" else rows[::-1]


def pairs(lang: str, split: str, *names: str) -> list[tuple[str, str]]:
    return [(f"{lang}-{split}-{name}", f"en-{lang}-{split}-{name}") for name in names]


def test_the_threshold_of_each_language_is_the_best_on_its_dev_gold_and_not_on_that_of_test(predicted):
    dev = {"de": two_pairs("de", "dev", "near"), "ru": two_pairs("ru", "dev", "near far")}
    test = {"de": two_pairs("de", "test", "near far"), "ru": two_pairs("ru", "test", "near")}
    assert predicted(BUCC, {"dev": dev, "test": test}) == {
        "de": pairs("de", "test", "near"),
        "ru": pairs("ru", "test", "near", "far"),
    }


def test_a_test_set_without_gold_is_mined_like_another_one(predicted):
    test = [(*row[:3], None) for row in two_pairs("de", "test", "")]
    splits = {"dev": {"de": two_pairs("de", "dev", "near")}, "test": {"de": test}}
    assert predicted(BUCC, splits) == {"de": pairs("de", "test", "near")}


def test_a_sentence_that_occurs_twice_is_in_no_mined_pair(predicted):
    test = two_pairs("de", "test", "")
    (near,) = (row for row in test if row[0] == "de-test-near")
    # No pair of dev is right, so that the threshold is 0 and all pairs of test are taken.
    splits = {"dev": {"de": two_pairs("de", "dev", "")}, "test": {"de": [*test, (near[0] + AGAIN, *near[1:])]}}
    assert predicted(BUCC, splits) == {"de": pairs("de", "test", "far")}


def test_dev_can_be_mined_itself(predicted):
    dev = {"de": two_pairs("de", "dev", "near"), "ru": two_pairs("ru", "dev", "near far")}
    assert predicted(BUCC, {"dev": dev}, "dev") == {
        "de": pairs("de", "dev", "near"),
        "ru": pairs("ru", "dev", "near", "far"),
    }


def test_no_threshold_is_chosen_on_a_dev_set_of_which_some_sentences_lack_their_gold(predicted):
    dev = two_pairs("de", "dev", "near")
    dev[-1] = (*dev[-1][:3], None)
    with pytest.raises(UserError, match="1 of 2 English sentences have no gold translations"):
        predicted(BUCC, {"dev": {"de": dev}, "test": {"de": two_pairs("de", "test", "near")}})


def test_languages_whose_dev_set_has_no_gold_are_named(predicted):
    dev = {lang: [(*row[:3], None) for row in two_pairs(lang, "dev", "")] for lang in ("de", "ru")}
    with pytest.raises(UserError, match=r"^mining in de, ru: the dev split has no gold pairs"):
        predicted(BUCC, {"dev": dev, "test": dev})


@pytest.mark.parametrize(("task", "splits"), [(TATOEBA, ["test"]), (BUCC, ["dev", "test"])])
def test_the_search_is_done_where_the_encoder_is(predicted, monkeypatch, task, splits):
    chosen, searched, moved = torch.device("cpu", 0), [], mine._on_device
    monkeypatch.setattr(sys.modules[predict.__module__], "device", lambda: chosen)
    monkeypatch.setattr(mine, "_on_device", lambda x, y, device: searched.append(device) or moved(x, y, device))
    predicted(task, {split: {"de": two_pairs("de", split, "near")} for split in splits})
    assert searched == ["cpu:0"] * len(splits)


def test_sentences_that_the_encoder_cannot_take_are_refused_before_they_are_embedded(predicted):
    with pytest.raises(UserError, match=rf"toy: its tokenizer gives the id {PAD + 1}"):
        predicted(TATOEBA, {"test": {"de": [foreign("7", 0), english("en", PAD + 1)]}})
