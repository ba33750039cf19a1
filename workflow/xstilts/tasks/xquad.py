"""A part of SQuAD's dev set, translated manually; it has only a test set.

XTREME's copies of these files have no answers.
"""

from xstilts.sources.formats import squad
from xstilts.sources.formats.hub import questions as hub
from xstilts.sources.repositories import XQUAD
from xstilts.task import Layout, Task

_LANGUAGES = ("en", "es", "de", "el", "ru", "tr", "ar", "vi", "th", "zh", "hi")

TASK = Task(
    name="xquad",
    kind="span",
    metric="squad",
    languages=_LANGUAGES,
    splits={"test": (Layout(("xquad.{lang}.json",), squad.read),)},
    stage="squad_v1",
    hub=(XQUAD.table("test", "xquad.{lang}/validation", hub.moved_questions),),
    counts={"test": dict.fromkeys(_LANGUAGES, 1_190)},
    title="XQuAD",
    licence="CC BY-SA 4.0",
    citation=(
        "Artetxe, Ruder and Yogatama. 2020. On the Cross-lingual Transferability of Monolingual Representations. ACL."
    ),
    homepage="https://github.com/google-deepmind/xquad",
    estimates={"test": {"subwords": 195, "windows": 1.05}},
)
