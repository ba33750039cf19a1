"""ANLI+ (Phang et al. 2020): all of ANLI, MultiNLI and SNLI with one head, their examples by turns."""

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
)
