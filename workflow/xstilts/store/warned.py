"""Warnings about an experiment: about its data, recorded when they were read, and about different precisions."""

from pathlib import Path

from xstilts.config import Config, ConfigError
from xstilts.grid import Grid
from xstilts.names import split_and_language
from xstilts.store import precisions
from xstilts.store.entries import finished, noted


def warnings(store: Path, grid: Grid) -> list[str]:
    """The warnings about an experiment."""
    return [*of_data(store, grid), *precisions.warnings(store, grid)]


def of_data(store: Path, grid: Grid) -> list[str]:
    """The warnings about the data of an experiment: a line per task, split and warning, with the languages."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for entry in grid.entries.values():
        if entry.step == "read_task" and finished(store, entry):
            for name in entry.spec["files"]:
                if warning := noted(store, entry.path, name).get("warning"):
                    split, lang = split_and_language(name)
                    found.setdefault((entry.about.task, split, warning), []).append(lang)
    return [f"{task} {split}: {text} ({', '.join(langs)})" for (task, split, text), langs in found.items()]


def require_counts(config: Config, grid: Grid) -> None:
    """Reject data that were read with a warning, if the configuration is strict.

    Raises:
        ConfigError: the first warning.
    """
    for warning in of_data(config.store, grid) if config.strict else []:
        raise ConfigError("strict", True, f"rejects data that have already been read: {warning}")


_CHECKS = (require_counts, precisions.require_one)


def require(config: Config, grid: Grid) -> None:
    """Reject what an experiment would be warned of, if its configuration is strict.

    Raises:
        ConfigError: data were read with a warning, or results that are compared differ in precision.
    """
    for check in _CHECKS:
        check(config, grid)


def refusals(config: Config, grid: Grid) -> list[str]:
    """The messages of `require`, for each kind of warning."""
    found = []
    for check in _CHECKS:
        try:
            check(config, grid)
        except ConfigError as error:
            found.append(str(error))
    return found
