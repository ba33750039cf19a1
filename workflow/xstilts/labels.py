"""Short names of stages and targets with many languages, for tables and figures."""

import re
from collections.abc import Iterable, Mapping

from xstilts.names import SOURCE, path_of, reference


def labels(paths: Iterable[str]) -> dict[str, str]:
    """The label of each stage and target whose name has more than three languages, such as `mnli@5langs`.

    Names that differ only in which languages they have are numbered: `mnli@5langs-2`.
    """
    found: dict[str, str] = {}
    for name in dict.fromkeys(name for path in paths for name in path.split("/")):
        short = reference(name).in_path if "@" in name and SOURCE not in name else name
        if short != name:
            number = 1 + sum(reference(other).in_path == short for other in found)
            found[name] = short if number == 1 else f"{short}-{number}"
    return found


def labelled(path: str, known: Mapping[str, str]) -> str:
    """A path of stages, or a target, with the labels of its names."""
    return path_of(known.get(name, name) for name in path.split("/")) if known else path


def notes(known: Mapping[str, str], shown: str) -> list[str]:
    """The languages behind the labels that occur in a text, one sentence for each label."""
    return [
        f"{label}: {', '.join(reference(name).languages)}." for name, label in known.items() if _occurs(label, shown)
    ]


def _occurs(label: str, text: str) -> bool:
    """Whether a label is in a text, other than as the start of a numbered one."""
    return re.search(rf"{re.escape(label)}(?!-\d)", text) is not None
