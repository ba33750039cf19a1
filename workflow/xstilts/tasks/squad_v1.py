"""English questions whose answers are spans of Wikipedia paragraphs."""

from xstilts.sources.formats import squad
from xstilts.sources.formats.hub import questions as hub
from xstilts.sources.repositories import SQUAD
from xstilts.task import Layout, Task

_LAYOUTS = (Layout(("{split}-v1.1.json",), squad.read, languages=("en",)),)

TASK = Task(
    name="squad_v1",
    kind="span",
    metric="squad",
    languages=("en",),
    splits={"train": _LAYOUTS, "dev": _LAYOUTS},
    stage="squad_v1",
    folders=("squad_v1", "squad"),
    hub=(
        SQUAD.table("train", "plain_text/train", hub.questions, "en"),
        SQUAD.table("dev", "plain_text/validation", hub.questions, "en"),
    ),
    counts={"train": {"en": 87_599}, "dev": {"en": 10_570}},
    title="SQuAD 1.1",
    licence="CC BY-SA 4.0",
    citation=(
        "Rajpurkar, Zhang, Lopyrev and Liang. 2016. SQuAD: 100,000+ Questions for Machine Comprehension of Text. EMNLP."
    ),
    homepage="https://rajpurkar.github.io/SQuAD-explorer/",
    estimates={"train": {"subwords": 229, "windows": 1.117}},
)
