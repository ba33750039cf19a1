"""The document of the page: each number once, with its provenance."""

import subprocess
from dataclasses import replace
from hashlib import sha256
from itertools import product
from pathlib import Path
from statistics import mean

import pandas as pd
import pytest
from fabricated import SETTINGS, World, cell, of_step
from invented_results import invented, without
from pages import large
from recipes import with_name

from xstilts.config import GridSettings
from xstilts.experiments import added_records
from xstilts.fingerprints import sameness
from xstilts.fingerprints.sameness import Record
from xstilts.fingerprints.spec import minor_version
from xstilts.grid import Grid
from xstilts.reporting.experiment_results import ALL, Results
from xstilts.reporting.figures import TITLES
from xstilts.reporting.page import document, numbers, samples
from xstilts.reporting.page.provenance import Entries, commit
from xstilts.store.drafts import publishing

MEASURED = {"seconds": 2.5, "examples": 10, "device": "a GPU"}
KEYS = ["intermediate", "target", "language", "metric", "seed"]


@pytest.fixture(scope="module")
def results() -> Results:
    """Two metrics, three seeds and forty languages."""
    return large(["none", "mnli"], ["xnli", "xquad"], ["main_score", "f1"])


def only(frame, **wanted):
    """The one row with these values."""
    for name, value in wanted.items():
        frame = frame[frame[name] == value]
    (row,) = frame.to_dict("records")
    return row


def test_every_score_has_one_row_and_so_has_every_mean(results: Results):
    rows = numbers.rows(results)
    assert not rows.duplicated(["encoder", *KEYS]).any()
    assert len(rows) == 2 * 2 * (40 + 1) * 2 * (3 + 1)


def test_means_are_over_languages_first_and_then_over_seeds(results: Results):
    rows, scores = numbers.rows(results), results.scores.query("metric == 'f1' and intermediate == 'mnli'")
    by_seed = scores[scores["target"] == "xnli"].groupby("seed")["value"].mean()
    where = {"intermediate": "mnli", "target": "xnli", "language": ALL, "metric": "f1"}
    assert only(rows, **where, seed=2)["value"] == pytest.approx(by_seed[2])
    assert only(rows, **where, seed="median")["value"] == pytest.approx(by_seed.median())
    means = numbers.rows(replace(results, over_seeds="mean"))
    assert only(means, **where, seed="mean")["value"] == pytest.approx(by_seed.mean())
    assert set(means["seed"]) == {"mean", 1, 2, 3}


def test_a_change_is_over_the_baseline_of_the_same_language_metric_and_seed(results: Results):
    rows = numbers.rows(results)
    where = {"target": "xquad", "language": "de", "metric": "f1", "seed": 3}
    own, baseline = (only(rows, intermediate=name, **where) for name in ("mnli", "none"))
    assert own["delta"] == pytest.approx(own["value"] - baseline["value"])
    assert pd.isna(baseline["delta"])


def test_the_headline_over_seeds_is_that_of_the_statistics(results: Results):
    where = {"intermediate": "mnli", "target": "xnli", "language": ALL, "metric": "main_score"}
    shown, known = only(numbers.rows(results), **where, seed="median"), only(results.statistics, **where)
    assert {name: shown[name] for name in ("value", "low", "delta", "p_adjusted", "n")} == {
        name: known[name] for name in ("value", "low", "delta", "p_adjusted", "n")
    }


def test_a_mean_over_something_missing_is_missing():
    lost = without(invented(), "mnli", "xquad")
    where = {"intermediate": "mnli", "target": "xquad", "language": ALL, "metric": "main_score", "seed": 1}
    assert pd.isna(only(numbers.rows(lost), **where)["value"])
    means = document.of_results(lost)["means"]["toy"]
    assert means["mnli"] == [None, None]
    assert None not in means["squad_v1"]


