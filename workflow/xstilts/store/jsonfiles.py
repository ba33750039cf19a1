"""JSON files of the store, written whole or not at all."""

import json
from pathlib import Path

from xstilts.errors import UserError
from xstilts.fingerprints.atomic import replacing


def read_json(file: Path) -> dict:
    """A JSON object that lies in the store; empty where there is none, or half of one after the power failed.

    Raises:
        UserError: the file may not be read.
    """
    try:
        content = json.loads(file.read_bytes())
    except PermissionError:
        raise UserError(f"{file} may not be read by you; ask its owner for the right to.") from None
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def write_json(path: Path, value: object) -> None:
    """A JSON file that appears whole or not at all."""
    with replacing(path) as scratch:
        scratch.write_text(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
