"""Questions whose answers are spans of Wikipedia paragraphs, in English and translated by XTREME."""

from xstilts.sources.formats import squad
from xstilts.sources.formats.hub import questions as hub
from xstilts.sources.repositories import SQUAD
from xstilts.task import Layout, Task

_TRANSLATED = ("es", "de", "el", "ru", "tr", "ar", "vi", "th", "zh", "hi")

_LAYOUTS = (
    Layout(("{split}-v1.1.json",), squad.read, languages=("en",)),
    *(
        Layout((f"{folder}squad.translate.{{split}}.en-{{lang}}.json",), squad.translation, languages=_TRANSLATED)
        for folder in ("", "translate-{split}/", "SQuAD/translate-{split}/")
    ),
)

TASK = Task(
    name="squad_v1",
    kind="span",
    metric="squad",
    languages=("en",),
    splits={"train": _LAYOUTS, "dev": _LAYOUTS},
    aligned=True,
    stage="squad_v1",
    folders=("squad_v1", "squad"),
    hub=(
        SQUAD.table("train", "plain_text/train", hub.questions, "en"),
        SQUAD.table("dev", "plain_text/validation", hub.questions, "en"),
    ),
    counts={"train": {"en": 87_599}, "dev": {"en": 10_570}},
    title="SQuAD 1.1",
    licence="CC BY-SA 4.0",
    citation=(
        "Rajpurkar, Zhang, Lopyrev and Liang. 2016. SQuAD: 100,000+ Questions for Machine Comprehension of Text. EMNLP."
    ),
    trained_in=("en", "es", "de", "el", "ru", "tr", "ar", "vi", "th", "zh", "hi"),
    translated=("es", "de", "el", "ru", "tr", "ar", "vi", "th", "zh", "hi"),
    homepage="https://rajpurkar.github.io/SQuAD-explorer/",
    estimates={"train": {"subwords": 229, "windows": 1.117}},
)
