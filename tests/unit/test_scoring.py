"""Prediction files are scored language by language, each with its own rules, gold labels and file."""

from pathlib import Path

import pyarrow as pa
import pytest
from gold_tables import asked, parallel, table

from xstilts import tasks
from xstilts.errors import DataError, UserError
from xstilts.prediction import scoring


@pytest.fixture
def scored(tmp_path: Path):
    """A function from the gold and the prediction file of each language to the scores and the units."""

    def score(
        name: str, languages: dict[str, tuple[pa.Table, str]], split: str = "test"
    ) -> tuple[dict[str, dict], pa.Table]:
        task, suffix = tasks.load(name), "json" if tasks.load(name).kind == "span" else "tsv"
        for lang, (_, content) in languages.items():
            (tmp_path / f"{split}-{lang}.{suffix}").write_text(content, encoding="utf-8")
        gold = {lang: examples for lang, (examples, _) in languages.items()}
        counts = scoring.per_example(task, split, gold, tmp_path)
        return scoring.score(task, gold, counts), scoring.together(counts)

    return score


def rows(*labels: str | None) -> pa.Table:
    return table("classification", id=[f"{row}" for row in range(len(labels))], label=list(labels))


OWN_ARTICLE = {
    "en": ("the river", "river"),
    "es": ("los ríos", "ríos"),
    "de": ("eines Flusses", "Flusses"),
    "ar": ("النهر", "نهر"),
    "vi": ("những sông", "sông"),
}
NO_ARTICLE = {
    "en": ("der river", "river"),
    "es": ("the río", "río"),
    "de": ("un Fluss", "Fluss"),
    "ar": ("the نهر", "نهر"),
    "vi": ("the sông", "sông"),
    "hi": ("the नदी", "नदी"),
    "zh": ("the 江", "江"),
}


@pytest.mark.parametrize("order", [1, -1])
def test_mlqa_is_scored_by_the_rules_of_each_language(scored, order: int):
    # Of a language's own article nothing is left; another one's is the second word of two.
    answers = {lang: [pair] for lang, pair in NO_ARTICLE.items()}
    for lang, pair in OWN_ARTICLE.items():
        answers[lang].append(pair)
    # Two characters of three.
    answers["zh"].append(("北京市", "北京"))
    languages = {
        lang: (
            asked({f"q{n}": [gold] for n, (gold, _) in enumerate(pairs)}),
            "{" + ", ".join(f'"q{n}": "{found}"' for n, (_, found) in enumerate(pairs)) + "}",
        )
        for lang, pairs in list(answers.items())[::order]
    }
    scores, _ = scored("mlqa", languages)
    f1s = {lang: one["scores"]["f1"] for lang, one in scores.items()}
    with_article = pytest.approx(100 * (2 / 3 + 1) / 2)
    assert f1s == dict.fromkeys(OWN_ARTICLE, with_article) | {
        "hi": pytest.approx(200 / 3),
        "zh": pytest.approx(100 * (2 / 3 + 4 / 5) / 2),
    }
    assert scores["zh"]["scores"]["exact_match"] == 0


def test_xquad_is_scored_by_the_english_rules_in_every_language(scored):
    gold, found = (
        asked({"q": ["der Fluss"], "r": ["the Fluss"], "s": ["北京市"]}),
        '{"q": "Fluss", "r": "Fluss", "s": "北京"}',
    )
    scores, _ = scored("xquad", dict.fromkeys(("de", "zh", "en"), (gold, found)))
    assert [one["scores"]["f1"] for one in scores.values()] == [pytest.approx(100 * (2 / 3 + 1 + 0) / 3)] * 3


