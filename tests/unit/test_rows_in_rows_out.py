"""Valid files: each row is read, in order and with its text, or is reported as left out."""

import csv
import io
import json
from collections import Counter
from pathlib import Path

import pytest
from datasets import ClassLabel, Value
from hub_server import table
from hypothesis import assume, given
from hypothesis import strategies as st
from released import question, squad, write

from xstilts import tasks
from xstilts.sources import reading, release

LABELS = ("contradiction", "entailment", "neutral")
QUOTES = ('"', '""', '"a" b', "''", ",", "a\u2028b", "\u0085", "c\u00a0d")
CHARACTERS = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff")
TEXT = st.one_of(st.text(CHARACTERS, max_size=12), st.lists(st.sampled_from(QUOTES), max_size=3).map("".join))
WORD = st.text(CHARACTERS, min_size=1, max_size=6).filter(lambda text: text.split() == [text] and text != "_")
PAIRS = st.lists(st.tuples(TEXT, TEXT, st.sampled_from([*LABELS, "-"])), min_size=1, max_size=8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("rows")


def read(folder: Path, name: str, split: str, lang: str, files: dict[str, str]) -> tuple[list[dict], int]:
    """The rows, and how many were left out."""
    write(folder / name, files)
    task, left_out = tasks.load(name), Counter()
    found = release.locate(task, split, lang, [folder / name])
    table = reading.read([found], task, lang, left_out=left_out)
    return table.to_pylist(), left_out.total()


def by_csv(rows: list, delimiter: str, end: str) -> str:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter, lineterminator=end).writerows(rows)
    return written.getvalue()


def plain(rows: list) -> str:
    return "".join("\t".join(row) + "\n" for row in rows)


def looks_quoted(rows: list) -> bool:
    """Whether a row of plain text happens to be what csv would write for another row."""
    lines = ["\t".join(row) for row in rows]
    return any('"' in line and by_csv(csv.reader([line], delimiter="\t"), "\t", "") == line for line in lines)


def same(rows: list[dict], pairs: list) -> None:
    found = [(row["text_a"], row["text_b"], row["label"]) for row in rows]
    assert found == [(one.strip(), other.strip(), label) for one, other, label in pairs]


def decided(pairs: list) -> list:
    kept = [pair for pair in pairs if pair[2] != "-"]
    assume(kept)
    return kept


def test_pairs_that_csv_wrote(folder):
    @given(PAIRS, st.sampled_from(["\r\n", "\n"]))
    def check(pairs: list, end: str):
        kept = decided(pairs)
        same(read(folder, "xnli", "dev", "de", {"dev-de.tsv": by_csv(kept, "\t", end)})[0], kept)

    check()


def test_pairs_in_plain_text(folder):
    @given(PAIRS)
    def check(pairs: list):
        kept = decided(pairs)
        assume(not looks_quoted(kept))
        same(read(folder, "xnli", "dev", "fr", {"dev-fr.tsv": plain(kept)})[0], kept)

    check()


HEADERS = {
    "mnli": ("train.tsv", "index\tsentence1\tsentence2\tgold_label", lambda a, b, label: ("0", a, b, label)),
    "snli": ("train.tsv", "sentence1\tsentence2\tlabel1\tgold_label", lambda a, b, label: (a, b, "neutral", label)),
}


@pytest.mark.parametrize("name", HEADERS)
def test_pairs_below_a_header_quotes_and_all(folder, name):
    file, header, row = HEADERS[name]

    @given(PAIRS)
    def check(pairs: list):
        kept = decided(pairs)
        rows, left_out = read(
            folder, name, "train", "en", {file: f"{header}\n" + plain([row(*pair) for pair in pairs])}
        )
        same(rows, kept)
        assert len(rows) + left_out == len(pairs)

    check()


def test_pairs_of_all_languages_in_one_file(folder):
    @given(st.lists(st.tuples(TEXT, TEXT, st.sampled_from(LABELS), st.sampled_from(["es", "en"])), max_size=8))
    def check(pairs: list):
        kept = [pair[:3] for pair in pairs if pair[3] == "es"]
        assume(kept and not looks_quoted([(lang, label, one, other) for one, other, label, lang in pairs]))
        content = "language\tgold_label\tsentence1\tsentence2\n" + plain(
            [(lang, label, one, other) for one, other, label, lang in pairs]
        )
        rows, left_out = read(folder, "xnli", "test", "es", {"xnli.test.tsv": content})
        same(rows, kept)
        assert len(rows) + left_out == len(pairs)

    check()


def test_pairs_in_json(folder):
    @given(PAIRS, st.booleans())
    def check(pairs: list, ascii_only: bool):
        kept = decided(pairs)
        keys = ("sentence1", "sentence2", "gold_label")
        lines = [json.dumps(dict(zip(keys, pair, strict=True)), ensure_ascii=ascii_only) for pair in pairs]
        files = {"snli_1.0_train.jsonl": "\n".join(lines)}
        rows, left_out = read(folder / "json", "snli", "train", "en", files)
        same(rows, kept)
        assert len(rows) + left_out == len(pairs)

    check()


