"""The page of an experiment in a real browser: content, keyboard access, and that no data can get in or out."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from browsing import DESK
from invented_results import invented, without
from pages import large, mapped, page_of
from partial import partial

from xstilts.languages import LANGUAGES
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.page.render import embedded, render

pytestmark = pytest.mark.thorough

HOSTILE = "</script><script>window.attacked = 1</script><img src=x onerror='window.attacked = 2'>{{ 7 * 7 }}&lt;"
LINES = "\u2028\u2029"
"""Ends of lines in scripts, which may be in texts but, by the configuration, in no name."""
PHONE = {"width": 390, "height": 844}
INTERMEDIATES = "none anli_plus mnli qqp squad_v1 squad_v2 hellaswag ccg cosmosqa commonsenseqa multitask"
TARGETS = "xnli pawsx udpos panx xquad mlqa tydiqa bucc2018 tatoeba"


def write(folder: Path, document: dict) -> Path:
    """A page as a file."""
    file = folder / "report.html"
    file.write_text(render(document), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def results() -> Results:
    """Four intermediates and three targets, where mnli has no score on xquad."""
    return without(invented(), "mnli", "xquad")


@pytest.fixture(scope="module")
def report(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("page"), page_of(results))


def test_it_opens_without_a_network_and_without_an_error(visit: Callable, report: Path):
    seen = visit(report)
    seen.page.locator("#figures figure").last.scroll_into_view_if_needed()
    seen.page.wait_for_selector("#figures figure:last-child svg")
    assert (seen.requests, seen.errors) == ([report.as_uri()], [])


def test_the_heat_map_comes_first_and_shows_scores_of_the_baseline_and_changes_of_the_others(
    visit: Callable, report: Path, results: Results
):
    seen, cells = visit(report), results.by_target("toy").set_index(["intermediate", "target"])
    assert seen.page.locator("#heat").bounding_box()["y"] < DESK["height"] / 2
    assert seen.texts("#heat thead th") == ["intermediate", "xnli", "xquad", "tatoeba", "mean"]
    levels, changes = cells.loc["none", "value"], cells.loc["squad_v1", "delta"]
    stars = ["*" * star for star in cells.loc["squad_v1", "significant"]] + [""]
    written = [f"{change:+.1f}{star}" for change, star in zip([*changes, changes.mean()], stars, strict=True)]
    assert seen.texts("#heat tbody tr:nth-child(1) td") == [f"{value:.1f}" for value in [*levels, levels.mean()]]
    assert seen.texts("#heat tbody tr:nth-child(3) td") == [text.replace("-", "−") for text in written]


def test_changes_whose_interval_contains_0_are_grey(visit: Callable, report: Path, results: Results):
    rows, names = results.by_target("toy"), results.grid.intermediates
    inside = rows[(rows["delta_low"] <= 0) & (rows["delta_high"] >= 0)]
    expected = {f"{row.intermediate} → {row.target}" for row in inside.itertuples()}
    assert 0 < len(expected) < len(rows) - len(rows[rows["intermediate"] == names[0]])
    labels = visit(report).page.locator("#heat .uncertain").evaluate_all("all => all.map(one => one.ariaLabel)")
    assert {label.split(", ")[0] for label in labels} == expected


def test_a_missing_cell_is_missing_with_its_reason_and_so_is_its_mean(visit: Callable, report: Path):
    seen = visit(report)
    assert seen.texts("#heat tbody tr:nth-child(2) td")[1::2] == ["—", "—"]
    seen.page.locator("#heat tbody tr:nth-child(2) td:nth-child(3) button").hover()
    assert "missing: no gold labels in the last language" in seen.texts("#tip")[0]


def test_a_combination_that_is_not_part_of_the_grid_is_blank_and_skipped_by_the_arrows(visit: Callable, tmp_path: Path):
    seen = visit(write(tmp_path, page_of(partial())))
    shown = [seen.texts(f"#heat tbody tr:nth-child({row}) td") for row in (1, 2, 3, 4)]
    assert [[bool(text) for text in row] for row in shown] == [
        [True, True, True],
        [True, False, False],
        [False, True, False],
        [True, True, True],
    ]
    assert seen.texts("#heat tbody th") == ["none", "mnli@de", "mnli@zh", "squad_v1@4langs"]
    seen.page.locator("#heat tbody button").first.focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowDown"):
        seen.page.keyboard.press(key)
    seen.page.keyboard.press("ArrowDown")
    seen.page.keyboard.press("Enter")
    assert seen.texts("#cell-title") == ["squad_v1@ar+de+en+zh → xnli@de"]
    assert "mnli@ja: mnli has no training data in 'ja'" in seen.texts(".about")[0]
    assert not seen.errors


def test_pointing_at_a_cell_tells_its_score_interval_and_number_of_examples(
    visit: Callable, report: Path, results: Results
):
    seen = visit(report)
    row = results.by_target("toy").set_index(["intermediate", "target"]).loc["squad_v1", "xnli"]
    seen.page.locator("#heat tbody tr:nth-child(3) button").first.hover()
    told = seen.texts("#tip span")
    assert told[:3] == ["squad_v1 → xnli", f"score {row.value:.1f}", f"interval {row.low:.1f} to {row.high:.1f}"]
    assert told[-1] == f"n {row.n}, 3 models"


OF_THE_TARGET = {"value": 60.04, "low": 57.0, "high": 63.0, "delta": -4.44, "delta_low": -6.6, "delta_high": -2.2}
OF_GERMAN = {"value": 61.26, "low": 58.04, "high": 64.41, "delta": 3.3, "delta_low": 1.1, "delta_high": 5.5}
SEEDS = {"main_score": (60.0, 61.26, 62.5), "accuracy": (57.3, 52.2, 50.1)}


@pytest.fixture(scope="module")
def numbered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two encoders, two metrics and, in one cell of the second encoder, numbers of which no two are alike."""
    toy = invented()
    scores = pd.concat([toy.scores, toy.scores.assign(metric="accuracy", value=toy.scores["value"] / 2)])
    german = (scores[["intermediate", "target", "language"]] == ["squad_v1", "xnli", "de"]).all(axis=1)
    for metric, values in SEEDS.items():
        scores.loc[german & scores["metric"].eq(metric), "value"] = values
    statistics, known = toy.statistics, {"all": OF_THE_TARGET, "de": OF_GERMAN}
    for (language, own), (p, n) in zip(known.items(), ((0.004, 6000), (0.0004, 1234)), strict=True):
        place = (statistics[["intermediate", "target", "language"]] == ["squad_v1", "xnli", language]).all(axis=1)
        statistics.loc[place, [*own, "p_adjusted", "significant", "n"]] = [*own.values(), p, True, n]
    frames = {"scores": scores, "statistics": statistics, "trainings": toy.trainings}
    both = {name: pd.concat([frame.assign(encoder="other"), frame]) for name, frame in frames.items()}
    own = both["statistics"]["encoder"].eq("other")
    both["statistics"].loc[own, ["value", "delta"]] /= 2
    grid = toy.grid.model_copy(update={"encoders": ("other", "toy")})
    return write(tmp_path_factory.mktemp("numbers"), page_of(replace(toy, **both, grid=grid)))


