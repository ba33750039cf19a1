"""The facts of each task, taken from the lists of the benchmark, the releases and the papers."""

import re
from dataclasses import dataclass

import pytest

from xstilts import tasks

NLI = ("contradiction", "entailment", "neutral")
PANX = ("B-LOC", "B-ORG", "B-PER", "I-LOC", "I-ORG", "I-PER", "O")
UPOS = tuple("ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X".split())


@dataclass(frozen=True)
class Row:
    """What is expected of a task."""

    kind: str
    metric: str
    labels: tuple[str, ...] = ()
    stage: str | None = None
    languages: str = "en"


TASKS = {
    "anli": Row("classification", "accuracy", NLI, "anli"),
    "anli_plus": Row("classification", "accuracy", NLI, "anli_plus"),
    "mnli": Row("classification", "accuracy", NLI, "mnli"),
    "snli": Row("classification", "accuracy", NLI, "snli"),
    "qqp": Row("classification", "accuracy_f1", ("0", "1"), "qqp"),
    "squad_v1": Row("span", "squad", (), "squad_v1"),
    "squad_v2": Row("span", "squad_v2", (), "squad_v2"),
    "ccg": Row("tagging", "word_accuracy", (), "ccg"),
    "hellaswag": Row("multiple_choice", "accuracy", tuple("0123"), "hellaswag"),
    "cosmosqa": Row("multiple_choice", "accuracy", tuple("0123"), "cosmosqa"),
    "commonsenseqa": Row("multiple_choice", "accuracy", tuple("01234"), "commonsenseqa"),
    "siqa": Row("multiple_choice", "accuracy", tuple("012"), "siqa"),
    "copa": Row("multiple_choice", "accuracy", tuple("01"), "copa"),
    "ocnli": Row("classification", "accuracy", NLI, "ocnli", "zh"),
    "indonli": Row("classification", "accuracy", NLI, "indonli", "id"),
    "farstail": Row("classification", "accuracy", NLI, "farstail", "fa"),
    "kornli": Row("classification", "accuracy", NLI, "kornli", "ko"),
    "americasnli": Row("classification", "accuracy", NLI, "mnli", "aym bzd cni gn hch nah oto quy shp tar"),
    "tydiqa_mt": Row("span", "squad", (), "tydiqa_mt", "ar bn fi id ko ru sw te"),
    "xnli": Row("classification", "accuracy", NLI, "mnli", "ar bg de el en es fr hi ru sw th tr ur vi zh"),
    "pawsx": Row("classification", "accuracy", ("0", "1"), "pawsx", "de en es fr ja ko zh"),
    "udpos": Row(
        "tagging",
        "pos",
        UPOS,
        "udpos",
        "af ar bg de el en es et eu fa fi fr he hi hu id it ja kk ko mr nl pt ru ta te th tl tr ur vi yo zh",
    ),
    "panx": Row(
        "tagging",
        "chunks",
        PANX,
        "panx",
        "ar he vi id jv ms tl eu ml ta te af nl en de el bn hi mr ur fa fr it pt es bg ru ja ka ko th sw yo my zh kk "
        "tr et fi hu",
    ),
    "xquad": Row("span", "squad", (), "squad_v1", "en es de el ru tr ar vi th zh hi"),
    "mlqa": Row("span", "mlqa", (), "squad_v1", "en es de ar hi vi zh"),
    "tydiqa": Row("span", "squad", (), "tydiqa", "en ar bn fi id ko ru sw te"),
    "mlm": Row("masked_lm", "", languages=""),
    "tlm": Row("masked_lm", "", languages=""),
    "bucc2018": Row("retrieval", "bucc", (), None, "de fr ru zh"),
    "tatoeba": Row(
        "retrieval",
        "tatoeba",
        (),
        None,
        "ar he vi id jv tl eu ml ta te af nl de el bn hi mr ur fa fr it pt es bg ru ja ka ko th sw zh kk tr et fi hu",
    ),
}
"""Labels in the order of their ids; languages as XTREME lists them, the same set in its order."""


