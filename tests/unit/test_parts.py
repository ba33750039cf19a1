"""A file that looks like a part of a split is read or rejected, and other files are not affected."""

from pathlib import Path

import pytest
from released import SENTENCE, question, read, squad, write

from xstilts import tasks
from xstilts.config import Miniature, parse
from xstilts.errors import DataError
from xstilts.miniature import release as miniature
from xstilts.sources import fetch, parts, release

PAIR = "Ja.\tNein.\tneutral\r\n"
HDT = "UD_German-HDT/de_hdt-ud-train"


def refused(folder: Path, name: str, split: str, lang: str) -> str:
    config = parse({"tasks": {name: {"source": "release", "folders": [str(folder)]}}})
    with pytest.raises(DataError) as raised:
        fetch.sources(tasks.load(name), split, lang, config)
    return str(raised.value)


def test_a_treebank_in_parts_is_read_whole_and_in_order_beside_another_one(tmp_path):
    def treebank(word: str, sentences: int) -> str:
        return "".join(SENTENCE.replace("Dogs", f"{word}{number}") for number in range(sentences))

    sizes = {"a-1": 3, "a-2": 4, "b-1": 2, "b-2": 3}
    files = {f"{HDT}-{part}.conllu": treebank(part, size) for part, size in sizes.items()}
    files["UD_German-GSD/de_gsd-ud-train.conllu"] = treebank("gsd", 5)
    firsts = [row["words"][0] for row in read(tmp_path, "udpos", files, "train")]
    expected = [("gsd", 5), *sizes.items()]
    assert firsts == [f"{word}{number}" for word, size in expected for number in range(size)]


def test_a_treebank_and_its_parts_beside_each_other_are_not_both_read(tmp_path):
    write(tmp_path, {f"{HDT}.conllu": SENTENCE, f"{HDT}-a-1.conllu": SENTENCE})
    assert "de_hdt-ud-train-a-1.conllu: found a part beside the whole file de_hdt-ud-train.conllu" in refused(
        tmp_path, "udpos", "train", "de"
    )


UNREAD = [
    ("xnli", "dev", "de", {"dev-de.tsv": PAIR, "dev-de-2.tsv": PAIR}),
    ("xnli", "dev", "de", {"dev-de.tsv": PAIR, "dev-2-de.tsv": PAIR}),
    ("xnli", "dev", "de", {"dev-de.tsv": PAIR, "dev-de.tsv.part2": PAIR}),
    ("xnli", "dev", "de", {"dev-de.tsv": PAIR, "dev-de2.tsv": PAIR}),
    ("panx", "test", "de", {"de/test": "de:Ulm\tB-LOC\n", "de/test-b": "de:Ulm\tB-LOC\n"}),
    ("tatoeba", "test", "de", {"de-en.de": "Ja.\n", "de-en.en": "Yes.\n", "de-en_2.en": "No.\n"}),
    ("xquad", "test", "de", {"xquad.de.json": squad(question()), "xquad.de.part-2.json": squad(question("q2"))}),
    ("udpos", "train", "de", {"UD_German-GSD/de_gsd-ud-train.conllu": SENTENCE, f"{HDT}.conllu.gz": SENTENCE}),
    ("udpos", "train", "de", {"UD_German-GSD/de_gsd-ud-train.conllu": SENTENCE, f"{HDT}-a-1.conllu.gz": SENTENCE}),
    ("udpos", "train", "de", {"UD_German-GSD/de_gsd-ud-train.conllu": SENTENCE, f"{HDT.upper()}.conllu": SENTENCE}),
    ("copa", "train", "en", {"train.jsonl": "{}", "train-00001-of-00002.jsonl": "{}"}),
    ("xnli", "dev", "de", {"dev-de.tsv": PAIR, "dev-de-a1.tsv": PAIR}),
    ("xnli", "dev", "de", {"dev-de.tsv": PAIR, "dev-de-1of4.tsv": PAIR}),
    ("xnli", "dev", "de", {"dev-de.tsv": PAIR, "dev-de_section3.tsv": PAIR}),
    ("xnli", "dev", "de", {"dev-de.tsv": PAIR, "dev-de-part-two.tsv": PAIR}),
    ("panx", "test", "de", {"de/test": "de:Ulm\tB-LOC\n", "de/test-aa": "de:Ulm\tB-LOC\n"}),
]


@pytest.mark.parametrize("name, split, lang, files", UNREAD, ids=[list(case[3])[-1] for case in UNREAD])
def test_a_part_that_no_layout_reads_is_refused_by_its_name(tmp_path, name, split, lang, files):
    if HDT.upper() in list(files)[-1]:
        files = {path.replace("UD_GERMAN", "UD_German"): content for path, content in files.items()}
    write(tmp_path, files)
    message = refused(tmp_path, name, split, lang)
    assert list(files)[-1].rpartition("/")[2] in message
    assert f"an unread file that looks like a part of {name} {split} in {lang!r}" in message


GSD = "UD_German-GSD/de_gsd-ud-train.conllu"


