"""Atomic creation of files, folders and links."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(place: Path) -> Iterator[Path]:
    """Yield a scratch path beside `place`, and rename it to `place` if the block succeeds.

    A file or link replaces an earlier one; a folder requires that nothing exists at `place`.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    scratch = place.with_name(f".{place.name}.{os.getpid()}")
    clear(scratch)
    try:
        yield scratch
        scratch.replace(place)
    finally:
        clear(scratch)


def clear(place: Path) -> None:
    """Remove a file, a link or a folder with its contents, if it exists."""
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
