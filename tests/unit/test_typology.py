"""Every language has a family, a script and a distance from English."""

import unicodedata

import pytest

from xstilts import tasks
from xstilts.errors import UserError
from xstilts.languages import LANGUAGES
from xstilts.reporting.typology import INDO_EUROPEAN, ORIGINS, distance, origin


def test_every_language_that_a_task_may_have_is_placed():
    assert set(ORIGINS) == set(LANGUAGES)
    assert {lang for name in tasks.names() for lang in tasks.load(name).languages} <= set(ORIGINS)


def test_branches_are_told_apart_in_indo_european_alone():
    assert {bool(at.branch) for at in ORIGINS.values() if at.family == INDO_EUROPEAN} == {True}
    assert {at.branch for at in ORIGINS.values() if at.family != INDO_EUROPEAN} == {""}


WATER = (
    "en water, af water, de Wasser, nl water, es agua, fr eau, ht dlo, it acqua, pt água, ro apă, bg вода, lt vanduo, "
    "pl woda, ru вода, uk вода, el νερό, bn জল, fa آب, gu પાણી, hi पानी, mr पाणी, pa ਪਾਣੀ, ur پانی, ar ماء, he מים, "
    "sw maji, wo ndox, yo omi, vi nước, id air, jv banyu, ms air, tl tubig, eu ur, ml വെള്ളം, ta தண்ணீர், te నీరు, "
    "ja みず, ka წყალი, ko 물, qu yaku, my ရေ, zh 水, th น้ำ, az su, kk су, tr su, et vesi, fi vesi, hu víz"
)
NAMES = {
    "LATIN": "Latn",
    "CYRILLIC": "Cyrl",
    "GREEK": "Grek",
    "BENGALI": "Beng",
    "ARABIC": "Arab",
    "GUJARATI": "Gujr",
    "DEVANAGARI": "Deva",
    "GURMUKHI": "Guru",
    "HEBREW": "Hebr",
    "MALAYALAM": "Mlym",
    "TAMIL": "Taml",
    "TELUGU": "Telu",
    "HIRAGANA": "Jpan",
    "GEORGIAN": "Geor",
    "HANGUL": "Kore",
    "MYANMAR": "Mymr",
    "CJK": "Hani",
    "THAI": "Thai",
}
"""The codes of ISO 15924 by the name that Unicode gives a script."""


def test_a_language_has_the_script_in_which_it_writes_water():
    words = dict(pair.split() for pair in WATER.split(", "))
    found = {code: NAMES[unicodedata.name(word[0]).partition(" ")[0]] for code, word in words.items()}
    assert {code: at.script for code, at in ORIGINS.items()} == found


def test_the_relatives_of_english_are_those_of_every_textbook():
    germanic = {"af", "de", "nl"}
    romance, slavic_and_baltic = {"es", "fr", "ht", "it", "pt", "ro"}, {"bg", "lt", "pl", "ru", "uk"}
    related = {"el", *romance, *slavic_and_baltic, *"bn fa gu hi mr pa ur".split()}
    assert {code for code in ORIGINS if distance(code) == "same branch"} == germanic
    assert {code for code in ORIGINS if distance(code) == "same family"} == related


@pytest.mark.parametrize(
    "code, steps", [("en", "English"), ("af", "same branch"), ("fa", "same family"), ("eu", "other family")]
)
def test_distance_is_told_by_branch_and_family(code: str, steps: str):
    assert distance(code) == steps


def test_a_language_that_does_not_exist_is_named():
    with pytest.raises(UserError, match="unknown language 'xx'"):
        origin("xx")
