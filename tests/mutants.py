"""Change the code that numbers depend on, one small slip at a time, and count the slips that no test notices.

    python tests/mutants.py [--since REVISION] [AREA ...]

Without areas: the modules that differ from REVISION, by default from `origin/main`, or where there is none from the
last commit. mutmut makes the slips (mutants) and runs those tests of the area that call the changed function. The
survivors of an area are listed in build/mutants/<area>/survivors.diff.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = "workflow/xstilts"
TESTS = "tests/unit"
BUILD = ROOT / "build" / "mutants"
REQUIRED = 0.85
"""The share of the mutants of an area that its tests must kill."""

AREAS = {
    "metrics": ("metrics/* prediction/scoring.py", "test_metric* test_squad_v2.py test_scoring*.py test_xtreme.py"),
    "decoding": (
        "kinds/* features/tokens.py features/words.py prediction/[efmr]*.py",
        "test_kinds_* test_prediction*.py test_mine*.py test_embed.py test_retrieval*.py",
    ),
    "statistics": (
        "reporting/choice.py reporting/collect.py reporting/comparison.py reporting/per_example.py reporting/paper.py "
        "reporting/resampling.py reporting/experiment_results.py reporting/significance.py reporting/tables.py "
        "reporting/order*.py reporting/contrasts.py reporting/paired.py reporting/drops.py reporting/gains.py",
        "test_statistics*.py test_comparison.py test_resampling.py test_units_of_cells.py test_results*.py "
        "test_report_tables*.py test_tables.py test_choice.py test_collect.py test_order_*.py "
        "test_contrasts.py test_robust_tables.py",
    ),
    "batches": (
        "training/batches.py training/schedule.py features/batching.py",
        "test_batches.py test_schedule.py test_kinds_batching.py test_pools.py",
    ),
    "specs": (
        "fingerprints/s*.py grid.py config/settings.py",
        "test_spec*.py test_sameness.py test_grid.py test_sourcecode.py test_syntax.py test_settings*.py",
    ),
    "store": (
        "store/drafts.py store/entries.py store/jsonfiles.py store/links.py store/weights.py",
        "test_store*.py test_pending.py test_encoder_identity.py test_leftovers.py",
    ),
}
"""Area -> its modules below the package, and the modules of tests/unit that belong to it; both as patterns."""

SETTINGS = """\
[tool.pytest.ini_options]
markers = ["slow"]
addopts = "-q -m 'not slow'"

