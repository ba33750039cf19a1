"""Masked language modelling: which word was at a masked position of a passage?

The text is the user's own, or Wikipedia from the hub. It has no labels, so a stage that trains on it alone needs a
number of steps.
"""

from xstilts.sources.formats import plain
from xstilts.sources.repositories import WIKIPEDIA
from xstilts.task import Hub, Layout, Task

_FIRST_SHARD = "20231101.{lang}/train-00000-of-*.parquet"

TASK = Task(
    name="mlm",
    kind="masked_lm",
    metric="",
    languages=(),
    splits={
        "train": (Layout(("{lang}.txt",), plain.train(plain.lines)),),
        "dev": (Layout(("{lang}.txt",), plain.dev(plain.lines)),),
    },
    folders=("mlm_text",),
    hub=(
        Hub(WIKIPEDIA, "train", Layout((_FIRST_SHARD,), plain.train(plain.wikipedia))),
        Hub(WIKIPEDIA, "dev", Layout((_FIRST_SHARD,), plain.dev(plain.wikipedia))),
    ),
    title="Wikipedia",
    licence="CC BY-SA 3.0 and GFDL",
    citation="Wikimedia Foundation. 2023. Wikimedia Downloads, dump of 1 November 2023.",
    homepage="https://huggingface.co/datasets/wikimedia/wikipedia",
    notes=(
        "Plain text for masked language modelling, one passage on each line; from the hub, the paragraphs of the first "
        "shard of Wikipedia in each language. Wikipedia is also the source of the texts of XQuAD, MLQA, TyDiQA, PAN-X "
        "and PAWS-X, so that a model may have seen the texts that it is evaluated on, without their labels. Blank "
        "lines are left out, and passages longer than `max_length` are cut into windows. Every hundredth passage is in "
        "the dev set, at most 500 in each language; their masks never change. The dev loss is the mean over the masked "
        "tokens, in nats."
    ),
    estimates={"train": {"subwords": 70, "rows": 1_000_000}, "dev": {"subwords": 70, "rows": 500}},
)
