"""Sample predictions on the page: selection, correctness and readable form."""

import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import tiny

from xstilts import tasks
from xstilts.grid import Cell
from xstilts.prediction import scoring, xtreme_files
from xstilts.reporting.page import samples
from xstilts.reporting.page.examples import Examples, cut
from xstilts.steps.entry import About, Entry

LONG = 1000
NOT_ANSWERED = {"answerable_exact_match": 0, "unanswerable_exact_match": 0}


def units(right: int, wrong: int, languages: str = "de en") -> pd.DataFrame:
    """So many right and wrong units of each language."""
    verdicts = [True] * right + [False] * wrong
    rows = [(lang, f"{lang}-{i}", verdict) for lang in languages.split() for i, verdict in enumerate(verdicts)]
    return pd.DataFrame(rows, columns=["language", "unit", "right"])


def cell(store: Path, target: str, rows: dict[str, list[dict]], predictions: dict[str, object]) -> Cell:
    """A scored cell with these examples and predictions, by language."""
    task = tasks.load(target)
    data = Entry("read_task", f"data/{target}~0", {}, {}, "")
    predicted = Entry("predict", f"cells/{target}~0/seed-1", {"split": "test"}, {"data": data}, "", About(task=target))
    scores = Entry("score", f"{predicted.path}/scores~0", {}, {"data": data, "predictions": predicted}, "")
    folder = store / predicted.path / "predictions" / target
    for entry in (data, scores):
        (store / entry.path).mkdir(parents=True)
    gold = {lang: tiny.table(task.kind, examples) for lang, examples in rows.items()}
    for lang, table in gold.items():
        pq.write_table(table, store / data.path / f"test.{lang}.parquet")
        form = xtreme_files.form_of(task.kind, task.metric)
        xtreme_files.write(folder / xtreme_files.file_name(task.kind, "test", lang), form, predictions[lang])
    counts = scoring.together(scoring.per_example(task, "test", gold, folder))
    pq.write_table(counts, store / scores.path / "examples.parquet")
    return Cell("toy", "none", target, 1, predicted, scores)


def shown(store: Path, *given) -> dict[str, dict]:
    """The predictions that are shown of a cell, by id."""
    one = cell(store, *given)
    found = samples.of_cells(store, [one], LONG)
    return {example["id"]: example for example in found[one.predictions.path]}


def test_half_of_the_predictions_are_right_and_half_are_wrong():
    chosen = samples.choose(units(50, 50), 20, seed=1)
    assert chosen["right"].value_counts().to_dict() == {True: 10, False: 10}


@pytest.mark.parametrize(("right", "wrong", "expected"), [(50, 1, (18, 2)), (1, 50, (2, 18)), (2, 1, (4, 2))])
def test_where_there_are_few_of_one_sort_there_are_more_of_the_other(right: int, wrong: int, expected: tuple):
    chosen = samples.choose(units(right, wrong), 20, seed=1)
    assert (chosen["right"].sum(), (~chosen["right"]).sum()) == expected


def test_the_predictions_are_spread_over_the_languages():
    languages = "ar de el en es hi ru th tr vi"
    chosen = samples.choose(units(50, 50, languages), 20, seed=1)
    assert chosen["language"].value_counts().to_dict() == dict.fromkeys(languages.split(), 2)