[tool.mutmut]
source_paths = ["src"]
only_mutate = {modules}
pytest_add_cli_args_test_selection = {tests}
use_git_change_detection = false
"""
KILLED = {"killed", "timeout"}


def matches(folder: str, patterns: str) -> list[str]:
    """The Python files below a folder of the repository that the patterns name; each pattern has to name one."""
    found = []
    for pattern in patterns.split():
        paths = [path for path in (ROOT / folder).glob(pattern) if path.suffix == ".py"]
        if not paths:
            sys.exit(f"{Path(__file__).name}: no file of {folder} matches {pattern}. Correct AREAS.")
        found += [str(path.relative_to(ROOT / folder)) for path in paths]
    return sorted(set(found))


def changed(since: str | None) -> set[str]:
    """Modules of the package that differ from a revision, those not yet known to git among them."""
    upstream = git("for-each-ref", "--format=%(refname)", "refs/remotes/origin/main")
    since = since or (upstream[0] if upstream else "HEAD")
    paths = [
        *git("diff", "--name-only", since, "--", PACKAGE),
        *git("ls-files", "--others", "--exclude-standard", PACKAGE),
    ]
    return {path.removeprefix(PACKAGE + "/") for path in paths}


def git(*arguments: str) -> list[str]:
    """The lines that git prints."""
    command = subprocess.run(["git", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    return command.stdout.splitlines() if command.returncode == 0 else sys.exit("git failed, see above.")


def prepare(area: str, chosen: list[str]) -> Path:
    """A folder in which mutmut finds the package, the tests and its settings, and puts the mutants."""
    folder = BUILD / area
    shutil.rmtree(folder, ignore_errors=True)
    copies = folder / "mutants"
    # The folder stands on PYTHONPATH: what is not there when Python starts is never searched.
    (copies / "src").mkdir(parents=True)
    (folder / "src").symlink_to(ROOT / "workflow")
    # Tests look for the package in `workflow` of the folder above them: there they have to find the mutants.
    (copies / "workflow").symlink_to("src")
    (folder / "tests").symlink_to(ROOT / "tests")
    for name in ("Snakefile", "config.yaml", "docs", "envs", "README.md", "profiles"):
        (copies / name).symlink_to(ROOT / name)
    tests = [f"{TESTS}/{name}" for name in matches(TESTS, AREAS[area][1])]
    settings = SETTINGS.format(modules=[f"src/xstilts/{name}" for name in chosen], tests=tests)
    (folder / "pyproject.toml").write_text(settings, encoding="utf-8")
    return folder


def run(folder: Path) -> None:
    """Let mutmut make the mutants and test them. Its workers are forks, which threads do not survive."""
    environment = {
        "XSTILTS_SAMPLES": str(ROOT.parent / "shared" / "data"),
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "PYTHONPATH": str(folder / "mutants" / "src"),
    }
    with (folder / "log").open("w", encoding="utf-8") as log:
        command = [sys.executable, "-m", "mutmut", "run"]
        if subprocess.run(command, cwd=folder, env=environment, stdout=log, stderr=log).returncode:
            sys.exit(
                f"mutmut failed; its output is in {log.name}. All tests of the area have to pass without a mutant."
            )


def verdicts(folder: Path, chosen: list[str]) -> dict[str, Counter]:
    """Module -> how many of its mutants met which end; the diffs of those that no test noticed are written down."""
    os.chdir(folder)
    from mutmut.configuration import reset_config
    from mutmut.mutation.data import SourceFileMutationData
    from mutmut.mutation.diff_apply import get_diff_for_mutant
    from mutmut.stats import status_by_exit_code

    reset_config()
    result = {}
    with Path("survivors.diff").open("w", encoding="utf-8") as survivors:
        for name in chosen:
            data = SourceFileMutationData(path=Path("src/xstilts", name))
            data.load()
            ends = {mutant: status_by_exit_code[code] for mutant, code in data.exit_code_by_key.items()}
            result[name] = Counter(ends.values())
            for mutant, end in ends.items():
                if end not in KILLED:
                    survivors.write(f"# {mutant}: {end}\n{get_diff_for_mutant(mutant, path=data.path)}\n")
    return result


def report(area: str, ends: dict[str, Counter]) -> bool:
    """Print what became of the mutants of each module; whether enough of them were killed."""
    total = sum(ends.values(), Counter())
    print(f"\n{area + ':':32} mutants  killed    left")
    for name, counts in [*ends.items(), ("all", total)]:
        made, killed = counts.total(), sum(counts[end] for end in KILLED)
        if made:
            print(f"  {name:30} {made:7} {killed:7} {made - killed:7}  {killed / made:6.1%}")
    print(f"  The survivors: {(BUILD / area / 'survivors.diff').relative_to(ROOT)}", flush=True)
    return sum(total[end] for end in KILLED) >= REQUIRED * total.total()


def main() -> None:
    """Test the mutants of the given areas, or of the changed modules."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("areas", nargs="*", metavar="AREA", help=", ".join(AREAS) + " or all")
    parser.add_argument("--since", metavar="REVISION", help="the revision with which modules are compared")
    arguments = parser.parse_args()
    if unknown := set(arguments.areas) - {*AREAS, "all"}:
        parser.error(f"there is no area {', '.join(sorted(unknown))}; there are {', '.join(AREAS)} and all")
    if arguments.areas:
        areas = AREAS if "all" in arguments.areas else arguments.areas
        chosen = {area: matches(PACKAGE, AREAS[area][0]) for area in areas}
    else:
        different = changed(arguments.since)
        chosen = {area: [name for name in matches(PACKAGE, AREAS[area][0]) if name in different] for area in AREAS}
    if not any(chosen.values()):
        print(f"No module of {', '.join(AREAS)} has changed. Name areas to test them whole.")
    enough = True
    for area, names in chosen.items():
        if names:
            folder = prepare(area, names)
            run(folder)
            enough &= report(area, verdicts(folder, names))
    if not enough:
        sys.exit(f"Tests have to kill at least {REQUIRED:.0%} of the mutants of each area.")


if __name__ == "__main__":
    main()
