"""CommonsenseQA 1.11 (Talmor et al. 2019): questions on concepts of ConceptNet, five choices each.

These are the files of the random split, the official one. Two choices of a question may be the same.
"""

from xstilts.sources.formats import choices
from xstilts.sources.formats.hub import choices as hub
from xstilts.sources.repositories import COMMONSENSEQA
from xstilts.task import Layout, Task

_LAYOUTS = (Layout(("{split}_rand_split.jsonl",), choices.commonsenseqa, languages=("en",)),)

TASK = Task(
    name="commonsenseqa",
    kind="multiple_choice",
    metric="accuracy",
    languages=("en",),
    splits={"train": _LAYOUTS, "dev": _LAYOUTS},
    labels=("0", "1", "2", "3", "4"),
    stage="commonsenseqa",
    hub=(
        COMMONSENSEQA.table("train", "data/train", hub.commonsenseqa, "en"),
        COMMONSENSEQA.table("dev", "data/validation", hub.commonsenseqa, "en"),
    ),
    counts={"train": {"en": 9_741}, "dev": {"en": 1_221}},
)
