"""Opening an experiment: its configuration as Snakemake sees it, and its grid over the files and code that are here."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from xstilts.config import Config, ConfigError, parse
from xstilts.config.replacing import with_one_place
from xstilts.errors import UserError
from xstilts.fingerprints import sameness
from xstilts.fingerprints.sameness import Record, Sameness
from xstilts.fingerprints.sourcecode import ROOT
from xstilts.grid import Grid
from xstilts.sources.checkpoints import has_weights, is_checkpoint
from xstilts.sources.identity import FileIdentity

SHIPPED = ROOT.parent / "config.yaml"
_OF_A_RUN = "config.json"


def load(path: Path | None) -> Config:
    """The configuration that `snakemake --configfile <path>` has, the shipped one where no path is given.

    Args:
        path: what a user wrote, which is laid over the shipped configuration; or the folder of an experiment in the
            store, or the `config.json` there, which is a whole configuration already.

    Raises:
        UserError: there is no such file, it is no configuration, or it has a mistake.
    """
    if path is not None and path.is_dir():
        path = path / _OF_A_RUN
    files = [SHIPPED] if path is None else [path] if _is_whole(path) else [SHIPPED, path]
    return parse(_merged(*map(_read, files)), files)


def layered(
    given: Mapping, files: Iterable[Path | str], command_line: Mapping
) -> tuple[Mapping, list[Path | str], Mapping]:
    """The configuration that a workflow has in Snakemake, over the shipped one.

    Snakemake does not read the `configfile:` of a workflow that is used as a module with `config:`.

    Args:
        given: the configuration; of a module, what the other workflow hands on.
        files: those that Snakemake has read: of the command line, then of the workflow itself.
        command_line: what `--config` has laid over the files.

    Returns:
        The three arguments of `xstilts.run.Run`. There are no files where the other workflow hands on something else
        than they hold: no error can name their lines then.
    """
    files = list(files)
    if any(Path(file).resolve() == SHIPPED.resolve() for file in files):
        return given, files, command_line
    files = [*files[-1:], *files[:-1]]
    raw = _merged(_read(SHIPPED), given)
    if raw == _merged(*map(_read, [SHIPPED, *files]), command_line):
        return raw, [*files, SHIPPED], command_line
    return with_one_place(raw, [SHIPPED], given), [], {}


def store_of(configs: list[Config]) -> Path:
    """The store of several configurations.

    Raises:
        UserError: they have more than one.
    """
    stores = {config.store.resolve(): config.store for config in configs}
    if len(stores) > 1:
        listed = ", ".join(map(str, stores))
        raise UserError(f"the configurations have several stores ({listed}); give those of one store at a time.")
    return next(iter(stores.values()))


def _is_whole(path: Path) -> bool:
    """Whether a file is what a run leaves in `experiments/<experiment>/` of its store."""
    return path.name == _OF_A_RUN and path.resolve().parent.parent.name == "experiments"


def _merged(*layers: Mapping) -> dict:
    """Configurations laid over each other key by key, as Snakemake does it."""
    # Jobs open experiments too, and have no use for Snakemake.
    from snakemake.utils import update_config

    merged: dict = {}
    for layer in layers:
        update_config(merged, layer)
    return merged


def _read(path: Path | str) -> dict:
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path} is not there; give the file that snakemake gets with --configfile.")
    from snakemake.common.configfile import load_configfile
    from snakemake_interface_common.exceptions import WorkflowError

    try:
        return load_configfile(path)
    except (WorkflowError, ValueError) as error:
        raise UserError(f"{path}: {error}") from None


def open_grid(config: Config, added: Iterable[Record] = ()) -> Grid:
    """The grid of a configuration over the files and the code that are here now.

    Args:
        added: records of sameness that neither the project nor the store has yet.
    """
    records = Sameness([sameness.SHIPPED, config.store / sameness.FILE], added)
    identity = FileIdentity(config.store / ".cache", records)
    grid = Grid(config, identity)
    _ = grid.entries
    identity.save()
    return grid


def added_records(store: Path, grid: Grid) -> list[Record]:
    """The records that users have added to a store, of those that lead to a name in a grid."""
    oldest = grid.identity.sameness.oldest
    named = {pair for entry in grid.entries.values() for pair in sameness.named(entry.spec).items()}
    return [one for one in sameness.read(store / sameness.FILE)[1] if (one.of, oldest(one.of, one.new)) in named]


def require_encoders(config: Config) -> None:
    """Refuse to start a run whose encoders are not there; a plan may be made without them.

    Raises:
        ConfigError: the first folder that is none, or has no weights.
    """
    for name in config.grid.encoders:
        key, path = f"encoders.{name}.path", config.encoders[name].path
        if path and not is_checkpoint(path):
            raise ConfigError(key, str(path), "no Hugging Face folder there (config.json, weights, tokenizer.json)")
        if path and not has_weights(path):
            problem = "there are no weights in this folder (such as model.safetensors or pytorch_model.bin)"
            raise ConfigError(key, str(path), f"{problem}; put the encoder's own there")
