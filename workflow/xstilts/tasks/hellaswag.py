"""How does the description of a scene, or a WikiHow instruction, continue?

If the context ends in the middle of a sentence, the beginning of that sentence (`ctx_b`) becomes part of each ending.
"""

from xstilts.sources.formats import choices
from xstilts.sources.formats.hub import choices as hub
from xstilts.sources.repositories import HELLASWAG
from xstilts.task import Layout, Task


def _layouts(file_name: str) -> tuple[Layout, ...]:
    return tuple(Layout((name,), choices.hellaswag, languages=("en",)) for name in (file_name, f"data/{file_name}"))


TASK = Task(
    name="hellaswag",
    kind="multiple_choice",
    metric="accuracy",
    languages=("en",),
    splits={"train": _layouts("hellaswag_train.jsonl"), "dev": _layouts("hellaswag_val.jsonl")},
    labels=("0", "1", "2", "3"),
    stage="hellaswag",
    hub=(
        HELLASWAG.table("train", "data/train", hub.hellaswag, "en"),
        HELLASWAG.table("dev", "data/validation", hub.hellaswag, "en"),
    ),
    counts={"train": {"en": 39_905}, "dev": {"en": 10_042}},
    title="HellaSwag",
    licence="MIT",
    citation=(
        "Zellers, Holtzman, Bisk, Farhadi and Choi. 2019. HellaSwag: Can a Machine Really Finish Your Sentence? ACL."
    ),
    estimates={"train": {"subwords": 387}},
)
