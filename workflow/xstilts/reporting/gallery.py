"""The figures and tables in Snakemake's own report; their names are known at planning time."""

from dataclasses import dataclass, replace

from xstilts.config.forgetting import HEADS, PROBES
from xstilts.forgetting import TABLE
from xstilts.grid import Grid
from xstilts.labels import labelled, labels
from xstilts.reporting.figures import titles
from xstilts.robustness import OBJECTIVES, OUT_OF_DOMAIN, PERTURBATIONS, ROBUSTNESS
from xstilts.steps.entry import Entry

TABLES = {
    "paper": "Layout of the paper",
    "groups": "Groups of XTREME",
    "intermediates": "Dev scores of the intermediates",
    "best": "Best intermediate of each target",
    "trainings": "Rows, steps and languages of trainings",
}
"""The title of each table of an encoder, by the name in its file name."""

SOURCE_TABLES = {
    "": "Sources",
    ".pairs": "Differences between sources",
    ".effects": "Effects of source and language",
    ".residuals": "Residuals",
    ".distances": "Distances",
}
"""The titles of the tables of each intermediate and target with sources, by the end of the name in their file names."""

MEASURES = {HEADS: "Earlier heads after each stage", PROBES: "Probes after each stage"}
"""The titles of the tables of each sequence, by measure."""
ROBUST_TABLES = {
    ROBUSTNESS: "Clean and perturbed text",
    OUT_OF_DOMAIN: "Out of domain",
    OBJECTIVES: "Gains of objectives",
    PERTURBATIONS: "Perturbed text by language",
}
"""The titles of the tables of robustness, by the name in their file names."""
ORDER_TABLES = {
    "orders": "Effect of the order of tasks",
    "orders.first_last": "First and last tasks",
    "orders.controls": "Orders and controls",
}
"""The titles of the tables of intermediates that differ only in the order of their tasks."""


@dataclass(frozen=True)
class Item:
    """A file in the report.

    Args:
        entry: the entry of the store that contains the file.
        file: the path below that entry.
        category: the category in the report.
        caption: the name of the caption.
        labels: labels that identify the file within its category.
    """

    entry: Entry
    file: str
    category: str
    caption: str
    labels: dict[str, str]

    @property
    def path(self) -> str:
        """The path below the store."""
        return f"{self.entry.path}/{self.file}"


def figures(grid: Grid) -> list[Item]:
    """The figures of every encoder."""
    arms = {"robustness": grid.robustness.perturbed, "sources": grid.trained.matrices, "orders": grid.orders}
    drawn = titles([question for question, found in arms.items() if found])
    return [
        Item(grid.figures, f"figures/{encoder}/{name}.svg", "Figures", name, {"encoder": encoder, "figure": title})
        for encoder in grid.config.grid.encoders
        for name, title in drawn.items()
    ]


def tables(grid: Grid) -> list[Item]:
    """The tables of every encoder."""
    order = grid.config.grid
    known = labels((*order.intermediates, *order.targets))
    targets = [labelled(target, known) for target in order.targets]
    by_target = {f"languages.{target}": f"Languages of {target}" for target in targets}
    return [
        Item(grid.tables, f"tables/{encoder}.{name}.html", "Tables", "tables", {"encoder": encoder, "table": title})
        for encoder in grid.config.grid.encoders
        for name, title in (TABLES | by_target | _of_questions(grid)).items()
    ]


def _of_questions(grid: Grid) -> dict[str, str]:
    """The titles of the tables of the questions that the experiment asks."""
    robust = {name: ROBUST_TABLES[name] for name in grid.robustness.tables}
    return _of_sources(grid) | robust | (ORDER_TABLES if grid.orders else {}) | _of_forgetting(grid)


def _of_forgetting(grid: Grid) -> dict[str, str]:
    """The titles of the tables of what sequences forget."""
    if grid.measured is None:
        return {}
    known = labels(grid.config.grid.intermediates)
    matrices = {
        one.table(measure): f"{title} of {one.path}"
        for sequence in grid.measured.sequences
        for one in [replace(sequence, path=labelled(sequence.path, known))]
        for measure, title in MEASURES.items()
        if measure in grid.measured.measures
    }
    return {TABLE: "What sequences forget"} | matrices


def _of_sources(grid: Grid) -> dict[str, str]:
    """The titles of the tables of arms that differ only in their source."""
    return {
        f"sources.{one.name}{part}": f"{title} of {one.title}"
        for one in grid.trained.matrices
        for part, title in SOURCE_TABLES.items()
    }
