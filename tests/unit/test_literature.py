"""Published figures next to ours, with sources; each was read in its source."""

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from known_results import own_stages

from xstilts import metrics, tasks
from xstilts.config import GridSettings
from xstilts.reporting import formats, literature
from xstilts.reporting.experiment_results import Results

FACTS = Path(__file__).parents[3] / "shared" / "facts" / "papers.md"
LARGE = "FacebookAI/xlm-roberta-large"
NINE = "xnli pawsx udpos panx xquad mlqa tydiqa bucc2018 tatoeba".split()
SIX = "xnli pawsx panx xquad mlqa tydiqa".split()
TABLES = [
    ("| RemBERT paper, Table 16", "RemBERT", LARGE, "best", NINE),
    ("| multilingual-t5 README", "mT5", LARGE, "best", NINE),
    ("| XLM-R Large, same RemBERT table", "RemBERT", LARGE, "none", NINE[:7]),
    ("| RemBERT (575M", "RemBERT", "google/rembert", "none", SIX),
]
"""Lines of the notes: how they begin, the source of their figures here, whose they are, and their columns."""


def figures(source: str, encoder: str, intermediate: str) -> dict[tuple[str, str], float]:
    """The figures of a source over all languages, by target and metric."""
    table = literature.published().query("encoder == @encoder and intermediate == @intermediate and language == 'all'")
    table = table[table["source"].str.startswith(source)]
    return {(row.target, row.metric): row.value for row in table.itertuples()}


def line_of(beginning: str) -> str:
    """The line of the notes that begins so."""
    if not FACTS.is_file():
        pytest.skip("the notes on the papers are not here")
    (line,) = [line for line in FACTS.read_text(encoding="utf-8").splitlines() if line.startswith(beginning)]
    return line


@pytest.mark.parametrize(("beginning", "source", "encoder", "intermediate", "targets"), TABLES)
def test_figures_are_those_of_the_notes_on_the_papers(beginning, source, encoder, intermediate, targets):
    cells = [cell.strip() for cell in line_of(beginning).strip("|").split("|")[1:]]
    noted = {}
    for target, cell in zip(targets, cells, strict=False):
        names = metrics.load(tasks.load(target).metric).NAMES
        numbers = re.findall(r"[\d.]+", cell)
        noted |= {(target, name): float(number) for name, number in zip(names, numbers, strict=False)}
    assert figures(source, encoder, intermediate) == noted


def test_figures_of_xlm_r_large_stand_at_their_target_and_metric():
    # Chung et al. 2021, Table 16: XNLI, PAWS-X, POS, NER, then F1 / exact match of XQuAD, MLQA and TyDiQA-GoldP.
    assert figures("RemBERT", LARGE, "none") == {
        ("xnli", "accuracy"): 79.2,
        ("pawsx", "accuracy"): 86.4,
        ("udpos", "f1"): 73.8,
        ("panx", "f1"): 65.4,
        ("xquad", "f1"): 76.6,
        ("xquad", "exact_match"): 60.8,
        ("mlqa", "f1"): 71.6,
        ("mlqa", "exact_match"): 53.2,
        ("tydiqa", "f1"): 65.1,
        ("tydiqa", "exact_match"): 45.0,
    }


def test_retrieval_of_xlm_r_is_that_of_the_notes():
    cells = line_of("| XLM-R Large, same RemBERT table").strip("|").split("|")
    noted = {("bucc2018", "f1"): float(cells[8]), ("tatoeba", "accuracy"): float(cells[9])}
    assert figures("VECO", LARGE, "none") == noted


def test_scores_of_the_first_author_are_those_of_the_notes():
    line = line_of("  BUCC F1 de")
    bucc, tatoeba = line.split("Tatoeba", 1)
    noted = {("bucc2018", lang): value for lang, value in re.findall(r"\b([a-z]{2}) \.(\d+)", bucc)}
    noted |= {("tatoeba", lang): value for lang, value in re.findall(r"\b([a-z]{2}) \.(\d+)", tatoeba)}
    del noted["tatoeba", "te"]  # Elsewhere the same figure is that of Tamil.
    table = literature.published().query("source.str.startswith('Phang') and language != 'all'")
    assert {(row.target, row.language): f"{row.value * 10:.0f}" for row in table.itertuples()} == {
        key: str(int(value)) for key, value in noted.items()
    }


def test_mbert_is_as_verified_in_the_notes():
    cells = line_of("| mBERT |").strip("|").split("|")[1:]
    seen = [re.search(r"([\d.]+)(?:/[\d.]+)? V", cell) for cell in cells]
    noted = {target: float(match[1]) for target, match in zip(NINE, seen, strict=False) if match}
    assert {target: value for (target, _), value in figures("mT5", MBERT, "none").items()} == noted


