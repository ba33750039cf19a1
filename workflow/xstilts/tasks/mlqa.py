"""Questions about Wikipedia paragraphs in seven languages.

XTREME's copies of the test files have no answers.
"""

from xstilts.sources.formats import squad
from xstilts.sources.formats.hub import questions as hub
from xstilts.sources.repositories import XTREME
from xstilts.task import Layout, Task

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
    hub=(
        XTREME.table("dev", "MLQA.{lang}.{lang}/validation", hub.moved_questions),
        XTREME.table("test", "MLQA.{lang}.{lang}/test", hub.moved_questions),
    ),
    counts={
        "dev": {"en": 1_148, "es": 500, "de": 512, "ar": 517, "hi": 507, "vi": 511, "zh": 504},
        "test": {"en": 11_590, "es": 5_253, "de": 4_517, "ar": 5_335, "hi": 4_918, "vi": 5_495, "zh": 5_137},
    },
    title="MLQA",
    licence="CC BY-SA 3.0",
    citation=(
        "Lewis, Oğuz, Rinott, Riedel and Schwenk. 2020. MLQA: Evaluating Cross-lingual Extractive Question Answering. "
        "ACL."
    ),
    homepage="https://github.com/facebookresearch/MLQA",
    notes="Context and question are in the same language, as in XTREME.",
    estimates={
        "dev": {"subwords": 238, "windows": 1.34},
        "test": {"subwords": 238, "windows": 1.34},
    },
)
