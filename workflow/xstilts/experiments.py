"""Opens experiments: the configuration as Snakemake merges it, and the grid for the present files and code.

Python users call `load`; commands, jobs and rules use the other functions of this module.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from xstilts import tasks
from xstilts.arms import expanded
from xstilts.config import Config, ConfigError, parse
from xstilts.config.former import updated
from xstilts.config.paths import anchored
from xstilts.config.replacing import with_one_place
from xstilts.config.yamlfiles import text_of
from xstilts.errors import UserError
from xstilts.fingerprints import sameness
from xstilts.fingerprints.sameness import Record, Sameness
from xstilts.fingerprints.sourcecode import PACKAGE, ROOT
from xstilts.grid import Grid
from xstilts.names import ALL, NO_INTERMEDIATE, is_word
from xstilts.sources.checkpoints import has_weights, is_checkpoint
from xstilts.sources.formats import local
from xstilts.sources.identity import FileIdentity
from xstilts.task import Task

REPOSITORY = ROOT.parent if (ROOT.parent / "Snakefile").is_file() else None
"""The root folder of the workflow; None if the package is installed from a wheel."""

SHIPPED = (REPOSITORY or ROOT / PACKAGE) / "config.yaml"
"""The default configuration, which configuration files of users override."""

_OF_A_RUN = "config.json"


@dataclass(frozen=True)
class Experiment:
    """An experiment.

    Args:
        config: the complete configuration.
    """

    config: Config

    @property
    def store(self) -> Path:
        """The folder of the store."""
        return self.config.store

    @cached_property
    def grid(self) -> Grid:
        """The cells and entries of the experiment, for the files and code at the time of the first access."""
        return open_grid(self.config, creates_store=False)


def load(*files: Path | str, directory: Path | str | None = None) -> Experiment:
    """Open an experiment. Nothing is written except the cache of file hashes in an existing store.

    Args:
        files: as for `read`.
        directory: the working directory of Snakemake, to which relative paths in the configuration refer. By default
            the result of `directory_of`.

    Raises:
        UserError: as for `read`.
    """
    config = read(*files)
    folder = directory_of(config, *files) if directory is None else Path(directory)
    return Experiment(config if is_here(folder) else anchored(config, folder.absolute()))


def read(*files: Path | str) -> Config:
    """Read a configuration like `snakemake --configfile <files>`.

    Args:
        files: configuration files. Each overrides those before it, and all of them override the shipped configuration.
            The first may be the folder of an experiment in the store or the `config.json` in it, which is a complete
            configuration. Without files, the shipped configuration is read.

    Raises:
        UserError: a file does not exist, or the configuration is invalid.
    """
    given = [_file(Path(file)) for file in files]
    if len(given) == 1 and _is_whole(given[0]):
        _require(given[0])
        return read_whole(given[0])
    if given and _is_whole(given[0]):
        return _opened(_merged(updated(_read(given[0])), *map(_read, given[1:])), given)
    layers = [SHIPPED, *given]
    return _opened(_merged(*map(_read, layers)), layers)


def read_whole(file: Path) -> Config:
    """Read a complete configuration, such as those that runs write for their jobs, without the shipped one.

    Raises:
        UserError: the configuration is invalid.
    """
    try:
        raw = yaml.safe_load(text_of(file))
    except FileNotFoundError:
        problem = f"{file} was deleted since the run was planned"
        raise UserError(f"{problem}. Nothing is lost; start snakemake again, and it is written again.") from None
    except (yaml.YAMLError, ValueError) as error:
        raise UserError(f"{file}: {error}") from None
    return _opened(updated(raw) if isinstance(raw, dict) else raw or {}, [file])


def layered(
    given: Mapping, files: Iterable[Path | str], command_line: Mapping
) -> tuple[Mapping, list[Path | str], Mapping]:
    """Merge the configuration of a Snakemake workflow with the shipped one, if Snakemake has not done so.

    Snakemake does not read the `configfile:` of a workflow that is used as a module with `config:`.

    Args:
        given: the configuration; for a module, the one passed by the outer workflow.
        files: the configuration files read by Snakemake: those of the command line, then that of the workflow.
        command_line: the values of `--config`.

    Returns:
        The arguments of `xstilts.run.Run`. The list of files is empty if the outer workflow passes a configuration
        that differs from the content of its files, since errors could not refer to their lines.
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
    """Infer the working directory of Snakemake from the location of configuration files.

    Returns:
        For the `config.json` of an experiment, the folder that its relative store refers to, otherwise the repository.
        If the package is installed without a repository, the folder of the last file or, without files, the current
        directory.
    """
    if files and (folder := _above_store(_file(Path(files[0])), config.store)):
        return folder
    return REPOSITORY or (_file(Path(files[-1])).absolute().parent if files else Path.cwd())


def is_here(folder: Path) -> bool:
    """Whether a folder is the current directory."""
    return folder.resolve() == Path.cwd()


