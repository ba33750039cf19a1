"""BUCC 2018 (Zweigenbaum et al. 2018): find the pairs of translations hidden in two collections of sentences.

As in XTREME, the shared task's sample is `dev`, on which the threshold of each language is chosen, and its training
data is `test`. XTREME deletes the gold of the latter; the release has it.
"""

from xstilts.sources.formats import bitext
from xstilts.task import Layout, Task


def _layouts(released: str) -> tuple[Layout, ...]:
    stems = ("{lang}-en.{split}", f"{{lang}}-en.{released}", f"{{lang}}-en/{{lang}}-en.{released}")
    sides = [(f"{stem}.{{lang}}", f"{stem}.en") for stem in stems]
    labelled = [Layout((*names, f"{stem}.gold"), bitext.bucc) for stem, names in zip(stems, sides, strict=True)]
    return (*labelled, *(Layout(names, bitext.bucc, unlabelled=("dev", "test")) for names in sides))


TASK = Task(
    name="bucc2018",
    kind="retrieval",
    metric="bucc",
    languages=("de", "fr", "ru", "zh"),
    splits={"dev": _layouts("sample"), "test": _layouts("training")},
    threshold_split="dev",
    archives={"dev": "bucc2018-{lang}-en.sample", "test": "bucc2018-{lang}-en.training"},
    counts={"dev": {"zh": 8_624 + 13_589}},
)
