"""Natural language inference in Persian, from questions of exams."""

from xstilts.sources.formats import nli
from xstilts.task import Layout, Task


def _layouts(name: str) -> tuple[Layout, ...]:
    return tuple(Layout((f"{folder}{name}-word.csv",), nli.farstail, languages=("fa",)) for folder in ("", "data/"))


TASK = Task(
    name="farstail",
    kind="classification",
    metric="accuracy",
    languages=("fa",),
    splits={"train": _layouts("Train"), "dev": _layouts("Val"), "test": _layouts("Test")},
    labels=("contradiction", "entailment", "neutral"),
    stage="farstail",
    counts={"train": {"fa": 7_266}, "dev": {"fa": 1_537}, "test": {"fa": 1_564}},
    manual_download=("Train-word.csv, Val-word.csv and Test-word.csv of data in https://github.com/dml-qom/FarsTail"),
    title="FarsTail",
    licence="Apache 2.0",
    citation=(
        "Amirkhani, AzariJafari, Faridan-Jahromi, Kouhkan, Pourjafari and Amirak. 2023. FarsTail: A Persian Natural "
        "Language Inference Dataset. Soft Computing."
    ),
    homepage="https://github.com/dml-qom/FarsTail",
)
