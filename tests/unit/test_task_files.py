"""Which files belong to which split of a task, and the facts of each task, taken from the cards and the papers."""

from fnmatch import fnmatch
from pathlib import Path

import pytest
from released import question, squad, write
from test_hub_tasks import CASES
from test_task_table import TASKS

from xstilts import tasks
from xstilts.sources import files, reading, release

HUB = {
    ("anli", "train", "en"): ("facebook/anli", *(f"plain_text/train_r{n}-*.parquet" for n in (1, 2, 3))),
    ("anli", "dev", "en"): ("facebook/anli", *(f"plain_text/dev_r{n}-*.parquet" for n in (1, 2, 3))),
    ("commonsenseqa", "train", "en"): ("tau/commonsense_qa", "data/train-*.parquet"),
    ("commonsenseqa", "dev", "en"): ("tau/commonsense_qa", "data/validation-*.parquet"),
    ("copa", "train", "en"): ("aps/super_glue", "copa/train-*.parquet"),
    ("copa", "dev", "en"): ("aps/super_glue", "copa/validation-*.parquet"),
    ("cosmosqa", "train", "en"): ("Samsoup/cosmos_qa", "data/train-*.parquet"),
    ("cosmosqa", "dev", "en"): ("Samsoup/cosmos_qa", "data/validation-*.parquet"),
    ("hellaswag", "train", "en"): ("Rowan/hellaswag", "data/train-*.parquet"),
    ("hellaswag", "dev", "en"): ("Rowan/hellaswag", "data/validation-*.parquet"),
    **{
        ("mlm", split, "zh"): ("wikimedia/wikipedia", "20231101.zh/train-00000-of-*.parquet")
        for split in ("train", "dev")
    },
    ("mlqa", "dev", "zh"): ("google/xtreme", "MLQA.zh.zh/validation-*.parquet"),
    ("mlqa", "test", "zh"): ("google/xtreme", "MLQA.zh.zh/test-*.parquet"),
    ("mnli", "train", "en"): ("nyu-mll/glue", "mnli/train-*.parquet"),
    ("mnli", "dev", "en"): ("nyu-mll/glue", "mnli/validation_matched-*.parquet"),
    ("mnli", "train", "zh"): ("facebook/xnli", "zh/train-*.parquet"),
    ("mnli", "dev", "zh"): ("facebook/xnli", "zh/validation-*.parquet"),
    ("panx", "train", "zh"): ("google/xtreme", "PAN-X.zh/train-*.parquet"),
    ("panx", "dev", "zh"): ("google/xtreme", "PAN-X.zh/validation-*.parquet"),
    ("panx", "test", "zh"): ("google/xtreme", "PAN-X.zh/test-*.parquet"),
    ("pawsx", "train", "zh"): ("google-research-datasets/paws-x", "zh/train-*.parquet"),
    ("pawsx", "dev", "zh"): ("google-research-datasets/paws-x", "zh/validation-*.parquet"),
    ("pawsx", "test", "zh"): ("google-research-datasets/paws-x", "zh/test-*.parquet"),
    ("qqp", "train", "en"): ("nyu-mll/glue", "qqp/train-*.parquet"),
    ("qqp", "dev", "en"): ("nyu-mll/glue", "qqp/validation-*.parquet"),
    ("siqa", "train", "en"): ("lighteval/siqa", "data/train-*.parquet"),
    ("siqa", "dev", "en"): ("lighteval/siqa", "data/validation-*.parquet"),
    ("snli", "train", "en"): ("stanfordnlp/snli", "plain_text/train-*.parquet"),
    ("snli", "dev", "en"): ("stanfordnlp/snli", "plain_text/validation-*.parquet"),
    ("squad_v1", "train", "en"): ("rajpurkar/squad", "plain_text/train-*.parquet"),
    ("squad_v1", "dev", "en"): ("rajpurkar/squad", "plain_text/validation-*.parquet"),
    ("squad_v2", "train", "en"): ("rajpurkar/squad_v2", "squad_v2/train-*.parquet"),
    ("squad_v2", "dev", "en"): ("rajpurkar/squad_v2", "squad_v2/validation-*.parquet"),
    ("tatoeba", "test", "zh"): ("mteb/tatoeba-bitext-mining", "test/cmn-eng.jsonl.gz"),
    # Its card: train 49,881 and validation 5,077, there is no test; the benchmark evaluates on validation.
    ("tydiqa", "train", "ko"): ("google-research-datasets/tydiqa", "secondary_task/train-*.parquet"),
    ("tydiqa", "dev", "ko"): ("google-research-datasets/tydiqa", "secondary_task/validation-*.parquet"),
    ("tydiqa", "test", "ko"): ("google-research-datasets/tydiqa", "secondary_task/validation-*.parquet"),
    ("xnli", "dev", "zh"): ("facebook/xnli", "zh/validation-*.parquet"),
    ("xnli", "test", "zh"): ("facebook/xnli", "zh/test-*.parquet"),
    # Its card: one split of 1,190 questions, called validation, which is the benchmark's test.
    ("xquad", "test", "zh"): ("google/xquad", "xquad.zh/validation-*.parquet"),
}
"""The repository and the files of each split that the hub has."""