@pytest.mark.parametrize("model", ["mBERT-base", "XLM-R-base"])
def test_base_models_are_as_in_the_notes(model: str):
    line = line_of("Independent base-size re-run")
    part = line.partition(f"{model} avg ")[2].partition(". ")[0]
    values = re.findall(r"\d+\.\d+(?:/\d+\.\d+)?", part)[1:]
    noted = {("xnli", "accuracy"): float(values[0])}
    for target, value in (("mlqa", values[5]), ("tydiqa", values[6])):
        noted |= {
            (target, name): float(number) for name, number in zip(("f1", "exact_match"), value.split("/"), strict=True)
        }
    encoder = MBERT if model == "mBERT-base" else "FacebookAI/xlm-roberta-base"
    assert figures("mGTE", encoder, "none") == noted


MBERT = "google-bert/bert-base-multilingual-cased"


def test_every_figure_has_its_source_and_a_metric_that_is_computed_here():
    table = literature.published()
    for row in table.itertuples():
        assert row.source, row
        assert row.place, row
        assert row.url.startswith("https://"), row
        assert row.metric in metrics.load(tasks.load(row.target).metric).NAMES, row
        assert row.language in ("all", *tasks.load(row.target).languages), row
        assert 0 < row.value <= 100, row
    assert not table.duplicated(["encoder", "intermediate", "target", "language", "metric", "split", "source"]).any()


def experiment(languages: tuple[str, ...] | None = None, over_seeds: str = "median", **changes) -> Results:
    """MLQA and Tatoeba after two intermediates: 60, 70 and 90 with seeds 1, 2 and 3, and 1 more after MNLI."""
    grid = GridSettings(encoders=("mine",), **{**GRID, **changes})
    scores = pd.DataFrame(
        [
            ("mine", intermediate, target, lang, "test", seed, metric, value + (intermediate != "none"), 10)
            for intermediate in grid.intermediates
            for target in grid.targets
            for lang in languages or tasks.load(target).languages
            for seed, value in zip((1, 2, 3), (60.0, 70.0, 90.0), strict=True)
            for metric in metrics.load(tasks.load(target).metric).NAMES
        ],
        columns=["encoder", "intermediate", "target", "language", "split", "seed", "metric", "value", "n"],
    )
    trainings = pd.DataFrame(
        [
            ("mine", stages, seed, "squad_v1", 10, value, True, 10, "models")
            for stages, value in {"squad_v1": 80.0, "mnli/squad_v1": 81.0}.items()
            for seed in grid.seeds
        ],
        columns=["encoder", "stages", "seed", "task", "step", "value", "chosen", "steps", "path"],
    )
    statistics = pd.DataFrame(
        [("mine", name, target, "all", 70.0, False) for name in grid.intermediates for target in grid.targets],
        columns=["encoder", "intermediate", "target", "language", "value", "significant"],
    )
    return Results(scores, trainings, statistics, {}, grid, over_seeds, own_stages(grid))


GRID = {"intermediates": ("none", "mnli"), "targets": ("mlqa", "tatoeba"), "seeds": (1, 2, 3)}


def beside(results: Results, repository: str | None = LARGE) -> pd.DataFrame:
    """The experiment's encoder is XLM-R Large under a name of the user's."""
    return literature.beside(results, "mine", repository)


def row(table: pd.DataFrame, **where) -> pd.Series:
    """The only row with these values."""
    (found,) = table[(table[list(where)] == pd.Series(where)).all(axis=1)].to_dict("records")
    return pd.Series(found)


WHERE = {"target": "mlqa", "metric": "exact_match", "language": "all"}


def test_ours_is_the_median_over_seeds_of_the_mean_over_languages_and_the_difference_is_to_the_published_figure():
    found = row(beside(experiment()), intermediate="none", **WHERE)
    assert (found["published"], found["ours"]) == (53.2, 70.0)
    assert found["difference"] == pytest.approx(16.8)
    mean = beside(experiment(over_seeds="mean"))
    assert row(mean, intermediate="none", **WHERE)["ours"] == pytest.approx(220 / 3)