def store_of(configs: list[Config]) -> Path:
    """The common store of several configurations.

    Raises:
        UserError: their stores differ.
    """
    stores = {config.store.resolve(): config.store for config in configs}
    if len(stores) > 1:
        listed = ", ".join(map(str, stores))
        raise UserError(
            f"the configurations have different stores ({listed}); give configurations with the same store."
        )
    return next(iter(stores.values()))


def declared(config: Config) -> Config:
    """Make the tasks known that a configuration describes.

    Returns:
        The configuration, unchanged.

    Raises:
        UserError: a task has the name of another one.
    """
    for name in (name for name, settings in config.tasks.items() if settings.local):
        if name in (*tasks.shipped(), NO_INTERMEDIATE, ALL) or not is_word(name):
            problem = "there is a task with this name" if name in tasks.shipped() else "no task can have this name"
            raise ConfigError(f"tasks.{name}.local", name, f"{problem}; give yours another one")
    tasks.declare(own_tasks(config))
    return config


def own_tasks(config: Config) -> list[Task]:
    """The tasks that a configuration describes."""
    return [local.task(name, settings.local) for name, settings in config.tasks.items() if settings.local]


def _opened(raw: Mapping, files: Iterable[Path | str]) -> Config:
    return expanded(declared(parse(raw, files)))


def _file(path: Path) -> Path:
    """The configuration file of a folder; any other path is returned unchanged."""
    return path / _OF_A_RUN if path.is_dir() else path


def _is_whole(file: Path) -> bool:
    """Whether a file is the complete configuration that a run writes to `<store>/experiments/<experiment>/`.

    It contains the names of that experiment and of that store. A file that does not exist is judged by its path alone.
    """
    experiment = file.absolute().parent
    if file.name != _OF_A_RUN or experiment.parent.name != "experiments":
        return False
    if not file.is_file():
        return True
    try:
        content = json.loads(file.read_bytes())
    except ValueError:
        return False
    if not isinstance(content, dict):
        return False
    name, store = (content.get(key, Config.model_fields[key].default) for key in ("experiment", "store"))
    return name == experiment.name and isinstance(store, str | Path) and _leads_to(Path(store), experiment.parents[1])


def _leads_to(store: Path, place: Path) -> bool:
    """Whether a store, which may be relative to any folder, can be at a place."""
    return store.resolve() == place.resolve() or place.parts[len(place.parts) - len(store.parts) :] == store.parts


def _above_store(file: Path, store: Path) -> Path | None:
    """The folder that the relative path of a store refers to, given a configuration in the store; None if unknown."""
    if store.is_absolute() or not _is_whole(file):
        return None
    # Links are not resolved, since the store may be one.
    place = file.absolute().parents[2]
    above = place.parents[len(store.parts) - 1] if 0 < len(store.parts) <= len(place.parents) else place
    return above if above / store == place else None


def _merged(*layers: Mapping) -> dict:
    """Merge configurations key by key as Snakemake does; later ones override earlier ones."""
    # Jobs import this module but do not need Snakemake.
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
        raise UserError(f"{path} does not exist; give the file that you pass to snakemake with --configfile.")


def open_grid(config: Config, added: Iterable[Record] = (), creates_store: bool = True) -> Grid:
    """Create the grid of a configuration for the present files and code.

    Args:
        added: records of sameness in addition to those of the project and the store.
        creates_store: whether to cache file hashes even if the store does not exist yet.
    """
    records = Sameness([sameness.SHIPPED, config.store / sameness.FILE], added)
    identity = FileIdentity(config.store / ".cache", records)
    # The grids of other experiments may describe other tasks by the same names.
    with tasks.declared(own_tasks(config)):
        grid = Grid(config, identity)
        _ = grid.entries
    if creates_store or config.store.is_dir():
        identity.save()
    return grid


def added_records(store: Path, grid: Grid) -> list[Record]:
    """The records of sameness in a store that determine names in a grid."""
    oldest = grid.identity.sameness.oldest
    named = {pair for entry in grid.entries.values() for pair in sameness.named(entry.spec).items()}
    return [one for one in sameness.read(store / sameness.FILE)[1] if (one.of, oldest(one.of, one.new)) in named]


def require_encoders(config: Config) -> None:
    """Check that local encoders exist, which a run needs but a plan does not.

    Raises:
        ConfigError: the folder of an encoder does not exist, or has no weights.
    """
    for name in config.grid.encoders:
        key, path = f"encoders.{name}.path", config.encoders[name].path
        if path and not is_checkpoint(path):
            raise ConfigError(key, str(path), "no Hugging Face folder there (config.json, weights, tokenizer.json)")
        if path and not has_weights(path):
            problem = "there are no weights in this folder (such as model.safetensors or pytorch_model.bin)"
            raise ConfigError(key, str(path), f"{problem}; put the encoder's own there")
