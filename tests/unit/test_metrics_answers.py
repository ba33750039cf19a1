"""Answers are compared as the official scripts of SQuAD 1.1 and MLQA compare them."""

import pyarrow as pa
import pytest
from gold_tables import asked, score

from xstilts import metrics
from xstilts.errors import UserError
from xstilts.metrics.mlqa import normalise as normalise_mlqa
from xstilts.metrics.squad import normalise as normalise_squad
from xstilts.perturbations.texts import LANGUAGE_COLUMN


@pytest.mark.parametrize(
    ("found", "gold", "lang", "f1"),
    [
        ("The  Cat, sat!", "cat sat", "en", 100),
        ("der Hund", "Hund", "de", 200 / 3),
        ("北京。", "北京", "zh", 0),
        ("北 京", "北京", "zh", 0),
        ("theatre", "atre", "en", 0),
        ("U.S.", "US", "en", 100),
        ("a cat a cat", "cat", "en", 200 / 3),
        ("sofa", "sof", "en", 0),
        ("“the” Nile", "“ ” nile", "en", 100),
        ("another man", "other mn", "en", 0),
        ("the-end an anthem", "theend anthem", "en", 100),
        ("IT'S a Tie", "its tie", "hi", 100),
        ("STRASSE", "Straße", "de", 0),
        # Tokens are counted, not only known: 2 of 2 and of 3, 1 of 1 and of 3.
        ("cat cat", "cat dog cat", "en", 80),
        ("dog", "cat dog cat", "en", 50),
    ],
)
def test_squad_normalises_every_language_as_english(found, gold, lang, f1):
    assert score("squad", asked({"q": [gold]}), {"q": found}, lang)["f1"] == pytest.approx(f1)


@pytest.mark.parametrize(
    ("lang", "answer", "normalised"),
    [
        ("en", "An “Apple” a day — the «best»", "apple day best"),
        ("de", "Der Hund, eines den", "hund"),
        ("de", "The Hund", "the hund"),
        ("es", "El-Niño", "elniño"),
        ("en", "€the€ “北京”", "€ € 北京"),
        ("es", "¿Las unas? ¡El león!", "león"),
        ("vi", "Là những con mèo của tôi", "con mèo tôi"),
        ("ar", "الكتاب", "كتاب"),
        ("ar", "بالكتاب العالم", "ب كتاب ع م"),
        ("hi", "एक घर।", "एक घर"),
        ("zh", "北京，2008年 World Cup。", "北 京 2008 年 world cup"),
        ("zh", "\u4e00\u9fa5", "\u4e00 \u9fa5"),
        ("zh", "\u9fa6\u9fa7", "\u9fa6\u9fa7"),
        ("en", "$5 + 10% ~ €", "5 10 €"),
        ("en", r"""!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~ ‘x’…""", "x"),
        ("es", "  el\tRío\n de  ", "río de"),
        ("de", "Die Straße", "straße"),
    ],
)
def test_mlqa_normalises_by_the_rules_of_the_language(lang, answer, normalised):
    assert normalise_mlqa(answer, lang) == normalised


ARTICLES = {
    "en": "a an the",
    "es": "un una unos unas el la los las",
    "de": "ein eine einen einem eines einer der die das den dem des",
    "vi": "của là cái chiếc những",
    "ar": "ال",
    "hi": "",
    "zh": "",
}
"""Those of the official script."""


@pytest.mark.parametrize("article", sorted(set(" ".join(ARTICLES.values()).split())))
@pytest.mark.parametrize("lang", ARTICLES)
def test_mlqa_leaves_out_the_articles_of_the_language_and_no_other_ones(lang, article):
    kept = "" if article in ARTICLES[lang].split() else f" {article}"
    assert normalise_mlqa(f"Rome {article}, {article.upper()} x", lang) == f"rome{kept * 2} x"
    if lang != "ar":
        inside = f"x{article}x {article}x x{article}"
        assert normalise_mlqa(inside, lang) == inside


