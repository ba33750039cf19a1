"""The notebook example in docs/report.md runs as printed."""

import json
import re
from pathlib import Path

import pytest
from fabricated import SETTINGS, World, of_step
from invented_results import CORRECTED, invented, of_targets

from xstilts import experiments, reporting
from xstilts.errors import UserError
from xstilts.reporting.experiment_results import Results
from xstilts.store.drafts import publishing

REPORT = Path(__file__).parents[2] / "docs" / "report.md"
ENCODER = "xlm-roberta-large"
NAMES = {"intermediates": ["none", "mnli"], "targets": ["xnli", "pawsx"], "seeds": [1, 2]}
MADE = invented(("none", "mnli"), ("xnli", "pawsx"), seeds=(1, 2), languages=("en", "de"), encoder=ENCODER)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """An experiment whose run has left its configuration, and nothing else."""
    monkeypatch.chdir(tmp_path)
    settings = {**SETTINGS, "grid": {"encoders": [ENCODER], **NAMES}, "encoders": {ENCODER: {"path": "toy"}}}
    file = tmp_path / "results" / "experiments" / "mine" / "config.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(settings))
    return World(tmp_path)


@pytest.fixture
def finished(world: World) -> World:
    """The same with results."""
    grid = experiments.load("results/experiments/mine").grid
    world.finish(of_step(grid, "read_task"))
    for entry, frames in (
        (grid.collected, {"scores": MADE.scores, "trainings": MADE.trainings}),
        *((grid.statistics[name], {"statistics": table}) for name, table in of_targets(MADE.statistics).items()),
    ):
        with publishing(world.store, entry) as draft:
            for name, frame in frames.items():
                frame.to_parquet(draft.folder / f"{name}.parquet")
    return world


def test_the_example_draws_the_figure(finished: World):
    (code,) = re.findall(r"^```python\n(.*?)^```$", REPORT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(code, str(REPORT), "exec"), names)
    assert {file.name for file in Path("paper").iterdir()} == {"seeds.svg", "seeds.pdf", "seeds.png"}
    drawn = Path("paper", "seeds.svg").read_text(encoding="utf-8")
    assert all(name in drawn for name in ("Seeds", *NAMES["intermediates"], *NAMES["targets"]))
    assert isinstance(names["results"], Results)
    assert names["results"].scores.equals(MADE.scores)
    assert names["results"].trainings.equals(MADE.trainings)
    assert len(names["results"].statistics.merge(MADE.statistics.drop(columns=CORRECTED))) == len(MADE.statistics)


def test_results_that_are_not_finished_are_a_mistake_that_says_what_to_do(world: World):
    with pytest.raises(UserError, match=r"is not finished; run snakemake first"):
        reporting.results(experiments.load("results/experiments/mine"))
