"""`keep_models: false`: the weights of a model go when all that is wanted of them is predicted."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from xstilts.config import Config, parse
from xstilts.errors import UserError
from xstilts.experiments import open_grid
from xstilts.grid import Grid
from xstilts.steps.entry import Entry
from xstilts.store.entries import REMOVED, WEIGHTS, finished, manifest_of, whole
from xstilts.store.jsonfiles import read_json, write_json


def delete_unneeded_weights(config: Config, grid: Grid, entries: Iterable[Entry]) -> None:
    """Delete the weights of those models among some entries that have served their last purpose.

    A model from which another is trained is kept, and so is one that another experiment of the store keeps, or still
    needs; where nobody can know what another needs, all are kept.
    """
    models = [entry for entry in entries if entry.step == "train_stage" and whole(config.store, entry)]
    models = [] if config.keep_models else _not_wanted(config, grid, models)
    try:
        for other, its_grid in others(config) if models else ():
            models = models if not other.keep_models else [one for one in models if one.path not in its_grid.entries]
            models = _not_wanted(config, its_grid, models)
    except UserError as error:
        print(f"keep_models: false: nothing is removed, since another experiment may need it. {error}", flush=True)
        return
    for model in models:
        freed = remove_weights(config.store, model)
        print(f"keep_models: false: removed the weights of {model.path}, {freed / 1e6:,.1f} MB.", flush=True)


def others(config: Config) -> Iterator[tuple[Config, Grid]]:
    """The other experiments of the store, as their last runs left them.

    Raises:
        UserError: one of them cannot be understood: it is damaged, or was written for another version of this library.
    """
    for file in sorted((config.store / "experiments").glob("*/config.json")):
        if file.parent.name != config.experiment:
            yield _opened(file, config.store)


def _not_wanted(config: Config, grid: Grid, models: list[Entry]) -> list[Entry]:
    """The models from which a grid trains nothing, and has nothing left to predict."""
    wanted = {
        entry.inputs[role].path
        for entry in grid.entries.values()
        for role in ("parent", "model")
        if role in entry.inputs and (role == "parent" or not finished(config.store, entry))
    }
    return [model for model in models if model.path not in wanted]


def _opened(file: Path, store: Path) -> tuple[Config, Grid]:
    """The configuration in a file, and its grid."""
    content = read_json(file)
    try:
        if not content:
            raise UserError("empty or cut off.")
        other = parse({**content, "store": str(store)})
        return other, open_grid(other)
    except UserError as error:
        raise UserError(f"{file}: {error} Run that experiment again, or delete the file if it is over.") from None


def remove_weights(store: Path, entry: Entry) -> int:
    """Delete the weights of a finished model; what was made from it stays finished, and so does the model.

    Its manifest lists them no more, but keeps their sha256 under `removed`.

    Returns:
        The bytes that were freed.
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
