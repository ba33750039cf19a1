"""Plain and parallel text: which lines are passages, and which of them are held out."""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from released import write

from xstilts import tasks
from xstilts.config import parse
from xstilts.errors import DataError, UserError
from xstilts.sources import fetch, files, hub, reading, release
from xstilts.sources.formats import plain


def read(folder: Path, name: str, split: str, lang: str, **options) -> tuple[list[dict], Counter]:
    task, left_out = tasks.load(name), Counter()
    found = release.require_whole(release.locate(task, split, lang, [folder]))
    return reading.read([found], task, lang, left_out=left_out, **options).to_pylist(), left_out


def passages(count: int) -> list[str]:
    return [f"passage {number}" for number in range(1, count + 1)]


def test_every_hundredth_passage_is_held_out_and_blank_lines_do_not_count(tmp_path):
    lines = [line for passage in passages(250) for line in (passage, " \t" if passage.endswith("7") else None) if line]
    write(tmp_path, {"sw.txt": "\n".join(lines) + "\n"})
    train, left = read(tmp_path, "mlm", "train", "sw")
    assert [row["text_a"] for row in train] == [f"passage {n}" for n in range(1, 251) if n not in (100, 200)]
    assert left == {"blank": 25, "of the dev set (every hundredth passage)": 2}
    dev, left = read(tmp_path, "mlm", "dev", "sw")
    assert [row["text_a"] for row in dev] == ["passage 100", "passage 200"]
    assert left == {"blank": 25, "of the training set (all but every hundredth passage)": 248}
    assert {row["text_b"] for row in (*train, *dev)} == {None}


def test_at_most_five_hundred_passages_are_held_out(tmp_path):
    write(tmp_path, {"sw.txt": "".join(f"{passage}\n" for passage in passages(50_300))})
    dev, _ = read(tmp_path, "mlm", "dev", "sw")
    assert [row["text_a"] for row in dev] == [f"passage {100 * n}" for n in range(1, 501)]
    train, _ = read(tmp_path, "mlm", "train", "sw")
    assert len(train) == 50_300 - 500
    assert train[-1]["text_a"] == "passage 50300"


def test_a_limit_keeps_the_first_passages(tmp_path):
    write(tmp_path, {"sw.txt": "".join(f"{passage}\n" for passage in passages(250))})
    train, _ = read(tmp_path, "mlm", "train", "sw", limit=3)
    assert [row["text_a"] for row in train] == passages(3)


@pytest.mark.parametrize("split", ["train", "dev"])
def test_a_file_without_a_passage_is_one_clear_error(tmp_path, split):
    write(tmp_path, {"sw.txt": "\n \n\n"})
    with pytest.raises(DataError, match=r"sw\.txt: found no example in 'sw'; .* Rows left out: 3 blank"):
        read(tmp_path, "mlm", split, "sw")


def test_a_file_that_is_too_short_for_a_dev_set_says_so(tmp_path):
    write(tmp_path, {"sw.txt": "".join(f"{passage}\n" for passage in passages(99))})
    with pytest.raises(
        DataError,
        match=r"no example in 'sw'; .* Rows left out: 99 of the training set .all but every hundredth passage",
    ):
        read(tmp_path, "mlm", "dev", "sw")


def test_wrong_utf8_names_the_line(tmp_path):
    (tmp_path / "sw.txt").write_bytes(b"one\ntwo \xff\n")
    with pytest.raises(DataError, match=r"sw\.txt, line 2: found byte 0xff; expected UTF-8 text"):
        read(tmp_path, "mlm", "train", "sw")


def test_wikipedia_gives_the_paragraphs_of_articles(tmp_path):
    articles = pa.table({"id": ["1", "2"], "text": ["First.\n\nSecond.", "Third."], "title": ["A", "B"]})
    pq.write_table(articles, tmp_path / "first.parquet")
    found = list(plain.train(plain.wikipedia)([tmp_path / "first.parquet"], task=tasks.load("mlm"), lang="sw"))
    assert [row if isinstance(row, str) else row["text_a"] for _, row in found] == [
        "First.",
        "blank",
        "Second.",
        "Third.",
    ]
    assert [place for place, _ in found] == ["row 0, line 1", "row 0, line 2", "row 0, line 3", "row 1, line 1"]


