"""NLI data sets of other languages become canonical rows, or one error with the location."""

from collections import Counter

import pytest
from nli_files import (
    AMERICAS,
    AMERICAS_2022,
    EXPERT,
    FARSTAIL,
    FARSTAIL_TEST,
    INDONLI,
    KORNLI,
    OCNLI,
    OCNLI_TEST,
    lines,
)
from released import read, write

from xstilts import tasks
from xstilts.errors import DataError
from xstilts.sources import reading, release


def pair(first: str, second: str, label: str | None, identifier: str = "0") -> dict:
    return {"id": identifier, "text_a": first, "text_b": second, "label": label}


OCNLI_ROWS = [pair("他昨天去了北京。", "他去过北京。", "entailment")]
INDONLI_ROWS = [
    pair("Dia membeli dua buku.", "Dia membeli buku.", "entailment"),
    pair("Dia membeli dua buku.", "Dia pulang.", "neutral", "1"),
]
KORNLI_ROWS = [
    pair("그는 집에 갔다.", "그는 집에 있다.", "neutral"),
    pair('"아니"라고 그가 말했다.', '"그는 말했다.', "entailment", "1"),
]
READ = {
    "OCNLI": (("ocnli", "train", "zh"), {"train.50k.json": lines(*OCNLI)}, OCNLI_ROWS),
    "OCNLI, the largest training set": (
        ("ocnli", "train", "zh"),
        {f"data/ocnli/train.{size}k.json": lines(*OCNLI[: 1 + (size == 3)] * (1 + size // 30)) for size in (3, 10, 30)},
        [OCNLI_ROWS[0], OCNLI_ROWS[0] | {"id": "1"}],
    ),
    "OCNLI, the test set, without labels": (
        ("ocnli", "test", "zh"),
        {"test.json": lines(*OCNLI_TEST)},
        [pair("天亮了。", "天黑了。", None)],
    ),
    "IndoNLI": (("indonli", "dev", "id"), {"data/indonli/val.jsonl": lines(*INDONLI)}, INDONLI_ROWS),
    "IndoNLI, lay annotators and experts, whose rows have other keys": (
        ("indonli", "test", "id"),
        {"test_lay.jsonl": lines(*INDONLI), "test_expert.jsonl": lines(*EXPERT)},
        [*INDONLI_ROWS, pair("Toko itu tutup.", "Toko itu buka.", "contradiction", "2")],
    ),
    "KorNLI, with quotes that are text": (("kornli", "dev", "ko"), {"xnli.dev.ko.tsv": KORNLI}, KORNLI_ROWS),
    "KorNLI, MultiNLI and SNLI in turn": (
        ("kornli", "train", "ko"),
        {
            "KorNLI/multinli.train.ko.tsv": KORNLI,
            "KorNLI/snli_1.0_train.ko.tsv": "sentence1\tsentence2\tgold_label\n비가 온다.\t맑다.\tcontradiction\n",
        },
        [KORNLI_ROWS[0], pair("비가 온다.", "맑다.", "contradiction", "1"), KORNLI_ROWS[1] | {"id": "2"}],
    ),
    "MultiNLI in Korean": (("mnli", "train", "ko"), {"multinli.train.ko.tsv": KORNLI}, KORNLI_ROWS),
    "MultiNLI's dev set in Korean": (("mnli", "dev", "ko"), {"KorNLI/xnli.dev.ko.tsv": KORNLI}, KORNLI_ROWS),
    "FarsTail, with quotes by csv and a TAB in a text": (
        ("farstail", "dev", "fa"),
        {"Val-word.csv": FARSTAIL},
        [
            pair('او "علی" را دید.', "او کسی را دید.", "entailment"),
            pair("باران بارید.", "هوا\tخشک بود.", "contradiction", "1"),
        ],
    ),
    "FarsTail, the test set, with two more columns": (
        ("farstail", "test", "fa"),
        {"data/Test-word.csv": FARSTAIL_TEST},
        [pair("باران بارید.", "هوا سرد بود.", "neutral")],
    ),
    "AmericasNLI, all languages in a file": (
        ("americasnli", "dev", "aym"),
        {"dev.tsv": AMERICAS},
        [pair('Jupax "utaruw" sari.', '"Jupax utankiwa.', "entailment")],
    ),
    "AmericasNLI, one language in a file, with ids": (
        ("americasnli", "test", "quy"),
        {"anli_final/test/quy.tsv": AMERICAS_2022},
        [pair("Paran.", "Chiripan.", "contradiction")],
    ),
}


@pytest.mark.parametrize(("place", "files", "expected"), READ.values(), ids=READ)
def test_each_format_is_read_by_its_own_rules(tmp_path, place, files, expected):
    name, split, lang = place
    assert read(tmp_path, name, files, split, lang) == expected


def test_a_whole_release_is_read_without_taking_one_file_for_a_part_of_another(tmp_path):
    names = ("train.3k", "train.10k", "train.30k", "train.50k", "dev", "test")
    write(tmp_path, {f"ocnli/{name}.json": lines(*OCNLI) for name in names})
    indonesian = ("train", "val", "test", "test_lay", "test_expert", "diagnostic")
    write(tmp_path, {f"indonli/{name}.jsonl": lines(*INDONLI) for name in indonesian})
    write(tmp_path, {f"data/{name}-word.csv": FARSTAIL for name in ("Train", "Val", "Test")})
    korean = ("multinli.train", "snli_1.0_train", "xnli.dev", "xnli.test")
    write(tmp_path, {f"KorNLI/{name}.ko.tsv": KORNLI for name in korean})
    for name, lang in (("ocnli", "zh"), ("indonli", "id"), ("farstail", "fa"), ("kornli", "ko")):
        task = tasks.load(name)
        for split in task.splits:
            found = release.require_whole(release.locate(task, split, lang, [tmp_path]))
            assert reading.read([found], task, lang).num_rows > 0


def test_pairs_without_a_majority_are_counted(tmp_path):
    write(tmp_path, {"dev.json": lines(*OCNLI)})
    task, left_out = tasks.load("ocnli"), Counter()
    table = reading.read([release.locate(task, "dev", "zh", [tmp_path])], task, "zh", left_out=left_out)
    assert (table.num_rows, left_out) == (1, {"without a majority of annotators": 1})


BAD = {
    "OCNLI, a label of no language": (
        ("ocnli", "dev", "zh"),
        {"dev.json": lines(OCNLI[0], OCNLI[0] | {"label": "蕴含"})},
        ["dev.json", "line 2", "the label '蕴含'", "contradiction, entailment, neutral"],
    ),
    "OCNLI, labels by number": (
        ("ocnli", "dev", "zh"),
        {"dev.json": lines(OCNLI[0] | {"label": 1})},
        ["line 1.label", "found 1", "a string"],
    ),
    "OCNLI, no text": (("ocnli", "dev", "zh"), {"dev.json": lines({"sentence1": "好"})}, ["line 1", "'sentence2'"]),
    "OCNLI, training data without labels": (
        ("ocnli", "train", "zh"),
        {"train.3k.json": lines(*OCNLI_TEST)},
        ["train.3k.json", "line 1", "no label", "labels in training data"],
    ),
    "IndoNLI, the label spelled out": (
        ("indonli", "dev", "id"),
        {"val.jsonl": lines(INDONLI[0], INDONLI[1] | {"label": "neutral"})},
        ["val.jsonl", "line 2", "the label 'neutral'", "one of c, e, n"],
    ),
    "IndoNLI, an array": (
        ("indonli", "dev", "id"),
        {"val.jsonl": '[\n{"premise": "Dia."}\n]\n'},
        ["val.jsonl", "line 1", "valid JSON"],
    ),
    "KorNLI, a column too few": (
        ("kornli", "dev", "ko"),
        {"xnli.dev.ko.tsv": KORNLI + "맑다.\tneutral\n"},
        ["xnli.dev.ko.tsv", "line 4", "2 columns", "3 columns"],
    ),
    "KorNLI, no header": (
        ("kornli", "dev", "ko"),
        {"xnli.dev.ko.tsv": KORNLI.partition("\n")[2]},
        ["line 1", "the column 'sentence1'"],
    ),
    "KorNLI, not UTF-8": (
        ("kornli", "dev", "ko"),
        {"xnli.dev.ko.tsv": KORNLI.encode() + "맑다.".encode("euc-kr")},
        ["xnli.dev.ko.tsv", "line 4", "UTF-8"],
    ),
    "FarsTail, a quote that is not closed": (
        ("farstail", "dev", "fa"),
        {"Val-word.csv": FARSTAIL + '"باران\tهوا\tn\n'},
        ["Val-word.csv", "line 4", "quoted"],
    ),
    "FarsTail, a quote that closes in a later row": (
        ("farstail", "dev", "fa"),
        {"Val-word.csv": FARSTAIL + '"باران\tهوا\tn\nاو\t"خشک\tn\n'},
        ["Val-word.csv", "line 4", "quoted"],
    ),
    "FarsTail, separated by commas": (
        ("farstail", "dev", "fa"),
        {"Val-word.csv": FARSTAIL.replace("\t", ",")},
        ["line 1", "a header with the column 'premise'"],
    ),
    "FarsTail, a field too many": (
        ("farstail", "dev", "fa"),
        {"Val-word.csv": FARSTAIL + "باران\tهوا\tسرد\tn\n"},
        ["Val-word.csv", "line 4", "4 fields", "3 fields"],
    ),
    "FarsTail, the label spelled out": (
        ("farstail", "dev", "fa"),
        {"Val-word.csv": FARSTAIL + "باران\tهوا\tneutral\n"},
        ["line 4", "the label 'neutral'", "one of c, e, n"],
    ),
    "AmericasNLI, another language": (
        ("americasnli", "dev", "gn"),
        {"dev.tsv": AMERICAS},
        ["dev.tsv", "no example in 'gn'", "2 in another language"],
    ),
    "AmericasNLI, without a header, as in a former version": (
        ("americasnli", "test", "quy"),
        {"test/quy.tsv": AMERICAS.partition("\n")[2]},
        ["quy.tsv", "line 1", "a header with the column 'language'"],
    ),
}


@pytest.mark.parametrize(("place", "files", "expected"), BAD.values(), ids=BAD)
def test_a_bad_file_is_refused_with_its_place(tmp_path, place, files, expected):
    name, split, lang = place
    with pytest.raises(DataError) as raised:
        read(tmp_path, name, files, split, lang)
    for part in expected:
        assert part in str(raised.value)


def test_files_that_are_missing_are_said_with_their_source(tmp_path):
    for name, lang, address in (
        ("ocnli", "zh", "github.com/CLUEbenchmark/OCNLI"),
        ("indonli", "id", "github.com/ir-nlp-csui/indonli"),
        ("farstail", "fa", "github.com/dml-qom/FarsTail"),
        ("kornli", "ko", "github.com/kakaobrain/KorNLUDatasets"),
        ("americasnli", "quy", "github.com/abteen/americasnli"),
    ):
        message = str(release.missing(tasks.load(name), "dev", lang, [tmp_path]))
        assert address in message
        assert f"tasks.{name}.folders" in message


@pytest.mark.parametrize(
    ("name", "folder", "split", "lang", "rows", "left_out"),
    [
        ("ocnli", "nli_other_languages/ocnli", "train", "zh", 1995, 5),
        ("ocnli", "nli_other_languages/ocnli", "dev", "zh", 494, 6),
        ("indonli", "nli_other_languages/indonli", "train", "id", 2000, 0),
        ("indonli", "nli_other_languages/indonli", "dev", "id", 500, 0),
    ],
)
def test_the_samples_are_read_whole(samples, name, folder, split, lang, rows, left_out):
    task, counted = tasks.load(name), Counter()
    found = release.require_whole(release.locate(task, split, lang, [samples / folder]))
    table = reading.read([found], task, lang, left_out=counted)
    assert (table.num_rows, counted.total()) == (rows, left_out)
    assert set(table["label"].to_pylist()) == set(task.labels)
