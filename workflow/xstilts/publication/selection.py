"""The intermediate of each target, chosen by the dev score of its own stage; test scores are never looked at."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from xstilts import tasks
from xstilts.config import Config
from xstilts.errors import UserError, nearest
from xstilts.grid import Cell
from xstilts.paths import TRAINING_RECORD
from xstilts.reporting.choice import BEST, highest
from xstilts.sources.columns import file_name
from xstilts.store.entries import finished

SPLIT = "test"


@dataclass(frozen=True)
class Choice:
    """The cell whose predictions are taken for a target.

    Args:
        cell: None where none can be chosen.
        scores: the dev scores that decided, in percent by intermediate; None for one that has none. Empty where the
            intermediate was named.
    """

    cell: Cell | None
    scores: Mapping[str, float | None]


def choose(store: Path, cells: Iterable[Cell], target: str, wanted: str) -> Choice:
    """The cell of a target after the wanted intermediate, or after the one with the highest dev score.

    Of equal scores the first in the order of the configuration wins. While one intermediate lacks its dev score none
    is chosen.

    Args:
        cells: those of one encoder and one seed.
        wanted: an intermediate, or `best`.
    """
    mine = {cell.intermediate: cell for cell in cells if cell.target == target}
    if wanted != BEST:
        return Choice(mine.get(wanted), {})
    scores = {name: dev_score(store, cell) for name, cell in mine.items()}
    return Choice(mine.get(highest(scores)), scores)


def dev_score(store: Path, cell: Cell) -> float | None:
    """The dev score, in percent, for which the checkpoint of a cell's model was kept.

    Returns:
        None if the target has no training of its own, the model is not finished, or its dev set has no labels.
    """
    model = cell.predictions.inputs.get("model")
    if not is_trained(cell) or not finished(store, model):
        return None
    best = json.loads((store / model.path / TRAINING_RECORD).read_text(encoding="utf-8"))["best"]
    return best and best["score"]


def seen_in_test(store: Path, cell: Cell) -> tuple[int, int] | None:
    """The dev examples of a target's stage that are test examples of the target, and all of them.

    Returns:
        None if the dev examples are not in the store any more.
    """
    model, data = cell.predictions.inputs["model"], cell.predictions.inputs["data"]
    stage = model.spec["stage"]
    seen = total = 0
    for task in stage["tasks"]:
        dev = model.inputs[f"data.{task}"]
        if not finished(store, dev):
            return None
        for lang in stage["languages"]:
            test = store / data.path / file_name(SPLIT, lang)
            texts = _texts(store / dev.path / file_name("dev", lang), stage["dev_examples"])
            tested = set(_texts(test)) if test.is_file() else set()
            seen, total = seen + sum(text in tested for text in texts), total + len(texts)
    return seen, total


def _texts(file: Path, first: int | None = None) -> list[str]:
    """What the examples of a file say, without their ids and labels."""
    examples = pq.read_table(file).slice(0, first)
    own = [name for name in ("text_a", "text_b", "words", "question", "context") if name in examples.column_names]
    return [json.dumps(row) for row in examples.select(own).to_pylist()]


def is_trained(cell: Cell) -> bool:
    """Whether the target has a training of its own, and with it a dev score."""
    return tasks.load(cell.target).stage is not None


def intermediate_of(config: Config, name: str, *also: str) -> str:
    """The name of an intermediate of an experiment, or one of the words that may stand for one.

    Raises:
        UserError: it is none.
    """
    known = (*config.grid.intermediates, *also)
    if name not in known:
        listed = ", ".join(known)
        raise UserError(f"{name!r} is no intermediate of this experiment; it has {listed}.{nearest(name, known)}")
    return name


def only(name: str, values: tuple, given: object) -> object:
    """The encoder or the seed that is meant: the one that is given, or the only one that there is.

    Raises:
        UserError: there are several and none is given, or the one that is given is none of them.
    """
    known = ", ".join(map(str, values))
    if given is None and len(values) > 1:
        raise UserError(f"there is more than one {name}; say which with --{name}: {known}.")
    if given is not None and given not in values:
        raise UserError(
            f"{given!r} is no {name} of this experiment; it has {known}.{nearest(str(given), map(str, values))}"
        )
    return values[0] if given is None else given
