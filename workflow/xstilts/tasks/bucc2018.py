"""Bitext mining: find the pairs of translations hidden in two collections of sentences.

XTREME removes the gold pairs of the test set; the release contains them.
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
    title="BUCC 2018",
    licence="not stated",
    citation=(
        "Zweigenbaum, Sharoff and Rapp. 2018. Overview of the Third BUCC Shared Task: Spotting Parallel Sentences in "
        "Comparable Corpora. BUCC."
    ),
    homepage="https://comparable.limsi.fr/bucc2018/",
    notes=(
        "Pairs are mined by the ratio margin with four neighbours, one to one. The threshold of each language is "
        "chosen on `dev` (the shared task's sample) and used on `test` (its training data, with 9,580 pairs in German, "
        "9,086 in French, 14,435 in Russian and 1,899 in Chinese). A sentence that occurs more than once is never part "
        "of a pair; sentences that differ only in leading or trailing blanks are two neighbours, as in the official "
        "code, and in no pair either. Where sentences have equal vectors, the official result depends on the order of "
        "the rows; here the lowest row wins on every device."
    ),
    estimates={
        "dev": {"subwords": 27, "rows": 70_000},
        "test": {"subwords": 27, "rows": 664_410},
    },
)
