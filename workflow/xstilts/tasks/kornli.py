"""Natural language inference in Korean: MultiNLI and SNLI, translated by machine; XNLI, translated by people."""

from xstilts.sources.formats import nli
from xstilts.task import Layout, Task


def _layouts(*names: str) -> tuple[Layout, ...]:
    return tuple(
        Layout(tuple(f"{folder}{name}.ko.tsv" for name in names), nli.kornli, interleave=True, languages=("ko",))
        for folder in ("", "KorNLI/")
    )


TASK = Task(
    name="kornli",
    kind="classification",
    metric="accuracy",
    languages=("ko",),
    splits={
        "train": _layouts("multinli.train", "snli_1.0_train"),
        "dev": _layouts("xnli.dev"),
        "test": _layouts("xnli.test"),
    },
    labels=("contradiction", "entailment", "neutral"),
    stage="kornli",
    counts={"train": {"ko": 942_854}, "dev": {"ko": 2_490}, "test": {"ko": 5_010}},
    manual_download="the folder KorNLI of https://github.com/kakaobrain/KorNLUDatasets",
    title="KorNLI",
    licence="CC BY-SA 4.0",
    citation=(
        "Ham, Choe, Park, Choi and Soh. 2020. KorNLI and KorSTS: New Benchmark Datasets for Korean Natural Language "
        "Understanding. Findings of EMNLP."
    ),
    homepage="https://github.com/kakaobrain/KorNLUDatasets",
    notes=(
        "Dev and test are those of XNLI, translated by people. Training data are MultiNLI and SNLI, translated by "
        "machine; `mnli` in Korean is the part from MultiNLI alone."
    ),
    translated=("ko",),
    overlaps={"train": ("mnli.train", "snli.train"), "dev": ("xnli.dev",), "test": ("xnli.test",)},
)
