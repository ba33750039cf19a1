"""SQuAD with additional questions that only seem to be answered by their paragraphs."""

from xstilts.sources.formats import squad
from xstilts.sources.formats.hub import questions as hub
from xstilts.sources.repositories import SQUAD_V2
from xstilts.task import Layout, Task

_LAYOUTS = (Layout(("{split}-v2.0.json",), squad.read, languages=("en",)),)

TASK = Task(
    name="squad_v2",
    kind="span",
    metric="squad_v2",
    languages=("en",),
    splits={"train": _LAYOUTS, "dev": _LAYOUTS},
    unanswerable=True,
    stage="squad_v2",
    folders=("squad_v2", "squad"),
    hub=(
        SQUAD_V2.table("train", "squad_v2/train", hub.questions, "en"),
        SQUAD_V2.table("dev", "squad_v2/validation", hub.questions, "en"),
    ),
    counts={"train": {"en": 130_319}, "dev": {"en": 11_873}},
    title="SQuAD 2.0",
    licence="CC BY-SA 4.0",
    citation="Rajpurkar, Jia and Liang. 2018. Know What You Don't Know: Unanswerable Questions for SQuAD. ACL.",
    homepage="https://rajpurkar.github.io/SQuAD-explorer/",
    notes=(
        "Some questions have no answer. The prediction is empty where the first token scores higher than the best "
        "span. The dev score is that of the official script at this threshold, not at the best one."
    ),
    estimates={"train": {"subwords": 227, "windows": 1.12}},
)