@pytest.fixture(scope="module")
def mixed() -> Results:
    """Two encoders of one grid; what the second scores is a third of what the first does."""
    one = invented(intermediates=("none", "mnli"), targets=("xnli", "tatoeba"), languages=("en", "de", "ru"))
    frames = {}
    for name in ("scores", "statistics", "trainings"):
        own = getattr(one, name)
        numbers_ = [column for column in ("value", "delta", "low", "high") if column in own]
        frames[name] = pd.concat([own, own.assign(encoder="second", **{n: own[n] / 3 for n in numbers_})])
    return replace(one, **frames, grid=one.grid.model_copy(update={"encoders": ("toy", "second")}))


@pytest.fixture(scope="module")
def page(mixed: Results) -> dict:
    return document.of_results(mixed)


def test_a_seed_has_the_mean_over_its_languages_and_the_change_over_the_baseline_of_its_encoder(mixed: Results):
    rows = numbers.rows(mixed)
    for encoder, target, seed in (("second", "xnli", 2), ("toy", "tatoeba", 3), ("second", "tatoeba", 1)):
        found = mixed.scores.query("encoder == @encoder and target == @target and seed == @seed")
        of = {name: mean(found.loc[found["intermediate"] == name, "value"]) for name in ("none", "mnli")}
        where = {"encoder": encoder, "target": target, "language": ALL, "metric": "main_score", "seed": seed}
        assert only(rows, intermediate="mnli", **where)["value"] == pytest.approx(of["mnli"])
        assert only(rows, intermediate="mnli", **where)["delta"] == pytest.approx(of["mnli"] - of["none"])
        assert only(rows, intermediate="mnli", **where)["n"] == 150 * (3 if target == "xnli" else 2)


def test_a_mean_over_targets_is_that_of_its_encoder_and_intermediate(mixed: Results, page: dict):
    known = mixed.statistics.query("language == 'all'")
    for encoder, intermediate in product(("toy", "second"), ("none", "mnli")):
        own = known.query("encoder == @encoder and intermediate == @intermediate")
        value, delta = page["means"][encoder][intermediate]
        assert value == pytest.approx(mean(own["value"]), abs=1e-4)
        assert delta is None if intermediate == "none" else delta == pytest.approx(mean(own["delta"]), abs=1e-4)


def test_the_rows_of_the_page_are_read_back_by_their_places_among_the_names(mixed: Results, page: dict):
    rows, columns = numbers.rows(mixed), page["rows"]
    for name in numbers.NAMES:
        assert [page["names"][name][place] for place in columns[name]] == rows[name].to_list()
    for name in ("value", "delta", "n", *numbers.INTERVALS):
        shown = columns[name] + [None] * (len(rows) - len(columns[name]))
        expected = [None if pd.isna(value) else pytest.approx(float(value), abs=6e-5) for value in rows[name]]
        assert shown == expected, name
    assert page["names"]["seed"] == ["median", 1, 2, 3]
    assert page["names"]["language"] == ["all", "de", "en", "ru"]


def test_every_encoder_has_its_own_figures_and_the_heat_map_is_a_table(page: dict):
    shown = [(figure["encoder"], figure["name"]) for figure in page["figures"]]
    assert shown == [(encoder, name) for encoder in ("toy", "second") for name in TITLES if name != "deltas"]
    for figure in page["figures"]:
        assert figure["spec"]["title"]["text"] == f"{TITLES[figure['name']]}, {figure['encoder']}"
        assert "config" not in figure["spec"]
    assert page["themes"]["light"]["background"] == "#ffffff" != page["themes"]["dark"]["background"]


