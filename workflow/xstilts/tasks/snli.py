"""Natural language inference on image captions; part of ANLI+."""

from xstilts.sources.formats import pairs
from xstilts.sources.formats.hub import pairs as hub
from xstilts.sources.repositories import SNLI
from xstilts.task import Layout, Task

_ENGLISH = ("en",)
_LAYOUTS = (
    Layout(("snli_1.0_{split}.jsonl",), pairs.multinli_jsonl, languages=_ENGLISH),
    Layout(("snli_1.0/snli_1.0_{split}.jsonl",), pairs.multinli_jsonl, languages=_ENGLISH),
    Layout(("{split}.tsv",), pairs.glue_snli, languages=_ENGLISH),
    Layout(("SNLI/{split}.tsv",), pairs.glue_snli, languages=_ENGLISH),
)

TASK = Task(
    name="snli",
    kind="classification",
    metric="accuracy",
    languages=_ENGLISH,
    splits={"train": _LAYOUTS, "dev": _LAYOUTS},
    labels=("contradiction", "entailment", "neutral"),
    stage="snli",
    hub=(
        SNLI.table("train", "plain_text/train", hub.snli, "en"),
        SNLI.table("dev", "plain_text/validation", hub.snli, "en"),
    ),
    counts={"train": {"en": 549_367}, "dev": {"en": 9_842}},
    title="SNLI",
    licence="CC BY-SA 4.0",
    citation=(
        "Bowman, Angeli, Potts and Manning. 2015. A large annotated corpus for learning natural language inference. "
        "EMNLP."
    ),
    estimates={"train": {"subwords": 29}},
)
