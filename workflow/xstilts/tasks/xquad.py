"""XQuAD (Artetxe et al. 2020): a part of SQuAD's dev set, translated by hand; there is a test set only.

XTREME's copies of the same files have no answers.
"""

from xstilts.sources.formats import squad
from xstilts.tasks.base import Layout, Task

TASK = Task(
    name="xquad",
    kind="span",
    metric="squad",
    languages=("en", "es", "de", "el", "ru", "tr", "ar", "vi", "th", "zh", "hi"),
    splits={"test": (Layout(("xquad.{lang}.json",), squad.read),)},
    stage="squad_v1",
)
