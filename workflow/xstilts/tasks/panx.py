"""PAN-X: persons, places and organisations in WikiAnn (Pan et al. 2017), in the splits of Rahimi et al. (2019).

XTREME's test files have no tags, the archives have.
"""

from xstilts.sources.formats import tagged
from xstilts.tasks.base import Layout, Task

_LAYOUTS = (
    Layout(("{lang}/{split}",), tagged.panx),
    Layout(("panx_dataset/{lang}/{split}",), tagged.panx),
    Layout(("panx_dataset/{lang}-{split}",), tagged.panx),
    Layout(("{split}-{lang}.tsv",), tagged.xtreme, unlabelled=("test",)),
)

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
)
