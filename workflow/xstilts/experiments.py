"""Opening an experiment: its configuration as Snakemake sees it, and its grid over the files and code that are here.

`load` is the way in for Python users; the commands, the jobs and the rules use the functions that it is made of.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from xstilts.config import Config, ConfigError, parse
from xstilts.config.paths import anchored
from xstilts.config.replacing import with_one_place
from xstilts.config.yamlfiles import text_of
from xstilts.errors import UserError
from xstilts.fingerprints import sameness
from xstilts.fingerprints.sameness import Record, Sameness
from xstilts.fingerprints.sourcecode import PACKAGE, ROOT
from xstilts.grid import Grid
from xstilts.sources.checkpoints import has_weights, is_checkpoint
from xstilts.sources.identity import FileIdentity

REPOSITORY = ROOT.parent if (ROOT.parent / "Snakefile").is_file() else None
"""The folder of the workflow; None where the package is installed without it, from a wheel."""

SHIPPED = (REPOSITORY or ROOT / PACKAGE) / "config.yaml"
"""The configuration over which a user's files are laid."""

_OF_A_RUN = "config.json"


@dataclass(frozen=True)
class Experiment:
    """An experiment.

    Args:
        config: the configuration, with a value for every setting.
    """

    config: Config

    @property
    def store(self) -> Path:
        """The folder of the store."""
        return self.config.store

    @cached_property
    def grid(self) -> Grid:
        """The cells of the experiment and the entries of the store, for the files and the code at the first access."""
        return open_grid(self.config, creates_store=False)


def load(*files: Path | str, directory: Path | str | None = None) -> Experiment:
    """Open an experiment. Nothing is written, but for the memory of file hashes in a store that exists.

    Args:
        files: as for `read`.
        directory: the folder in which Snakemake is started; relative paths in the configuration are relative to it. By
            default `directory_of` finds it.

    Raises:
        UserError: as for `read`.
    """
    config = read(*files)
    folder = directory_of(config, *files) if directory is None else Path(directory)
    return Experiment(config if is_here(folder) else anchored(config, folder.absolute()))


def read(*files: Path | str) -> Config:
    """The configuration that `snakemake --configfile <files>` has; the shipped one where no file is given.

    Args:
        files: what a user wrote. Each file is laid over the one before, and all of them over the shipped configuration.
            The first may be the folder of an experiment in the store, or the `config.json` there, which is a whole
            configuration already.

    Raises:
        UserError: there is no such file, it is no configuration, or it has a mistake.
    """
    given = [_file(Path(file)) for file in files]
    if len(given) == 1 and _is_whole(given[0]):
        _require(given[0])
        return read_whole(given[0])
    layers = given if given and _is_whole(given[0]) else [SHIPPED, *given]
    return parse(_merged(*map(_read, layers)), layers)


def read_whole(file: Path) -> Config:
    """The configuration that a run has left in a file for its jobs; nothing is laid below it.

    Raises:
        UserError: the file is no configuration, or it has a mistake.
    """
    try:
        raw = yaml.safe_load(text_of(file))
    except (yaml.YAMLError, ValueError) as error:
        raise UserError(f"{file}: {error}") from None
    return parse(raw or {}, [file])


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


def directory_of(config: Config, *files: Path | str) -> Path:
    """The folder in which Snakemake was started, as far as that can be known from where a configuration lies.

    Returns:
        For the `config.json` of an experiment the folder from which its relative store leads there, else the
        repository. Where the package is installed without one, the folder of the last file, or the working directory.
    """
    if files and (folder := _above_store(_file(Path(files[0])), config.store)):
        return folder
    return REPOSITORY or (_file(Path(files[-1])).absolute().parent if files else Path.cwd())


def is_here(folder: Path) -> bool:
    """Whether a folder is the working directory."""
    return folder.resolve() == Path.cwd()


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


def _file(path: Path) -> Path:
    """The file of a configuration, which stands for its folder too."""
    return path / _OF_A_RUN if path.is_dir() else path


def _is_whole(file: Path) -> bool:
    """Whether a file is what a run leaves in `experiments/<experiment>/` of its store."""
    return file.name == _OF_A_RUN and file.resolve().parent.parent.name == "experiments"


def _above_store(file: Path, store: Path) -> Path | None:
    """The folder from which the relative path of a store leads to the one in which a configuration lies, if any."""
    if store.is_absolute() or not _is_whole(file):
        return None
    # Links are not followed: a store may be one.
    place = file.absolute().parents[2]
    above = place.parents[len(store.parts) - 1] if 0 < len(store.parts) <= len(place.parents) else place
    return above if above / store == place else None


def _merged(*layers: Mapping) -> dict:
    """Configurations laid over each other key by key, as Snakemake does it."""
    # Jobs open experiments too, and have no use for Snakemake.
    from snakemake.utils import update_config

    merged: dict = {}
    for layer in layers:
        update_config(merged, layer)
    return merged


def _read(file: Path | str) -> dict:
    path = Path(file)
    _require(path)
    from snakemake.common.configfile import load_configfile
    from snakemake_interface_common.exceptions import WorkflowError

    try:
        return load_configfile(path)
    except (WorkflowError, ValueError) as error:
        raise UserError(f"{path}: {error}") from None


def _require(path: Path) -> None:
    if not path.is_file():
        raise UserError(f"{path} is not there; give the file that snakemake gets with --configfile.")


def open_grid(config: Config, added: Iterable[Record] = (), creates_store: bool = True) -> Grid:
    """The grid of a configuration over the files and the code that are here now.

    Args:
        added: records of sameness that neither the project nor the store has yet.
        creates_store: whether hashes of files are remembered in a store that does not exist yet, too.
    """
    records = Sameness([sameness.SHIPPED, config.store / sameness.FILE], added)
    identity = FileIdentity(config.store / ".cache", records)
    grid = Grid(config, identity)
    _ = grid.entries
    if creates_store or config.store.is_dir():
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
