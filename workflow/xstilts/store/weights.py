"""Deletion of model weights that are no longer needed (`keep_models: false`)."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from xstilts.config import Config, parse
from xstilts.config.former import updated
from xstilts.errors import UserError
from xstilts.experiments import open_grid
from xstilts.grid import Grid
from xstilts.steps.entry import HEAD, Entry
from xstilts.store.entries import REMOVED, WEIGHTS, finished, manifest_of, whole
from xstilts.store.jsonfiles import read_json, write_json


def delete_unneeded_weights(config: Config, grid: Grid, entries: Iterable[Entry]) -> None:
    """Delete the weights of models whose predictions are all finished, and of which no head is needed any more.

    A model is kept if another model is trained from it, or if another experiment in the store keeps or still needs it.
    All models are kept if the needs of another experiment cannot be determined.

    Args:
        entries: the entries whose weights may be deleted.
    """
    models = [entry for entry in entries if entry.step == "train_stage" and whole(config.store, entry)]
    models = [] if config.keep_models else _not_wanted(config, grid, models)
    try:
        for other, its_grid in others(config) if models else ():
            models = models if not other.keep_models else [one for one in models if one.path not in its_grid.entries]
            models = _not_wanted(config, its_grid, models)
    except UserError as error:
        print(
            f"keep_models: false: no weights are deleted, because another experiment may need them. {error}", flush=True
        )
        return
    for model in models:
        freed = remove_weights(config.store, model)
        print(f"keep_models: false: deleted the weights of {model.path}, {freed / 1e6:,.1f} MB.", flush=True)


def others(config: Config) -> Iterator[tuple[Config, Grid]]:
    """The other experiments in the store, with the configurations of their last runs.

    Raises:
        UserError: a configuration is damaged, or invalid for this version of the library.
    """
    for file in sorted((config.store / "experiments").glob("*/config.json")):
        if file.parent.name != config.experiment:
            yield _opened(file, config.store)


def _not_wanted(config: Config, grid: Grid, models: list[Entry]) -> list[Entry]:
    """The models that no training, no pending prediction and no pending probe of a grid uses."""
    wanted = {
        model.path
        for entry in grid.entries.values()
        for role, model in entry.inputs.items()
        if role == "parent" or (role.partition(".")[0] in ("model", HEAD) and not finished(config.store, entry))
    }
    return [model for model in models if model.path not in wanted]


def _opened(file: Path, store: Path) -> tuple[Config, Grid]:
    """Read the configuration of an experiment, and create its grid."""
    content = read_json(file)
    try:
        if not content:
            raise UserError("empty or truncated.")
        other = parse({**updated(content), "store": str(store)})
        return other, open_grid(other)
    except UserError as error:
        raise UserError(
            f"{file}: {error} Run that experiment again, or delete the file if the experiment is no longer needed."
        ) from None


def remove_weights(store: Path, entry: Entry) -> int:
    """Delete the weights of a finished model. The model and everything computed from it remain finished.

    The SHA-256 of the weights move from `files` to `removed` in its manifest.

    Returns:
        The number of bytes freed.
    """
    manifest = manifest_of(store, entry)
    weights = [name for name in manifest["files"] if name.endswith(Path(WEIGHTS).suffix)]
    if not weights:
        return 0
    for name in weights:
        (store / entry.path / name).unlink(missing_ok=True)
    removed = {name: manifest["files"].pop(name) for name in weights}
    freed = sum(manifest["sizes"].pop(name) for name in weights)
    write_json(store / entry.manifest, {**manifest, REMOVED: removed})
    return freed
