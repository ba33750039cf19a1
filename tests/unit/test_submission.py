"""Prediction files have exactly the official layout, and a malformed one is rejected with its location."""

from pathlib import Path

import pytest

from xstilts.errors import DataError, UserError
from xstilts.prediction import xtreme_files

ROUND_TRIPS = {
    "labels": (["neutral", "entailment"], "neutral\nentailment\n"),
    "tags": ([["DET", "NOUN"], ["VERB"]], "DET\nNOUN\n\nVERB\n"),
    "answers": ({"q1": "北京\u2028 ’quoted’", "q2": ""}, '{\n"q1": "北京\u2028 ’quoted’",\n"q2": ""\n}\n'),
    "pairs": ([("de-1", "en-2"), ("de-3", "en-1")], "de-1\ten-2\nde-3\ten-1\n"),
}


@pytest.mark.parametrize("form", ROUND_TRIPS)
def test_a_file_holds_exactly_the_official_bytes_and_reads_back(tmp_path, form):
    predictions, text = ROUND_TRIPS[form]
    path = tmp_path / "xnli" / "test-de.tsv"
    xtreme_files.write(path, form, predictions)
    assert path.read_bytes() == text.encode()
    assert xtreme_files.read(path, form) == predictions


@pytest.mark.parametrize(("form", "nothing"), [("labels", []), ("tags", []), ("answers", {}), ("pairs", [])])
def test_no_predictions_make_a_file_that_reads_back_as_none(tmp_path, form, nothing):
    xtreme_files.write(tmp_path / "f", form, nothing)
    assert xtreme_files.read(tmp_path / "f", form) == nothing


@pytest.mark.parametrize(
    ("kind", "metric", "form", "name"),
    [
        ("classification", "accuracy", "labels", "test-de.tsv"),
        ("tagging", "pos", "tags", "test-de.tsv"),
        ("tagging", "chunks", "tags", "test-de.tsv"),
        ("span", "mlqa", "answers", "test-de.json"),
        ("retrieval", "bucc", "pairs", "test-de.tsv"),
        ("retrieval", "tatoeba", "labels", "test-de.tsv"),
    ],
)
def test_kind_and_metric_decide_form_and_name(kind, metric, form, name):
    assert xtreme_files.form_of(kind, metric) == form
    assert xtreme_files.file_name(kind, "test", "de") == name


MALFORMED = [
    ("labels", "neutral\n\nneutral\n", "line 2"),
    ("labels", "neutral\n\n", "line 2"),
    ("labels", "neutral\tA sentence.\n", "line 1"),
    ("tags", "DET\nHaus\tNOUN\n", "line 2"),
    ("tags", "DET\n\n\nNOUN\n", "line 3"),
    ("tags", "DET\n\n\n", "line 3"),
    ("tags", "\nDET\n", "line 1"),
    ("answers", '{"q1": "a",\n"q2" "b"}', "line 2"),
    ("answers", '["a"]', ""),
    ("answers", '{"q1": null}', "question 'q1'"),
    ("answers", '{"q1": "a", "q1": "b"}', "question 'q1'"),
    ("answers", '{"data": "a"}', "question 'data'"),
    ("pairs", "de-1\ten-1\n\n", "line 2"),
    ("pairs", "de-1 en-1\n", "line 1"),
    ("pairs", "de-1\t\n", "line 1"),
    ("pairs", "0.9\tde-1\ten-1\n", "line 1"),
]


@pytest.mark.parametrize(("form", "text", "where"), MALFORMED)
def test_a_malformed_file_is_refused_with_its_place(tmp_path, form, text, where):
    path = tmp_path / "test-de"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as refused:
        xtreme_files.read(path, form)
    assert (refused.value.path, refused.value.where) == (path, where)


def test_a_file_that_is_missing_or_not_utf8_is_refused(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        xtreme_files.read(tmp_path / "test-de.tsv", "labels")
    (tmp_path / "test-de.tsv").write_bytes(b"neutral\n\xff\n")
    with pytest.raises(DataError, match="byte 8"):
        xtreme_files.read(tmp_path / "test-de.tsv", "labels")


def test_one_empty_line_at_the_end_of_a_tag_file_is_harmless(tmp_path):
    (tmp_path / "f").write_text("DET\nNOUN\n\nVERB\n\n")
    assert xtreme_files.read(tmp_path / "f", "tags") == [["DET", "NOUN"], ["VERB"]]


def test_only_a_line_end_ends_a_line(tmp_path):
    ids = [("de\u2028-1", "en\x85-1"), ("de\x0b-2", "en\x1c-2")]
    xtreme_files.write(tmp_path / "f", "pairs", ids)
    assert xtreme_files.read(tmp_path / "f", "pairs") == ids
    (tmp_path / "g").write_text("N\u2028P\nN\x0cP\n\nNP\n", encoding="utf-8")
    assert xtreme_files.read(tmp_path / "g", "tags") == [["N\u2028P", "N\x0cP"], ["NP"]]


def test_windows_line_ends_and_blanks_around_a_line_do_not_count(tmp_path):
    (tmp_path / "f").write_bytes(b"neutral\r\n entailment \r\n")
    assert xtreme_files.read(tmp_path / "f", "labels") == ["neutral", "entailment"]


@pytest.mark.parametrize(
    ("form", "predictions"),
    [
        ("labels", ["two\nlines"]),
        ("labels", [""]),
        ("labels", [" neutral"]),
        ("tags", [["DET"], []]),
        ("tags", [[]]),
        ("answers", {"data": "a"}),
        ("answers", {"q1": None}),
        ("pairs", [("de-1", "en\t1")]),
    ],
)
def test_what_would_not_read_back_is_not_written(tmp_path, form, predictions):
    with pytest.raises(UserError):
        xtreme_files.write(tmp_path / "f", form, predictions)
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_dies_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "test-de.tsv"
    xtreme_files.write(path, "labels", ["old"])

    def die(*_):
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", die)
    with pytest.raises(OSError, match="disk full"):
        xtreme_files.write(path, "labels", ["new"])
    assert path.read_text() == "old\n"
    assert list(tmp_path.iterdir()) == [path]