def test_only_the_first_shard_of_wikipedia_is_downloaded():
    copy = files.on_hub(tasks.load("mlm"), "train", "zh")
    assert (copy.repository.name, copy.repository.revision) == (
        "wikimedia/wikipedia",
        "b04c8d1ceb2f5cd4588862100d08de323dccfbaa",
    )
    assert release.file_names(copy.layout, "train", "zh") == ["20231101.zh/train-00000-of-*.parquet"]


def test_the_first_shard_alone_is_not_an_incomplete_table(tmp_path):
    repository, pattern = files.on_hub(tasks.load("mlm"), "dev", "zh").repository, "train-00000-of-*.parquet"
    (tmp_path / "train-00000-of-00006.parquet").touch()
    hub._require_whole(repository, tmp_path, pattern)
    with pytest.raises(UserError, match="1 of 6 files"):
        hub._require_whole(repository, tmp_path, "train-*.parquet")


ALIGNED = {"de-en.de.txt": "Ein Haus .\n\nEin Hund .\n", "de-en.en.txt": "A house .\nNothing .\nA dog .\n"}
TABLE = {"de-en.tsv": "Ein Haus .\tA house .\n\nEin Hund .\tA dog .\n"}


@pytest.mark.parametrize("content", [ALIGNED, TABLE], ids=["aligned", "table"])
def test_parallel_text_is_read_from_aligned_files_or_a_table(tmp_path, content):
    write(tmp_path, content)
    rows, left = read(tmp_path, "tlm", "train", "de-en")
    assert [(row["text_a"], row["text_b"]) for row in rows] == [("Ein Haus .", "A house ."), ("Ein Hund .", "A dog .")]
    assert left == {"blank": 1}


def test_every_hundredth_pair_is_held_out(tmp_path):
    write(tmp_path, {"de-en.tsv": "".join(f"d {n}\te {n}\n" for n in range(1, 251))})
    rows, _ = read(tmp_path, "tlm", "dev", "de-en")
    assert [(row["text_a"], row["text_b"]) for row in rows] == [("d 100", "e 100"), ("d 200", "e 200")]


@pytest.mark.parametrize("split", ["train", "dev"])
@pytest.mark.parametrize("counts", [(3, 250), (250, 3)])
def test_aligned_files_of_different_length_are_refused_with_both_counts(tmp_path, counts, split):
    write(tmp_path, {f"de-en.{lang}.txt": "a\n" * count for lang, count in zip(("de", "en"), counts, strict=True)})
    found = rf"de-en\.en\.txt: found {counts[1]} lines; expected {counts[0]} lines, as in de-en\.de\.txt"
    with pytest.raises(DataError, match=found):
        read(tmp_path, "tlm", split, "de-en")


def test_a_table_with_a_third_column_is_refused(tmp_path):
    write(tmp_path, {"de-en.tsv": "a\tb\nc\td\te\n"})
    with pytest.raises(DataError, match=r"de-en\.tsv, line 2: found 3 columns, .*; expected 2 columns"):
        read(tmp_path, "tlm", "train", "de-en")


def test_parallel_text_is_always_read_from_files_of_the_user(tmp_path):
    config = parse({"source": "hub", "tasks": {"tlm": {"folders": [str(tmp_path)]}}})
    with pytest.raises(
        DataError, match=rf"{tmp_path}: found no files of tlm train in 'de-en'; expected de-en\.de\.txt and"
    ):
        fetch.sources(tasks.load("tlm"), "train", "de-en", config)
    write(tmp_path, TABLE)
    (found,) = fetch.sources(tasks.load("tlm"), "train", "de-en", config)
    assert found.paths == (tmp_path / "de-en.tsv",)
