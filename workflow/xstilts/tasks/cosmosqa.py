"""Cosmos QA (Huang et al. 2019): questions on blog posts whose answers are not in the text; one may be "none of these".

The paper counts 25,588 and 3,000 questions, its files have 25,262 and 2,985.
"""

from xstilts.sources.formats import choices
from xstilts.sources.formats.hub import choices as hub
from xstilts.sources.repositories import COSMOSQA
from xstilts.task import Layout, Task


def _layouts(name: str) -> tuple[Layout, ...]:
    return tuple(
        Layout((f"{folder}{name}.{ending}",), read, languages=("en",))
        for ending, read in (("csv", choices.cosmosqa_csv), ("jsonl", choices.cosmosqa_jsonl))
        for folder in ("", "data/")
    )


TASK = Task(
    name="cosmosqa",
    kind="multiple_choice",
    metric="accuracy",
    languages=("en",),
    splits={"train": _layouts("train"), "dev": _layouts("valid")},
    labels=("0", "1", "2", "3"),
    stage="cosmosqa",
    hub=(
        COSMOSQA.table("train", "data/train", hub.cosmosqa, "en"),
        COSMOSQA.table("dev", "data/validation", hub.cosmosqa, "en"),
    ),
    counts={"train": {"en": 25_262}, "dev": {"en": 2_985}},
)
