"""Natural language inference in Indonesian; experts wrote half of the test set."""

from xstilts.sources.formats import nli
from xstilts.task import Layout, Task


def _layouts(*names: str) -> tuple[Layout, ...]:
    return tuple(
        Layout(tuple(f"{folder}{name}.jsonl" for name in names), nli.indonli, every=len(names) > 1, languages=("id",))
        for folder in ("", "indonli/", "data/indonli/")
    )


TASK = Task(
    name="indonli",
    kind="classification",
    metric="accuracy",
    languages=("id",),
    splits={
        "train": _layouts("train"),
        "dev": _layouts("val"),
        "test": (*_layouts("test"), *_layouts("test_lay", "test_expert")),
    },
    labels=("contradiction", "entailment", "neutral"),
    stage="indonli",
    counts={"train": {"id": 10_330}, "dev": {"id": 2_197}, "test": {"id": 5_185}},
    manual_download="train.jsonl, val.jsonl and test.jsonl of data/indonli in https://github.com/ir-nlp-csui/indonli",
    title="IndoNLI",
    licence="CC BY-SA 4.0 and Apache 2.0, by source",
    citation=(
        "Mahendra, Aji, Louvan, Rahman and Vania. 2021. IndoNLI: A Natural Language Inference Dataset for Indonesian. "
        "EMNLP."
    ),
    homepage="https://github.com/ir-nlp-csui/indonli",
    notes="The test set has 2,201 pairs of lay annotators and 2,984 pairs of experts, which are harder.",
    estimates={"train": {"subwords": 47}, "dev": {"subwords": 45}, "test": {"subwords": 46}},
)
