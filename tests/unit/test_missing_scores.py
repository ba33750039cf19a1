"""Reports of an experiment of which something is missing: they appear, and no number is an average over the rest."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import mean
from zlib import crc32

import altair as alt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import vl_convert
from gold_tables import asked, parallel, table

from xstilts import scoring, submission, tasks
from xstilts.commands.tables import of_encoder
from xstilts.config import GridSettings, Report
from xstilts.reporting import collect, literature, tables
from xstilts.reporting.figures import style
from xstilts.reporting.figures.charts import charts
from xstilts.reporting.page import document, numbers
from xstilts.reporting.page.render import embedded
from xstilts.reporting.results import ALL, Results
from xstilts.reporting.statistics import Scores, statistics

ROWS = 8
LANGUAGES = {"xnli": ("en", "de", "ru"), "xquad": ("en", "de", "ru"), "tatoeba": ("de", "ru")}
GRID = GridSettings(
    encoders=("one", "two"), intermediates=("none", "mnli", "qqp"), targets=tuple(LANGUAGES), seeds=(1, 2)
)
METRICS = {"xnli": ["accuracy"], "xquad": ["f1", "exact_match"], "tatoeba": ["accuracy"]}
CELLS = list(product(GRID.encoders, GRID.intermediates, GRID.targets, GRID.seeds))

Number = tuple[str, str, str, int, str]
"""An encoder, an intermediate, a target, a seed and a language."""


def of(**wanted: object) -> Callable[..., bool]:
    """Whether a number is one of these."""
    names = ("encoder", "intermediate", "target", "seed", "language")
    return lambda *number: all(value == wanted.get(name, value) for name, value in zip(names, number, strict=True))


UNLABELLED = {
    "a target": of(target="xquad"),
    "the only target without training": of(target="tatoeba"),
    "one language of a target": of(target="xquad", language="de"),
    "all languages of a target but one": lambda *number: of(target="xquad")(*number) and number[-1] != "en",
    "one language of every target": of(language="ru"),
    "every target": of(),
}
"""What has no gold labels. It has none in any cell."""

ABSENT = {
    "a seed": of(seed=2),
    "a seed of a cell": of(encoder="one", intermediate="mnli", target="xnli", seed=1),
    "a seed of a baseline": of(encoder="one", intermediate="none", target="xquad", seed=2),
    "an intermediate": of(intermediate="mnli"),
    "the baseline": of(intermediate="none"),
    "a cell": of(encoder="two", intermediate="qqp", target="tatoeba"),
    "an encoder": of(encoder="two"),
    "everything": of(),
}
"""Which cells are not there at all."""

CASES = {
    "nothing": (lambda *_: False, lambda *_: False),
    **{f"unlabelled: {name}": (lost, lambda *_: False) for name, lost in UNLABELLED.items()},
    **{f"absent: {name}": (lambda *_: False, lost) for name, lost in ABSENT.items()},
    "unlabelled: one language; absent: a seed of a cell": (
        UNLABELLED["one language of a target"],
        ABSENT["a seed of a cell"],
    ),
}


def right(*number) -> int:
    """How many of the rows a model has right."""
    return 1 + crc32(repr(number).encode()) % (ROWS - 1)


@dataclass(frozen=True)
class Case:
    """Results, and which numbers they lack."""

    results: Results
    lost: Callable[..., bool]

    def value(self, encoder: str, intermediate: str, target: str, language: str, seeds=GRID.seeds) -> float | None:
        """A score over seeds, which is missing where anything is that it would be made from; all metrics agree."""
        languages = LANGUAGES[target] if language == ALL else (language,)
        made_from = [[(encoder, intermediate, target, seed, lang) for lang in languages] for seed in seeds]
        if any(self.lost(*number) for row in made_from for number in row):
            return None
        return mean(mean(100 * right(*number) / ROWS for number in row) for row in made_from)

    def change(self, encoder: str, intermediate: str, target: str, language: str, seeds=GRID.seeds) -> float | None:
        """The change over the baseline, which has none."""
        own, baseline = (self.value(encoder, name, target, language, seeds) for name in (intermediate, "none"))
        return None if intermediate == "none" or own is None or baseline is None else own - baseline


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Results as the jobs make them, from predictions of which some are right."""
    unlabelled, absent = CASES[request.param]
    store = tmp_path_factory.mktemp("store")
    there = [cell for cell in CELLS if not absent(*cell, "en")]
    records = [[*cell, score(store, cell, unlabelled)] for cell in there]
    made = statistics(Scores(store, records), GRID, LANGUAGES, Report(samples=100))
    sizes = dict.fromkeys(GRID.intermediates[1:], 100)
    trainings = collect.trainings(store, [])
    results = Results(collect.collect(store, records), trainings, made, sizes, GRID, "median")
    return Case(results, lambda *number: absent(*number) or unlabelled(*number))