ARCHIVES = {
    ("bucc2018", "dev", "zh"): "bucc2018-zh-en.sample",
    ("bucc2018", "test", "zh"): "bucc2018-zh-en.training",
    **{("udpos", split, "zh"): "ud-treebanks-v2.5" for split in ("train", "dev", "test")},
}

BUCC = {
    split: [
        *((f"zh-en.{own}.zh", f"zh-en.{own}.en", f"zh-en.{own}.gold") for own in (split, released)),
        tuple(f"zh-en/zh-en.{released}.{end}" for end in ("zh", "en", "gold")),
        *((f"zh-en.{own}.zh", f"zh-en.{own}.en") for own in (split, released)),
        tuple(f"zh-en/zh-en.{released}.{end}" for end in ("zh", "en")),
    ]
    for split, released in (("dev", "sample"), ("test", "training"))
}


def each(*names: str) -> list[tuple[str]]:
    """Layouts of one file."""
    return [(name,) for name in names]


def panx(split: str) -> list[tuple[str]]:
    return each(f"zh/{split}", f"panx_dataset/zh/{split}", f"panx_dataset/zh-{split}", f"{split}-zh.tsv")


def auto(*sections: int) -> list[tuple[str, ...]]:
    return [
        tuple(f"{folder}/{section:02}/wsj_*.auto" for section in sections)
        for folder in ("AUTO", "data/AUTO", "ccgbank_1_1/data/AUTO")
    ]


def ccg(split: str) -> list[tuple[str]]:
    """The extracts in every order in which they are looked for."""
    columns = each(f"{split}.tsv", f"ccg.{split}", f"CCG/{split}.tsv", f"CCG/ccg.{split}")
    return [*columns, *each(f"{split}.stagged", f"CCG/{split}.stagged")]


def xnli(split: str) -> list[tuple[str]]:
    return each(
        f"XNLI-1.0/xnli.{split}.tsv",
        f"XNLI-1.0/xnli.{split}.jsonl",
        f"xnli.{split}.tsv",
        f"xnli.{split}.jsonl",
        f"{split}-zh.tsv",
    )


def anli(split: str) -> list[tuple[str, ...]]:
    return [tuple(f"{folder}R{n}/{split}.jsonl" for n in (1, 2, 3)) for folder in ("", "anli_v1.0/", "anli_v0.1/")]


def below(*folders: str, file: str) -> list[tuple[str]]:
    return each(*(f"{folder}{file}" for folder in folders))


def ocnli(*names: str) -> list[tuple[str]]:
    return [one for name in names for one in below("", "ocnli/", "data/ocnli/", file=f"{name}.json")]


def indonli(name: str) -> list[tuple[str]]:
    return below("", "indonli/", "data/indonli/", file=f"{name}.jsonl")


TYDIQA = each(
    "tydiqa-goldp-v1.1-dev/tydiqa-goldp-dev-korean.json",
    "tydiqa-goldp-v1.1-dev.json",
    "tydiqa-goldp-v1.1-dev/tydiqa.goldp.ko.dev.json",
)

