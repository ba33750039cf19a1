"""Translation language modelling (Lample and Conneau 2019): masked words of a sentence and its translation.

Its languages are pairs such as `de-en`.
"""

from xstilts.sources.formats import plain
from xstilts.task import Layout, Task

_ALIGNED = ("{lang}.{first}.txt", "{lang}.{second}.txt")

TASK = Task(
    name="tlm",
    kind="masked_lm",
    metric="",
    languages=(),
    splits={
        "train": (
            Layout(_ALIGNED, plain.train(plain.aligned)),
            Layout(("{lang}.tsv",), plain.train(plain.table)),
        ),
        "dev": (
            Layout(_ALIGNED, plain.dev(plain.aligned)),
            Layout(("{lang}.tsv",), plain.dev(plain.table)),
        ),
    },
    parallel=True,
    manual_download=(
        "de-en.de.txt and de-en.en.txt for the languages `de-en`, with a sentence on each line and its translation on "
        "the same line of the other file, or de-en.tsv with both, separated by TAB: parallel text of your own"
    ),
    folders=("tlm_text",),
    title="Parallel text",
    licence="that of your text",
    citation="Lample and Conneau. 2019. Cross-lingual Language Model Pretraining. NeurIPS.",
    homepage="https://github.com/facebookresearch/XLM",
    notes=(
        "Sentences and their translations, as two aligned files or as one file with TAB. A pair is encoded like the "
        "pairs of classification, with masks on both sides; positions do not start again in the translation, unlike in "
        "XLM. Every hundredth pair is in the dev set, at most 500 of each pair of languages. Do not use XNLI-15way, "
        "which is the text of XNLI's dev and test sets, or Tatoeba, which is evaluated itself."
    ),
    estimates={"train": {"subwords": 60, "rows": 100_000}, "dev": {"subwords": 60, "rows": 500}},
)
