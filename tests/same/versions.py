"""The two versions: what they must have in common, and how they are unpacked."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from xstilts.errors import UserError
from xstilts.fingerprints import sourcecode

ROOT = Path(__file__).parents[2]
PINS = "envs/requirements.txt"
GRID = "tests/same/grid.yaml"
RECORDS = "sameness.json"
SHIPPED = Path("workflow", "xstilts", "fingerprints", RECORDS)
"""The records of this version. Those of an earlier version may be in another folder of the package."""


def git(root: Path, *arguments: str) -> bytes:
    """The output of a git command.

    Raises:
        UserError: the command fails.
    """
    run = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False)
    if run.returncode:
        raise UserError(f"git {' '.join(arguments)}: {run.stderr.decode(errors='replace').strip()}")
    return run.stdout


def require_package_of(root: Path) -> None:
    """Check that Python imports the package of this project, not an installed copy of it.

    Raises:
        UserError: Python imports another copy.
    """
    if sourcecode.ROOT.resolve() != (root / "workflow").resolve():
        raise UserError(
            f"xstilts: found the package in {sourcecode.ROOT}; expected that in {root / 'workflow'}, whose code the "
            "records are to name. Let Python find it first: PYTHONPATH=workflow."
        )


def commit(root: Path, base: str) -> str:
    """Resolve the name of a commit, and check that the commit can be compared.

    Raises:
        UserError: there is no such commit, it requires another environment, or its specs have no roles of code.
    """
    try:
        found = git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}").decode().strip()
    except UserError:
        raise UserError(
            f"BASE: found {base!r}; expected a commit of {root}, such as HEAD or a release. See `git log`."
        ) from None
    files = git(root, "ls-tree", "-r", "--name-only", "-z", found).decode().split("\0")
    if not any(file.startswith("workflow/") and file.endswith(f"/{RECORDS}") for file in files):
        raise UserError(
            f"BASE: found {base}, whose specs have no roles of code (it has no {RECORDS}); expected a commit that has "
            "them. What was computed before cannot be named by records; let BASE be a later commit."
        )
    require_environment(
        _pins(git(root, "show", f"{found}:{PINS}").decode()), _pins((root / PINS).read_text("utf-8")), base
    )
    return found


def require_environment(before: dict[str, str], now: dict[str, str], base: str) -> None:
    """Check that differences cannot be caused by libraries.

    Args:
        before: the pinned versions of BASE.
        now: the pinned versions of the working tree.
        base: the name of BASE.

    Raises:
        UserError: pins differ, or another version than the pinned one is installed.
    """
    names = sorted({*before, *now})
    other = [
        f"{name} {before.get(name, 'absent')} → {now.get(name, 'absent')}"
        for name in names
        if before.get(name) != now.get(name)
    ]
    if other:
        raise UserError(
            f"{PINS}: found other versions than at {base}: {', '.join(other)}; expected the same: a difference could "
            "be theirs. Compare the code first, with the pins of BASE, and change libraries in a commit of their own."
        )
    wrong = [f"{name} {_installed(name)} (pinned: {pin})" for name, pin in now.items() if not _fits(name, pin)]
    if wrong:
        raise UserError(
            f"{PINS}: found installed {', '.join(wrong)}; expected the pinned versions. Install them: "
            f"pip install -r {PINS}."
        )


def _pins(text: str) -> dict[str, str]:
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return {name.strip().lower(): pin.strip() for name, sign, pin in (line.partition("==") for line in lines) if sign}


def _fits(name: str, pin: str) -> bool:
    """Whether the pinned version of a library is installed, in any build, such as `2.13.0+cpu`."""
    return _installed(name).partition("+")[0] == pin or _installed(name) == pin


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def unpack(root: Path, commit: str | None, folder: Path) -> str:
    """Unpack a version into a folder, with everything that is needed to run the grid.

    Args:
        root: the folder of the project.
        commit: the commit of the version; None for the working tree.
        folder: the folder, which is emptied first.

    Returns:
        A hash of the unpacked files. It excludes the records of the working tree, since its run has the names of
        another version regardless of them.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if commit is None:
        for name in _present(root):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, folder / name, follow_symlinks=False)
    else:
        subprocess.run(["tar", "x", "-C", folder], input=git(root, "archive", commit), check=True)
    if not (folder / GRID).is_file():
        place = Path(GRID).parent
        shutil.copytree(root / place, folder / place, dirs_exist_ok=True)
    files = sorted(file for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
    files = [file for file in files if commit or file.name != RECORDS]
    content = (f"{file.relative_to(folder)} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files)
    return hashlib.sha256("\n".join(content).encode()).hexdigest()


def _present(root: Path) -> Iterator[str]:
    """The existing files that git tracks or that it does not ignore."""
    names = git(root, "ls-files", "--cached", "--others", "--exclude-standard", "-z").decode().split("\0")
    return (name for name in sorted(set(filter(None, names))) if (root / name).is_symlink() or (root / name).is_file())


def python_folder() -> Path:
    """The folder of this environment's programs."""
    return Path(sys.executable).parent
