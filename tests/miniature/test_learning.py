"""The embedded benchmark measures learning: its numbers over two seeds, and those of labels that say nothing."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import shuffled
import yaml

from xstilts.config import Miniature

ROOT = Path(__file__).parents[2]
MINIATURE = ROOT / "workflow" / "experiments" / "miniature.yaml"
SEEDS = [1, 2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the runs happen; they share a store."""
    return tmp_path_factory.mktemp("miniature")


def run(folder: Path, name: str, **changes: object) -> pd.Series:
    """The main_score scores of the miniature with some settings changed, by intermediate, target, language and seed."""
    mine = folder / f"{name}.yaml"
    mine.write_text(yaml.safe_dump({"experiment": name, **changes}), encoding="utf-8")
    command = [Path(sys.executable).with_name("snakemake"), "--snakefile", ROOT / "Snakefile", "--directory", folder]
    subprocess.run([*command, "--cores", "2", "--configfile", MINIATURE, mine], check=True)
    scores = pd.read_parquet(folder / "results" / "experiments" / name / "scores.parquet")
    keys = ["intermediate", "target", "language", "seed"]
    return scores[scores["metric"] == "main_score"].set_index(keys)["value"].sort_index()


@pytest.fixture(scope="session")
def scores(folder: Path) -> pd.Series:
    """All cells of the demo."""
    return run(folder, "learnt", grid={"seeds": SEEDS})


@pytest.fixture(scope="session")
def meaningless(folder: Path) -> pd.Series:
    """Without an intermediate, after training on shuffled labels."""
    shuffled.write(folder / "shuffled", Miniature())
    grid = {"intermediates": ["none"], "targets": ["xnli", "pawsx", "udpos", "panx", "xquad"], "seeds": SEEDS}
    return run(folder, "meaningless", source="release", data=str(folder / "shuffled"), grid=grid)


def lowest(scores: pd.Series, target: str, intermediate: str = "none") -> float:
    """The score in the language where it is lowest, in the mean over seeds."""
    return scores[intermediate, target].groupby("language").mean().min()


def mean(scores: pd.Series, target: str, intermediate: str = "none") -> float:
    """The mean over languages and seeds."""
    return scores[intermediate, target].mean()


def test_every_cell_has_a_score(scores: pd.Series):
    assert len(scores.index.droplevel("language").unique()) == 5 * 9 * len(SEEDS)
    assert scores.notna().all()


@pytest.mark.parametrize(("target", "chance"), [("xnli", 100 / 3), ("pawsx", 50)])
def test_classification_is_far_above_chance_in_every_language(scores: pd.Series, target: str, chance: float):
    assert lowest(scores, target) > chance + 15


def test_questions_are_answered_in_every_language(scores: pd.Series):
    assert lowest(scores, "xquad") > 40


@pytest.mark.parametrize("target", ["panx", "udpos"])
def test_words_are_tagged(scores: pd.Series, target: str):
    assert mean(scores, target) > 50


def test_translations_are_retrieved_after_the_best_intermediate(scores: pd.Series):
    assert max(mean(scores, "tatoeba", name) for name in scores.index.unique("intermediate")) > 50


@pytest.mark.parametrize("target", ["xquad", "mlqa", "tydiqa"])
def test_questions_are_answered_better_after_an_intermediate_of_questions(scores: pd.Series, target: str):
    gains = (scores["squad_v1", target] - scores["none", target]).groupby("seed").mean()
    assert gains.min() > 1
    assert gains.mean() > 2


@pytest.mark.parametrize(("target", "chance"), [("xnli", 100 / 3), ("pawsx", 50)])
def test_classification_is_no_better_than_chance_when_training_labels_are_shuffled(
    meaningless: pd.Series, target: str, chance: float
):
    """It may be worse: the encoder tells the classes apart, and shuffled labels give each class a label by luck."""
    assert mean(meaningless, target) < chance + 8


@pytest.mark.parametrize(("target", "most"), [("udpos", 40), ("panx", 15), ("xquad", 20)])
def test_tags_and_answers_are_lost_when_training_labels_are_shuffled(meaningless: pd.Series, target: str, most: float):
    assert mean(meaningless, target) < most
