"""What was strange about the data of an experiment when they were read."""

from pathlib import Path

from xstilts.config import Config, ConfigError
from xstilts.grid import Grid
from xstilts.names import split_and_language
from xstilts.store.entries import finished, noted


def warnings(store: Path, grid: Grid) -> list[str]:
    """What is strange about the data of an experiment: a line for each task, split and finding, with its languages."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for entry in grid.entries.values():
        if entry.step == "read_task" and finished(store, entry):
            for name in entry.spec["files"]:
                if warning := noted(store, entry.path, name).get("warning"):
                    split, lang = split_and_language(name)
                    found.setdefault((entry.about.task, split, warning), []).append(lang)
    return [f"{task} {split}: {text} ({', '.join(langs)})" for (task, split, text), langs in found.items()]


def require_counts(config: Config, grid: Grid) -> None:
    """Refuse to go on with data that were read with a warning before the configuration became strict.

    Raises:
        ConfigError: the first warning.
    """
    for warning in warnings(config.store, grid) if config.strict else []:
        raise ConfigError("strict", True, f"refuses data that were read already: {warning}")