LICENCES = {
    "anli": "CC BY-NC 4.0",
    "anli_plus": "those of its parts",
    "snli": "CC BY-SA 4.0",
    "mnli": "see its release",
    "qqp": "Quora's terms, non-commercial use only",
    "squad_v1": "CC BY-SA 4.0",
    "squad_v2": "CC BY-SA 4.0",
    "hellaswag": "MIT",
    "ccg": "LDC2005T13",
    "cosmosqa": "CC BY 4.0",
    "commonsenseqa": "MIT",
    "siqa": "not stated",
    "copa": "see its release",
    "ocnli": "CC BY-NC 2.0",
    "indonli": "CC BY-SA 4.0 and Apache 2.0, by source",
    "farstail": "Apache 2.0",
    "kornli": "CC BY-SA 4.0",
    "americasnli": "CC BY-SA 4.0",
    "tydiqa_mt": "Apache 2.0",
    "xnli": "CC BY-NC 4.0",
    "pawsx": "free, with attribution",
    "udpos": "by treebank",
    "panx": "not stated",
    "xquad": "CC BY-SA 4.0",
    "mlqa": "CC BY-SA 3.0",
    "tydiqa": "Apache 2.0",
    "mlm": "CC BY-SA 3.0 and GFDL",
    "tlm": "that of your text",
    "bucc2018": "not stated",
    "tatoeba": "CC BY 2.0",
}


def test_the_package_has_these_tasks():
    """It may have others: a task that somebody has added needs no row here."""
    assert set(TASKS) <= set(tasks.names())


def test_each_has_its_licence_a_title_and_a_citation_with_its_year():
    assert {name: tasks.load(name).licence for name in TASKS} == LICENCES
    for name in TASKS:
        task = tasks.load(name)
        assert task.title, name
        assert re.fullmatch(r"\w.*\b(19|20)\d\d\. .*\.", task.citation), name
        assert not re.search(r"\n|  |^ | $", task.notes + task.citation), name
        assert not task.homepage or task.homepage.startswith("https://"), name


@pytest.mark.parametrize(("name", "expected"), TASKS.items(), ids=TASKS)
def test_a_task_is_what_it_should_be(name, expected):
    task = tasks.load(name)
    assert Row(task.kind, task.metric, task.labels, task.stage, " ".join(task.languages)) == expected
    assert task.name == name


def test_only_the_questions_of_squad_2_may_have_no_answer():
    assert [name for name in TASKS if tasks.load(name).unanswerable] == ["squad_v2"]


def test_only_bucc_has_a_threshold_and_it_is_tuned_on_dev():
    assert {name: tasks.load(name).threshold_split for name in TASKS if tasks.load(name).threshold_split} == {
        "bucc2018": "dev"
    }


def test_only_treebanks_lack_splits_in_some_languages():
    lacking = {name: tasks.load(name).missing_languages for name in TASKS if tasks.load(name).missing_languages}
    assert lacking == {"udpos": {"train": ("th", "tl", "yo"), "dev": ("kk", "th", "tl", "yo")}}


TRAINED_IN = {
    "anli": (162_865, 3_200),
    "anli_plus": (549_367 + 392_702 + 162_865, None),
    "mnli": (392_702, None),
    "snli": (549_367, 9_842),
    "qqp": (363_846, 40_430),
    "squad_v1": (87_599, 10_570),
    "squad_v2": (130_319, 11_873),
    "hellaswag": (39_905, 10_042),
    "cosmosqa": (25_262, 2_985),
    "commonsenseqa": (9_741, 1_221),
    "siqa": (33_410, 1_954),
    "copa": (400, 100),
    "pawsx": (49_401, 2_000),
    "panx": (20_000, 10_000),
    "udpos": (21_253, 3_974),
    "tydiqa": (3_696, 440),
}
"""Rows in English: train, dev. The English dev set of MultiNLI may be XNLI's, so that its number is not known."""


@pytest.mark.parametrize(("name", "expected"), TRAINED_IN.items(), ids=TRAINED_IN)
def test_english_splits_have_the_published_numbers_of_rows(name, expected):
    counts = tasks.load(name).counts
    assert tuple(counts.get(split, {}).get("en") for split in ("train", "dev")) == expected


def rows(languages: str, *numbers: int) -> dict[str, int]:
    """A number for each language, or one for all."""
    codes = languages.split()
    return dict(zip(codes, numbers * (len(codes) if len(numbers) == 1 else 1), strict=True))