def test_the_encoder_that_is_chosen_has_its_own_changes_and_figures(visit: Callable, numbered: Path):
    seen = visit(numbered)
    assert seen.texts("#heat tbody tr:nth-child(3) td")[0] == "−2.2*"
    seen.page.select_option("#encoders select", label="toy")
    assert seen.texts("#heat tbody tr:nth-child(3) td")[0] == "−4.4*"
    seen.page.locator("#figures figure").first.scroll_into_view_if_needed()
    seen.page.wait_for_selector("#figures figure svg")
    assert ", toy" in seen.page.locator("#figures figure svg").first.text_content()


def test_pointing_at_a_cell_tells_its_change_with_interval_and_p(visit: Callable, numbered: Path):
    seen = visit(numbered)
    seen.page.select_option("#encoders select", label="toy")
    seen.page.locator("#heat tbody tr:nth-child(3) button").first.hover()
    assert seen.texts("#tip span") == [
        "squad_v1 → xnli",
        "score 60.0",
        "interval 57.0 to 63.0",
        "change over none −4.4",
        "interval −6.6 to −2.2",
        "corrected p .004",
        "n 6,000, 3 models",
    ]


def test_a_cell_has_every_number_of_a_language_in_its_column(visit: Callable, numbered: Path):
    seen = visit(numbered)
    seen.page.select_option("#encoders select", label="toy")
    seen.page.locator("#heat tbody tr:nth-child(3) button").first.click()
    (german,) = [row for row in seen.page.locator("#cell tr").all() if "German" in row.inner_text()]
    interval, change = ["61.3", "58.0 to 64.4"], ["+3.3*", "+1.1 to +5.5", "< .001"]
    expected = ["German (de)", *interval, *change, "1,234", "52.2", "60.0", "61.3", "62.5"]
    assert german.locator("td").all_inner_texts() == expected
    assert seen.texts("#cell summary")[0].endswith(f": {1190 * len(LANGUAGES):,} rows")


def test_the_table_has_every_number_of_a_row_in_its_column(visit: Callable, numbered: Path):
    seen = visit(numbered)
    wanted = {"encoder": "toy", "intermediate": "squad_v1", "target": "xnli", "language": "German (de)"}
    for name, value in wanted.items():
        seen.page.select_option(f"#filters select[name={name}]", label=value)
    expected = ["squad_v1", "61.3", "58.0 to 64.4", "+3.3*", "+1.1 to +5.5", "1,234"]
    assert seen.texts("#scores tbody td") == expected


