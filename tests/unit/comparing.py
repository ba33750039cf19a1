"""Runs and compares two versions of a small package."""

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from textwrap import dedent

import coverage

sys.path.insert(0, str(Path(__file__).parents[1] / "same"))

from calls import Calls
from changes import BASE, NEW, Comparison
from definitions import Package
from evidence import Evidence, measured, together
from verdicts import unshown

VERSIONS = (BASE, NEW)


def problem(folder: Path, code: str, driver: str, reached: dict[str, Iterable[str]] | None = None) -> str:
    """Why running both versions of a package does not show that they do the same; empty where it does.

    Args:
        code: its modules, each behind a line `-- name`; `{{old|new}}` stands for what differs, and a module without
            text is not there.
        driver: what is run with each version of the package, which is called `toy`.
        reached: by version, the modules that the code in question reaches; by default all.
    """
    packages, evidence = {}, {}
    for number, version in enumerate(VERSIONS):
        root = folder / version
        _write(root / "toy", re.sub(r"(?s)\{\{(.*?)\|(.*?)\}\}", rf"\g<{number + 1}>", dedent(code)))
        _run(root, driver)
        packages[version] = Package(root / "toy")
        arcs = together(measured(root / "data", packages[version]).values())
        evidence[version] = Evidence(packages[version], Calls(packages[version]), arcs)
    modules = {version: set((reached or {}).get(version, package.modules)) for version, package in packages.items()}
    return unshown(Comparison(packages[BASE], packages[NEW]), modules, evidence)[0]


def _write(package: Path, code: str) -> None:
    for module in re.split(r"^-- ", code, flags=re.MULTILINE)[1:]:
        name, _, text = module.partition("\n")
        if text.strip():
            file = package / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f'"""A module."""\n{text}' if file.suffix == ".py" else text, encoding="utf-8")
    for folder in (package, *(path for path in package.rglob("*") if path.is_dir())):
        (folder / "__init__.py").touch()


def _run(root: Path, driver: str) -> None:
    (root / "data").mkdir()
    jobs = coverage.Coverage(
        data_file=str(root / "data" / "all"), branch=True, config_file=False, source=[str(root / "toy")]
    )
    jobs.set_option("run:core", "ctrace")
    sys.path.insert(0, str(root))
    jobs.start()
    try:
        exec(driver, {})
    finally:
        jobs.stop()
        sys.path.remove(str(root))
        for name in [name for name in sys.modules if name.partition(".")[0] == "toy"]:
            del sys.modules[name]
    jobs.save()
