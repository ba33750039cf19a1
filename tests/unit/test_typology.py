"""Each language has a family, a script, a position in figures and a distance from English."""

import unicodedata
from dataclasses import fields

import pytest

from xstilts import tasks
from xstilts.errors import UserError
from xstilts.languages import LANGUAGES, Language
from xstilts.reporting.typology import distance, group, ordered


def test_every_language_that_a_task_may_have_is_in_the_table():
    assert {lang for name in tasks.names() for lang in tasks.load(name).languages} <= set(LANGUAGES)
    assert all(code == one.code for code, one in LANGUAGES.items())


@pytest.mark.parametrize("fact", ["iso3", "name"])
def test_no_two_languages_have_one_name(fact: str):
    assert len({getattr(one, fact).lower() for one in LANGUAGES.values()}) == len(LANGUAGES)


@pytest.mark.parametrize("fact", sorted({field.name for field in fields(Language)} - {"branch"}))
def test_no_fact_is_left_out(fact: str):
    assert all(getattr(one, fact) for one in LANGUAGES.values())


def test_branches_are_told_apart_in_indo_european_alone():
    found = {(one.family == "Indo-European", bool(one.branch)) for one in LANGUAGES.values()}
    assert found == {(True, True), (False, False)}


WATER = (
    "en water, af water, de Wasser, nl water, es agua, fr eau, ht dlo, it acqua, pt água, ro apă, bg вода, lt vanduo, "
    "pl woda, ru вода, uk вода, el νερό, bn জল, fa آب, gu પાણી, hi पानी, mr पाणी, pa ਪਾਣੀ, ur پانی, ar ماء, he מים, "
    "sw maji, wo ndox, yo omi, vi nước, id air, jv banyu, ms air, tl tubig, eu ur, ml വെള്ളം, ta தண்ணீர், te నీరు, "
    "ja みず, ka წყალი, ko 물, qu yaku, my ရေ, zh 水, th น้ำ, az su, kk су, tr su, et vesi, fi vesi, hu víz, "
    "aym uma, bzd di, cni nijaa, gn y, hch ha, nah atl, oto dehe, quy yaku, shp jene, tar bawí"
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
    assert len(found) == 60
    assert {code: LANGUAGES[code].script for code in found} == found


GROUPS = {
    "Germanic": "en af de nl",
    "Italic": "es fr ht it pt ro",
    "Balto-Slavic": "bg lt pl ru uk",
    "Graeco-Phrygian": "el",
    "Indo-Iranian": "bn fa gu hi mr pa ur",
    "Afro-Asiatic": "ar he",
    "Atlantic-Congo": "sw wo yo",
    "Austroasiatic": "vi",
    "Austronesian": "id jv ms tl",
    "Basque": "eu",
    "Dravidian": "ml ta te",
    "Japonic": "ja",
    "Kartvelian": "ka",
    "Koreanic": "ko",
    "Quechuan": "qu",
    "Sino-Tibetan": "my zh",
    "Tai-Kadai": "th",
    "Turkic": "az kk tr",
    "Uralic": "et fi hu",
}
"""Indo-European by branch from west to east, then the families by name; in each English first, then by code.

These are the languages of XTREME and XTREME-R; others may be added to the table.
"""
AMERICAN = {
    **{"aym": "Aymaran", "bzd": "Chibchan", "cni": "Arawakan", "gn": "Tupian", "oto": "Otomanguean"},
    **{"quy": "Quechuan", "shp": "Pano-Tacanan", **dict.fromkeys(("hch", "nah", "tar"), "Uto-Aztecan")},
}
"""The languages of AmericasNLI, as its paper classifies them, with the names of Glottolog."""
KNOWN = sorted(" ".join(GROUPS.values()).split())


def test_figures_have_the_languages_in_their_groups():
    found: dict[str, list[str]] = {}
    for code in ordered(KNOWN):
        found.setdefault(group(code), []).append(code)
    assert list(found.items()) == [(name, codes.split()) for name, codes in GROUPS.items()]
    assert ordered(KNOWN) == " ".join(GROUPS.values()).split()


def test_the_languages_of_the_americas_are_in_their_families():
    assert {code: group(code) for code in AMERICAN} == AMERICAN
    assert {distance(code) for code in AMERICAN} == {"other family"}


def test_the_order_of_some_languages_is_theirs_among_all_however_they_are_given():
    shown = ["zh", "sw", "ru", "ht", "en", "de", "ar", "af"]
    assert ordered(shown) == ordered(reversed(shown)) == ["en", "af", "de", "ht", "ru", "ar", "sw", "zh"]


def test_another_branch_of_indo_european_comes_after_those_that_have_a_place(monkeypatch: pytest.MonkeyPatch):
    for code, branch in (("cy", "Celtic"), ("sq", "Albanian")):
        monkeypatch.setitem(LANGUAGES, code, Language(code, code, code, "Indo-European", branch, "Latn"))
    assert ordered(["ar", "cy", "sq", "hi", "en"]) == ["en", "hi", "sq", "cy", "ar"]


def test_the_relatives_of_english_are_those_of_every_textbook():
    germanic = {"af", "de", "nl"}
    romance, slavic_and_baltic = {"es", "fr", "ht", "it", "pt", "ro"}, {"bg", "lt", "pl", "ru", "uk"}
    related = {"el", *romance, *slavic_and_baltic, *"bn fa gu hi mr pa ur".split()}
    assert {code for code in KNOWN if distance(code) == "same branch"} == germanic
    assert {code for code in KNOWN if distance(code) == "same family"} == related


@pytest.mark.parametrize(
    "code, steps", [("en", "English"), ("af", "same branch"), ("fa", "same family"), ("eu", "other family")]
)
def test_distance_is_told_by_branch_and_family(code: str, steps: str):
    assert distance(code) == steps


def test_a_language_that_does_not_exist_is_named():
    with pytest.raises(UserError, match="unknown language 'xx'"):
        distance("xx")