def test_pointing_at_a_figure_tells_its_values(visit: Callable, report: Path):
    seen = visit(report)
    figure = seen.page.locator("#figures figure").first
    figure.scroll_into_view_if_needed()
    figure.locator("svg .mark-rect.role-mark path").first.hover(position={"x": 2, "y": 2})
    seen.page.wait_for_selector("#vg-tooltip-element.visible")
    assert {"intermediate", "n"} <= set(seen.page.locator("#vg-tooltip-element .key").all_inner_texts())


def test_scores_are_sorted_by_a_column_and_missing_ones_stay_last(visit: Callable, report: Path):
    seen = visit(report)
    header = seen.page.get_by_role("button", name="score", exact=True)
    for direction, sign in (("descending", -1), ("ascending", 1)):
        header.click()
        assert seen.page.locator(f"#scores th[aria-sort={direction}]").inner_text().startswith("score")
        *numbers, last = seen.column(3)
        assert last == "—"
        assert numbers == sorted(numbers, key=lambda text: sign * float(text))


def test_scores_are_filtered_by_every_name(visit: Callable, report: Path):
    seen = visit(report)
    assert seen.texts("#count") == ["12 of 304 scores"]
    for name, value in (("intermediate", "mnli"), ("target", "xnli"), ("language", "German (de)"), ("seed", "each")):
        seen.page.select_option(f"#filters select[name={name}]", label=value)
    assert seen.texts("#scores th")[:2] == ["intermediate", "seed"]
    assert seen.column(2) == ["median", "1", "2", "3"]


def test_a_cell_opens_its_languages_settings_data_and_predictions(visit: Callable, report: Path):
    seen = visit(report)
    seen.page.locator("#heat tbody tr:nth-child(3) button").first.click()
    assert seen.texts("#cell-title") == ["squad_v1 → xnli"]
    assert seen.texts("#cell h3") == ["Languages", "Predictions", "Settings", "Runs", "Data"]
    said = seen.page.locator("#cell").inner_text()
    for part in (
        "German (de)",
        "seed 3",
        "learning_rate",
        "0.00001",
        "1 h 30 min",
        "a GPU",
        "bf16",
        "torch 2.13",
        "~0123456789ab",
    ):
        assert part in said
    seen.page.locator("#cell summary").first.click()
    assert "f" * 64 in seen.page.locator("#cell").inner_text()


def test_each_role_of_the_code_of_a_run_has_a_line_of_its_own(visit: Callable, report: Path):
    seen = visit(report)
    seen.page.locator("#heat tbody tr:nth-child(3) button").first.click()
    lines = [f"{role} {fingerprint}" for role, fingerprint in (("job.train_stage", "0" * 12), ("task.xquad", "1" * 12))]
    codes = seen.page.locator("#cell .code")
    assert codes.all_inner_texts()[:2] == lines
    first, second = (codes.nth(at).bounding_box() for at in range(2))
    assert second["y"] >= first["y"] + first["height"]


def test_the_records_on_which_results_rest_are_told_with_their_reason(visit: Callable, report: Path):
    assert visit(report).texts(".about li")[-1] == "job.train_stage: a <better> message"


def test_without_records_the_page_says_nothing_of_them(visit: Callable, results: Results, tmp_path: Path):
    seen = visit(write(tmp_path, {**page_of(results), "records": []}))
    assert "older code" not in seen.page.locator(".about").inner_text()


def test_predictions_are_shown_right_and_wrong_and_wrong_tags_stand_out(visit: Callable, report: Path):
    seen = visit(report)
    seen.page.locator("#heat tbody tr:nth-child(3) button").first.click()
    assert len(seen.texts("#cell article")) == 4
    seen.page.get_by_label("wrong (2)").check()
    assert [text.split("\n")[0] for text in seen.texts("#cell article h4")] == ["✗ wrong"] * 2
    assert "burns/NOUN" in seen.texts("#cell mark")


