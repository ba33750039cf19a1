"""Selection of the intermediate for each target by the dev score of the target's stage. Test scores are never used."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pyarrow.parquet as pq

from xstilts import recipes, tasks
from xstilts.config import Config
from xstilts.errors import UserError, nearest
from xstilts.grid import Cell
from xstilts.names import languages_of
from xstilts.paths import TRAINING_RECORD
from xstilts.reporting.choice import BEST, highest
from xstilts.sources.columns import file_name
from xstilts.store.entries import finished

SPLIT = "test"

_Value = TypeVar("_Value", str, int)


@dataclass(frozen=True)
class Choice:
    """The selected cell of a target.

    Args:
        cell: the cell; None if none can be selected.
        scores: the dev score of each intermediate, in percent, None where it is missing. Empty if the intermediate was
            given by name.
    """

    cell: Cell | None
    scores: Mapping[str, float | None]


def choose(store: Path, cells: Iterable[Cell], target: str, wanted: str) -> Choice:
    """Select the cell of a target with a given intermediate, or with the highest dev score.

    Among equal scores, the first in the order of the configuration is selected. No cell is selected if the dev score
    of any intermediate is missing.

    Args:
        cells: the cells of one encoder and one seed.
        wanted: an intermediate, or `best`.
    """
    mine = {cell.intermediate: cell for cell in cells if cell.target == target}
    if wanted != BEST:
        return Choice(mine.get(wanted), {})
    scores = {name: dev_score(store, cell) for name, cell in mine.items()}
    best = highest(scores)
    return Choice(None if best is None else mine[best], scores)


def dev_score(store: Path, cell: Cell) -> float | None:
    """The dev score of the checkpoint that was kept for a cell's model, in percent.

    Returns:
        None if the target has no stage, the model is not finished, or its dev set is unlabelled.
    """
    model = cell.predictions.inputs.get("model")
    if model is None or not is_trained(cell) or not finished(store, model):
        return None
    best = json.loads((store / model.path / TRAINING_RECORD).read_text(encoding="utf-8"))["best"]
    return best and best["score"]


def seen_in_test(store: Path, cell: Cell) -> tuple[int, int] | None:
    """Count the dev examples of a target's stage that are also test examples of the target.

    Returns:
        Their number and the number of all dev examples; None if the dev examples are no longer in the store.
    """
    model, data = cell.predictions.inputs["model"], cell.predictions.inputs["data"]
    stage = model.spec["stage"]
    seen = total = 0
    for task in stage["tasks"]:
        dev = model.inputs[f"data.{task}"]
        if not finished(store, dev):
            return None
        for lang in languages_of(dev.spec["files"], "dev"):
            test = store / data.path / file_name(SPLIT, lang)
            texts = _texts(store / dev.path / file_name("dev", lang), stage["dev_examples"])
            tested = set(_texts(test)) if test.is_file() else set()
            seen, total = seen + sum(text in tested for text in texts), total + len(texts)
    return seen, total


def _texts(file: Path, first: int | None = None) -> list[str]:
    """The texts of the examples of a file as JSON, without ids and labels."""
    examples = pq.read_table(file).slice(0, first)
    own = [name for name in ("text_a", "text_b", "words", "question", "context") if name in examples.column_names]
    return [json.dumps(row) for row in examples.select(own).to_pylist()]


def is_trained(cell: Cell) -> bool:
    """Whether the target has a stage of its own, and thus a dev score."""
    return tasks.load(cell.predictions.about.task).stage is not None


def intermediate_of(config: Config, name: str, *also: str) -> str:
    """The canonical name of an intermediate of an experiment, such as `mnli@de+zh` for `mnli@zh+de`.

    Args:
        also: other words that are allowed.

    Raises:
        UserError: the experiment has no such intermediate.
    """
    known = (*config.grid.intermediates, *also)
    with suppress(ValueError):
        name = name if name in also else recipes.canonical(config, name)
    if name not in known:
        listed = ", ".join(known)
        raise UserError(
            f"{name!r} is not an intermediate of this experiment, which has {listed}.{nearest(name, known)}"
        )
    return name


def only(name: str, values: tuple[_Value, ...], given: _Value | None) -> _Value:
    """The given encoder or seed, or the only one if none is given.

    Args:
        name: `encoder` or `seed`.

    Raises:
        UserError: there are several and none is given, or the experiment does not have the given one.
    """
    known = ", ".join(map(str, values))
    if given is None and len(values) > 1:
        raise UserError(f"the experiment has several {name}s; choose one with --{name}: {known}.")
    if given is not None and given not in values:
        raise UserError(
            f"{name} {given!r} is not in this experiment, which has {known}.{nearest(str(given), map(str, values))}"
        )
    return values[0] if given is None else given
