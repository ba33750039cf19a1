"""Named entities in Wikipedia: persons, locations and organisations.

XTREME's test files have no tags; the archives contain them.
"""

from xstilts.sources.formats import tagged
from xstilts.sources.formats.hub import tagged as hub
from xstilts.sources.repositories import XTREME
from xstilts.task import Layout, Task

_LAYOUTS = (
    Layout(("{lang}/{split}",), tagged.panx),
    Layout(("panx_dataset/{lang}/{split}",), tagged.panx),
    Layout(("panx_dataset/{lang}-{split}",), tagged.panx),
    Layout(("{split}-{lang}.tsv",), tagged.xtreme, unlabelled=("test",)),
)

_SIZES = (
    ("ar bg de el en es fa fi fr he hu id it ja ko nl pt ru th tr vi zh", 20_000, 10_000),
    ("et", 15_000, 10_000),
    ("eu ka", 10_000, 10_000),
    ("ms ur", 20_000, 1_000),
    ("ta", 15_000, 1_000),
    ("bn ml tl", 10_000, 1_000),
    ("af hi mr", 5_000, 1_000),
    ("kk sw te", 1_000, 1_000),
    ("jv my yo", 100, 100),
)
_TRAIN = {lang: train for languages, train, _ in _SIZES for lang in languages.split()}
_EVALUATED = {lang: rows for languages, _, rows in _SIZES for lang in languages.split()}

_LANGUAGES = (
    "ar he vi id jv ms tl eu ml ta te af nl en de el bn hi mr ur fa fr it pt "
    "es bg ru ja ka ko th sw yo my zh kk tr et fi hu"
)

TASK = Task(
    name="panx",
    kind="tagging",
    metric="chunks",
    languages=tuple(_LANGUAGES.split()),
    splits=dict.fromkeys(("train", "dev", "test"), _LAYOUTS),
    labels=("B-LOC", "B-ORG", "B-PER", "I-LOC", "I-ORG", "I-PER", "O"),
    stage="panx",
    hub=(
        XTREME.table("train", "PAN-X.{lang}/train", hub.panx),
        XTREME.table("dev", "PAN-X.{lang}/validation", hub.panx),
        XTREME.table("test", "PAN-X.{lang}/test", hub.panx),
    ),
    counts={"train": _TRAIN, "dev": _EVALUATED, "test": _EVALUATED},
    title="PAN-X (WikiAnn)",
    licence="not stated",
    citation=(
        "Pan, Zhang, May, Nothman, Knight and Ji. 2017. Cross-lingual Name Tagging and Linking for 282 Languages. ACL. "
        "Splits: Rahimi, Li and Cohn. 2019. Massively Multilingual Transfer for NER. ACL."
    ),
    homepage="https://github.com/afshinrahimi/mmner",
    estimates={
        "train": {"subwords": 14.3},
        "dev": {"subwords": 14.6},
        "test": {"subwords": 14.6},
    },
)