def test_everything_can_be_reached_from_the_keyboard(visit: Callable, report: Path):
    seen = visit(report)
    press = seen.page.keyboard.press
    press("Tab")
    assert seen.focused() == "Dark"
    press("Tab")
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        press(key)
    before = seen.focused()
    press("Enter")
    assert seen.texts("#cell-title") == ["squad_v1 → xquad"]
    press("Escape")
    assert not seen.page.locator("#cell").is_visible()
    assert seen.focused() == before
    seen.page.get_by_role("button", name="change").focus()
    press("Enter")
    press("Enter")
    assert seen.page.locator("#scores th[aria-sort=ascending]").inner_text().startswith("change")
    assert seen.focused() == "change"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_follow_the_system_until_one_is_chosen(visit: Callable, report: Path, scheme: str):
    seen = visit(report, scheme=scheme)
    other = {"light": "Dark", "dark": "Light"}[scheme]

    def colours() -> list[str]:
        ground = "getComputedStyle(document.body).backgroundColor"
        seen.page.locator("#figures figure").first.scroll_into_view_if_needed()
        seen.page.wait_for_selector("#figures svg text")
        return [seen.page.evaluate(ground), seen.page.locator("#figures svg text").first.get_attribute("fill")]

    before = colours()
    seen.page.get_by_role("button", name=other).click()
    assert all(new != old for new, old in zip(colours(), before, strict=True))


def test_on_a_phone_nothing_is_wider_than_the_screen(visit: Callable, report: Path):
    seen = visit(report, size=PHONE)
    seen.page.wait_for_selector("#figures svg")
    width = "document.documentElement.scrollWidth"
    assert seen.page.evaluate(width) <= PHONE["width"]
    seen.page.locator("#heat button").nth(5).click()
    assert seen.page.evaluate("document.querySelector('#cell > div').scrollWidth") <= PHONE["width"]


def test_texts_from_the_data_are_never_markup(visit: Callable, results: Results, tmp_path: Path):
    document = page_of(renamed(results, lambda name: name + HOSTILE))
    numbers = {"names", "rows", "means", "figures", "themes", "baseline", "over_seeds"}
    for part in document.keys() - numbers:
        document[part] = mapped(document[part], lambda text: text.removesuffix(HOSTILE) + HOSTILE)
    document["warnings"] = [LINES + HOSTILE]
    document["names"]["target"] = [name + HOSTILE for name in document["names"]["target"]]
    document["languages"] = {code: name + HOSTILE for code, name in page_of(results)["languages"].items()}
    for sample in (sample for cell in document["cells"] for sample in cell["samples"]):
        sample["language"] = sample["language"].removesuffix(HOSTILE)
    seen = visit(write(tmp_path, document))
    seen.page.locator("#figures figure").last.scroll_into_view_if_needed()
    seen.page.wait_for_selector("#figures figure:last-child svg")
    seen.page.locator("#heat tbody tr:nth-child(3) button").first.hover()
    seen.page.locator("#heat tbody tr:nth-child(3) button").first.click()
    for summary in seen.page.locator("#cell summary").all():
        summary.click()
    assert seen.page.evaluate("window.attacked") is None
    assert seen.page.locator("img").count() == 0
    assert seen.page.locator("script").count() == 3
    assert "49" not in seen.page.title()
    for place in ("#heat", "#scores", "#cell-title", "#cell", ".about", "#filters"):
        assert "</script><script>window.attacked" in seen.page.locator(place).text_content()
    assert seen.errors == []


def renamed(results: Results, change: Callable[[str], str]) -> Results:
    """Results in which encoders and intermediates have other names."""
    frames = {}
    for name in ("scores", "statistics", "trainings"):
        frame = getattr(results, name)
        columns = [column for column in ("encoder", "intermediate", "stages") if column in frame]
        keep = frame[columns].isin(["none"])
        frames[name] = frame.assign(**frame[columns].map(change).where(~keep, "none"))
    order = {key: getattr(results.grid, key) for key in ("encoders", "intermediates")}
    order = {key: tuple(name if name == "none" else change(name) for name in names) for key, names in order.items()}
    sizes = {name if name == "none" else change(name): size for name, size in results.sizes.items()}
    return replace(results, **frames, grid=results.grid.model_copy(update=order), sizes=sizes)


def test_embedded_json_has_no_character_that_could_end_its_element():
    text = embedded({HOSTILE: [HOSTILE + LINES]})
    assert not set(f"<>&{LINES}") & set(text)
    assert json.loads(text) == {HOSTILE: [HOSTILE + LINES]}


@pytest.mark.slow
def test_the_largest_grid_opens_in_three_seconds_and_stays_below_fifteen_megabytes(visit: Callable, tmp_path: Path):
    intermediates, targets, metrics = (names.split() for names in (INTERMEDIATES, TARGETS, "main_score f1 exact_match"))
    document = page_of(large(intermediates, targets, metrics), count=20, text="река " * 80)
    assert len(document["rows"]["value"]) > len(intermediates) * len(targets) * 40 * 3 * len(metrics)
    file = write(tmp_path, document)
    assert file.stat().st_size < 15e6
    seen = visit(file)
    ready = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
    assert seen.page.evaluate(ready) < 3000, "milliseconds until everything is drawn and answers"
    seen.page.locator("#heat button").nth(5).click()
    assert seen.texts("#cell-title") == ["none → mlqa"]
    assert seen.errors == []
