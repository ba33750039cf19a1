"""A data set without a reader of its own is read by settings, or refused with one message."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutations import MUTATIONS, mutated
from released import question, squad, write

from xstilts.config import parse
from xstilts.config.local import Local
from xstilts.errors import DataError, UserError
from xstilts.sources import reading, release
from xstilts.sources.columns import SCHEMAS
from xstilts.sources.formats import local

PAIRS = {
    "kind": "classification",
    "files": {"train": "train.{lang}.data", "test": "test.{lang}.data"},
    "languages": ["de", "sw"],
    "columns": {"text_a": "first", "text_b": "second", "label": "verdict"},
    "labels": {"ja": "yes", "jein": "yes", "nein": "no"},
    "left_out": ["?"],
}
ROWS = [
    {"id": "0", "text_a": 'Es "regnet".', "text_b": "Es ist nass.", "label": "yes"},
    {"id": "1", "text_a": "Es ist warm.", "text_b": "Es schneit.", "label": "no"},
]
FILES = {
    "jsonl": "\n".join(
        json.dumps(row, ensure_ascii=False)
        for row in (
            {"first": 'Es "regnet".', "second": " Es ist nass.", "verdict": "ja", "more": 1},
            {"first": "Hm.", "second": "Na.", "verdict": "?"},
            {"second": "Es schneit.", "first": "Es ist warm.", "verdict": "nein"},
        )
    ),
    "json": json.dumps(
        [
            {"first": 'Es "regnet".', "second": "Es ist nass.", "verdict": "jein"},
            {"first": "Hm.", "second": "Na.", "verdict": "?"},
            {"first": "Es ist warm.", "second": "Es schneit.", "verdict": "nein"},
        ],
        indent=1,
    ),
    "tsv": 'verdict\tfirst\tsecond\r\nja\tEs "regnet".\tEs ist nass.\r\n?\tHm.\tNa.\r\n'
    "nein\tEs ist warm.\tEs schneit.\r\n",
    "csv": 'verdict,first,second\nja,"Es ""regnet"".",Es ist nass.\n?,Hm.,Na.\nnein,Es ist warm.,Es schneit.\n',
}


def read(folder, settings: dict, files: dict, split="train", lang="de", left_out: Counter | None = None) -> list[dict]:
    """The rows of a task with these settings."""
    task = local.task("mine", Local(**settings))
    found = release.locate(task, split, lang, [write(folder, files)])
    table = reading.read([release.require_whole(found)], task, lang, left_out=left_out)
    assert table.schema == SCHEMAS[task.kind]
    return table.to_pylist()


@pytest.mark.parametrize("form", FILES)
def test_pairs_are_read_in_each_format_by_the_words_for_their_labels(tmp_path, form):
    left_out = Counter()
    assert read(tmp_path, PAIRS | {"format": form}, {"train.de.data": FILES[form]}, left_out=left_out) == ROWS
    assert left_out == {"with a label that is left out": 1}


def test_the_task_is_one_like_others(tmp_path):
    settings = PAIRS | {"format": "tsv", "title": "Mine"}
    task = local.task("mine", Local(**settings))
    assert (task.name, task.kind, task.metric, task.stage) == ("mine", "classification", "accuracy", "mine")
    assert (task.languages, task.labels, task.title) == (("de", "sw"), ("yes", "no"), "Mine")
    assert "train.sw.data" in str(release.missing(task, "train", "sw", [tmp_path]))
    assert local.task("mine", Local(**settings | {"files": {"test": "{lang}"}, "stage": "mnli"})).stage == "mnli"
    assert local.task("mine", Local(**TAGS | {"format": "conll", "metric": "chunks"})).metric == "chunks"


def test_a_split_without_labels_has_no_column_for_them(tmp_path):
    files = {"test.de.data": "first\tsecond\nEs regnet.\tEs ist nass.\n"}
    rows = read(tmp_path, PAIRS | {"format": "tsv", "unlabelled": ["test"]}, files, "test")
    assert rows == [{"id": "0", "text_a": "Es regnet.", "text_b": "Es ist nass.", "label": None}]


def test_one_text_an_id_and_a_label_that_is_a_number(tmp_path):
    columns = {"text_a": "text", "label": "class", "id": "key"}
    settings = PAIRS | {"format": "jsonl", "columns": columns, "labels": ["1", "0"], "left_out": []}
    rows = read(tmp_path, settings, {"train.de.data": '{"text": "Gut.", "class": 0, "key": 7}\n'})
    assert rows == [{"id": "7", "text_a": "Gut.", "text_b": None, "label": "0"}]


def test_a_table_without_a_header_has_its_columns_by_number(tmp_path):
    settings = PAIRS | {"format": "tsv", "columns": {"text_a": 3, "text_b": 2, "label": 4}}
    rows = read(tmp_path, settings, {"train.de.data": "x\tB.\tA.\tja\nx\tD.\tC.\tnein\n"})
    assert [(row["text_a"], row["text_b"], row["label"]) for row in rows] == [("A.", "B.", "yes"), ("C.", "D.", "no")]


def test_another_delimiter_and_a_field_on_two_lines(tmp_path):
    content = 'first;second;verdict\n"Ja; nein.";"Ja,\nnein.";ja\n'
    (row,) = read(tmp_path, PAIRS | {"format": "csv", "delimiter": ";"}, {"train.de.data": content})
    assert (row["text_a"], row["text_b"]) == ("Ja; nein.", "Ja,\nnein.")


CHOICES = {
    "kind": "multiple_choice",
    "files": {"train": "train.data"},
    "languages": ["de"],
    "labels": ["A", "B"],
}


@pytest.mark.parametrize(
    ("form", "columns", "content"),
    [
        ("tsv", ["one", "two"], "start\tone\ttwo\tright\nEs regnet.\tIch gehe.\tIch bleibe.\tB\n"),
        ("jsonl", "ends", '{"start": "Es regnet.", "ends": ["Ich gehe.", "Ich bleibe."], "right": "B"}\n'),
    ],
)
def test_choices_are_columns_or_a_list(tmp_path, form, columns, content):
    settings = CHOICES | {"format": form, "columns": {"prompt": "start", "choices": columns, "label": "right"}}
    assert read(tmp_path, settings, {"train.data": content}) == [
        {"id": "0", "prompt": "Es regnet.", "choices": ["Ich gehe.", "Ich bleibe."], "label": "1"}
    ]


TAGS = {"kind": "tagging", "files": {"train": "{lang}.data"}, "languages": ["de"]}


def test_tags_are_lists_or_a_word_on_each_line(tmp_path):
    expected = [{"id": "0", "words": ["Hunde", "bellen"], "tags": ["N", "V"]}]
    lists = TAGS | {"format": "jsonl", "columns": {"words": "tokens", "tags": "pos"}}
    assert read(tmp_path, lists, {"de.data": '{"tokens": ["Hunde", "bellen"], "pos": ["N", "V"]}\n'}) == expected
    mapped = lists | {"labels": {"NN": "N", "VV": "V"}}
    assert read(tmp_path, mapped, {"de.data": '{"tokens": ["Hunde", "bellen"], "pos": ["NN", "VV"]}\n'}) == expected
    assert read(tmp_path, TAGS | {"format": "conll"}, {"de.data": "Hunde\tN\nbellen\tV\n"}) == expected


def test_questions_are_in_the_format_of_squad(tmp_path):
    settings = {"kind": "span", "format": "squad", "files": {"train": "{lang}.json"}, "languages": ["de"]}
    (row,) = read(tmp_path, settings, {"de.json": squad(question())})
    assert row["answers"] == [{"start": 10, "text": "a mill"}]


HEADER = "first\tsecond\tverdict\n"
BAD = {
    "a word that stands for no label": (
        {"format": "tsv"},
        HEADER + "A\tB\tja\nA\tB\tnien\n",
        ["line 3", "the label 'nien'", "one of ja, jein, nein", "Did you mean 'nein'?"],
    ),
    "a label instead of its word": ({"format": "tsv"}, HEADER + "A\tB\tyes\n", ["line 2", "'yes'", "one of ja"]),
    "a missing column": ({"format": "tsv"}, "first\tverdict\nA\tja\n", ["line 1", "the column 'second'"]),
    "a missing column of a quoted table": ({"format": "csv"}, "first,verdict\nA,ja\n", ["line 1", "'second'"]),
    "a missing key": ({"format": "jsonl"}, '{"first": "A", "second": "B"}\n', ["line 1", "the key 'verdict'"]),
    "a column too many": (
        {"format": "tsv"},
        HEADER + "A\tB\tja\nA\tB\tC\tja\n",
        ["line 3", "4 columns", "3 columns"],
    ),
    "a field too few": ({"format": "csv"}, "first,second,verdict\nA,ja\n", ["line 2", "2 fields", "3 fields"]),
    "a column too few, without a header": (
        {"format": "tsv", "columns": {"text_a": 1, "label": 3}},
        "A\tB\tja\nA\tja\n",
        ["line 2", "2, 'A | ja'", "3 columns, as in line 1"],
    ),
    "no such column, without a header": (
        {"format": "tsv", "columns": {"text_a": 1, "label": 4}},
        "A\tB\tja\n",
        ["line 1", "at least 4 columns"],
    ),
    "not UTF-8": ({"format": "tsv"}, HEADER.encode() + b"M\xfchle\tB\tja\n", ["line 2", "byte 0xfc", "UTF-8"]),
    "a list of lists": ({"format": "json"}, "[[]]", ["[0]", "an object"]),
    "lines instead of a list": ({"format": "json"}, '{"first": "A"}\n{}\n', ["line 2", "valid JSON"]),
    "a list instead of lines": ({"format": "jsonl"}, "[\n", ["line 1", "valid JSON"]),
    "a label that is a truth value": (
        {"format": "jsonl"},
        '{"first": "A", "second": "B", "verdict": true}\n',
        ["line 1.verdict", "True", "a string"],
    ),
    "an open quote": ({"format": "csv"}, 'first,second,verdict\n"A,B,ja\n', ["line 2", "quoted"]),
}


@pytest.mark.parametrize(("settings", "content", "expected"), BAD.values(), ids=BAD)
def test_a_bad_file_is_refused_with_its_place(tmp_path, settings, content, expected):
    with pytest.raises(DataError) as raised:
        read(tmp_path, PAIRS | settings, {"train.de.data": content})
    for part in ("train.de.data", *expected):
        assert part in str(raised.value)


MISTAKES = {
    "an unknown kind": ({"kind": "classify"}, "local.kind", ["'classify'", "Did you mean 'classification'?"]),
    "no kind": ({"kind": ...}, "local", ["the key 'kind' is missing"]),
    "an unknown format": ({"format": "xml"}, "local.format", ["'xml'", "tsv, csv, jsonl, json"]),
    "a format of another kind": ({"format": "squad"}, "local", ["'squad'", "classification: tsv, csv"]),
    "a metric of another kind": ({"metric": "chunks"}, "local", ["'chunks'", "classification: accuracy"]),
    "an unknown split": ({"files": {"train": "a{lang}", "val": "b{lang}"}}, "local.files.val", ["train, dev, test"]),
    "no file": ({"files": {}}, "local", ["'files' is empty"]),
    "no training": ({"files": {"test": "{lang}"}}, "local", ["'stage' must name the task that is trained"]),
    "no language": ({"languages": []}, "local", ["'languages' is empty"]),
    "one file for two languages": ({"files": {"train": "train.tsv"}}, "local", ["files.train", "2 languages"]),
    "another placeholder": ({"files": {"train": "{language}.tsv"}}, "local", ["'{language}.tsv'", "{lang}"]),
    "an unknown field": (
        {"columns": {**PAIRS["columns"], "premise": "p"}},
        "local",
        ["'premise'", "text_a, label, text_b, id"],
    ),
    "a missing field": ({"columns": {"text_a": "first"}}, "local", ["lacks label", "text_a, label"]),
    "no labels": ({"labels": {}}, "local", ["'labels' is empty", "words that stand for labels"]),
    "a number as a label": ({"labels": [1, 0]}, "local.labels.0", ["Put it in quotes"]),
    "a truth value as a label": ({"labels": [True]}, "local.labels.0", ["yes, no, on or off"]),
    "a label that is left out": ({"left_out": ["ja"]}, "local", ["ja: both in 'labels' and in 'left_out'"]),
    "numbers of columns beside names": ({"columns": {"text_a": 1, "label": "verdict"}}, "local", ["numbers"]),
    "column zero": (
        {"columns": {"text_a": 0, "label": 1}},
        "local.columns.text_a",
        ["0", "greater than or equal to 1"],
    ),
    "numbers of columns of a quoted table": (
        {"format": "csv", "columns": {"text_a": 1, "label": 2}},
        "local",
        ["numbers of columns are for a 'tsv'"],
    ),
    "training data without labels": ({"unlabelled": ["train"]}, "local.unlabelled.0", ["'train'", "dev, test"]),
    "a split without labels that has no file": ({"unlabelled": ["dev"]}, "local", ["dev, which 'files' does not have"]),
}


@pytest.mark.parametrize(("settings", "key", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_settings_of_which_no_task_can_be_made_are_refused(settings, key, expected):
    given = {name: value for name, value in ({"format": "tsv"} | PAIRS | settings).items() if value is not ...}
    with pytest.raises(UserError) as raised:
        parse({"tasks": {"mine": {"local": given}}})
    for part in (f"config key 'tasks.mine.{key}'", *expected):
        assert part in str(raised.value)


@pytest.mark.parametrize(
    "unused", [{"columns": {"words": 1}}, {"unlabelled": ["test"], "files": {"train": "a", "test": "b"}}]
)
def test_settings_that_a_format_does_not_use_are_refused(unused):
    with pytest.raises(UserError, match=f"the format 'conll' does not use {next(iter(unused))}; remove it"):
        parse({"tasks": {"mine": {"local": TAGS | {"format": "conll"} | unused}}})


def test_the_block_and_the_source_go_together():
    with pytest.raises(UserError, match="the source 'local' requires the block 'local'"):
        parse({"tasks": {"mine": {"source": "local"}}})
    with pytest.raises(UserError, match="remove it, or the source 'hub'"):
        parse({"tasks": {"mine": {"source": "hub", "local": PAIRS | {"format": "tsv"}}}})


@given(MUTATIONS, st.sampled_from(sorted(FILES)))
def test_a_spoilt_file_is_read_or_refused(tmp_path_factory, mutations: list, form: str):
    folder = tmp_path_factory.mktemp("spoilt")
    content = mutated("train.de.data", FILES[form].encode(), mutations)
    try:
        read(folder, PAIRS | {"format": form}, {"train.de.data": content})
    except UserError as refusal:
        message = str(refusal)
    else:
        message = str(folder)
    assert str(folder) in message
