"""Draw the figures of every encoder as SVG, PDF and PNG."""

from argparse import Namespace

from xstilts.reporting.experiment_results import read
from xstilts.reporting.figures import style
from xstilts.reporting.figures.charts import charts
from xstilts.reporting.relabelling import relabelled
from xstilts.runtime import job
from xstilts.store.drafts import publishing


def run(arguments: Namespace) -> None:
    """Write `figures/<encoder>/<figure>.svg`, `.pdf` and `.png` of the experiment."""
    this = job.of(arguments)
    found = relabelled(read(this.store, this.grid))
    with publishing(this.store, this.entry) as draft:
        for encoder in this.config.grid.encoders:
            for name, chart in charts(found, encoder).items():
                style.write(chart, draft.folder / "figures" / encoder, name)
