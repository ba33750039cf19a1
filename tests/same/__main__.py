"""Find the roles whose code gives the same results as at an earlier commit, and write records of sameness for them.

    python tests/same BASE [--why TEXT] [--by-hand ROLE ...]

Runs a small grid with both versions. A role gets a record in workflow/xstilts/fingerprints/sameness.json if all of its
output files are equal and all of its changed statements were executed (docs/development.md).
"""

import argparse
import sys
import time

from records import BY_HAND, written
from runs import run
from verdicts import Verdict, as_before, fingerprints, verdicts
from versions import ROOT, commit, require_package_of

from xstilts.errors import UserError

BUILD = ROOT / "build" / "same"
WHY = "changes no result; the commit of this record says why"


def main() -> None:
    """Parse the command line and run the comparison."""
    parser = argparse.ArgumentParser(prog="python tests/same", description=__doc__.split("\n")[0])
    parser.add_argument("base", metavar="BASE", help="a commit")
    parser.add_argument("--why", default="", help="why the change cannot matter")
    parser.add_argument("--by-hand", nargs="+", default=[], metavar="ROLE", help="roles that you explain with --why")
    arguments = parser.parse_args()
    try:
        compare(arguments.base, arguments.why.strip(), arguments.by_hand)
    except UserError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("Stopped. No record was written; a run that was not finished starts anew.")


def compare(base: str, why: str, by_hand: list[str]) -> None:
    """Run both versions, write the records and print the verdicts.

    Raises:
        UserError: the versions cannot be compared, or a run failed.
    """
    begun = time.monotonic()
    if by_hand and not why:
        raise UserError("--by-hand: found no reason; expected one that others can judge. Give it: --why TEXT.")
    require_package_of(ROOT)
    found = commit(ROOT, base)
    before, now = run(ROOT, found, BUILD / "base"), fingerprints()
    seen = verdicts(before, run(ROOT, None, BUILD / "new", as_before(before, now), before.content), now)
    records = written(ROOT, seen, f"make same BASE={found[:12]}", why or WHY, by_hand)
    for one in seen:
        print(f"{one.role:24} {_said(one, by_hand)}")
    left = [one.role for one in seen if one.is_open and one.role not in by_hand]
    if left:
        print(f"\nIf you can explain why a role without a record does the same: make same BASE={base} WHY=... ", end="")
        print(f'BY_HAND="{" ".join(left)}"')
    print(f"\n{len(records)} records added, {time.monotonic() - begun:.0f} seconds.")


def _said(one: Verdict, by_hand: list[str]) -> str:
    if one.is_same:
        return "same by name"
    if one.problem and one.role in by_hand:
        return f"record {one.new} → {one.old}, {BY_HAND}"
    return f"no record: {one.problem}" if one.problem else f"record {one.new} → {one.old}: {one.shown}"


if __name__ == "__main__":
    main()
