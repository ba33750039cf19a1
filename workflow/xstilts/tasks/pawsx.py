"""Are two sentences paraphrases (`1`) or not (`0`)?

XTREME's test files have no labels.
"""

from xstilts.sources.formats import pairs
from xstilts.sources.formats.hub import pairs as hub
from xstilts.sources.repositories import PAWSX
from xstilts.task import Layout, Reader, Task


def _layouts(file_name: str, read: Reader = pairs.pawsx) -> tuple[Layout, ...]:
    return (
        Layout((f"{{lang}}/{file_name}",), read),
        Layout((f"x-final/{{lang}}/{file_name}",), read),
    )


_XTREME = Layout(("{split}-{lang}.tsv",), pairs.xtreme, unlabelled=("test",))

_TRANSLATED = ("de", "es", "fr", "ja", "ko", "zh")
_LANGUAGES = ("de", "en", "es", "fr", "ja", "ko", "zh")

TASK = Task(
    name="pawsx",
    kind="classification",
    metric="accuracy",
    languages=_LANGUAGES,
    splits={
        "train": (
            *_layouts("train.tsv", pairs.pawsx_train),
            *_layouts("translated_train.tsv", pairs.pawsx_train),
            Layout(("{split}-{lang}.tsv",), pairs.xtreme_train),
            *(
                Layout((f"{folder}en-{{lang}}-translated.tsv",), pairs.xtreme_translation, languages=_TRANSLATED)
                for folder in ("translate-train/", "PAWSX/translate-train/")
            ),
        ),
        "dev": (*_layouts("dev_2k.tsv"), _XTREME),
        "test": (*_layouts("test_2k.tsv"), _XTREME),
    },
    labels=("0", "1"),
    aligned=True,
    stage="pawsx",
    hub=(
        PAWSX.table("train", "{lang}/train", hub.pawsx_train),
        PAWSX.table("dev", "{lang}/validation", hub.pawsx),
        PAWSX.table("test", "{lang}/test", hub.pawsx),
    ),
    counts={
        "train": dict.fromkeys(_LANGUAGES, 49_401),
        "dev": dict.fromkeys(_LANGUAGES, 2_000),
        "test": dict.fromkeys(_LANGUAGES, 2_000),
    },
    title="PAWS-X",
    licence="free, with attribution",
    citation=(
        "Yang, Zhang, Tar and Baldridge. 2019. PAWS-X: A Cross-lingual Adversarial Dataset for Paraphrase "
        "Identification. EMNLP-IJCNLP."
    ),
    homepage="https://github.com/google-research-datasets/paws",
    notes=(
        "Training data in other languages are machine translations of the English ones, by the authors or, where only "
        "these files are there, by XTREME (`PAWSX` in `gs://xtreme_translations`). Training leaves out the pairs of "
        "which a sentence has no translation (it is empty, or `NS`); dev and test keep them, as the published scores "
        "do. An example has the same id in every language."
    ),
    translated=("de", "es", "fr", "ja", "ko", "zh"),
    estimates={
        "train": {"subwords": 64},
        "dev": {"subwords": 63},
        "test": {"subwords": 63},
    },
)
