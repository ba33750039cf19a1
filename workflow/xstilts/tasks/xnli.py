"""Natural language inference in 15 languages; models are trained on MultiNLI.

XTREME's test files have no labels; those of the release do.
"""

from xstilts.sources.formats import pairs
from xstilts.sources.formats.hub import pairs as hub
from xstilts.sources.repositories import XNLI
from xstilts.task import Layout, Task

_LAYOUTS = (
    Layout(("XNLI-1.0/xnli.{split}.tsv",), pairs.xnli_tsv),
    Layout(("XNLI-1.0/xnli.{split}.jsonl",), pairs.xnli_jsonl),
    Layout(("xnli.{split}.tsv",), pairs.xnli_tsv),
    Layout(("xnli.{split}.jsonl",), pairs.xnli_jsonl),
    Layout(("{split}-{lang}.tsv",), pairs.xtreme, unlabelled=("test",)),
)

_LANGUAGES = ("ar", "bg", "de", "el", "en", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh")

TASK = Task(
    name="xnli",
    kind="classification",
    metric="accuracy",
    languages=_LANGUAGES,
    splits={"dev": _LAYOUTS, "test": _LAYOUTS},
    labels=("contradiction", "entailment", "neutral"),
    stage="mnli",
    hub=(XNLI.table("dev", "{lang}/validation", hub.nli), XNLI.table("test", "{lang}/test", hub.nli)),
    counts={"dev": dict.fromkeys(_LANGUAGES, 2_490), "test": dict.fromkeys(_LANGUAGES, 5_010)},
    title="XNLI",
    licence="CC BY-NC 4.0",
    citation=(
        "Conneau, Rinott, Lample, Williams, Bowman, Schwenk and Stoyanov. 2018. XNLI: Evaluating Cross-lingual "
        "Sentence Representations. EMNLP."
    ),
    homepage="https://github.com/facebookresearch/XNLI",
    estimates={
        "dev": {"subwords": 38},
        "test": {"subwords": 39.5},
    },
)
