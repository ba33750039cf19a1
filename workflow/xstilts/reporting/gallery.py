"""What Snakemake's own report shows, by names that are known before anything is made."""

from dataclasses import dataclass

from xstilts.grid import Grid
from xstilts.reporting.figures import TITLES
from xstilts.steps.entry import Entry

TABLES = {
    "paper": "Layout of the paper",
    "groups": "Groups of XTREME",
    "intermediates": "Dev scores of the intermediates",
    "best": "Best intermediate of each target",
}
"""The title of each table of an encoder by its name, which is that of its file."""


@dataclass(frozen=True)
class Item:
    """A file that the report shows.

    Args:
        entry: the entry that it belongs to.
        file: its path below that entry.
        category: under which it stands.
        caption: the name of its caption.
        labels: what tells it from the others of its category.
    """

    entry: Entry
    file: str
    category: str
    caption: str
    labels: dict[str, str]

    @property
    def path(self) -> str:
        """Its place below the store."""
        return f"{self.entry.path}/{self.file}"


def figures(grid: Grid) -> list[Item]:
    """The figures of every encoder."""
    return [
        Item(grid.figures, f"figures/{encoder}/{name}.svg", "Figures", name, {"encoder": encoder, "figure": title})
        for encoder in grid.config.grid.encoders
        for name, title in TITLES.items()
    ]


def tables(grid: Grid) -> list[Item]:
    """The tables of every encoder."""
    by_target = {f"languages.{target}": f"Languages of {target}" for target in grid.config.grid.targets}
    return [
        Item(grid.tables, f"tables/{encoder}.{name}.html", "Tables", "tables", {"encoder": encoder, "table": title})
        for encoder in grid.config.grid.encoders
        for name, title in (TABLES | by_target).items()
    ]