RELEASES = {
    **{
        ("americasnli", split, "quy"): [
            *below("", "anli_final/", "data/anli_final/", file=f"{split}/quy.tsv"),
            (f"{split}.tsv",),
        ]
        for split in ("dev", "test")
    },
    ("anli", "train", "en"): anli("train"),
    ("anli", "dev", "en"): anli("dev"),
    ("anli_plus", "train", "en"): [],
    ("anli_plus", "dev", "en"): [],
    ("bucc2018", "dev", "zh"): BUCC["dev"],
    ("bucc2018", "test", "zh"): BUCC["test"],
    ("ccg", "train", "en"): [
        *((name, f"{name.rpartition('/')[0]}/tags_to_id.json".lstrip("/")) for (name,) in ccg("train")[:4]),
        *ccg("train"),
        *auto(*range(2, 22)),
    ],
    ("ccg", "dev", "en"): [*ccg("dev"), *auto(0)],
    ("commonsenseqa", "train", "en"): each("train_rand_split.jsonl"),
    ("commonsenseqa", "dev", "en"): each("dev_rand_split.jsonl"),
    ("copa", "train", "en"): each("train.jsonl", "COPA/train.jsonl", "train-en.jsonl"),
    ("copa", "dev", "en"): each("val.jsonl", "COPA/val.jsonl", "val-en.jsonl"),
    ("cosmosqa", "train", "en"): each("train.csv", "data/train.csv", "train.jsonl", "data/train.jsonl"),
    ("cosmosqa", "dev", "en"): each("valid.csv", "data/valid.csv", "valid.jsonl", "data/valid.jsonl"),
    **{
        ("farstail", split, "fa"): below("", "data/", file=f"{name}-word.csv")
        for split, name in (("train", "Train"), ("dev", "Val"), ("test", "Test"))
    },
    ("hellaswag", "train", "en"): each("hellaswag_train.jsonl", "data/hellaswag_train.jsonl"),
    ("hellaswag", "dev", "en"): each("hellaswag_val.jsonl", "data/hellaswag_val.jsonl"),
    ("indonli", "train", "id"): indonli("train"),
    ("indonli", "dev", "id"): indonli("val"),
    ("indonli", "test", "id"): [
        *indonli("test"),
        *((f"{folder}test_lay.jsonl", f"{folder}test_expert.jsonl") for folder in ("", "indonli/", "data/indonli/")),
    ],
    ("kornli", "train", "ko"): [
        (f"{folder}multinli.train.ko.tsv", f"{folder}snli_1.0_train.ko.tsv") for folder in ("", "KorNLI/")
    ],
    ("kornli", "dev", "ko"): below("", "KorNLI/", file="xnli.dev.ko.tsv"),
    ("kornli", "test", "ko"): below("", "KorNLI/", file="xnli.test.ko.tsv"),
    **{
        ("mlqa", split, "zh"): each(*(f"{folder}{split}/{split}-context-zh-question-zh.json" for folder in folders))
        for split in ("dev", "test")
        for folders in [("MLQA_V1/", "")]
    },
    ("mnli", "train", "en"): each(
        "multinli_1.0_train.jsonl",
        "multinli_1.0/multinli_1.0_train.jsonl",
        "train.tsv",
        "MNLI/train.tsv",
        "XNLI-MT-1.0/multinli/multinli.train.en.tsv",
        "multinli.train.en.tsv",
        "train-en.tsv",
    ),
    ("mnli", "train", "zh"): each(
        "XNLI-MT-1.0/multinli/multinli.train.zh.tsv",
        "multinli.train.zh.tsv",
        "train-zh.tsv",
        "translate-train/en-zh-translated.tsv",
        "XNLI/translate-train/en-zh-translated.tsv",
    ),
    ("mnli", "train", "ko"): each(
        "multinli.train.ko.tsv",
        "KorNLI/multinli.train.ko.tsv",
        "XNLI-MT-1.0/multinli/multinli.train.ko.tsv",
        "multinli.train.ko.tsv",
        "train-ko.tsv",
    ),
    ("mnli", "dev", "ko"): each(
        "xnli.dev.ko.tsv", "KorNLI/xnli.dev.ko.tsv", "XNLI-1.0/xnli.dev.tsv", "XNLI-1.0/xnli.dev.jsonl", "dev-ko.tsv"
    ),
    ("mnli", "dev", "en"): each(
        "multinli_1.0_dev_matched.jsonl",
        "multinli_1.0/multinli_1.0_dev_matched.jsonl",
        "dev_matched.tsv",
        "MNLI/dev_matched.tsv",
        "XNLI-1.0/xnli.dev.tsv",
        "XNLI-1.0/xnli.dev.jsonl",
        "dev-en.tsv",
    ),
    ("mnli", "dev", "zh"): each("XNLI-1.0/xnli.dev.tsv", "XNLI-1.0/xnli.dev.jsonl", "dev-zh.tsv"),
    ("ocnli", "train", "zh"): ocnli("train.50k", "train.30k", "train.10k", "train.3k"),
    ("ocnli", "dev", "zh"): ocnli("dev"),
    ("ocnli", "test", "zh"): ocnli("test"),
    **{("panx", split, "zh"): panx(split) for split in ("train", "dev", "test")},
    ("pawsx", "train", "zh"): each(
        "zh/train.tsv",
        "x-final/zh/train.tsv",
        "zh/translated_train.tsv",
        "x-final/zh/translated_train.tsv",
        "train-zh.tsv",
        "translate-train/en-zh-translated.tsv",
        "PAWSX/translate-train/en-zh-translated.tsv",
    ),
    ("pawsx", "dev", "zh"): each("zh/dev_2k.tsv", "x-final/zh/dev_2k.tsv", "dev-zh.tsv"),
    ("pawsx", "test", "zh"): each("zh/test_2k.tsv", "x-final/zh/test_2k.tsv", "test-zh.tsv"),
    **{("mlm", split, "zh"): each("zh.txt") for split in ("train", "dev")},
    **{("tlm", split, "de-zh"): [("de-zh.de.txt", "de-zh.zh.txt"), ("de-zh.tsv",)] for split in ("train", "dev")},
    ("qqp", "train", "en"): each("train.tsv", "QQP/train.tsv"),
    ("qqp", "dev", "en"): each("dev.tsv", "QQP/dev.tsv"),
    **{
        ("siqa", split, "en"): [
            *each(f"socialIQa_v1.4_{name}.jsonl", f"socialIQa_v1.4/socialIQa_v1.4_{name}.jsonl"),
            (f"{split}.jsonl", f"{split}-labels.lst"),
            (f"socialiqa-train-dev/{split}.jsonl", f"socialiqa-train-dev/{split}-labels.lst"),
        ]
        for split, name in (("train", "trn"), ("dev", "dev"))
    },
    **{
        ("snli", split, "en"): each(
            f"snli_1.0_{split}.jsonl", f"snli_1.0/snli_1.0_{split}.jsonl", f"{split}.tsv", f"SNLI/{split}.tsv"
        )
        for split in ("train", "dev")
    },
    ("squad_v1", "train", "en"): each("train-v1.1.json"),
    ("squad_v1", "dev", "en"): each("dev-v1.1.json"),
    **{
        ("squad_v1", split, "zh"): below(
            "", f"translate-{split}/", f"SQuAD/translate-{split}/", file=f"squad.translate.{split}.en-zh.json"
        )
        for split in ("train", "dev")
    },
    ("squad_v2", "train", "en"): each("train-v2.0.json"),
    ("squad_v2", "dev", "en"): each("dev-v2.0.json"),
    ("tatoeba", "test", "zh"): [("tatoeba.cmn-eng.cmn", "tatoeba.cmn-eng.eng"), ("zh-en.zh", "zh-en.en")],
    ("tydiqa", "train", "ko"): each(
        "tydiqa-goldp-v1.1-train.json",
        "tydiqa-goldp-v1.1-train/tydiqa-goldp-v1.1-train.json",
        "tydiqa-goldp-v1.1-train/tydiqa.goldp.ko.train.json",
    ),
    ("tydiqa_mt", "train", "ko"): below(
        "", "translate-train/", "TyDiQA-GoldP/translate-train/", file="tydiqa.translate.train.en-ko.json"
    ),
    ("tydiqa_mt", "dev", "ko"): TYDIQA[:2],
    ("tydiqa", "dev", "ko"): TYDIQA,
    ("tydiqa", "test", "ko"): TYDIQA,
    **{
        ("udpos", split, "zh"): each(f"UD_*/zh_*-ud-{split}.conllu", f"{split}-zh.tsv")
        for split in ("train", "dev", "test")
    },
    ("xnli", "dev", "zh"): xnli("dev"),
    ("xnli", "test", "zh"): xnli("test"),
    ("xquad", "test", "zh"): each("xquad.zh.json"),
}
"""The files of each split in every layout of its release and of XTREME, in the order in which they are looked for."""


