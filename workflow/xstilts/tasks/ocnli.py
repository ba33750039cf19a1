"""Natural language inference in Chinese, written by students."""

from xstilts.sources.formats import nli
from xstilts.task import Layout, Task


def _layouts(*names: str) -> tuple[Layout, ...]:
    return tuple(
        Layout((f"{folder}{name}.json",), nli.ocnli, languages=("zh",), unlabelled=("test",))
        for name in names
        for folder in ("", "ocnli/", "data/ocnli/")
    )


TASK = Task(
    name="ocnli",
    kind="classification",
    metric="accuracy",
    languages=("zh",),
    splits={
        "train": _layouts("train.50k", "train.30k", "train.10k", "train.3k"),
        "dev": _layouts("dev"),
        "test": _layouts("test"),
    },
    labels=("contradiction", "entailment", "neutral"),
    stage="ocnli",
    counts={"dev": {"zh": 2_950}, "test": {"zh": 3_000}},
    manual_download="train.50k.json, dev.json and test.json of data/ocnli in https://github.com/CLUEbenchmark/OCNLI",
    title="OCNLI",
    licence="CC BY-NC 2.0",
    citation=(
        "Hu, Richardson, Xu, Li, Kübler and Moss. 2020. OCNLI: Original Chinese Natural Language Inference. Findings "
        "of EMNLP."
    ),
    homepage="https://github.com/CLUEbenchmark/OCNLI",
    notes=(
        "Pairs without a majority of annotators are left out. The labels of the test set are not public: results are "
        "reported on dev (`tasks.ocnli.split: dev`). The largest training set that is found is read. The premises from "
        "news are those of a corpus with a licence of its own (LCMC)."
    ),
    estimates={"train": {"subwords": 29, "rows": 50_486}, "dev": {"subwords": 29}, "test": {"subwords": 29}},
)
