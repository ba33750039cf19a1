"""Files of every task in the miniature, with the names and layouts of the original releases."""

from pathlib import Path

from xstilts.config import Miniature
from xstilts.miniature.release import bitext, choices, inference, paraphrase, plain, questions, tagging

__all__ = ["TASKS", "write"]
_WRITERS = {
    "mnli": inference.mnli,
    "snli": inference.snli,
    "anli": inference.anli,
    "xnli": inference.xnli,
    "qqp": paraphrase.qqp,
    "pawsx": paraphrase.pawsx,
    "squad_v1": questions.squad_v1,
    "squad_v2": questions.squad_v2,
    "xquad": questions.xquad,
    "mlqa": questions.mlqa,
    "tydiqa": questions.tydiqa,
    "hellaswag": choices.hellaswag,
    "cosmosqa": choices.cosmosqa,
    "commonsenseqa": choices.commonsenseqa,
    "ccg": tagging.ccg,
    "udpos": tagging.udpos,
    "panx": tagging.panx,
    "bucc2018": bitext.bucc2018,
    "tatoeba": bitext.tatoeba,
    "mlm": plain.mlm,
    "tlm": plain.tlm,
}
TASKS = tuple(_WRITERS)


def write(folder: Path, settings: Miniature) -> None:
    """Write the files of all tasks, each in a folder with its name; the result is deterministic."""
    for task, writer in _WRITERS.items():
        writer(folder / task, settings)
