"""Results of an experiment, and what is made of them: tables, figures, the page."""

from typing import TYPE_CHECKING

from xstilts.experiments import Experiment

if TYPE_CHECKING:
    from xstilts.reporting.experiment_results import Results


def results(experiment: Experiment) -> "Results":
    """The scores, statistics and trainings of a finished experiment.

    Args:
        experiment: what `xstilts.experiments.load` returns.

    Raises:
        UserError: the scores or their statistics are not finished.
    """
    # Whoever imports a module of this package alone does not wait for pandas.
    from xstilts.reporting.experiment_results import read

    return read(experiment.store, experiment.grid)
