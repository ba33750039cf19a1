"""JSON files of the store, which are written atomically."""

import json
from pathlib import Path

from xstilts.errors import UserError
from xstilts.fingerprints.atomic import replacing


def read_json(file: Path) -> dict:
    """Read a JSON object; empty if the file is missing or corrupt, as after a power failure.

    Raises:
        UserError: the user may not read the file.
    """
    try:
        content = json.loads(file.read_bytes())
    except PermissionError:
        raise UserError(f"{file} is not readable: permission denied. Ask its owner for access.") from None
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def write_json(path: Path, value: object) -> None:
    """Write a JSON file atomically."""
    with replacing(path) as scratch:
        scratch.write_text(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
