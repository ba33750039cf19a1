"""Are two Quora questions duplicates (`1`) or not (`0`)?"""

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
    title="QQP",
    licence="Quora's terms, non-commercial use only",
    citation=(
        "Wang, Singh, Michael, Hill, Levy and Bowman. 2019. GLUE: A Multi-Task Benchmark and Analysis Platform for "
        "Natural Language Understanding. ICLR."
    ),
    notes=(
        "A line feed inside a question broke a few rows of GLUE's files in two. They are left out, as in the hub's "
        "copy."
    ),
    estimates={"train": {"subwords": 34}},
)