def test_the_same_seed_chooses_the_same_predictions_and_another_one_others():
    first, again, other = (samples.choose(units(50, 50), 20, seed=seed)["unit"].tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_texts_are_shorter_the_more_cells_there_are_but_never_unreadable():
    lengths = [samples.text_length(cells) for cells in (1, 200, 10_000)]
    assert lengths == [samples.LONGEST, 250, samples.SHORTEST]


def test_a_pair_has_both_texts_and_its_labels(tmp_path: Path):
    row = {"text_a": "It rains.", "text_b": "It is dry.", "label": "contradiction"}
    rows = [{"id": "0", **row}, {"id": "1", **row}]
    found = shown(tmp_path, "xnli", {"de": rows}, {"de": ["neutral", "contradiction"]})
    assert found["0"] == {
        "language": "de",
        "id": "0",
        "right": False,
        "texts": [("first text", "It rains."), ("second text", "It is dry.")],
        "gold": "contradiction",
        "predicted": "neutral",
    }
    assert found["1"]["right"]


def test_a_sentence_has_a_tag_for_each_word(tmp_path: Path):
    row = {"id": "0", "words": ["wool", "burns"], "tags": ["NOUN", "VERB"]}
    found = shown(tmp_path, "udpos", {"de": [row]}, {"de": [["NOUN", "NOUN"]]})["0"]
    assert (found["gold"], found["predicted"]) == (["wool/NOUN", "burns/VERB"], ["wool/NOUN", "burns/NOUN"])
    assert not found["right"]


def test_a_question_is_right_where_its_answer_matches_after_normalisation(tmp_path: Path):
    row = {"question": "Who?", "context": "The captain waited.", "answers": [{"start": 0, "text": "The captain"}]}
    rows = [{"id": "a", **row}, {"id": "b", **row}, {"id": "c", **row}]
    found = shown(tmp_path, "xquad", {"en": rows}, {"en": {"a": "captain", "b": "waited", "c": ""}})
    assert {id_: example["right"] for id_, example in found.items()} == {"a": True, "b": False, "c": False}
    assert found["a"]["texts"] == [("question", "Who?"), ("context", "The captain waited.")]
    assert found["c"]["predicted"] == "(nothing)"


def test_a_sentence_is_shown_with_its_translation_and_the_one_that_was_found(tmp_path: Path):
    rows = [
        {"id": "0", "side": "foreign", "text": "Es regnet."},
        {"id": "1", "side": "foreign", "text": "Es schneit."},
        {"id": "en-0", "side": "english", "text": "It rains.", "gold": ["0"]},
    ]
    found = shown(tmp_path, "tatoeba", {"de": rows}, {"de": ["1"]})["en-0"]
    assert (found["gold"], found["predicted"], found["right"]) == ("Es regnet.", "Es schneit.", False)


def test_a_sentence_that_has_no_translation_is_shown_only_if_one_was_found(tmp_path: Path):
    english = [{"id": f"en-{i}", "side": "english", "text": f"Text {i}.", "gold": []} for i in range(3)]
    english[0]["gold"] = ["de-0"]
    rows = [{"id": "de-0", "side": "foreign", "text": "Satz."}, *english]
    found = shown(tmp_path, "bucc2018", {"de": rows}, {"de": [("de-0", "en-1")]})
    assert {id_: (example["gold"], example["predicted"]) for id_, example in found.items()} == {
        "en-0": ("Satz.", "(nothing)"),
        "en-1": ("(nothing)", "Satz."),
    }


@pytest.mark.parametrize(
    ("metric", "right", "wrong"),
    [
        ("accuracy_f1", {"right": 1, "all": 1, "found": 0}, {"right": 0, "all": 1, "found": 0}),
        ("word_accuracy", {"right": 3, "all": 3}, {"right": 2, "all": 3}),
        ("squad_v2", NOT_ANSWERED | {"unanswerable_exact_match": 1}, NOT_ANSWERED),
        ("chunks", {"right": 0, "found": 0, "expected": 0}, {"right": 1, "found": 1, "expected": 2}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_right_is_what_the_metric_counts_as_wholly_right(tmp_path: Path, metric: str, right: dict, wrong: dict):
    rows = [{"language": "de", "unit": unit, **counts} for unit, counts in (("a", right), ("b", wrong))]
    pd.DataFrame(rows).to_parquet(tmp_path / "examples.parquet")
    assert samples.judged(tmp_path, metric).set_index("unit")["right"].to_dict() == {"a": True, "b": False}


def test_nothing_is_shown_of_a_split_without_gold_labels(tmp_path: Path):
    rows = [{"id": "0", "text_a": "It rains.", "text_b": None, "label": None}]
    assert shown(tmp_path, "xnli", {"de": rows}, {"de": ["neutral"]}) == {}


def test_a_choice_is_shown_among_the_others():
    row = {"id": "0", "prompt": "She lights", "choices": ["a lamp", "a bridge"], "label": "0"}
    examples = Examples(tasks.load("hellaswag"), tiny.table("multiple_choice", [row]))
    found = examples.show("0", examples.predicted(["1"])["0"], LONG)
    assert found.texts == [("prompt", "She lights"), ("choice 0", "a lamp"), ("choice 1", "a bridge")]
    assert (found.gold, found.predicted) == ("choice 0", "choice 1")


def test_a_long_text_is_cut_around_the_place_that_matters():
    text = "".join(chr(ord("a") + i % 26) for i in range(100))
    assert cut(text, 100) == text
    assert cut(text, 10) == f"{text[:10]}…"
    assert cut(text, 10, around=50) == f"…{text[45:55]}…"
    assert cut(text, 10, around=99) == f"…{text[-10:]}"


def test_cells_of_a_target_are_each_shown_with_their_own_predictions_in_all_languages(tmp_path: Path):
    row = {"text_a": "It rains.", "text_b": "It is dry.", "label": "contradiction"}
    rows = {lang: [{"id": str(n), **row} for n in range(40)] for lang in ("de", "en")}
    given = {"right": "contradiction", "wrong": "neutral"}
    cells = [cell(tmp_path / name, "xnli", rows, dict.fromkeys(rows, [label] * 40)) for name, label in given.items()]
    both = [
        Cell("toy", name, "xnli", 1, moved(one.predictions, name), moved(one.scores, name))
        for name, one in zip(given, cells, strict=True)
    ]
    for name in given:
        (tmp_path / name / both[0].predictions.inputs["data"].path).rename(tmp_path / name / "data" / name)
    shutil.copytree(tmp_path / "right" / "data" / "right", tmp_path / both[0].predictions.inputs["data"].path)
    found = samples.of_cells(tmp_path, both, LONG)
    for one, label in zip(both, given.values(), strict=True):
        mine = found[one.predictions.path]
        assert [example["predicted"] for example in mine] == [label] * samples.COUNT
        assert Counter(example["language"] for example in mine) == {"de": 10, "en": 10}


def moved(entry: Entry, folder: str) -> Entry:
    """An entry in a folder of the store."""
    return replace(entry, path=f"{folder}/{entry.path}")


def test_of_a_large_corpus_only_what_is_shown_is_held_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    rows, held, is_in = 50_000, [], pc.is_in
    table = pa.table({"id": map(str, range(rows)), "text": [f"{n} " + "x" * 500 for n in range(rows)]})
    pq.write_table(table, tmp_path / "corpus.parquet")
    monkeypatch.setattr(pc, "is_in", lambda *given: held.append(pa.total_allocated_bytes()) or is_in(*given))
    before = pa.total_allocated_bytes()
    found = samples._rows(tmp_path / "corpus.parquet", {"7", "49999", "no such id"})
    assert found.equals(table.take([7, rows - 1]).cast(found.schema))
    assert len(held) > 2
    assert max(held) - before < table.nbytes / 2


def test_what_is_shown_can_be_written_as_json(tmp_path: Path):
    row = {"id": "0", "words": ["wool"], "tags": ["NOUN"]}
    assert json.loads(json.dumps(shown(tmp_path, "udpos", {"de": [row]}, {"de": [["VERB"]]})))
