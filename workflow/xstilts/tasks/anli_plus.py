"""ANLI, MultiNLI and SNLI pooled into one training set, with one head and interleaved examples."""

from xstilts.task import Task
from xstilts.tasks import anli, mnli, snli

TASK = Task(
    name="anli_plus",
    kind="classification",
    metric="accuracy",
    languages=("en",),
    splits={"train": (), "dev": ()},
    labels=("contradiction", "entailment", "neutral"),
    stage="anli_plus",
    pools=(anli.TASK, snli.TASK, mnli.TASK),
    counts={"train": {"en": 1_104_934}},
    title="ANLI+",
    licence="those of its parts",
    citation=(
        "Phang, Calixto, Htut, Pruksachatkun, Liu, Vania, Kann and Bowman. 2020. English Intermediate-Task Training "
        "Improves Zero-Shot Cross-Lingual Transfer Too. AACL-IJCNLP."
    ),
    notes="ANLI, SNLI and MultiNLI form one training set with one head. Pairs without a gold label (`-`) are left out.",
    estimates={"train": {"subwords": 46}},
)
