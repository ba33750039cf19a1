"""Training in other languages on real samples: each arm learns from the files of its language, and arms are equal."""

import json
import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from xstilts import experiments
from xstilts.grid import Grid

pytestmark = pytest.mark.slow

SOURCES = ("en", "de", "zh")
FIXED = ("none", "mlm", "mnli_mlm")
EVALUATED = {"pawsx": ["en", "de", "zh", "es", "ko"], "xnli": ["en", "de", "zh", "sw", "tr"]}
ROWS = 64
ROOT_OF_RUN = Path(__file__).parents[2]
"""The folder that paths in the configuration are relative to."""
FOLDERS = ("mnli/derived", "mlm_text", "nli_other_languages", "pawsx/derived", "xnli/derived")


def named(name: str, source: str) -> str:
    """The name of a stage or target that is trained in a source."""
    return name if source == "en" else f"{name}@{source}"


@pytest.fixture(scope="module")
def samples_of_languages(samples: Path) -> Path:
    for folder in FOLDERS:
        if not (samples / folder).is_dir():
            pytest.skip(f"the sample data have no folder {folder}")
    return samples


@pytest.fixture(scope="module")
def reports(run: Callable[..., Path], samples_of_languages: Path) -> Path:
    """The reports of the grid."""
    return run("languages", "config.yaml", "languages.yaml")


@pytest.fixture(scope="module")
def grid(reports: Path) -> Grid:
    """The grid, as it was run."""
    return experiments.load(reports).grid


@pytest.fixture(scope="module")
def scores(reports: Path) -> pd.DataFrame:
    """The main scores."""
    table = pd.read_csv(reports / "scores.csv", keep_default_na=False, na_values=[""])
    return table[table["metric"] == "main_score"]


def training(grid: Grid, stages: str) -> dict:
    """The record of a training."""
    paths = {name: path for _, name, _, path in grid.models}
    return json.loads((grid.config.store / paths[stages] / "training.json").read_text(encoding="utf-8"))


def test_every_planned_arm_has_a_score_in_every_language_and_no_other_has(scores: pd.DataFrame):
    found = scores.set_index(["intermediate", "target", "language"])["value"]
    arms = {(name, named(task, source)) for name in FIXED for task in EVALUATED for source in SOURCES}
    arms |= {(named("mnli", source), named(task, source)) for task in EVALUATED for source in SOURCES}
    arms |= {(name, "nli_zh") for name in (*FIXED, *(named("mnli", source) for source in SOURCES))}
    wanted = [
        (name, target, lang)
        for name, target in arms
        for lang in EVALUATED["pawsx" if target.startswith("pawsx") else "xnli"]
    ]
    assert sorted(found.index) == sorted(wanted)
    assert found.between(0, 100).all()


def test_a_target_that_is_written_out_has_the_scores_of_its_short_name(scores: pd.DataFrame):
    found = scores.set_index(["target", "intermediate", "language"])["value"]
    own, short = found["nli_zh"], found["xnli@zh"]
    assert own[short.index].equals(short)
    assert len(short) == 4 * len(EVALUATED["xnli"])


def test_arms_take_equal_steps_on_equal_rows(reports: Path, grid: Grid):
    table = pd.read_csv(reports / "tables" / "me5-small.trainings.csv").set_index("training")
    # 64 rows in batches of 4; in the mixture, these are three quarters of the steps.
    steps = {"mnli": 16, "pawsx": 16, "mlm": 12, "mnli_mlm": 22}
    # Plain text has 64 rows in each language.
    rows = {"mlm": 4 * ROWS, "mnli_mlm": ROWS + 2 * ROWS}
    for _, stages, _, _ in grid.models:
        last, _, lang = stages.split("/")[-1].partition("@")
        assert training(grid, stages)["steps"] == steps[last]
        assert table.loc[stages, ["rows", "fewest steps", "most steps"]].to_list() == [
            rows.get(last, ROWS),
            *(steps[last], steps[last]),
        ]
        if last not in rows:
            assert table.loc[stages, "languages"] == (lang or "en")


def lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").removesuffix("\n").split("\n")


def fields(file: Path) -> list[list[str]]:
    """The fields of a file with TAB and a header."""
    return [line.rstrip("\r").split("\t") for line in lines(file)[1:]]