def test_every_language_has_its_own_score_from_its_own_file_of_the_split(scored, tmp_path: Path):
    (tmp_path / "test-de.tsv").write_text("1\n1\n1\n1\n")
    languages = {
        "ko": (rows("1", "1", "0"), "0\n1\n1\n"),
        "de": (rows("1", "0", "1", "0"), "1\n0\n1\n1\n"),
        "fr": (rows(None, None), "1\n0\n"),
    }
    scores, units = scored("pawsx", languages, split="dev")
    assert scores == {
        "ko": {"n": 3, "scores": {"accuracy": pytest.approx(100 / 3)}, "main_score": pytest.approx(100 / 3)},
        "de": {"n": 4, "scores": {"accuracy": 75}, "main_score": 75},
        "fr": {"n": 2, "scores": None, "main_score": None},
    }
    assert units.column_names == ["language", "unit", "right", "all"]
    assert units.to_pydict() == {
        "language": ["ko"] * 3 + ["de"] * 4,
        "unit": ["0", "1", "2", "0", "1", "2", "3"],
        "right": [0, 1, 0, 1, 1, 1, 0],
        "all": [1] * 7,
    }


def test_without_labels_in_any_language_there_is_no_unit(scored):
    scores, units = scored("pawsx", {"de": (rows(None), "1\n"), "fr": (rows(None, None), "1\n0\n")})
    assert scores["fr"] == {"n": 2, "scores": None, "main_score": None}
    assert (units.num_rows, units.schema.names) == (0, ["language", "unit"])
    assert set(units.schema.types) == {pa.string()}


def test_of_a_partly_labelled_split_no_score_is_made(scored):
    with pytest.raises(
        UserError,
        match="1 of 3 examples have no gold label in their column 'label': only a labelled split can be scored",
    ):
        scored("pawsx", {"de": (rows("1", None, "0"), "1\n0\n0\n")})
    with pytest.raises(UserError, match="2 of 3 examples have no gold label in their column 'answers'"):
        scored("xquad", {"de": (asked({"q": ["a mill"], "r": None, "s": None}), '{"q": "a mill", "r": "", "s": ""}')})
    half = parallel({"en-1": ["de-1"], "en-2": None})
    with pytest.raises(UserError, match="1 of 2 English sentences have no gold translations"):
        scored("bucc2018", {"de": (half, "de-1\ten-1\n")})
    with pytest.raises(UserError, match="1 of 2 examples have no gold label in their column 'gold'"):
        scored("tatoeba", {"de": (half, "de-1\nde-1\n")})


@pytest.mark.parametrize("place", [0, 1, 2])
def test_any_of_several_gold_translations_and_answers_is_right(scored, place: int):
    names = ["7", "1", "3"]
    several = parallel({"en-0": names, "en-1": ["2"]})
    assert scored("tatoeba", {"de": (several, f"{names[place]}\n0\n")})[0]["de"]["main_score"] == 50
    found = scored("bucc2018", {"de": (several, f"{names[place]}\ten-0\n")})[0]["de"]["scores"]
    assert found == {"f1": 40, "precision": 100, "recall": 25}
    texts = ["old mill", "river bank", "seven bridges"]
    for name in ("xquad", "mlqa", "squad_v2"):
        scores = scored(name, {"de": (asked({"q": texts}), f'{{"q": "{texts[place]}"}}')})[0]["de"]["scores"]
        assert (scores["exact_match"], scores["f1"]) == (100, 100)


def test_a_sentence_that_is_mined_without_being_in_the_corpus_is_a_unit_and_no_example(scored):
    examples = parallel({"en-1": ["de-1"], "en-2": []})
    scores, units = scored("bucc2018", {"de": (examples, "de-1\ten-1\nde-1\ten-9\n")})
    assert scores["de"]["n"] == 2
    assert units["unit"].to_pylist() == ["en-1", "en-2", "en-9"]


def test_a_missing_or_malformed_prediction_file_is_refused(scored, tmp_path: Path):
    with pytest.raises(DataError, match=r"line 2.*one label a line"):
        scored("pawsx", {"de": (rows("1", "0"), "1\n\n")})
    with pytest.raises(DataError, match=r"test-fr\.tsv.*no such file"):
        scoring.per_example(tasks.load("pawsx"), "test", {"fr": rows("1")}, tmp_path)