def test_tagged_sentences(folder):
    tagged = st.lists(st.lists(st.tuples(WORD, st.sampled_from(["NOUN", "X"])), min_size=1, max_size=5), min_size=1)

    @given(tagged, st.sampled_from(["\n", "\r\n"]))
    def check(sentences: list, end: str):
        content = end.join(end.join(f"{word}\t{tag}" for word, tag in sentence) + end for sentence in sentences)
        rows, _ = read(folder, "udpos", "dev", "de", {"dev-de.tsv": content})
        assert [list(zip(row["words"], row["tags"], strict=True)) for row in rows] == sentences

    check()


def test_treebanks_in_parts(folder):
    sentence = st.lists(st.one_of(WORD, st.just("_")), min_size=1, max_size=4)
    files = [f"UD_French-A/fr_{name}-ud-test{part}.conllu" for name in "ab" for part in ("-a-1", "-a-2", "-b-1")]

    @given(st.lists(sentence, min_size=len(files), max_size=12))
    def check(sentences: list):
        def conllu(words: list) -> str:
            lines = [f"{n}\t{word}\t_\tNOUN\t_\t_\t{n - 1}\tdep\t_\t_" for n, word in enumerate(words, 1)]
            return "\n".join([*lines, "", ""])

        spread = {file: sentences[number :: len(files)] for number, file in enumerate(files)}
        withheld = [words for words in sentences if 0 < words.count("_") >= len(words) - 1]
        assume(len(withheld) < len(sentences))
        content = {file: "".join(map(conllu, own)) for file, own in spread.items()}
        rows, left_out = read(folder, "udpos", "test", "fr", content)
        expected = [words for own in spread.values() for words in own if words not in withheld]
        assert [row["words"] for row in rows] == [[w.replace("\u200c", "") for w in words] for words in expected]
        assert left_out == len(withheld)

    check()


def test_questions(folder):
    @given(st.lists(st.tuples(TEXT, st.text(CHARACTERS, min_size=1), TEXT), min_size=1, max_size=5))
    def check(parts: list):
        paragraphs = [
            json.loads(squad(question(str(number), answer, len(before)), context=before + answer + after))["data"][0]
            for number, (before, answer, after) in enumerate(parts)
        ]
        rows, _ = read(folder, "xquad", "test", "de", {"xquad.de.json": json.dumps({"data": paragraphs})})
        assert [row["context"] for row in rows] == ["".join(three) for three in parts]
        assert [row["answers"][0]["text"] for row in rows] == [answer for _, answer, _ in parts]

    check()


def test_questions_on_stories_in_csv(folder):
    columns = ("id", "context", "question", "answer0", "answer1", "answer2", "answer3", "label")
    filled = TEXT.filter(str.strip)

    @given(
        st.lists(st.tuples(*[filled] * 6, st.sampled_from("0123")), min_size=1, max_size=5),
        st.sampled_from(["\r\n", "\n"]),
    )
    def check(stories: list, end: str):
        content = by_csv([columns, *((str(n), *story) for n, story in enumerate(stories))], ",", end)
        rows, _ = read(folder, "cosmosqa", "train", "en", {"train.csv": content})
        assert [row["choices"] for row in rows] == [[text.strip() for text in story[2:6]] for story in stories]
        assert [row["prompt"] for row in rows] == [f"{story[0].strip()} {story[1].strip()}" for story in stories]

    check()


def test_parallel_sentences(folder):
    filled = TEXT.filter(str.strip)

    @given(st.lists(st.tuples(filled, filled), min_size=1, max_size=8))
    def check(pairs: list):
        files = {
            f"tatoeba.deu-eng.{side}": "\n".join(column)
            for side, column in zip(("deu", "eng"), zip(*pairs, strict=True), strict=True)
        }
        rows, _ = read(folder, "tatoeba", "test", "de", files)
        foreign = {row["id"]: row["text"] for row in rows if row["side"] == "foreign"}
        found = {
            int(row["gold"][0]): (foreign[row["gold"][0]], row["text"]) for row in rows if row["side"] == "english"
        }
        assert [found[number] for number in range(len(pairs))] == [(one.strip(), other.strip()) for one, other in pairs]

    check()


def test_a_long_file_is_read_to_its_end(folder):
    pairs = [(f"P{n}.", f"H{n}.", LABELS[n % 3]) for n in range(20_001)]
    same(read(folder, "mnli", "train", "sw", {"train-sw.tsv": plain(pairs)})[0], pairs)


def test_a_long_table_of_the_hub_is_read_to_its_end_from_all_its_shards(folder):
    nli = {"premise": Value("string"), "hypothesis": Value("string"), "label": ClassLabel(names=list(LABELS))}
    rows = [{"premise": f"P{n}.", "hypothesis": f"H{n}.", "label": n % 3} for n in range(2_502)]
    shards = (rows[:1_251], rows[1_251:])
    write(folder, {f"hub/de/train-{n:05}-of-00002.parquet": table(part, **nli) for n, part in enumerate(shards)})
    layout = next(copy.layout for copy in tasks.load("mnli").hub if copy.layout.has("de") and copy.split == "train")
    found = release.at(folder / "hub", layout, tasks.load("mnli"), "train", "de")
    same(
        reading.read([found], tasks.load("mnli"), "de").to_pylist(),
        [(row["premise"], row["hypothesis"], LABELS[row["label"]]) for row in rows],
    )