def of_paws(samples: Path, lang: str, name: str) -> list[tuple[str, ...]]:
    """Number, texts and label of each pair with a translation, from a file of PAWS-X."""
    rows = fields(samples / "pawsx/derived/x-final" / lang / name)
    return [
        (str(number), one.strip(), other.strip(), label)
        for number, (_, one, other, label) in enumerate(rows)
        if not {one.strip(), other.strip()} & {"", "NS"}
    ]


def of_nli(samples: Path, lang: str) -> list[tuple[str, ...]]:
    """Number, texts and label of each pair, from the file of MultiNLI or from a translation of XNLI."""
    if lang == "en":
        found = map(json.loads, lines(samples / "mnli/derived/multinli_1.0_train.jsonl"))
        rows = [[one["sentence1"], one["sentence2"], one["gold_label"]] for one in found]
    else:
        rows = fields(samples / "xnli/derived/XNLI-MT-1.0/multinli" / f"multinli.train.{lang}.tsv")
    kept = [[one.strip(), other.strip(), label] for one, other, label in rows if label != "-"]
    return [(str(number), *pair[:2], pair[2].replace("dictory", "diction")) for number, pair in enumerate(kept)]


def read(grid: Grid, stages: str, task: str, name: str) -> list[tuple]:
    """The rows of a split that a training has learned from: id, texts and label."""
    paths = {known: path for _, known, _, path in grid.models}
    data = grid.entries[paths[stages]].inputs[f"data.{task}"]
    table = pd.read_parquet(grid.config.store / data.path / f"{name}.parquet")
    return list(
        table[["id", "text_a", "text_b", *(["label"] if "label" in table else [])]].itertuples(index=False, name=None)
    )


@pytest.mark.parametrize("lang", SOURCES)
def test_an_arm_learns_from_the_file_of_its_language(samples: Path, grid: Grid, lang: str):
    stages = {path: path.split("/")[-1] for _, path, _, _ in grid.models}
    arms = {task: [path for path, last in stages.items() if last == named(task, lang)] for task in ("pawsx", "mnli")}
    # Without an intermediate, after three others, and NLI as an intermediate and after NLI in another language.
    assert [len(arms["pawsx"]), len(arms["mnli"])] == [4, {"en": 4, "de": 4, "zh": 6}[lang]]
    pairs = of_paws(samples, lang, "train.tsv" if lang == "en" else "translated_train.tsv")[:ROWS]
    for path in arms["pawsx"]:
        assert read(grid, path, "pawsx", f"train.{lang}") == pairs
    for path in arms["mnli"]:
        assert read(grid, path, "mnli", f"train.{lang}") == of_nli(samples, lang)[:ROWS]


def test_all_arms_select_their_checkpoint_on_the_same_english_data(samples: Path, grid: Grid):
    pairs = [pair[1:] for pair in of_paws(samples, "en", "dev_2k.tsv")]
    for _, path, _, _ in grid.models:
        last = path.split("/")[-1].partition("@")[0]
        if last == "pawsx":
            found = [pair[1:] for pair in read(grid, path, "pawsx", "dev.en")]
            assert found == pairs[: len(found)]
        for task in {"mnli": ["mnli"], "pawsx": ["pawsx"], "mnli_mlm": ["mnli"]}.get(last, []):
            (one,) = training(grid, path)["evaluations"][-1:]
            assert one["score"] == one[task]


@pytest.mark.parametrize(
    ("stages", "languages", "dev"),
    # The mixture is selected on English data, as the stage that it is like.
    [("mlm", ["en", "de", "sw", "ko"], ["en", "de", "sw", "ko"]), ("mnli_mlm", ["en", "sw"], ["en"])],
)
def test_plain_text_is_that_of_each_language_without_every_hundredth_passage(
    samples: Path, grid: Grid, stages: str, languages: list[str], dev: list[str]
):
    for lang in languages:
        passages = [line.strip() for line in lines(samples / "mlm_text" / f"{lang}.txt") if line.strip()]
        assert [row[1] for row in read(grid, stages, "mlm", f"train.{lang}")] == passages[:ROWS]
        if lang in dev:
            assert [row[1] for row in read(grid, stages, "mlm", f"dev.{lang}")] == passages[99::100][:16]