@pytest.mark.parametrize(("place", "expected"), HUB.items(), ids=map(" ".join, HUB))
def test_a_split_of_the_hub_is_in_these_files(place, expected):
    name, split, lang = place
    found = files.on_hub(tasks.load(name), split, lang)
    assert (found.repository.name, *release.file_names(found.layout, split, lang)) == expected


ALIKE = [place for place in HUB if place[0] != "mlm" and place[:2] != ("pawsx", "train")]


@pytest.mark.parametrize("place", ALIKE, ids=map(" ".join, ALIKE))
def test_every_split_of_the_hub_is_read_alike(tmp_path: Path, place):
    """What is known of the rows of one split holds for the others of the task; only PAWS-X trains on fewer."""
    name, split, _ = place
    (_, known, lang), served, expected = next(case for case in CASES.values() if case[0][0] == name)
    task = tasks.load(name)
    before, after = (files.on_hub(task, one, lang).layout for one in (known, split))
    renamed = {
        new.replace("*", path.partition(old.partition("*")[0])[2].partition(".")[0]): content
        for old, new in zip(
            release.file_names(before, known, lang), release.file_names(after, split, lang), strict=True
        )
        for path, content in served.items()
        if fnmatch(path, old)
    }
    found = release.at(write(tmp_path, renamed), after, task, split, lang)
    assert reading.read([found], task, lang).to_pylist() == expected


