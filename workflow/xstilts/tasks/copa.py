"""Which of two choices is the cause or the effect of a premise?"""

from xstilts.sources.formats import choices
from xstilts.sources.formats.hub import choices as hub
from xstilts.sources.repositories import SUPERGLUE
from xstilts.task import Layout, Task


def _layouts(name: str) -> tuple[Layout, ...]:
    return tuple(
        Layout((file_name,), choices.copa, languages=("en",))
        for file_name in (f"{name}.jsonl", f"COPA/{name}.jsonl", f"{name}-en.jsonl")
    )


TASK = Task(
    name="copa",
    kind="multiple_choice",
    metric="accuracy",
    languages=("en",),
    splits={"train": _layouts("train"), "dev": _layouts("val")},
    labels=("0", "1"),
    stage="copa",
    hub=(
        SUPERGLUE.table("train", "copa/train", hub.copa, "en"),
        SUPERGLUE.table("dev", "copa/validation", hub.copa, "en"),
    ),
    counts={"train": {"en": 400}, "dev": {"en": 100}},
    title="COPA",
    licence="see its release",
    citation=(
        "Roemmele, Bejan and Gordon. 2011. Choice of Plausible Alternatives: An Evaluation of Commonsense Causal "
        "Reasoning. AAAI Spring Symposium on Logical Formalizations of Commonsense Reasoning."
    ),
    homepage="https://people.ict.usc.edu/~gordon/copa.html",
    notes=(
        "SuperGLUE and XTREME-R split the 500 questions of the original dev set into train and dev. The prompt is the "
        'premise followed by "What was the cause?" or "What happened as a result?".'
    ),
    estimates={"train": {"subwords": 51}},
)