def test_a_cell_without_a_number_says_in_which_languages_gold_labels_are_missing(
    entries: tuple[Entries, Grid], monkeypatch: pytest.MonkeyPatch
):
    described, grid = entries
    monkeypatch.setattr(samples, "of_cells", lambda store, cells, length: {one.predictions.path: [] for one in cells})
    lost = [("toy", "mnli", "pawsx", lang, "main_score", None) for lang in ("fr", "de", "de")]
    lost += [("toy", "none", "pawsx", "de", "f1", None), ("other", "none", "pawsx", "de", "main_score", None)]
    lost += [("toy", "none", "pawsx", "de", "main_score", 50.0)]
    scores = pd.DataFrame(lost, columns=["encoder", "intermediate", "target", "language", "metric", "value"])
    page = document.of_store(described.store, grid, replace(invented(), scores=scores))
    missing = {(one["intermediate"], one["target"]): one["missing"] for one in page["cells"] if one["missing"]}
    assert missing == {("mnli", "pawsx"): "no gold labels in de, fr"}
    assert [(one["encoder"], one["intermediate"], one["target"]) for one in page["cells"]] == list(
        product(["toy"], ["none", "mnli", "squad_v1/mnli"], ["xnli", "pawsx", "tatoeba"])
    )
    (run,) = page["cells"][4]["runs"]
    assert (run["seed"], page["entries"][run["scores"]]["path"]) == (1, cell(grid, "mnli", "pawsx").scores.path)


def test_a_cell_tells_its_split_and_leads_to_the_scores_of_each_of_its_seeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    changes = {"grid": {**SETTINGS["grid"], "seeds": [7, 3]}, "tasks": {"pawsx": {"split": "dev"}}}
    described, grid = finished(World(tmp_path), **changes)
    monkeypatch.setattr(samples, "of_cells", lambda store, cells, length: {one.predictions.path: [] for one in cells})
    page = document.of_store(described.store, grid, invented())
    assert {(one["target"], one["split"]) for one in page["cells"]} == {
        ("xnli", "test"),
        ("pawsx", "dev"),
        ("tatoeba", "test"),
    }
    for one in page["cells"]:
        own = [c for c in grid.cells if (c.intermediate, c.target) == (one["intermediate"], one["target"])]
        paths = [(run["seed"], page["entries"][run["scores"]]["path"]) for run in one["runs"]]
        assert paths == [(c.seed, c.scores.path) for c in own]
        assert [seed for seed, _ in paths] == [7, 3]
    assert page["sampling"]["seed"] == 7


def test_without_a_baseline_there_are_no_changes():
    kept = invented()
    frames = {name: getattr(kept, name).query("intermediate != 'none'") for name in ("scores", "statistics")}
    grid = GridSettings(**{**kept.grid.model_dump(), "intermediates": kept.intermediates})
    shown = document.of_results(
        replace(kept, **{**frames, "statistics": frames["statistics"].assign(delta=float("nan"))}, grid=grid)
    )
    assert shown["baseline"] is None
    assert shown["rows"]["delta"] == []


@pytest.fixture
def entries(tmp_path: Path) -> tuple[Entries, Grid]:
    """A finished store: each data set has two files, each job took two seconds and a half on a GPU."""
    return finished(World(tmp_path))


def finished(world: World, **changes) -> tuple[Entries, Grid]:
    grid = world.grid(**changes)
    world.finish(
        (entry for entry in grid.entries.values() if entry.step != "read_task"), measured=MEASURED, precision="bf16"
    )
    for entry in of_step(grid, "read_task"):
        with publishing(world.store, entry) as draft:
            for name in entry.spec["files"]:
                (draft.folder / f"{name}.parquet").write_text(name)
                draft.notes[name] = {"rows": 10, "read_from": [f"{name}.tsv"]}
    return Entries(world.store), grid


def test_an_entry_is_described_once_with_all_that_it_was_made_from(entries: tuple[Entries, Grid]):
    described, grid = entries
    first, second = (cell(grid, name, "pawsx").scores for name in ("none", "mnli"))
    numbers = [described.number(entry) for entry in (first, second, first)]
    paths = [entry["path"] for entry in described.described]
    assert numbers[0] == numbers[2] != numbers[1]
    assert sorted(set(paths)) == sorted(paths)
    predicted = described.described[described.described[numbers[1]]["from"]["predictions"]]
    model = described.described[predicted["from"]["model"]]
    parent = second.inputs["predictions"].inputs["model"].inputs["parent"]
    assert described.described[model["from"]["parent"]]["path"] == parent.path


