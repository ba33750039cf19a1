"""Write the statistics of the experiment, and the tables of every encoder as CSV, Markdown and LaTeX."""

from argparse import Namespace
from collections.abc import Mapping

from xstilts import labels
from xstilts.reporting import choice, formats, literature, order_tables, paper, relabelling, source_tables, tables
from xstilts.reporting.experiment_results import Results, read
from xstilts.reporting.formats import Table
from xstilts.runtime import job
from xstilts.store.drafts import publishing
from xstilts.store.warned import warnings


def run(arguments: Namespace) -> None:
    """Write `statistics.parquet` and `statistics.csv`, and to `tables/` the tables and the warnings about the data."""
    this = job.of(arguments)
    found = read(this.store, this.grid)
    lines = [f"{warning}\n" for warning in warnings(this.store, this.grid)]
    with publishing(this.store, this.entry) as draft:
        folder = draft.folder / "tables"
        for encoder, table in tables.of_scores(found.scores, this.config).items():
            tables.write(table, folder, encoder, found.grid)
            published = literature.tables(found, encoder, this.config.encoders[encoder].repository)
            for one in of_encoder(found, encoder) + published:
                formats.write(one, folder, encoder)
        found.statistics.to_parquet(draft.folder / "statistics.parquet", index=False)
        found.statistics.to_csv(draft.folder / "statistics.csv", index=False)
        (folder / "warnings.txt").write_text("".join(lines), encoding="utf-8")


def of_encoder(found: Results, encoder: str) -> list[Table]:
    """All tables of an encoder except the main table and those with results from the literature.

    For readers, long names are replaced by labels, which are explained in the captions.
    """
    known, short = relabelling.of_results(found), relabelling.relabelled(found)
    full = _made(found, encoder)
    if short is found:
        return full
    return [_labelled(one, other, known) for one, other in zip(full, _made(short, encoder), strict=True)]


def _labelled(full: Table, short: Table, known: Mapping[str, str]) -> Table:
    """The numbers of a table with full names, and its text for readers with labels."""
    texts = [*map(str, short.shown.columns), *map(str, short.shown.index), *short.shown.astype(str).to_numpy().ravel()]
    caption = " ".join([short.caption, *labels.notes(known, " ".join([short.caption, *texts]))])
    return Table(short.name, caption, full.numbers, short.shown)


def _made(found: Results, encoder: str) -> list[Table]:
    by_language = [paper.languages(found, encoder, target) for target in found.grid.targets]
    made = (paper.targets, paper.groups, choice.intermediates, choice.best, choice.trainings)
    by_source = [table for matrix in found.matrices for table in source_tables.tables(found, encoder, matrix)]
    return [make(found, encoder) for make in made] + by_language + by_source + order_tables.tables(found, encoder)