@pytest.mark.parametrize(
    "path",
    [
        "UD_German-HDT/train/de_hdt-ud-train.conllu",
        "ud_german-hdt/de_hdt-ud-train.conllu",
        "UD_German-HDT/de-hdt-ud-train.conllu",
        "UD_German-HDT/de_hdt-ud-training.conllu",
        "UD_German-HDT/de_hdt-ud-train-a1b2.conllu",
        "UD_German-HDT/de_hdt-ud-train.conllu.part_aa",
        "UD_German-HDT/DE_HDT-UD-TRAIN.CONLL",
    ],
)
def test_a_treebank_of_the_split_that_no_pattern_reads_is_refused_wherever_it_lies(tmp_path, path):
    write(tmp_path, {GSD: SENTENCE, path: SENTENCE})
    message = refused(tmp_path, "udpos", "train", "de")
    assert f"{tmp_path / path}: found " in message
    assert "of udpos train in 'de'" in message


def test_what_lies_beside_a_treebank_that_is_read_is_no_other_one(tmp_path):
    beside = [GSD.replace(".conllu", suffix) for suffix in (".txt", ".conllu.gz", ".conllu.1")]
    others = ["UD_German-GSD/de_gsd-ud-dev.conllu", "UD_Swiss_German-UZH/gsw_uzh-ud-train.conllu"]
    files = {GSD: SENTENCE, **dict.fromkeys([*beside, *others], SENTENCE)}
    assert len(read(tmp_path, "udpos", files, "train")) == 1


def test_parts_are_read_in_the_order_of_their_numbers(tmp_path):
    files = {f"{HDT}-{number}.conllu": SENTENCE.replace("Dogs", f"Dogs{number}") for number in (10, 1, 2)}
    rows = read(tmp_path, "udpos", files, "train")
    assert [row["words"][0] for row in rows] == ["Dogs1", "Dogs2", "Dogs10"]


def test_files_that_are_missing_are_looked_for_in_parts(tmp_path):
    write(tmp_path, {"dev-de-1.tsv": PAIR, "dev-de-2.tsv": PAIR})
    message = refused(tmp_path, "xnli", "dev", "de")
    assert "no files of xnli dev in 'de'" in message
    assert "Join the parts into one file" in message
    assert str(tmp_path / "dev-de-2.tsv") in message


OTHERS = [
    ("train-en.tsv", "train-es.tsv train.tsv translate-train-en.tsv train-en.jsonl train-en.tsv.gz train-en.tsv.1"),
    ("train-en.tsv", "train-en-copy.tsv train-en(1).tsv train-bn.tsv train-ben.tsv test-en.tsv train-en.tsv.bak"),
    ("dev_2k.tsv", "test_2k.tsv dev.tsv dev_2k.tsv.orig dev_12k.tsv"),
    ("train-v1.1.json", "train-v2.0.json dev-v1.1.json train-v1.11.json"),
    ("train.tsv", "translated_train.tsv train.3k.tsv train_2k.tsv train.en.tsv test.tsv"),
    ("multinli_1.0_dev_matched.jsonl", "multinli_1.0_dev_mismatched.jsonl multinli_1.0_dev_matched.txt"),
    ("hellaswag_val.jsonl", "hellaswag_val_300_en.jsonl hellaswag_train.jsonl"),
    ("de-en.training.de", "de-en.training.en de-en.training.gold de-en.sample.de"),
    ("de_*-ud-train.conllu", "de_hdt-ud-dev.conllu gsw_uzh-ud-train-a.conllu de_hdt-ud-train.txt"),
    ("train_r1-*.parquet", "train_r2-00000-of-00001.parquet train_r1-00000-of-00001.parquet"),
]


@pytest.mark.parametrize("name, others", OTHERS)
def test_other_languages_splits_formats_and_copies_are_no_parts(tmp_path, name, others):
    write(tmp_path, dict.fromkeys([name.replace("*", "gsd"), *others.split()], ""))
    assert parts.of(tmp_path, name) == []


def found_parts(folder: Path) -> list[Path]:
    """All that looks like a part of anything, taking a folder for the one of every task."""
    found = set()
    for task in map(tasks.load, tasks.names()):
        places = [
            (split, layout, lang) for split in task.splits for layout in task.splits[split] for lang in task.languages
        ]
        names = {
            name
            for split, layout, lang in places
            if layout.has(lang)
            for name in release.file_names(layout, split, lang)
        }
        found |= {part.path for name in names for part in parts.of(folder, name)}
    return sorted(found)


def test_no_file_of_the_miniature_looks_like_a_part(tmp_path):
    miniature.write(tmp_path, Miniature(train=6, dev=6, test=6, pairs=2))
    assert [part for folder in tmp_path.iterdir() for part in found_parts(folder)] == []


def test_no_file_of_the_samples_looks_like_a_part(samples):
    folders = [samples, *(path for path in [*samples.glob("*"), *samples.glob("*/*")] if path.is_dir())]
    assert [part for folder in folders for part in found_parts(folder)] == []
