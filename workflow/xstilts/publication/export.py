"""Export of a finished intermediate as a self-contained Hugging Face folder."""

import json
import shutil
from pathlib import Path

from xstilts.config import Config
from xstilts.errors import UserError
from xstilts.fingerprints.atomic import replacing
from xstilts.grid import Grid
from xstilts.names import NO_INTERMEDIATE
from xstilts.paths import MANIFEST
from xstilts.publication import card, vectors
from xstilts.publication.card import Exported
from xstilts.publication.vectors import Vectors
from xstilts.steps.entry import Entry
from xstilts.store.entries import finished, require_intact, whole


def find(config: Config, grid: Grid, encoder: str, intermediate: str, seed: int) -> Exported:
    """Find the model of an intermediate.

    Raises:
        UserError: the intermediate is `none`, its model is not finished, or its weights were removed or are damaged.
    """
    if intermediate == NO_INTERMEDIATE:
        raise UserError(f"{NO_INTERMEDIATE!r} is the encoder {encoder} itself; there is nothing to export.")
    what = (encoder, intermediate, seed)
    cell = next(cell for cell in grid.cells if (cell.encoder, cell.intermediate, cell.seed) == what)
    model = cell.predictions.inputs["model"]
    for _ in grid.target(cell.target).stages:
        model = model.inputs["parent"]
    named = f"{encoder} after {intermediate}, seed {seed},"
    if not finished(config.store, model):
        raise UserError(f"{named} is not trained yet; run snakemake, which writes it to {config.store / model.path}.")
    if not whole(config.store, model):
        raise UserError(
            f"the weights of {named} were removed (keep_models: false). Set keep_models: true, delete "
            f"{config.store / model.manifest} and run snakemake to train it again."
        )
    require_intact(config.store, Entry("export", "", {}, {"model": model}, ""))
    return Exported(encoder, intermediate, seed, _stages(model))


def write(config: Config, grid: Grid, model: Exported, folder: Path) -> Vectors:
    """Write the checkpoint, its model card and the files of sentence-transformers; the folder is created atomically.

    Returns:
        The definition of its sentence vectors.

    Raises:
        UserError: the folder exists.
    """
    if folder.exists():
        raise UserError(f"{folder} exists; give a new folder with --to.")
    source = config.store / model.stages[-1].path
    with replacing(folder) as draft:
        draft.mkdir()
        for name in json.loads((source / MANIFEST).read_text(encoding="utf-8"))["files"]:
            shutil.copyfile(source / name, draft / name)
        made = vectors.write(draft, config.encoders[model.encoder])
        card.write(config, grid, model, made, draft)
    return made


def _stages(model: Entry) -> tuple[Entry, ...]:
    """The stages of a model, in order."""
    before = model.inputs.get("parent")
    return (*(_stages(before) if before else ()), model)
