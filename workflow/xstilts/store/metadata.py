"""What the spec.json of an entry contains besides its spec: the metadata and the inputs of the entry."""

from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from xstilts.steps.entry import About, Entry


@dataclass(frozen=True)
class Metadata:
    """The part of spec.json that is in no fingerprint.

    Args:
        about: the metadata.
        inputs: the paths of the inputs, by role.
    """

    about: About
    inputs: dict[str, str]

    @staticmethod
    def of(content: Any) -> "Metadata | None":
        """The metadata in a file; None if it has none that this version can read."""
        try:
            return _adapter().validate_python(content)
        except ValidationError:
            return None


@cache
def _adapter() -> TypeAdapter[Metadata]:
    return TypeAdapter(Metadata)


def metadata(entry: Entry) -> dict[str, Any]:
    """The metadata of an entry as they are written."""
    about = {name: value for name, value in asdict(entry.about).items() if value}
    return {"about": about, "inputs": {role: one.path for role, one in entry.inputs.items()}}
