"""Imports follow the floors of docs/architecture.md, and no two packages import each other."""

import ast
from itertools import pairwise
from pathlib import Path

import xstilts

PACKAGE = Path(xstilts.__file__).parent

FLOORS = (
    "errors languages names paths perturbations steps task kept_heads config",
    "fingerprints",
    "sources",
    "tasks",
    "coverage objectives recipes relative_steps sequences arms forgetting distances dropouts labels resources transfer "
    "controls robustness orders bundles grid checks stage_checks target_checks experiments",
    "store",
    "runtime",
    "features metrics",
    "kinds",
    "models",
    "prediction",
    "training probes",
    "miniature",
    "inspection",
    "reporting",
    "publication",
    "jobs commands",
    "run patterns cli __main__",
)
"""From the ground up; what stands on one floor may import within it, and from every floor below."""

LEVEL = {name: level for level, names in enumerate(FLOORS) for name in names.split()}


def modules() -> dict[str, Path]:
    """Every module of the package, by the name that it has below the package."""
    files = {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in PACKAGE.rglob("*.py")}
    return {name.removesuffix(".__init__"): path for name, path in files.items() if name != "__init__"}


def imported(path: Path, known: set[str]) -> set[str]:
    """The modules of the package that a module imports, wherever in it, and for types alone too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import, which is not counted here"
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        found |= {name.removeprefix("xstilts.") for name in names if name.startswith("xstilts.")}
    return found & known


def arrows() -> dict[tuple[str, str], list[str]]:
    """Which package, or module on top, imports which other, with the modules that do."""
    known, found = modules(), {}
    for name, path in known.items():
        for other in imported(path, set(known)):
            ends = name.partition(".")[0], other.partition(".")[0]
            if ends[0] != ends[1]:
                found.setdefault(ends, []).append(f"{name} imports {other}")
    return found


def test_every_package_and_module_on_top_has_a_floor():
    assert {name.partition(".")[0] for name in modules()} == set(LEVEL)


def test_no_import_runs_up():
    up = [line for (low, high), lines in arrows().items() if LEVEL[low] < LEVEL[high] for line in lines]
    assert up == []


def test_no_two_packages_import_each_other_by_any_way():
    graph: dict[str, set[str]] = {}
    for low, high in arrows():
        graph.setdefault(low, set()).add(high)

    def cycle(path: list[str]) -> list[str]:
        for other in sorted(graph.get(path[-1], ())):
            if other in path:
                return [*path, other]
            if found := cycle([*path, other]):
                return found
        return []

    circles = {" -> ".join(cycle([name])) for name in graph if cycle([name])}
    assert circles == set()


def test_floors_are_named_once():
    names = " ".join(FLOORS).split()
    assert all(first != second for first, second in pairwise(sorted(names)))


def test_the_documentation_lists_the_same_floors():
    page = (PACKAGE.parents[1] / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = [line.split(" | ")[1] for line in page.splitlines() if line[:3].strip("| ").isdigit()]
    documented = [set(row.replace("`", "").split(", ")) for row in rows]
    assert documented == [set(names.split()) for names in reversed(FLOORS)]
