"""The configuration as Snakemake sees it: the user's file over the one that is shipped."""

from pathlib import Path

from snakemake.common.configfile import load_configfile
from snakemake.utils import update_config
from snakemake_interface_common.exceptions import WorkflowError

from xstilts.config import Config, parse
from xstilts.errors import UserError
from xstilts.fingerprints.sourcecode import ROOT

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
    raw: dict = {}
    for file in files:
        update_config(raw, _read(file))
    return parse(raw, files)


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


def _read(path: Path) -> dict:
    if not path.is_file():
        raise UserError(f"{path} is not there; give the file that snakemake gets with --configfile.")
    try:
        return load_configfile(path)
    except (WorkflowError, ValueError) as error:
        raise UserError(f"{path}: {error}") from None
