"""Writing of records of sameness."""

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from verdicts import Verdict
from versions import RECORDS, SHIPPED

from xstilts.errors import UserError
from xstilts.fingerprints import sameness
from xstilts.fingerprints.sameness import Record, Sameness

BY_HAND = "by hand, not run"


def written(root: Path, verdicts: Iterable[Verdict], by: str, why: str, by_hand: list[str]) -> list[Record]:
    """Write records for the roles that gave the same results, and for those that a person explains.

    Args:
        root: the folder of the project.
        verdicts: the verdicts on all roles.
        by: the command that showed the sameness.
        why: why the change does not affect results.
        by_hand: the roles that a person explains.

    Returns:
        The records that were added.

    Raises:
        UserError: a role of `by_hand` needs no record or cannot have one, or records would contradict each other. In
            this case nothing is written.
    """
    known = {one.role: one for one in verdicts}
    for role in by_hand:
        one = known.get(role)
        if one is None or not one.is_open:
            listed = ", ".join(name for name, other in known.items() if other.is_open) or "none"
            given = f"{role!r}, of which {one.problem}" if one and one.differs else repr(role)
            raise UserError(
                f"--by-hand: found {given}; expected a role that got no record although no file differs ({listed}). "
                "Leave it out."
            )
    found = [one.record(why, f"{by}: {one.shown}") for one in known.values() if not one.is_same and not one.problem]
    found += [known[role].record(why, f"{BY_HAND}: {known[role].problem}") for role in by_hand]
    file = root / SHIPPED
    there = {(record.of, record.new, record.old) for record in sameness.read(file)[1]}
    more = [record for record in found if (record.of, record.new, record.old) not in there]
    if more:
        with tempfile.TemporaryDirectory() as folder:
            tried = Path(shutil.copy(file, folder)) if file.is_file() else Path(folder, RECORDS)
            sameness.add(tried, more)
            Sameness([tried])
        sameness.add(file, more)
    return more
