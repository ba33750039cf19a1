"""Write the page of the experiment: an HTML file with its scores, figures and predictions."""

from argparse import Namespace

from xstilts.experiments import added_records
from xstilts.reporting.experiment_results import read
from xstilts.reporting.page import document
from xstilts.reporting.page.render import render
from xstilts.runtime import job
from xstilts.store.drafts import publishing
from xstilts.store.warned import warnings


def run(arguments: Namespace) -> None:
    """Write `report.html`."""
    this = job.of(arguments)
    found = read(this.store, this.grid)
    records = [{"of": record.of, "why": record.why} for record in added_records(this.store, this.grid)]
    page = render(document.build(this.store, this.grid, found, warnings(this.store, this.grid), records))
    with publishing(this.store, this.entry) as draft:
        (draft.folder / "report.html").write_text(page, encoding="utf-8")
    print(f"report.html: {len(page.encode()) / 1e6:.1f} MB", flush=True)