@pytest.mark.parametrize(("place", "expected"), ARCHIVES.items(), ids=map(" ".join, ARCHIVES))
def test_a_split_of_an_archive_is_in_this_one(place, expected):
    name, split, lang = place
    assert files.in_archive(tasks.load(name), split, lang) == expected


@pytest.mark.parametrize(("place", "expected"), RELEASES.items(), ids=map(" ".join, RELEASES))
def test_a_split_of_a_release_is_in_these_files(place, expected):
    name, split, lang = place
    found = [
        tuple(release.file_names(layout, split, lang)) for layout in tasks.load(name).splits[split] if layout.has(lang)
    ]
    assert found == expected


ISO3 = (
    "afr-af ara-ar bul-bg ben-bn deu-de ell-el spa-es est-et eus-eu pes-fa fin-fi fra-fr heb-he hin-hi hun-hu ind-id "
    "ita-it jpn-ja jav-jv kat-ka kaz-kk kor-ko mal-ml mar-mr nld-nl por-pt rus-ru swh-sw tam-ta tel-te tha-th tgl-tl "
    "tur-tr urd-ur vie-vi cmn-zh"
)
"""Tatoeba's languages in LASER's file names and in XTREME's, as the benchmark's `utils_preprocess.py` pairs them."""


@pytest.mark.parametrize("pair", ISO3.split())
def test_each_language_of_tatoeba_is_read_from_its_own_file(pair):
    iso3, lang = pair.split("-")
    task = tasks.load("tatoeba")
    released, _ = (release.file_names(layout, "test", lang) for layout in task.splits["test"])
    assert released == [f"tatoeba.{iso3}-eng.{iso3}", f"tatoeba.{iso3}-eng.eng"]
    assert release.file_names(files.on_hub(task, "test", lang).layout, "test", lang) == [f"test/{iso3}-eng.jsonl.gz"]


def test_the_languages_of_tatoeba_are_these():
    assert {pair[4:] for pair in ISO3.split()} == set(tasks.load("tatoeba").languages)


TYDIQA_NAMES = "arabic-ar bengali-bn english-en finnish-fi indonesian-id korean-ko russian-ru swahili-sw telugu-te"


@pytest.mark.parametrize("pair", TYDIQA_NAMES.split())
def test_each_language_of_tydiqa_is_known_by_its_name_in_files_and_ids(tmp_path, pair):
    name, lang = pair.split("-")
    task, own = tasks.load("tydiqa"), question(f"{name}-1-0")
    named, of_all, _ = task.splits["test"]
    assert release.file_names(named, "test", lang) == [f"tydiqa-goldp-v1.1-dev/tydiqa-goldp-dev-{name}.json"]
    others = [question(f"{other.partition('-')[0]}-1-0") for other in TYDIQA_NAMES.split() if other != pair]
    found = release.at(write(tmp_path, {"tydiqa-goldp-v1.1-dev.json": squad(*others, own)}), of_all, task, "test", lang)
    assert reading.read([found], task, lang)["id"].to_pylist() == [own["id"]]


def test_every_split_of_every_known_task_is_among_these():
    everything = {(name, split) for name in TASKS for split in tasks.load(name).splits}
    assert {place[:2] for place in RELEASES} == everything
    assert {place[:2] for place in HUB} == {(name, hub.split) for name in TASKS for hub in tasks.load(name).hub}
    assert {place[:2] for place in ARCHIVES} == {(name, split) for name in TASKS for split in tasks.load(name).archives}
    without = {place for place in everything if tasks.load(place[0]).pools or tasks.load(place[0]).manual_download}
    assert {place[:2] for place in (*HUB, *ARCHIVES)} == everything - without