def test_mlqa_counts_chinese_characters_where_squad_sees_one_token():
    examples, found = asked({"q": ["北京市"]}), {"q": "北京"}
    assert score("mlqa", examples, found, "zh")["f1"] == pytest.approx(80)
    assert score("squad", examples, found, "zh")["f1"] == 0
    assert normalise_squad("“北京”") == "“北京”"


def test_mlqa_normalises_an_answer_in_its_own_language_where_examples_tell_it():
    gold = asked({"q1": ["das Haus am See"], "q2": ["北京大学"], "q3": ["the house"], "q4": ["das Haus am See"]})
    found = {"q1": "Haus am See", "q2": "北京", "q3": "house", "q4": "Haus am"}
    languages = ["de", "zh", "en", "de"]
    examples = gold.append_column(LANGUAGE_COLUMN["answers"], pa.array(languages))
    mixed = metrics.load("mlqa").per_example(examples, found, "en")
    assert mixed["unit"].to_pylist() == ["q1", "q2", "q3", "q4"]
    # das, and each character, are no words of English; 2 of 2 and of 4, 2 of 2 and of 3.
    assert mixed["f1"].to_pylist() == pytest.approx([1, 2 / 3, 1, 4 / 5])
    assert mixed["exact_match"].to_pylist() == [1, 0, 1, 0]
    alike = examples.set_column(examples.num_columns - 1, LANGUAGE_COLUMN["answers"], pa.array(["en"] * 4))
    plain = metrics.load("mlqa").per_example(gold, found, "en")
    assert metrics.load("mlqa").per_example(alike, found, "zh").equals(plain)
    assert plain["f1"].to_pylist() == pytest.approx([6 / 7, 0, 1, 2 / 3])


def test_mlqa_refuses_a_language_that_it_does_not_know():
    with pytest.raises(UserError, match=r"'fr', only for en, es, de, vi, ar, hi, zh\.$"):
        score("mlqa", asked({"q": ["Rome"]}), {"q": "Rome"}, "fr")


@pytest.mark.parametrize("name", ["squad", "mlqa"])
def test_two_answers_that_are_nothing_but_articles_match_exactly_with_an_f1_of_0(name):
    assert score(name, asked({"q": ["a"]}), {"q": "the"}) == {"f1": 0, "exact_match": 100}


@pytest.mark.parametrize("name", ["squad", "mlqa"])
def test_each_measure_takes_the_best_gold_answer(name):
    examples = asked({"q": ["old Rome", "Rome in Italy", "Paris"]})
    assert score(name, examples, {"q": "Rome Italy"}) == {"f1": pytest.approx(80), "exact_match": 0}
    assert score(name, examples, {"q": "paris"}) == {"f1": 100, "exact_match": 100}


@pytest.mark.parametrize("name", ["squad", "mlqa"])
def test_a_missing_answer_counts_0_and_one_too_many_is_ignored(name):
    scores = score(name, asked({"q1": ["Rome"], "q2": ["Paris"]}), {"q1": "Rome", "q3": "Oslo"})
    assert scores == {"f1": 50, "exact_match": 50}


@pytest.mark.parametrize("name", ["squad", "mlqa"])
def test_a_question_without_gold_answer_and_a_prediction_without_text_are_refused(name):
    with pytest.raises(UserError, match="Question 'q' has no gold answer; expected at least one"):
        score(name, asked({"q": []}), {"q": "Rome"})
    with pytest.raises(UserError, match="Question 'q': found the prediction None; expected a string"):
        score(name, asked({"q": ["Rome"]}), {"q": None})


@pytest.mark.parametrize("name", ["squad", "squad_v2", "mlqa"])
def test_the_headline_is_the_mean_of_exact_match_and_f1(name):
    # The first answer is right; of the second, one word of two, and all that is asked for.
    gold, found = asked({"q": ["Rome"], "r": ["Tiber"]}), {"q": "rome", "r": "river Tiber"}
    scores = score(name, gold, found)
    assert (scores["exact_match"], scores["f1"]) == (50, pytest.approx(100 * (1 + 2 / 3) / 2))
    assert metrics.load(name).main_score(scores) == pytest.approx((50 + 500 / 6) / 2)
