"""Does a premise entail a hypothesis, contradict it, or neither?"""

from xstilts.sources.formats import nli, pairs
from xstilts.sources.formats.hub import pairs as hub
from xstilts.sources.repositories import GLUE, XNLI
from xstilts.task import Layout, Task

_ENGLISH = ("en",)
_KOREAN = ("ko",)
_TRANSLATED = ("ar", "bg", "de", "el", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh")

TASK = Task(
    name="mnli",
    kind="classification",
    metric="accuracy",
    languages=_ENGLISH,
    splits={
        "train": (
            Layout(("multinli_1.0_train.jsonl",), pairs.multinli_jsonl, languages=_ENGLISH),
            Layout(("multinli_1.0/multinli_1.0_train.jsonl",), pairs.multinli_jsonl, languages=_ENGLISH),
            Layout(("train.tsv",), pairs.glue_mnli, languages=_ENGLISH),
            Layout(("MNLI/train.tsv",), pairs.glue_mnli, languages=_ENGLISH),
            Layout(("multinli.train.{lang}.tsv",), nli.kornli, languages=_KOREAN),
            Layout(("KorNLI/multinli.train.{lang}.tsv",), nli.kornli, languages=_KOREAN),
            Layout(("XNLI-MT-1.0/multinli/multinli.train.{lang}.tsv",), pairs.xnli_mt),
            Layout(("multinli.train.{lang}.tsv",), pairs.xnli_mt),
            Layout(("train-{lang}.tsv",), pairs.xtreme),
            Layout(("translate-train/en-{lang}-translated.tsv",), pairs.xtreme_translation, languages=_TRANSLATED),
            Layout(("XNLI/translate-train/en-{lang}-translated.tsv",), pairs.xtreme_translation, languages=_TRANSLATED),
        ),
        "dev": (
            Layout(("multinli_1.0_dev_matched.jsonl",), pairs.multinli_jsonl, languages=_ENGLISH),
            Layout(("multinli_1.0/multinli_1.0_dev_matched.jsonl",), pairs.multinli_jsonl, languages=_ENGLISH),
            Layout(("dev_matched.tsv",), pairs.glue_mnli, languages=_ENGLISH),
            Layout(("MNLI/dev_matched.tsv",), pairs.glue_mnli, languages=_ENGLISH),
            Layout(("xnli.dev.{lang}.tsv",), nli.kornli, languages=_KOREAN),
            Layout(("KorNLI/xnli.dev.{lang}.tsv",), nli.kornli, languages=_KOREAN),
            Layout(("XNLI-1.0/xnli.dev.tsv",), pairs.xnli_tsv),
            Layout(("XNLI-1.0/xnli.dev.jsonl",), pairs.xnli_jsonl),
            Layout(("dev-{lang}.tsv",), pairs.xtreme),
        ),
    },
    labels=("contradiction", "entailment", "neutral"),
    aligned=True,
    stage="mnli",
    folders=("mnli", "xnli", "kornli"),
    hub=(
        GLUE.table("train", "mnli/train", hub.nli, "en"),
        GLUE.table("dev", "mnli/validation_matched", hub.nli, "en"),
        XNLI.table("train", "{lang}/train", hub.nli, *_TRANSLATED),
        XNLI.table("dev", "{lang}/validation", hub.nli, *_TRANSLATED),
    ),
    counts={
        "train": dict.fromkeys(("en", *_TRANSLATED, *_KOREAN), 392_702),
        "dev": dict.fromkeys((*_TRANSLATED, *_KOREAN), 2_490),
    },
    title="MultiNLI",
    licence="see its release",
    citation=(
        "Williams, Nangia and Bowman. 2018. A Broad-Coverage Challenge Corpus for Sentence Understanding through "
        "Inference. NAACL-HLT."
    ),
    homepage="https://www.nyu.edu/projects/bowman/multinli/",
    notes=(
        "Training data in other languages are the machine translations of XNLI-MT; without them, `source: release` "
        "reads those of XTREME (`XNLI` in `gs://xtreme_translations`). Korean is that of KorNLI, which is not on the "
        "hub and is another translation. The matched dev set of MultiNLI (9,815 pairs) exists in English "
        "only; where its files are missing, the dev set of XNLI is read instead, on which XTREME chooses checkpoints."
    ),
    trained_in=("en", "ar", "bg", "de", "el", "es", "fr", "hi", "ko", "ru", "sw", "th", "tr", "ur", "vi", "zh"),
    translated=("ar", "bg", "de", "el", "es", "fr", "hi", "ko", "ru", "sw", "th", "tr", "ur", "vi", "zh"),
    overlaps={"dev": ("xnli.dev",)},
    estimates={"train": {"subwords": 45}},
)
