"""Questions about blog posts whose answers are not stated in the text; one choice may be "none of these"."""

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
    title="Cosmos QA",
    licence="CC BY 4.0",
    citation=(
        "Huang, Le Bras, Bhagavatula and Choi. 2019. Cosmos QA: Machine Reading Comprehension with Contextual "
        "Commonsense Reasoning. EMNLP-IJCNLP."
    ),
    homepage="https://wilburone.github.io/cosmos/",
    notes="The paper counts 25,588 training rows, the release has 25,262.",
    estimates={"train": {"subwords": 470}},
)
