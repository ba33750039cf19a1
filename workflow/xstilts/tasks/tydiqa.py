"""Questions written by speakers of nine languages, with Wikipedia passages that answer them."""

from xstilts.sources.formats import squad
from xstilts.sources.formats.hub import questions as hub
from xstilts.sources.repositories import TYDIQA
from xstilts.task import Layout, Task

_TRAIN, _DEV = "tydiqa-goldp-v1.1-train", "tydiqa-goldp-v1.1-dev"

_EVALUATED = (
    Layout((f"{_DEV}/tydiqa-goldp-dev-{{name}}.json",), squad.read),
    Layout((f"{_DEV}.json",), squad.of_language),
    Layout((f"{_DEV}/tydiqa.goldp.{{lang}}.dev.json",), squad.read, unlabelled=("dev", "test")),
)

_EVALUATION_ROWS = {
    "en": 440,
    "ar": 921,
    "bn": 113,
    "fi": 782,
    "id": 565,
    "ko": 276,
    "ru": 812,
    "sw": 499,
    "te": 669,
}

TASK = Task(
    name="tydiqa",
    kind="span",
    metric="squad",
    languages=("en", "ar", "bn", "fi", "id", "ko", "ru", "sw", "te"),
    splits={
        "train": (
            Layout((f"{_TRAIN}.json",), squad.of_language),
            Layout((f"{_TRAIN}/{_TRAIN}.json",), squad.of_language),
            Layout((f"{_TRAIN}/tydiqa.goldp.{{lang}}.train.json",), squad.without_ids),
        ),
        "dev": _EVALUATED,
        "test": _EVALUATED,
    },
    stage="tydiqa",
    language_facts=("name",),
    hub=(
        TYDIQA.table("train", "secondary_task/train", hub.tydiqa),
        TYDIQA.table("dev", "secondary_task/validation", hub.tydiqa),
        TYDIQA.table("test", "secondary_task/validation", hub.tydiqa),
    ),
    counts={
        "train": {"en": 3_696, "ko": 1_625, "sw": 2_755},
        "dev": _EVALUATION_ROWS,
        "test": _EVALUATION_ROWS,
    },
    title="TyDiQA-GoldP",
    licence="Apache 2.0",
    citation=(
        "Clark, Choi, Collins, Garrette, Kwiatkowski, Nikolaev and Palomaki. 2020. TyDi QA: A Benchmark for "
        "Information-Seeking Question Answering in Typologically Diverse Languages. TACL."
    ),
    homepage="https://github.com/google-research-datasets/tydiqa",
    notes=(
        "The benchmark evaluates on the released dev set, which is `test` here. The release has no other, so "
        "checkpoints are chosen on its English part, as in jiant. XTREME's copies of it have no answers: with these, "
        "no checkpoint can be chosen (the last one is kept) and nothing can be scored. Training uses the English part "
        "alone by default; jiant's script trains on all nine languages by mistake."
    ),
    estimates={
        "train": {"subwords": 165, "windows": 1.04, "rows": 6_967},
        "dev": {"subwords": 160, "windows": 1.06},
        "test": {"subwords": 160, "windows": 1.06},
    },
)
