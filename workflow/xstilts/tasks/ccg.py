"""CCG supertagging: the lexical category of each word."""

from xstilts.sources.formats import ccg
from xstilts.task import Layout, Task

_ENGLISH = ("en",)
_COLUMNS = tuple((folder, f"{folder}{name}") for folder in ("", "CCG/") for name in ("{split}.tsv", "ccg.{split}"))
_EXTRACTS = (
    *(Layout((name,), ccg.columns, languages=_ENGLISH) for _, name in _COLUMNS),
    *(Layout((name,), ccg.stagged, languages=_ENGLISH) for name in ("{split}.stagged", "CCG/{split}.stagged")),
)
_WITH_IDS = tuple(
    Layout((name, f"{folder}tags_to_id.json"), ccg.columns, labels=ccg.ids, languages=_ENGLISH)
    for folder, name in _COLUMNS
)


def _derivations(*sections: int) -> tuple[Layout, ...]:
    return tuple(
        Layout(
            tuple(f"{folder}/{section:02}/wsj_*.auto" for section in sections), ccg.auto, every=True, languages=_ENGLISH
        )
        for folder in ("AUTO", "data/AUTO", "ccgbank_1_1/data/AUTO")
    )


TASK = Task(
    name="ccg",
    kind="tagging",
    metric="word_accuracy",
    languages=_ENGLISH,
    splits={
        "train": (*_WITH_IDS, *_EXTRACTS, *_derivations(*range(2, 22))),
        "dev": (*_EXTRACTS, *_derivations(0)),
    },
    stage="ccg",
    manual_download=(
        "CCGbank (LDC2005T13), which is licensed, so that you have to bring it: either its folder data/AUTO with the "
        "sections 00 and 02 to 21, or train.tsv and dev.tsv with a sentence on each line, its words separated by one "
        "space, then TAB, then their supertags separated by one space; without it, leave 'ccg' out of "
        "grid.intermediates, and all the rest runs"
    ),
    title="CCGbank",
    licence="LDC2005T13",
    citation=(
        "Hockenmaier and Steedman. 2007. CCGbank: A Corpus of CCG Derivations and Dependency Structures Extracted from "
        "the Penn Treebank. Computational Linguistics."
    ),
    notes=(
        "CCGbank may not be redistributed, so you provide its files: the folder `data/AUTO` of LDC2005T13 (sections 02 "
        "to 21 for training, 00 for dev), or `train.tsv` and `dev.tsv` with one sentence per line: words separated by "
        "one space, a TAB, and as many supertags. The labels are those of the training sentences, or of a "
        "`tags_to_id.json` beside them. Without the files, the jobs that need them fail with this advice and the rest "
        "of the grid runs; remove `ccg` from `grid.intermediates` for a run without failures."
    ),
    estimates={"train": {"subwords": 32, "rows": 38_015}},
)
