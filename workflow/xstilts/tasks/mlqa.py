"""MLQA (Lewis et al. 2020): questions on Wikipedia paragraphs, both in the same language, as XTREME uses it.

XTREME's copies of the test files have no answers.
"""

from xstilts.sources.formats import squad
from xstilts.tasks.base import Layout, Task

_LAYOUTS = (
    Layout(("MLQA_V1/{split}/{split}-context-{lang}-question-{lang}.json",), squad.read),
    Layout(("{split}/{split}-context-{lang}-question-{lang}.json",), squad.read),
)

TASK = Task(
    name="mlqa",
    kind="span",
    metric="mlqa",
    languages=("en", "es", "de", "ar", "hi", "vi", "zh"),
    splits={"dev": _LAYOUTS, "test": _LAYOUTS},
    stage="squad_v1",
)
