"""Commonsense questions about concepts of ConceptNet, with five choices."""

from xstilts.sources.formats import choices
from xstilts.sources.formats.hub import choices as hub
from xstilts.sources.repositories import COMMONSENSEQA
from xstilts.task import Layout, Task

_LAYOUTS = (Layout(("{split}_rand_split.jsonl",), choices.commonsenseqa, languages=("en",)),)

TASK = Task(
    name="commonsenseqa",
    kind="multiple_choice",
    metric="accuracy",
    languages=("en",),
    splits={"train": _LAYOUTS, "dev": _LAYOUTS},
    labels=("0", "1", "2", "3", "4"),
    stage="commonsenseqa",
    hub=(
        COMMONSENSEQA.table("train", "data/train", hub.commonsenseqa, "en"),
        COMMONSENSEQA.table("dev", "data/validation", hub.commonsenseqa, "en"),
    ),
    counts={"train": {"en": 9_741}, "dev": {"en": 1_221}},
    title="CommonsenseQA 1.11",
    licence="MIT",
    citation=(
        "Talmor, Herzig, Lourie and Berant. 2019. CommonsenseQA: A Question Answering Challenge Targeting Commonsense "
        "Knowledge. NAACL-HLT."
    ),
    homepage="https://github.com/jonathanherzig/commonsenseqa",
    notes="The files are those of the official random split. Two choices of a question may be equal.",
    estimates={"train": {"subwords": 113}},
)
