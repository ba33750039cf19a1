"""The folders of the states of a training: `state-<step>`, and `best-<step>` for the best weights. Imports no torch."""

from pathlib import Path

STATE, BEST = "state-", "best-"
UNFINISHED = ".tmp"
"""The suffix of a folder that is not complete."""


def numbered(scratch: Path, prefix: str) -> list[Path]:
    """The complete folders with a prefix, the latest first."""
    found = [folder for folder in scratch.glob(f"{prefix}*") if not folder.name.endswith(UNFINISHED)]
    return sorted(found, key=step_of, reverse=True)


def step_of(folder: Path) -> int:
    """The step in the name of a folder."""
    return int(folder.name.rpartition("-")[2])
