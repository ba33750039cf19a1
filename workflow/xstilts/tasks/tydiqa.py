"""TyDiQA-GoldP (Clark et al. 2020): questions by speakers of nine languages on a Wikipedia passage that answers them.

The benchmark evaluates on the released dev set, so `test` is that one. `dev`, on which a checkpoint is chosen in
English, is the same: jiant does so, and the release has no other. XTREME's copies of it have no answers; one can
predict on them, but neither choose nor score.
"""

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
)
