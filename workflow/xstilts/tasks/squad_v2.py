"""SQuAD 2.0 (Rajpurkar et al. 2018): SQuAD with questions that their paragraph seems to answer and does not."""

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
)