def test_an_entry_tells_its_settings_versions_code_time_device_and_precision(entries: tuple[Entries, Grid]):
    described, grid = entries
    model = cell(grid, "none", "pawsx").predictions.inputs["model"]
    shown = described.described[described.number(model)]
    assert (shown["seconds"], shown["device"]) == (MEASURED["seconds"], MEASURED["device"])
    assert shown["precision"] == "bf16"
    assert shown["settings"]["learning_rate"] == model.spec["stage"]["learning_rate"]
    assert (shown["libraries"], shown["code"]) == (model.spec["libraries"], model.spec["code"])


def test_settings_are_told_by_their_present_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with_name(monkeypatch, "max_grad_norm", "clip_at")
    described, grid = finished(World(tmp_path), stages={"pawsx": {"clip_at": 2}})
    model = cell(grid, "none", "pawsx").predictions.inputs["model"]
    assert model.spec["stage"]["max_gradient_norm"] == 2
    shown = described.described[described.number(model)]["settings"]
    assert (shown["clip_at"], shown.get("max_gradient_norm")) == (2, None)


def test_data_tell_their_rows_files_and_hashes(entries: tuple[Entries, Grid]):
    described, grid = entries
    data = cell(grid, "none", "xnli").scores.inputs["data"]
    files = described.described[described.number(data)]["files"]
    assert [file["name"] for file in files] == list(data.spec["files"])
    assert {(file["rows"], *file["read_from"]) for file in files} == {
        (10, f"{name}.tsv") for name in data.spec["files"]
    }
    # The fixture writes the name of a file into it.
    assert [file["sha256"] for file in files] == [sha256(name.encode()).hexdigest() for name in data.spec["files"]]


def test_records_of_the_store_on_which_results_rest_are_told(tmp_path: Path):
    """Those that lead to the names of this experiment, however far: of its code and its libraries, not of others'."""
    world = World(tmp_path)
    code, torch = world.real().identity.code, minor_version("torch")
    score, predict = code("job.score"), code("job.predict")
    world.store.mkdir()
    sameness.add(
        world.store / sameness.FILE,
        [
            Record("job.score", score, "first", "a better message", "by hand"),
            Record("job.score", "elsewhere", "first", "another message", "by hand"),
            Record("job.score", "far", "elsewhere", "a third", "by hand"),
            Record("job.predict", "before", "long before", "of no result that is named", "by hand"),
            Record("task.anli", code("task.anli"), "first", "of a task that is not here", "by hand"),
            Record("library.torch", torch, "1.0", "the same kernels", "by hand"),
        ],
    )
    grid = world.real()
    assert (grid.identity.code("job.score"), grid.identity.code("job.predict")) == ("first", predict)
    told = [(one.of, one.why) for one in added_records(world.store, grid)]
    reasons = ("a better message", "another message", "a third")
    assert told == [*(("job.score", why) for why in reasons), ("library.torch", "the same kernels")]


def test_a_store_without_records_tells_none(entries: tuple[Entries, Grid]):
    described, grid = entries
    assert added_records(described.store, grid) == []


def test_the_commit_of_the_project_is_told_or_why_there_is_none(tmp_path: Path):
    def git(*arguments: str) -> None:
        who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        subprocess.run(["git", "-C", tmp_path, *who, *arguments], check=True, capture_output=True)

    assert commit(tmp_path) == "not a git checkout"
    git("init")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "-m", "first")
    clean = commit(tmp_path)
    (tmp_path / "file").write_text("two")
    assert len(clean) == 40
    assert commit(tmp_path) == f"{clean}, with changes that are not committed"
