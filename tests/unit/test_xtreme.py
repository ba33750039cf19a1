"""The averages are those of XTREME's evaluate.py on its mock data, and none is computed from incomplete scores."""

import pytest
from gold_tables import asked, labelled, parallel, score

from xstilts import metrics
from xstilts.metrics import xtreme


def averages(by_language: dict[str, dict[str, float]]) -> dict[str, float]:
    """The task average of each score."""
    names = next(iter(by_language.values()))
    columns = {name: {lang: scores[name] for lang, scores in by_language.items()} for name in names}
    return {name: xtreme.task_average(column, by_language) for name, column in columns.items()}


def ten(right: int) -> list[str]:
    """Ten predictions of which this many are `1`."""
    return ["1"] * right + ["0"] * (10 - right)


XNLI = {
    "ar": 2,
    "bg": 4,
    "de": 2,
    "el": 4,
    "en": 3,
    "es": 3,
    "fr": 3,
    "hi": 4,
    "ru": 7,
    "sw": 2,
    "th": 3,
    "tr": 2,
    "ur": 4,
    "vi": 2,
    "zh": 1,
}
PAWSX = {"de": 5, "en": 4, "es": 5, "fr": 6, "ja": 6, "ko": 6, "zh": 4}


@pytest.mark.parametrize(("right", "average"), [(XNLI, 30.666666666666668), (PAWSX, 51.42857142857143)])
def test_accuracy_averages_are_those_of_xtreme_on_its_mock_data(right, average):
    scores = {lang: score("accuracy", labelled(ten(10)), ten(n), lang) for lang, n in right.items()}
    assert averages(scores) == {"accuracy": pytest.approx(average, rel=1e-15)}


def test_the_bucc_average_is_that_of_xtreme_on_its_mock_data():
    gold = [(f"xx-{n}", f"en-{n}") for n in range(10)]
    examples = parallel({english: [foreign] for foreign, english in gold})
    found = {
        lang: [*gold[:right], *((foreign, "en-x") for foreign, _ in gold[right:])]
        for lang, right in {"de": 5, "fr": 5, "ru": 5, "zh": 7}.items()
    }
    scores = averages({lang: score("bucc", examples, pairs, lang) for lang, pairs in found.items()})
    assert scores == dict.fromkeys(("f1", "precision", "recall"), pytest.approx(55, rel=1e-15))


def answers(shared: int, found: int, expected: int) -> tuple[str, str]:
    """A predicted and a gold answer of so many tokens that share some, so that F1 is 2 shared / (found + expected)."""
    common = [f"same{n}" for n in range(shared)]
    predicted, gold = ([f"{own}{n}" for n in range(size - shared)] for own, size in (("p", found), ("g", expected)))
    return " ".join(common + predicted), " ".join(common + gold)


def qa_averages(name: str, perfect: str, imperfect: dict[str, list[tuple[str, str]]]) -> dict[str, float]:
    by_language = {lang: [RIGHT, RIGHT] for lang in perfect.split()} | imperfect
    return averages(
        {
            lang: score(
                name,
                asked({f"q{n}": [gold] for n, (_, gold) in enumerate(texts)}),
                {f"q{n}": predicted for n, (predicted, _) in enumerate(texts)},
                lang,
            )
            for lang, texts in by_language.items()
        }
    )


RIGHT, WRONG = answers(1, 1, 1), answers(0, 1, 1)
XQUAD = {
    "es": [RIGHT, answers(1, 11, 11)],
    "tr": [RIGHT, WRONG],
    "th": [RIGHT, WRONG],
    "zh": [answers(1, 2, 2), WRONG],
}
MLQA = {"en": [answers(3, 5, 5)], "es": [answers(2, 7, 8)], "de": [answers(3, 3, 4)]}
TYDIQA = {"id": [answers(3, 4, 4)]}


@pytest.mark.parametrize(
    ("name", "perfect", "imperfect", "exact_match", "f1", "main_score"),
    [
        ("squad", "en de el ru ar vi hi", XQUAD, 77.27272727272727, 79.9586776859504, 78.6157),
        ("mlqa", "ar hi vi zh", MLQA, 57.142857142857146, 81.76870748299321, 69.4558),
        ("squad", "en ar bn fi ko ru sw te", TYDIQA, 88.88888888888889, 97.22222222222223, 93.0556),
    ],
    ids=["xquad", "mlqa", "tydiqa"],
)
def test_qa_averages_are_those_of_xtreme_on_its_mock_data(name, perfect, imperfect, exact_match, f1, main_score):
    scores = qa_averages(name, perfect, imperfect)
    assert scores == {"f1": pytest.approx(f1, rel=1e-15), "exact_match": pytest.approx(exact_match, rel=1e-15)}
    assert round(metrics.load(name).main_score(scores), 4) == main_score


MAIN_SCORES = {
    "pawsx": 51.42857142857143,
    "xnli": 30.666666666666668,
    "panx": 57.50793650793652,
    "udpos": 70.21746048354693,
    "bucc2018": 55.0,
    "tatoeba": 53.611111111111114,
    "xquad": (77.27272727272727 + 79.9586776859504) / 2,
    "mlqa": (57.142857142857146 + 81.76870748299321) / 2,
    "tydiqa": (88.88888888888889 + 97.22222222222223) / 2,
}


@pytest.mark.parametrize(
    ("udpos", "tagging", "overall"), [(70.21746048354693, 63.8627, 62.1732), (70.39805810699043, 63.9530, 62.1933)]
)
def test_group_and_overall_averages_are_those_of_xtreme_on_its_mock_data(udpos, tagging, overall):
    main_scores = MAIN_SCORES | {"udpos": udpos}
    groups = {group: round(value, 4) for group, value in xtreme.group_averages(main_scores).items()}
    assert groups == {"classification": 41.0476, "tagging": tagging, "qa": 80.3757, "retrieval": 54.3056}
    assert round(xtreme.overall(main_scores), 4) == overall


@pytest.mark.parametrize("hole", [{"de": 50.0}, {"de": 50.0, "zh": None}, {"de": 50.0, "zh": float("nan")}, {}])
def test_there_is_no_average_over_the_languages_that_happen_to_be_there(hole):
    assert xtreme.task_average(hole, ("de", "zh")) is None
    assert xtreme.task_average({"de": 50.0, "zh": 60.0, "xx": 99.0}, ("de", "zh")) == 55


@pytest.mark.parametrize("hole", [None, float("nan")])
@pytest.mark.parametrize("task", MAIN_SCORES)
def test_there_is_no_average_over_the_tasks_that_happen_to_be_there(task, hole):
    for main_scores in (
        MAIN_SCORES | {task: hole},
        {name: value for name, value in MAIN_SCORES.items() if name != task},
    ):
        assert xtreme.overall(main_scores) is None
        refused = [group for group, value in xtreme.group_averages(main_scores).items() if value is None]
        assert refused == [group for group, tasks in xtreme.GROUPS.items() if task in tasks]
