"""The English training questions of TyDiQA-GoldP, translated by XTREME; checkpoints are chosen on native questions."""

from xstilts.sources.formats import squad
from xstilts.task import Layout, Task

_DEV = "tydiqa-goldp-v1.1-dev"

TASK = Task(
    name="tydiqa_mt",
    kind="span",
    metric="squad",
    languages=("ar", "bn", "fi", "id", "ko", "ru", "sw", "te"),
    splits={
        "train": tuple(
            Layout((f"{folder}tydiqa.translate.train.en-{{lang}}.json",), squad.translation)
            for folder in ("", "translate-train/", "TyDiQA-GoldP/translate-train/")
        ),
        "dev": (
            Layout((f"{_DEV}/tydiqa-goldp-dev-{{name}}.json",), squad.read),
            Layout((f"{_DEV}.json",), squad.of_language),
        ),
    },
    aligned=True,
    stage="tydiqa_mt",
    folders=("tydiqa_mt", "tydiqa"),
    language_facts=("name",),
    manual_download=(
        "for train, translate-train/tydiqa.translate.train.en-{lang}.json of TyDiQA-GoldP in XTREME's translations "
        "(gs://xtreme_translations); for dev, tydiqa-goldp-v1.1-dev.json of the release of TyDiQA-GoldP"
    ),
    title="TyDiQA-GoldP, translated",
    licence="Apache 2.0",
    citation=(
        "Hu, Ruder, Siddhant, Neubig, Firat and Johnson. 2020. XTREME: A Massively Multilingual Multi-task Benchmark "
        "for Evaluating Cross-lingual Generalization. ICML."
    ),
    homepage="https://github.com/google-research/xtreme",
    notes=(
        "The English training set of TyDiQA-GoldP (3,696 questions), translated by XTREME: a task of its own, since "
        "`tydiqa` has questions that were asked in these languages. Questions whose answer was not found in the "
        "translation are left out. The dev set is the native one of `tydiqa`, which is also its test set."
    ),
    translated=("ar", "bn", "fi", "id", "ko", "ru", "sw", "te"),
    overlaps={"train": ("tydiqa.train",), "dev": ("tydiqa.dev", "tydiqa.test")},
    estimates={
        "train": {"subwords": 165, "windows": 1.04, "rows": 3_500},
        "dev": {"subwords": 160, "windows": 1.06, "rows": 580},
    },
)