def test_ours_is_that_of_its_own_encoder_metric_intermediate_and_target():
    # With Vietnamese in another order than the other six languages, the means by seed are 450 / 7, 480 / 7 and 610 / 7;
    # the median of every language would be 70.
    ours = experiment()
    scores = ours.scores
    for seed, value in {1: 90.0, 2: 60.0, 3: 70.0}.items():
        scores.loc[scores["language"].eq("vi") & scores["seed"].eq(seed), "value"] = value
    scores.loc[scores["metric"] == "f1", "value"] += 3
    scores.loc[scores["target"] == "tatoeba", "value"] += 5
    scores.loc[scores["intermediate"] == "mnli", "value"] += 7
    both = pd.concat([scores.assign(encoder="other", value=1.0), scores])
    table = beside(replace(ours, scores=both))
    assert row(table, intermediate="none", **WHERE)["ours"] == pytest.approx(480 / 7)
    f1 = row(table, **{**WHERE, "metric": "f1"}, intermediate="none")
    assert (f1["published"], f1["ours"]) == (71.6, pytest.approx(480 / 7 + 3))
    assert f1["difference"] == pytest.approx(480 / 7 + 3 - 71.6)
    assert row(table, target="tatoeba", language="de")["ours"] == 75


def test_only_figures_of_the_encoder_and_the_experiment_s_intermediates_and_targets_are_shown():
    table = beside(experiment())
    assert set(table["target"]) == {"mlqa", "tatoeba"}
    assert set(table["intermediate"]) == {"none", "best"}
    assert set(beside(experiment(intermediates=("mnli",)))["intermediate"]) == {"best"}
    assert beside(experiment(), None).empty
    assert literature.tables(experiment(), "mine", "someone/else") == []


def test_where_settings_differ_the_row_says_so():
    theirs = "published: test, leaderboard, seeds not stated"
    few = row(beside(experiment(("en", "de"))), intermediate="none", **WHERE)
    assert few["settings"] == f"{theirs}; ours: test, median over 3 seeds, 2 of 7 languages"
    assert pd.isna(few["ours"])
    whole = row(beside(experiment()), intermediate="none", **WHERE)
    assert whole["settings"] == f"{theirs}; ours: test, median over 3 seeds"


def test_a_figure_of_the_best_intermediate_stands_beside_the_one_chosen_on_dev():
    found = row(beside(experiment()), intermediate="best", **WHERE)
    assert found["ours"] == 71.0
    assert found["settings"].endswith("mnli, chosen on dev")
    unknown = experiment()
    unknown.trainings.loc[unknown.trainings["seed"] == 2, "value"] = None
    found = row(beside(unknown), intermediate="best", **WHERE)
    assert pd.isna(found["ours"])
    assert found["settings"].endswith("ours: missing")


@pytest.mark.parametrize("missing", ["a language of a seed", "a seed"])
def test_while_a_score_is_missing_so_is_ours(missing: str):
    ours = experiment()
    gone = ours.scores["seed"] == 2
    if missing == "a seed":
        ours = replace(ours, scores=ours.scores[~gone])
    else:
        ours.scores.loc[gone & (ours.scores["language"] == "vi"), "value"] = None
    found = row(beside(ours), intermediate="none", **WHERE)
    assert pd.isna(found["ours"])
    assert pd.isna(found["difference"])


def test_a_language_without_labels_does_not_count_as_evaluated():
    ours = experiment()
    ours.scores.loc[ours.scores["language"] == "vi", "value"] = None
    found = row(beside(ours), intermediate="none", **WHERE)
    assert pd.isna(found["ours"])
    assert found["settings"].endswith("6 of 7 languages")
    ours.scores["value"] = float("nan")
    assert row(beside(ours), intermediate="none", **WHERE)["settings"].endswith("ours: missing")


def test_one_language_is_compared_with_that_language():
    ours = experiment()
    ours.scores.loc[ours.scores["language"] == "de", "value"] = 63.0
    found = row(beside(ours), target="tatoeba", language="de")
    assert found["ours"] == 63.0
    assert "languages" not in found["settings"]


def test_it_is_a_table_like_the_others(tmp_path: Path):
    (table,) = literature.tables(experiment(), "mine", LARGE)
    formats.write(table, tmp_path, "mine")
    read = pd.read_csv(tmp_path / "mine.literature.csv", keep_default_na=False)
    assert list(read.columns) == literature.COLUMNS
    assert set(read["url"].str[:8]) == {"https://"}
    markdown = (tmp_path / "mine.literature.md").read_text(encoding="utf-8").splitlines()
    cells = [cell.strip() for cell in markdown[3].strip("|").split("|")]
    assert cells[:7] == ["mlqa", "exact_match", "all", "none", "53.2", "70.0", "+16.8"]
    assert cells[8] == "RemBERT (Chung et al. 2021), Table 16"
    assert r"exact\_match" in (tmp_path / "mine.literature.tex").read_text(encoding="utf-8")
