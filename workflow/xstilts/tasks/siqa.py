"""Questions about the motives, feelings and next steps of people in social situations.

The files exist in two forms: with answers as letters beside the questions, or as numbers from 1 in a separate file.
"""

from xstilts.sources.formats import choices
from xstilts.sources.formats.hub import choices as hub
from xstilts.sources.repositories import SIQA
from xstilts.task import Layout, Task


def _layouts(name: str) -> tuple[Layout, ...]:
    pair = ("{split}.jsonl", "{split}-labels.lst")
    return (
        Layout((f"socialIQa_v1.4_{name}.jsonl",), choices.siqa, languages=("en",)),
        Layout((f"socialIQa_v1.4/socialIQa_v1.4_{name}.jsonl",), choices.siqa, languages=("en",)),
        Layout(pair, choices.siqa_and_labels, languages=("en",)),
        Layout(
            tuple(f"socialiqa-train-dev/{file_name}" for file_name in pair), choices.siqa_and_labels, languages=("en",)
        ),
    )


TASK = Task(
    name="siqa",
    kind="multiple_choice",
    metric="accuracy",
    languages=("en",),
    splits={"train": _layouts("trn"), "dev": _layouts("dev")},
    labels=("0", "1", "2"),
    stage="siqa",
    hub=(SIQA.table("train", "data/train", hub.siqa, "en"), SIQA.table("dev", "data/validation", hub.siqa, "en")),
    counts={"train": {"en": 33_410}, "dev": {"en": 1_954}},
    title="Social IQa 1.4",
    licence="not stated",
    citation=(
        "Sap, Rashkin, Chen, Le Bras and Choi. 2019. Social IQa: Commonsense Reasoning about Social Interactions. "
        "EMNLP-IJCNLP."
    ),
    estimates={"train": {"subwords": 104}},
)