@pytest.fixture(scope="module")
def drawn(case: Case) -> dict[str, dict[str, alt.TopLevelMixin]]:
    """The figures of each encoder."""
    return {encoder: charts(case.results, encoder) for encoder in GRID.encoders}


def score(store: Path, cell: tuple, unlabelled: Callable[..., bool]) -> str:
    """Predict and score a cell; its path."""
    task, path = tasks.load(cell[2]), "/".join(map(str, cell))
    form, gold, folder = submission.form_of(task.kind, task.metric), {}, store / path
    for lang in LANGUAGES[task.name]:
        gold[lang], predictions = rows(task.name, right(*cell, lang), not unlabelled(*cell, lang))
        submission.write(folder / submission.file_name(task.kind, "test", lang), form, predictions)
    counts = scoring.units(task, "test", gold, folder)
    record = {"split": "test", "languages": scoring.score(task, gold, counts)}
    (folder / "scores.json").write_text(json.dumps(record))
    pq.write_table(scoring.together(counts), folder / "examples.parquet")
    return path


def rows(target: str, count: int, has_gold: bool) -> tuple[pa.Table, submission.Predictions]:
    """Examples, and predictions of which so many are right."""
    ids, found = [f"{row}" for row in range(ROWS)], ["0"] * count + ["1"] * (ROWS - count)
    gold = dict.fromkeys(ids, ["0"] if has_gold else None)
    if target == "xquad":
        return asked(gold), dict(zip(ids, found, strict=True))
    if target == "tatoeba":
        return parallel(gold), found
    return table("classification", id=ids, label=["0" if has_gold else None] * ROWS), found


def same(found: float | None, expected: float | None) -> bool:
    """Whether both are missing, or both the same number."""
    return pd.isna(found) if expected is None else found == pytest.approx(expected, abs=1e-3)


def test_statistics_have_every_row_and_the_numbers_that_are_complete(case: Case):
    wanted = [(*start, ALL) for start in product(GRID.encoders, GRID.intermediates, GRID.targets)]
    wanted += [(*start[:3], lang) for start in wanted for lang in LANGUAGES[start[2]]]
    found = case.results.statistics.set_index(["encoder", "intermediate", "target", "language"])
    assert sorted(found.index) == sorted(wanted)
    for key in wanted:
        row, value, change = found.loc[key], case.value(*key), case.change(*key)
        assert same(row["value"], value), key
        assert same(row["delta"], change), key
        assert [pd.isna(row[name]) for name in ("low", "high")] == [value is None] * 2
        assert [pd.isna(row[name]) for name in ("delta_low", "p", "p_adjusted")] == [change is None] * 3
        assert row["n"] == (0 if value is None else ROWS * (len(LANGUAGES[key[2]]) if key[3] == ALL else 1))
        assert not (change is None and row["significant"])


@pytest.mark.parametrize("metric", ["headline", "f1", "exact_match", "accuracy"])
def test_the_table_has_what_is_complete_in_every_metric(case: Case, metric: str):
    for encoder in GRID.encoders:
        table = tables.levels(case.results.scores, encoder, GRID, "median", metric)
        for intermediate in GRID.intermediates:
            expected = [
                case.value(encoder, intermediate, target, ALL) if metric in ["headline", *METRICS[target]] else None
                for target in GRID.targets
            ]
            expected.append(None if None in expected else mean(expected))
            assert all(map(same, table.loc[intermediate], expected)), intermediate


