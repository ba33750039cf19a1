"""Reports of an incomplete experiment are written, and no number is an average over the remaining scores."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from math import isclose
from statistics import mean
from zlib import crc32

import altair as alt
import pandas as pd
import pytest
import vl_convert
from known_results import own_stages

from xstilts.config import GridSettings
from xstilts.jobs.tables import of_encoder
from xstilts.reporting import collect, literature, tables
from xstilts.reporting.experiment_results import ALL, Results
from xstilts.reporting.figures import style
from xstilts.reporting.figures.charts import charts
from xstilts.reporting.page import document, numbers
from xstilts.reporting.page.render import embedded
from xstilts.reporting.significance import COLUMNS

pytestmark = pytest.mark.thorough

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


DRAWN = (
    "unlabelled: one language of a target",
    "absent: a seed of a cell",
    "absent: a seed of a baseline",
    "absent: everything",
)
"""The cases of which figures are drawn: something is missing below a mean, of a cell, of a change, and altogether."""


def score(*number) -> float:
    """What a model scores, in every metric."""
    return 100 * (1 + crc32(repr(number).encode()) % (ROWS - 1)) / ROWS


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
        return mean(mean(score(*number) for number in row) for row in made_from)

    def change(self, encoder: str, intermediate: str, target: str, language: str, seeds=GRID.seeds) -> float | None:
        """The change over the baseline, which has none."""
        own, baseline = (self.value(encoder, name, target, language, seeds) for name in (intermediate, "none"))
        return None if intermediate == "none" or own is None or baseline is None else own - baseline


def made(name: str) -> Case:
    """Results as the jobs would make them, worked out from what there is."""
    unlabelled, absent = CASES[name]
    rows = [
        (
            *cell[:3],
            language,
            "test",
            cell[3],
            metric,
            None if unlabelled(*cell, language) else score(*cell, language),
            ROWS,
        )
        for cell in CELLS
        if not absent(*cell, "en")
        for language in LANGUAGES[cell[2]]
        for metric in ["main_score", *METRICS[cell[2]]]
    ]
    scores = pd.DataFrame(rows, columns=collect.COLUMNS).astype({"value": "float64"})
    sizes = dict.fromkeys(GRID.intermediates[1:], 100)
    trainings = pd.DataFrame([], columns=collect.TRAINING_COLUMNS).astype({"value": "float64", "chosen": "bool"})
    case = Case(
        Results(scores, trainings, pd.DataFrame(), sizes, GRID, "median", own_stages(GRID)),
        lambda *number: absent(*number) or unlabelled(*number),
    )
    return replace(case, results=replace(case.results, statistics=statistics(case)))


def statistics(case: Case) -> pd.DataFrame:
    """The statistics of a case, whose intervals are a point to either side."""
    rows = []
    for encoder, name, target in product(GRID.encoders, GRID.intermediates, GRID.targets):
        for language in (ALL, *LANGUAGES[target]):
            where = (encoder, name, target, language)
            value, delta = (float("nan") if n is None else n for n in (case.value(*where), case.change(*where)))
            n = 0 if pd.isna(value) else ROWS * (len(LANGUAGES[target]) if language == ALL else 1)
            around = [value, value - 1, value + 1, delta, delta - 1, delta + 1]
            p = delta * 0 + 0.01
            rows.append([*where, "main_score", *around, p, p, abs(delta) > 1, n, len(GRID.seeds) * (n > 0)])
    return pd.DataFrame(rows, columns=[*COLUMNS[:-2], "p_adjusted", "significant", *COLUMNS[-2:]])


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return made(request.param)


@pytest.fixture(scope="module", params=DRAWN)
def pictured(request: pytest.FixtureRequest) -> tuple[Case, dict[str, dict[str, alt.TopLevelMixin]]]:
    """A case, and the figures of each encoder."""
    case = made(request.param)
    return case, {encoder: charts(case.results, encoder) for encoder in GRID.encoders}


def same(found: float | None, expected: float | None) -> bool:
    """Whether both are missing, or both the same number."""
    return bool(pd.isna(found)) if expected is None else isclose(found, expected, abs_tol=1e-3)


@pytest.mark.parametrize("metric", ["main_score", "f1", "exact_match", "accuracy"])
def test_the_table_has_what_is_complete_in_every_metric(case: Case, metric: str):
    for encoder in GRID.encoders:
        table = tables.levels(case.results.scores, encoder, GRID, "median", metric)
        for intermediate in GRID.intermediates:
            expected = [
                case.value(encoder, intermediate, target, ALL) if metric in ["main_score", *METRICS[target]] else None
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


@pytest.mark.parametrize("pictured", [DRAWN[0], DRAWN[-1]], indirect=True)
def test_every_figure_can_be_drawn(pictured):
    _, drawn = pictured
    version = alt.SCHEMA_VERSION.removeprefix("v").rpartition(".")[0]
    for chart in drawn["two"].values():
        assert vl_convert.vegalite_to_svg(style.spec(chart), vl_version=version).startswith("<svg")


def test_the_heat_map_has_a_dash_for_all_that_is_missing(pictured):
    case, drawn = pictured
    for encoder in GRID.encoders:
        texts = {(row["intermediate"], row["target"]): row["text"] for row in data(drawn[encoder]["deltas"], "text")}
        for intermediate in GRID.intermediates:
            numbers = [shown(case, encoder, intermediate, target, ALL) for target in GRID.targets]
            assert [texts[intermediate, target] == "—" for target in GRID.targets] == [n is None for n in numbers]
            assert (texts[intermediate, "mean"] == "—") == (None in numbers)


def test_no_bar_or_median_of_a_figure_is_made_from_what_is_left(pictured):
    case, drawn = pictured
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


@pytest.mark.parametrize("pictured", [DRAWN[0], DRAWN[-1]], indirect=True)
def test_the_means_of_the_page_are_over_all_targets_or_missing(pictured):
    case, _ = pictured
    page = document.of_results(case.results)
    assert embedded(page)
    for encoder, intermediate in product(GRID.encoders, GRID.intermediates):
        scores = [case.value(encoder, intermediate, target, ALL) for target in GRID.targets]
        assert same(page["means"][encoder][intermediate][0], None if None in scores else mean(scores))
