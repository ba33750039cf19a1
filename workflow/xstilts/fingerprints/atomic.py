"""Files, folders and links that appear whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(place: Path) -> Iterator[Path]:
    """A path beside a place; what the block writes there takes the place when the block ends well.

    A file or a link replaces an earlier one. A folder needs a free place.
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
    """Remove what is at a path: a folder with all it holds, a file or a link."""
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
