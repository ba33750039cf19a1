"""XTREME's machine translations are read as the training data of their tasks, in the columns of the translation."""

import json
from collections import Counter

import pytest
from nli_files import PAWSX_MT, XNLI_MT
from released import question, read, squad, write

from xstilts import tasks
from xstilts.errors import DataError
from xstilts.sources import reading, release

XNLI, PAWSX = "XNLI/translate-train/en-de-translated.tsv", "PAWSX/translate-train/en-de-translated.tsv"
SQUAD, TYDIQA = "SQuAD/translate-train/squad.translate.train.en-de.json", "tydiqa.translate.train.en-fi.json"


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["", "with a byte order mark"])
@pytest.mark.parametrize("name", ["translate-train/en-de-translated.tsv", XNLI])
def test_a_pair_is_the_translation_and_not_the_original(tmp_path, name, mark):
    assert read(tmp_path, "mnli", {name: mark + XNLI_MT}, "train", "de") == [
        {"id": "0", "text_a": "Ein Hund lief .", "text_b": "Ein Tier bewegte sich .", "label": "entailment"},
        {"id": "1", "text_a": 'Es "regnete .', "text_b": "Es war trocken .", "label": "contradiction"},
    ]


def test_paraphrases_without_a_translation_are_left_out(tmp_path):
    write(tmp_path, {PAWSX: PAWSX_MT})
    task, left_out = tasks.load("pawsx"), Counter()
    table = reading.read([release.locate(task, "train", "de", [tmp_path])], task, "de", left_out=left_out)
    assert table.slice(0, 1).to_pylist() == [{"id": "0", "text_a": "Ein A b .", "text_b": "Ein B a .", "label": "1"}]
    assert (table.num_rows, left_out) == (9, {"without a translation": 1})


def test_the_translations_of_the_release_come_first(tmp_path):
    released = {"XNLI-MT-1.0/multinli/multinli.train.de.tsv": "premise\thypo\tlabel\nA .\tB .\tneutral\n"}
    rows = read(tmp_path, "mnli", {XNLI: XNLI_MT} | released, "train", "de")
    assert [row["text_a"] for row in rows] == ["A ."]
    released = {"x-final/de/translated_train.tsv": "id\tsentence1\tsentence2\tlabel\n1\tA .\tB .\t0\n"}
    assert len(read(tmp_path, "pawsx", {PAWSX: PAWSX_MT} | released, "train", "de")) == 1


@pytest.mark.parametrize("name", ["mnli", "pawsx"])
def test_there_is_no_translation_into_english(tmp_path, name):
    write(tmp_path, {"translate-train/en-en-translated.tsv": XNLI_MT})
    assert release.locate(tasks.load(name), "train", "en", [tmp_path]) is None


UNALIGNED = {
    "elsewhere": question("q", start=9),
    "behind the end": question("q", start=900),
    "nowhere": question("q", text="a bridge"),
    "without text": question("q", text=""),
    "no answer": question("q") | {"answers": []},
}


@pytest.mark.parametrize("bad", UNALIGNED.values(), ids=UNALIGNED)
@pytest.mark.parametrize(("name", "file", "lang"), [("squad_v1", SQUAD, "de"), ("tydiqa_mt", TYDIQA, "fi")])
def test_questions_whose_answer_was_not_found_are_left_out_and_counted(tmp_path, name, file, lang, bad):
    write(tmp_path, {file: squad(*(question(f"q{n}") for n in range(9)), bad)})
    task, left_out = tasks.load(name), Counter()
    table = reading.read([release.locate(task, "train", lang, [tmp_path])], task, lang, left_out=left_out)
    assert table["id"].to_pylist() == [f"q{n}" for n in range(9)]
    assert left_out == {"without an answer in the translation": 1}


def test_they_are_an_error_where_the_text_is_original(tmp_path):
    with pytest.raises(DataError, match="answer"):
        read(tmp_path, "squad_v1", {"train-v1.1.json": squad(question("q", start=9))}, "train", "en")


def test_translated_questions_have_a_translated_dev_set_and_native_ones_a_native(tmp_path):
    dev = {"translate-dev/squad.translate.dev.en-de.json": squad(question("q1"))}
    assert len(read(tmp_path, "squad_v1", dev, "dev", "de")) == 1
    native = {"tydiqa-goldp-v1.1-dev.json": squad(question("finnish-1-0"), question("korean-1-0"))}
    assert [row["id"] for row in read(tmp_path, "tydiqa_mt", native, "dev", "fi")] == ["finnish-1-0"]


def test_translated_questions_never_stand_for_those_that_were_asked(tmp_path):
    write(tmp_path, {TYDIQA: squad(question("q1")), f"translate-train/{TYDIQA}": squad(question("q1"))})
    assert release.locate(tasks.load("tydiqa"), "train", "fi", [tmp_path]) is None


MANY = [question(f"q{n}") for n in range(8)]
BAD = {
    "four columns": (
        ("mnli", "de"),
        {XNLI: XNLI_MT + "A .\tB .\tC .\tneutral\n"},
        [XNLI, "line 3", "4 columns", "5 columns", "translation of the first"],
    ),
    "six columns": (("pawsx", "de"), {PAWSX: PAWSX_MT + "a\tb\tc\td\t0\t\n"}, [PAWSX, "line 11", "6 columns"]),
    "a header": (
        ("mnli", "de"),
        {XNLI: "s1\ts2\tt1\tt2\tlabel\n" + XNLI_MT},
        [XNLI, "line 1", "the label 'label'", "one of contradiction, entailment, neutral"],
    ),
    "label words of another task": (
        ("pawsx", "de"),
        {PAWSX: XNLI_MT},
        [PAWSX, "line 1", "'entailment'", "one of 0, 1"],
    ),
    "not UTF-8": (("mnli", "de"), {XNLI: XNLI_MT.encode() + b"A\xfc\n"}, [XNLI, "line 3", "byte 0xfc", "UTF-8"]),
    "many questions without an answer": (
        ("squad_v1", "de"),
        {SQUAD: squad(*MANY, question("q", start=9))},
        [SQUAD, "1 of 9 rows without an answer in the translation", "at most 10%"],
    ),
    "an answer of no text": (
        ("squad_v1", "de"),
        {SQUAD: squad(question("q") | {"answers": [{"answer_start": 10}]})},
        [SQUAD, "qas[0].answers[0]", "the key 'text'"],
    ),
    "a place that is no number": (
        ("squad_v1", "de"),
        {SQUAD: squad(question("q", start="10"))},
        [SQUAD, "answer_start", "'10'", "a whole number"],
    ),
    "answers that are no list": (
        ("squad_v1", "de"),
        {SQUAD: squad(question("q") | {"answers": 7})},
        [SQUAD, "qas[0].answers", "7", "a list"],
    ),
    "no question": (
        ("squad_v1", "de"),
        {SQUAD: json.dumps({"data": [{"paragraphs": [{"context": "C", "qas": ["q"]}]}]})},
        [SQUAD, "qas[0]", "'q'", "an object"],
    ),
}


@pytest.mark.parametrize(("place", "files", "expected"), BAD.values(), ids=BAD)
def test_a_bad_file_is_refused_with_its_place(tmp_path, place, files, expected):
    name, lang = place
    with pytest.raises(DataError) as raised:
        read(tmp_path, name, files, "train", lang)
    for part in expected:
        assert part in str(raised.value)
