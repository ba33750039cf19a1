"""A quote in a sentence is text or quoting, depending on the release, and never swallows the following rows."""

import csv
import io

import pytest
from released import read

from xstilts.errors import DataError

PLAIN = 'He said "no" twice.'
BEGINS, ENDS = '"No, I did not.', 'But I did."'
PAWSX = "id\tsentence1\tsentence2\tlabel\n"


def rows(first: str, last: str) -> list[list[str]]:
    """40 pairs of which the 8th begins and the 20th ends with something of its own."""
    found = [[f"Row {number}.", f"Line {number}.", "neutral"] for number in range(40)]
    found[7][0], found[19][0] = first, last
    return found


def plain(table: list[list[str]], end: str) -> str:
    return "".join("\t".join(row) + end for row in table)


def by_csv(table: list[list[str]], end: str = "\r\n") -> str:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter="\t", lineterminator=end).writerows(table)
    return written.getvalue()


def texts(folder, content: str, name="xnli", file="dev-de.tsv", split="dev", lang="de") -> list[str]:
    found = read(folder, name, {file: content}, split, lang)
    for row in found:
        assert not {"\t", "\n"} & {*row["text_a"], *row["text_b"]}
    return [row["text_a"] for row in found]


TABLE = rows(BEGINS, ENDS)
FIRSTS = [first for first, _, _ in TABLE]


def test_raw_quotes_under_line_feeds_are_text(tmp_path):
    assert texts(tmp_path, plain(TABLE, "\n")) == FIRSTS


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("quotes", [(BEGINS, ENDS), (PLAIN, '"'), ('""', '"a" and "b"')])
def test_quotes_that_csv_wrote_are_read_by_its_rules_whatever_ends_a_line(tmp_path, end, quotes):
    table = rows(*quotes)
    assert texts(tmp_path, by_csv(table, end)) == [first for first, _, _ in table]


@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
@pytest.mark.parametrize(("name", "file", "header"), [("xnli", "dev-de.tsv", ""), ("pawsx", "de/dev_2k.tsv", PAWSX)])
def test_a_file_with_quotes_around_every_text_is_refused(tmp_path, quoting, name, file, header):
    written = io.StringIO(newline="")
    pairs = [["Ja.", "Nein.", "0"], ['Sag "ja".', "Nein.", "1"]]
    own = [[str(number), *row] if header else row for number, row in enumerate(pairs)]
    csv.writer(written, delimiter="\t", lineterminator="\n", quoting=quoting).writerows(own)
    with pytest.raises(DataError, match="quoted every text"):
        read(tmp_path, name, {file: header + written.getvalue()}, "dev")


def test_a_copy_of_glue_that_csv_wrote_is_read_by_its_rules(tmp_path):
    header = ["index", "sentence1", "sentence2", "gold_label"]
    table = [["1", 'He said ""no"".', "Yes.", "neutral"], ["2", '"No" is no.', "Yes.", "neutral"]]
    content = by_csv([header, *table], "\n")
    assert texts(tmp_path, content, "mnli", "train.tsv", "train", "en") == [row[1] for row in table]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (plain(TABLE, "\r\n"), 8),
        (by_csv(TABLE) + plain([[PLAIN, "Yes.", "neutral"]], "\n"), 41),
        (by_csv(TABLE, "\n") + plain([[BEGINS, "Yes.", "neutral"]], "\n"), 41),
        (by_csv([["A\tB", 'C"', "neutral"], *TABLE]), 1),
        (by_csv([["A\nB", 'C"', "neutral"], *TABLE]), 1),
        (by_csv(TABLE).replace("Row 39.", '"Row 39.'), 40),
    ],
    ids=["raw under CRLF", "both kinds", "both kinds under LF", "TAB within", "line feed within", "open quote"],
)
def test_what_csv_did_not_write_is_refused_with_its_line(tmp_path, content, line):
    with pytest.raises(DataError, match=rf"dev-de\.tsv, line {line}: .*quoted by Python's csv.*rewrite this one"):
        texts(tmp_path, content)


@pytest.mark.parametrize("cut", [1, 9, 12])
def test_a_last_line_that_does_not_end_as_the_others_was_cut_off(tmp_path, cut):
    unlabelled = [row[:2] for row in TABLE]
    with pytest.raises(DataError, match=r"test-de\.tsv, line 40: .*CRLF, like the others.*truncated"):
        texts(tmp_path, by_csv(unlabelled)[:-cut], file="test-de.tsv", split="test")


def test_a_release_without_quoting_keeps_its_quotes(tmp_path):
    table = [[str(n), *row[:2], "0"] for n, row in enumerate(TABLE)]
    for end in ("\n", "\r\n"):
        assert texts(tmp_path, PAWSX + plain(table, end), "pawsx", "de/dev_2k.tsv") == FIRSTS


def test_a_copy_of_it_that_csv_wrote_has_the_same_text(tmp_path):
    table = [[str(n), *row[:2], "0"] for n, row in enumerate(TABLE)]
    assert texts(tmp_path, PAWSX + by_csv(table, "\n"), "pawsx", "de/dev_2k.tsv") == FIRSTS


def test_a_line_that_only_looks_quoted_is_text_among_others_that_do_not(tmp_path):
    table = [["1", BEGINS, "A.", "0"], ["2", '" "" "', "B.", "0"]]
    assert texts(tmp_path, PAWSX + plain(table, "\n"), "pawsx", "de/dev_2k.tsv") == [BEGINS, '" "" "']


@pytest.mark.parametrize("lang", ["fr", "ko", "de"])
def test_the_samples_have_the_same_text_in_xtremes_layout_and_in_the_releases(samples, tmp_path, lang):
    def first(folder: str, name: str, count: int) -> list[tuple]:
        content = (samples / "pawsx" / folder / name).read_bytes()
        found = read(tmp_path, "pawsx", {name: content}, "dev", lang)[:count]
        return [(row["text_a"], row["text_b"], row["label"]) for row in found]

    xtreme = first("", f"dev-{lang}.tsv", 200)
    (tmp_path / f"dev-{lang}.tsv").unlink()
    assert first("derived/x-final", f"{lang}/dev_2k.tsv", 200) == xtreme