def test_the_tables_for_readers_show_a_dash_for_all_that_is_missing(case: Case):
    for encoder in GRID.encoders:
        by_name = {table.name: table.shown for table in of_encoder(case.results, encoder)}
        for intermediate, target in product(GRID.intermediates, GRID.targets):
            is_missing = shown(case, encoder, intermediate, target, ALL) is None
            assert ("—" in by_name["paper"].loc[intermediate, target]) == is_missing
            for language in LANGUAGES[target]:
                text = by_name[f"languages.{target}"].loc[language, intermediate]
                assert ("—" in text) == (shown(case, encoder, intermediate, target, language) is None)
        assert literature.tables(case.results, encoder, "FacebookAI/xlm-roberta-large")


def shown(case: Case, encoder: str, intermediate: str, target: str, language: str) -> float | None:
    """What a table of changes shows: the score of the baseline, the change of the others."""
    number = case.value if intermediate == "none" else case.change
    return number(encoder, intermediate, target, language)


def test_every_figure_can_be_drawn(drawn):
    version = alt.SCHEMA_VERSION.removeprefix("v").rpartition(".")[0]
    for chart in drawn["two"].values():
        assert vl_convert.vegalite_to_svg(style.spec(chart), vl_version=version).startswith("<svg")


def test_the_heat_map_has_a_dash_for_all_that_is_missing(case: Case, drawn):
    for encoder in GRID.encoders:
        texts = {(row["intermediate"], row["target"]): row["text"] for row in data(drawn[encoder]["deltas"], "text")}
        for intermediate in GRID.intermediates:
            numbers = [shown(case, encoder, intermediate, target, ALL) for target in GRID.targets]
            assert [texts[intermediate, target] == "—" for target in GRID.targets] == [n is None for n in numbers]
            assert (texts[intermediate, "mean"] == "—") == (None in numbers)


def test_no_bar_or_median_of_a_figure_is_made_from_what_is_left(case: Case, drawn):
    for encoder in GRID.encoders:
        for row in data(drawn[encoder]["seeds"], "value"):
            cell = (encoder, row["intermediate"], row["target"], ALL)
            assert (row["seeds"] == len(GRID.seeds)) == (case.value(*cell) is not None)
        # Each of the three languages is alone at its distance.
        for row in data(drawn[encoder]["distance"], "delta"):
            targets = [target for target in GRID.targets if row["language"] in LANGUAGES[target]]
            changes = [case.change(encoder, row["intermediate"], target, row["language"]) for target in targets]
            assert (row["median"] is None) == (None in changes)
        for row in data(drawn[encoder]["languages"], "delta"):
            targets = [target for target in GRID.targets if row["language"] in LANGUAGES[target]]
            changes = [case.change(encoder, row["intermediate"], target, row["language"]) for target in targets]
            assert same(row["delta"], None if None in changes else mean(changes))


def data(chart, column: str) -> list[dict]:
    """The rows of the data of a chart that have a column."""

    def inside(part: object) -> list[dict]:
        if isinstance(part, list):
            return [row for one in part for row in inside(one)]
        if not isinstance(part, dict):
            return []
        return [part] if column in part and "intermediate" in part else inside(list(part.values()))

    return inside(chart.to_dict())


def test_the_page_has_every_number_that_is_complete_and_none_that_is_not(case: Case):
    rows = numbers.rows(case.results)
    assert not rows.duplicated(numbers.NAMES).any()
    assert set(map(tuple, rows[numbers.NAMES[:4]].to_numpy())) == {
        (*start, language)
        for start in product(GRID.encoders, GRID.intermediates, GRID.targets)
        for language in (ALL, *LANGUAGES[start[2]])
    }
    for row in rows.itertuples():
        where = (row.encoder, row.intermediate, row.target, row.language)
        seeds = GRID.seeds if row.seed == "median" else (row.seed,)
        assert same(row.value, case.value(*where, seeds)), row
        assert same(row.delta, case.change(*where, seeds)), row
    page = document.of_results(case.results)
    assert embedded(page)
    for encoder, intermediate in product(GRID.encoders, GRID.intermediates):
        scores = [case.value(encoder, intermediate, target, ALL) for target in GRID.targets]
        assert same(page["means"][encoder][intermediate][0], None if None in scores else mean(scores))
