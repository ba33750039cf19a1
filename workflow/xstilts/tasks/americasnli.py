"""Natural language inference in ten languages of the Americas, translated from XNLI; models are trained on MultiNLI."""

from xstilts.sources.formats import nli
from xstilts.task import Layout, Task

_LANGUAGES = ("aym", "bzd", "cni", "gn", "hch", "nah", "oto", "quy", "shp", "tar")

_LAYOUTS = (
    Layout(("{split}/{lang}.tsv",), nli.americasnli),
    Layout(("anli_final/{split}/{lang}.tsv",), nli.americasnli),
    Layout(("data/anli_final/{split}/{lang}.tsv",), nli.americasnli),
    Layout(("{split}.tsv",), nli.americasnli),
)

TASK = Task(
    name="americasnli",
    kind="classification",
    metric="accuracy",
    languages=_LANGUAGES,
    splits={"dev": _LAYOUTS, "test": _LAYOUTS},
    labels=("contradiction", "entailment", "neutral"),
    stage="mnli",
    counts={
        "dev": dict.fromkeys(("aym", "bzd", "gn", "hch", "quy", "shp", "tar"), 743) | {"cni": 658, "oto": 222},
        "test": dict.fromkeys(_LANGUAGES, 750) | {"nah": 738, "oto": 748},
    },
    manual_download=(
        "dev/{lang}.tsv and test/{lang}.tsv of data/anli_final in https://github.com/abteen/americasnli, or dev.tsv "
        "and test.tsv of https://github.com/nala-cub/AmericasNLI"
    ),
    title="AmericasNLI",
    licence="CC BY-SA 4.0",
    citation=(
        "Ebrahimi, Mager, Oncevay, Chaudhary, Chiruzzo, Fan, Ortega, Ramos, Rios, Meza Ruiz, Giménez-Lugo, Mager, "
        "Neubig, Palmer, Coto-Solano, Vu and Kann. 2022. AmericasNLI: Evaluating Zero-shot Natural Language "
        "Understanding of Pretrained Multilingual Models in Truly Low-resource Languages. ACL."
    ),
    homepage="https://github.com/abteen/americasnli",
    notes=(
        "Translated from the Spanish part of XNLI, so that nothing may be trained on XNLI's dev or test set before. "
        "The two releases differ: Nahuatl has 376 dev pairs in that of 2021 and 585 in that of 2022."
    ),
    overlaps={"dev": ("xnli.dev",), "test": ("xnli.test",)},
    estimates={"dev": {"rows": 585}},
)
