"""Sentences of the miniature: parallel in all languages, disjoint between splits, with words seen in training."""

import random
from collections import Counter

import pytest

from xstilts.miniature import sampling
from xstilts.miniature.events import OBJECTS, Thing
from xstilts.miniature.sentences import LANGUAGES, parallel, say

pytestmark = pytest.mark.thorough

SPLITS = ("train", "dev", "test")


def words(sentences, lang: str) -> set[str]:
    return {token.word.form.replace("İ", "i").lower() for sentence in sentences for token in say(sentence, lang).tokens}


def drawn(split: str, count: int) -> list:
    rng = random.Random(1)
    return [sampling.sentence(rng, split) for _ in range(count)]


def test_parallel_texts_are_distinct_and_in_all_languages():
    texts = list(parallel(1, 300))
    assert len(texts) == 300
    assert {tuple(text) for text in texts} == {LANGUAGES}
    assert len({text["de"] for text in texts}) == 300


def test_a_seed_says_the_same_again_and_another_one_something_else():
    assert list(parallel(1, 50)) == list(parallel(1, 50))
    assert list(parallel(1, 50)) != list(parallel(2, 50))


def test_parallel_texts_are_statements_questions_negations_and_passives():
    english = [text["en"] for text in parallel(1, 500)]
    for part in ("?", " because ", " not ", " was ", "Then ", "Somebody ", " and ", "On "):
        assert sum(part in text for text in english) >= 5


def test_no_statement_of_one_split_is_in_another():
    said = {split: {say(sentence, "en").text for sentence in drawn(split, 1500)} for split in SPLITS}
    anonymous = ("Somebody", "Then she", "Then he")
    for one, other in (("train", "dev"), ("train", "test"), ("dev", "test")):
        shared = {text for text in said[one] & said[other] if "?" not in text and not text.startswith(anonymous)}
        assert shared == set()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_training_texts_have_the_words_of_all_others(lang):
    known = words(drawn("train", 6000), lang)
    assert words(drawn("test", 1000), lang) | words(drawn("dev", 1000), lang) <= known


def test_a_language_has_a_few_hundred_words():
    assert {lang: 200 < len(words(drawn("train", 4000), lang)) < 600 for lang in LANGUAGES} == dict.fromkeys(
        LANGUAGES, True
    )


def test_things_are_only_used_as_they_can_be():
    rng = random.Random(1)
    for _ in range(500):
        event = sampling.clause(rng, "train", "act")
        assert isinstance(event.patient, Thing)
        assert event.patient.noun in OBJECTS[event.verb]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_language_names_as_many_people_places_and_organisations(lang):
    def names(of: str) -> Counter:
        begun = (token.word.entity for sentence in drawn("train", 300) for token in say(sentence, of).tokens)
        return Counter(entity for entity in begun if entity.startswith("B-"))

    assert names(lang) == names("en")
    assert set(names(lang)) == {"B-PER", "B-LOC", "B-ORG"}
