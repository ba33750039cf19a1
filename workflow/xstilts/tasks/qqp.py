"""QQP, Quora's question pairs as GLUE distributes them (Wang et al. 2019): do two questions ask the same (`1`)?"""

from xstilts.sources.formats import pairs
from xstilts.sources.formats.hub import pairs as hub
from xstilts.sources.repositories import GLUE
from xstilts.task import Layout, Task

_ENGLISH = ("en",)
_LAYOUTS = tuple(Layout((name,), pairs.glue_qqp, languages=_ENGLISH) for name in ("{split}.tsv", "QQP/{split}.tsv"))

TASK = Task(
    name="qqp",
    kind="classification",
    metric="accuracy_f1",
    languages=_ENGLISH,
    splits={"train": _LAYOUTS, "dev": _LAYOUTS},
    labels=("0", "1"),
    stage="qqp",
    hub=(GLUE.table("train", "qqp/train", hub.qqp, "en"), GLUE.table("dev", "qqp/validation", hub.qqp, "en")),
    counts={"train": {"en": 363_846}, "dev": {"en": 40_430}},
)