def test_the_loss_of_masked_words_falls_and_is_in_no_score(grid: Grid, reports: Path, scores: pd.DataFrame):
    alone = training(grid, "mlm")["evaluations"]
    assert [one["step"] for one in alone] == [6, 12]
    assert all(one["loss"] == one["mlm_loss"] for one in alone)
    # A head that knows nothing gives each of 96,396 words the same probability.
    assert math.log(96_396) > alone[0]["mlm_loss"] > alone[1]["mlm_loss"] > 0
    mixed = training(grid, "mnli_mlm")["evaluations"]
    assert all(math.isfinite(one["mlm_loss"]) and one["score"] == one["mnli"] for one in mixed)
    assert set(pd.read_csv(reports / "scores.csv")["metric"]) == {"main_score", "accuracy"}
    assert "mlm" not in set(scores["target"])
    collected = pd.read_parquet(reports / "trainings.parquet")
    assert set(collected.loc[collected["task"] == "mlm_loss", "stages"]) == {"mlm", "mnli_mlm"}


def test_matrices_of_sources_have_every_score_and_means_over_languages_without_labels(
    reports: Path, scores: pd.DataFrame
):
    known = scores.set_index(["intermediate", "target", "language"])["value"].sort_index()
    for task, languages in EVALUATED.items():
        for name in (*FIXED, "mnli@source"):
            table = pd.read_csv(reports / "tables" / f"me5-small.sources.{name}.{task}@source.csv").set_index("source")
            assert set(table.index) == set(SOURCES)
            for source, row in table.iterrows():
                arm = known[named("mnli", source) if name == "mnli@source" else name, named(task, source)]
                # Plain text in Swahili and Korean has no labels.
                labelled = {source} | ({"en"} if name == "mnli_mlm" else set())
                unseen = [lang for lang in languages if lang not in labelled]
                wanted = [*arm[languages], arm[languages].mean(), arm[unseen].mean()]
                assert row[[*languages, "mean", "zero-shot mean"]].to_list() == pytest.approx(wanted, abs=1e-4)


def test_the_page_has_the_matrices_and_the_note_on_known_text(reports: Path):
    page = (reports / "report.html").read_text(encoding="utf-8")
    # Four intermediates before each of two targets, and NLI before the target that is written out.
    assert page.count("<h3>") == 9
    assert "Wikipedia is the source of the texts of pawsx:" in page


@pytest.fixture(scope="module")
def manifests(run: Callable[..., Path], samples_of_languages: Path) -> dict[str, dict[str, dict]]:
    """What was read of whole files, by task, split and language."""
    reports = run("readers", "config.yaml", "readers.yaml", until="read_task")
    found = {}
    for file in sorted(reports.parents[1].glob("data/*.train~*/manifest.json")):
        notes = json.loads(file.read_text(encoding="utf-8"))
        found[file.parent.name.partition(".")[0]] = {
            key: one for key, one in notes.items() if key[:4] in ("trai", "dev.")
        }
    return found


def test_every_row_of_a_file_is_read_or_counted_by_its_reason(samples: Path, manifests: dict[str, dict[str, dict]]):
    assert {name: len(found) for name, found in manifests.items()} == {
        "ocnli": 2,
        "indonli": 2,
        "mnli": 18,
        "pawsx": 14,
        "mlm": 36,
    }
    for task, found in manifests.items():
        for name, one in found.items():
            (file,) = map(Path, one["read_from"])
            assert (ROOT_OF_RUN / file).resolve().is_relative_to(samples.resolve())
            rows, left_out = counted(task, *name.split("."), ROOT_OF_RUN / file)
            assert (one["rows"], one.get("left_out", {})) == (rows, left_out), (task, name)


def counted(task: str, split: str, lang: str, file: Path) -> tuple[int, dict[str, int]]:
    """The rows of a file that are examples, and the numbers of the others by reason."""
    match task:
        case "ocnli":
            reasons = Counter(json.loads(line)["label"] == "-" for line in lines(file))
            return reasons[False], without(reasons[True], "without a majority of annotators")
        case "indonli":
            return len(lines(file)), {}
        case "mnli" if split == "dev":
            column = file.read_text(encoding="utf-8").split("\n")[0].split("\t").index("language")
            reasons = Counter(row[column] == lang for row in fields(file))
            return reasons[True], without(reasons[False], "in another language")
        case "pawsx" if split == "train":
            reasons = Counter(bool({row[1].strip(), row[2].strip()} & {"", "NS"}) for row in fields(file))
            return reasons[False], without(reasons[True], "without a translation")
        case "mlm":
            passages = len(lines(file))
            held_out = passages // 100
            own, other = (passages - held_out, held_out) if split == "train" else (held_out, passages - held_out)
            return own, without(other, "in the dev set" if split == "train" else "in the training set")
    return len(fields(file)), {}


def without(count: int, reason: str) -> dict[str, int]:
    return {reason: count} if count else {}
