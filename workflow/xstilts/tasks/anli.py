"""Adversarial natural language inference, collected in three rounds; part of ANLI+."""

from xstilts.sources.formats import pairs
from xstilts.sources.formats.hub import pairs as hub
from xstilts.sources.repositories import ANLI
from xstilts.task import Hub, Layout, Task

_ENGLISH = ("en",)
_ROUNDS = ("R1", "R2", "R3")
_LAYOUTS = tuple(
    Layout(
        tuple(f"{folder}{name}/{{split}}.jsonl" for name in _ROUNDS), pairs.anli, interleave=True, languages=_ENGLISH
    )
    for folder in ("", "anli_v1.0/", "anli_v0.1/")
)

TASK = Task(
    name="anli",
    kind="classification",
    metric="accuracy",
    languages=_ENGLISH,
    splits={"train": _LAYOUTS, "dev": _LAYOUTS},
    labels=("contradiction", "entailment", "neutral"),
    stage="anli",
    hub=tuple(
        Hub(
            ANLI,
            split,
            Layout(
                tuple(f"plain_text/{split}_{name.lower()}-*.parquet" for name in _ROUNDS),
                hub.anli,
                interleave=True,
                languages=_ENGLISH,
            ),
        )
        for split in ("train", "dev")
    ),
    counts={"train": {"en": 162_865}, "dev": {"en": 3_200}},
    title="ANLI",
    licence="CC BY-NC 4.0",
    citation=(
        "Nie, Williams, Dinan, Bansal, Weston and Kiela. 2020. Adversarial NLI: A New Benchmark for Natural Language "
        "Understanding. ACL."
    ),
    homepage="https://github.com/facebookresearch/anli",
    estimates={"train": {"subwords": 107}},
)
