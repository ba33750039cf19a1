"""What training with an objective gains over plain training, on clean and perturbed text and out of domain."""

from collections.abc import Mapping

import pandas as pd

from xstilts.reporting.drops import NAN, differences
from xstilts.reporting.experiment_results import Results
from xstilts.robustness import Cell, Gain, Robustness

CLEAN = "clean"
"""The name of unchanged text in domain among the texts."""

KEYS = ["intermediate", "target", "objective", "equal", "plain"]
NUMBERS = {"gain": "delta", "low": "delta_low", "high": "delta_high", "p": "p", "p_adjusted": "p_adjusted"}
"""The columns of a difference between cells, by their names for gains."""

COLUMNS = [*KEYS, "text", "evaluated", *NUMBERS, "significant", "n", "seeds"]


def gains(results: Results, encoder: str) -> pd.DataFrame:
    """A row for each cell after training with an objective and each plain training with the same recipe.

    Returns:
        A table with `COLUMNS`. `target` is the one in domain with clean text, `evaluated` the one whose score is
        compared, and `text` is `CLEAN`, the perturbation, or out of domain `evaluated`. `plain` is the intermediate of
        the plain training, with its target if that is another one. Without plain training, `plain` is empty, and all
        numbers are missing.
    """
    known = differences(results, encoder)
    rows = [_row(results.robustness, one, known.get((one.one, one.other), {})) for one in results.robustness.gains]
    return pd.DataFrame(rows, columns=COLUMNS)


def texts(results: Results) -> list[str]:
    """The texts of gains: clean, then perturbed, then out of domain, each in the order of the grid."""
    known = results.robustness
    found = {_text(known, one.one[1]) for one in known.gains}
    perturbed = [one.perturbation for one in known.perturbed]
    return [text for text in dict.fromkeys((CLEAN, *perturbed, *results.grid.targets)) if text in found]


def base(known: Robustness, target: str) -> str:
    """The target in domain, with clean text, beside which another one is shown; itself if there is none."""
    clean = next((one.clean for one in known.perturbed if one.target == target), None) or target
    return next((one.in_domain for one in known.out_of_domain if one.target == clean), None) or clean


def _row(known: Robustness, one: Gain, found: Mapping[str, object]) -> dict[str, object]:
    """A row; `found` is its difference, empty if it is missing."""
    intermediate, target = one.one
    return {
        "intermediate": intermediate,
        "target": base(known, target),
        "objective": one.objective,
        "equal": " and ".join(one.equal),
        "plain": _plain(known, one.other, target),
        "text": _text(known, target),
        "evaluated": target,
        **{name: found.get(column, NAN) for name, column in NUMBERS.items()},
        "significant": bool(found.get("significant", False)),
        "n": found.get("n", 0),
        "seeds": found.get("seeds", 0),
    }


def _text(known: Robustness, target: str) -> str:
    """The text of a target: its perturbation, `CLEAN`, or the target out of domain."""
    shown = base(known, target)
    arm = next((one for one in known.perturbed if one.target == target), None)
    if arm and arm.clean in (shown, None):
        return arm.perturbation
    is_in_domain = all(one.target != target for one in known.out_of_domain)
    return CLEAN if shown == target and is_in_domain else target


def _plain(known: Robustness, other: Cell | None, target: str) -> str:
    """The name of a plain training: its intermediate, and its target in domain if that is not the same."""
    if other is None:
        return ""
    its = base(known, other[1])
    return other[0] if its == base(known, target) else f"{other[0]} ({its})"