XNLI_MT = "ar bg de el es fr hi ko ru sw th tr ur vi zh"
MLQA, TYDIQA = "ar de vi zh en es hi", "ar bn en fi id ko ru sw te"
EVALUATED = {
    ("xnli", "dev"): rows(TASKS["xnli"].languages, 2_490),
    ("xnli", "test"): rows(TASKS["xnli"].languages, 5_010),
    ("mnli", "train"): rows(f"en {XNLI_MT}", 392_702),
    ("mnli", "dev"): rows(XNLI_MT, 2_490),
    ("ocnli", "dev"): {"zh": 947 + 1_103 + 900},
    ("ocnli", "test"): {"zh": 3_000},
    ("indonli", "train"): {"id": 3_476 + 3_439 + 3_415},
    ("indonli", "dev"): {"id": 2_197},
    ("indonli", "test"): {"id": 2_201 + 2_984},
    ("farstail", "train"): {"fa": 7_266},
    ("farstail", "dev"): {"fa": 1_537},
    ("farstail", "test"): {"fa": 1_564},
    ("kornli", "train"): {"ko": 942_854},
    ("kornli", "dev"): {"ko": 3 * 830},
    ("kornli", "test"): {"ko": 3 * 1_670},
    # Of Nahuatl, the two releases have 376 and 585 dev pairs.
    ("americasnli", "dev"): rows("aym bzd gn hch quy shp tar", 743) | {"cni": 658, "oto": 222},
    ("americasnli", "test"): rows("aym bzd cni gn hch quy shp tar", 750) | {"nah": 738, "oto": 748},
    ("pawsx", "train"): rows(TASKS["pawsx"].languages, 49_401),
    ("pawsx", "test"): rows(TASKS["pawsx"].languages, 2_000),
    ("xquad", "test"): rows(TASKS["xquad"].languages, 1_190),
    ("mlqa", "dev"): rows(MLQA, 517, 512, 511, 504, 1_148, 500, 507),
    ("mlqa", "test"): rows(MLQA, 5_335, 4_517, 5_495, 5_137, 11_590, 5_253, 4_918),
    ("tydiqa", "train"): {"en": 3_696, "ko": 1_625, "sw": 2_755},
    ("tydiqa", "dev"): rows(TYDIQA, 921, 113, 440, 782, 565, 276, 812, 499, 669),
    ("tydiqa", "test"): rows(TYDIQA, 921, 113, 440, 782, 565, 276, 812, 499, 669),
    ("panx", "test"): rows("ar bg de el en es fa fi fr he hu id it ja ko nl pt ru th tr vi zh et eu ka", 10_000)
    | rows("bn ml tl ta ms ur af hi mr kk sw te", 1_000)
    | rows("jv my yo", 100),
    # Sentences of both sides.
    ("tatoeba", "test"): dict.fromkeys(TASKS["tatoeba"].languages.split(), 2 * 1_000)
    | rows("jv ka kk ml sw ta te th", 410, 1_492, 1_150, 1_374, 780, 614, 468, 1_096),
}


UD_OF_XTREME = {
    "dev": "ar 909, de 19233, en 3974, es 3054, fr 2903, hi 1659, ja 511, ko 3016, ru 8108, ta 80, te 131, tr 988, "
    "ur 552, vi 800, zh 1000",
    "train": "en 21253",
}
"""The sentences of the files that XTREME's script makes of UD 2.5, counted."""


@pytest.mark.parametrize("split", UD_OF_XTREME)
def test_treebanks_have_as_many_sentences_as_the_files_of_xtreme(split):
    counted = {lang: int(number) for lang, number in (part.split() for part in UD_OF_XTREME[split].split(", "))}
    counts = tasks.load("udpos").counts[split]
    assert {lang: counts[lang] for lang in counted} == counted


def test_the_languages_of_americasnli_add_up_to_the_published_sizes():
    counts = tasks.load("americasnli").counts
    assert sum(counts["dev"].values()) + 376 == 6_457
    assert sum(counts["dev"].values()) + 585 == 6_666
    assert sum(counts["test"].values()) == 7_486


@pytest.mark.parametrize(("place", "expected"), EVALUATED.items(), ids=map(" ".join, EVALUATED))
def test_evaluated_splits_have_the_published_numbers_of_rows(place, expected):
    name, split = place
    assert tasks.load(name).counts[split] == expected
