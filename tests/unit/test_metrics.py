"""The metrics give the official numbers, including their oddities."""

import json
import os
import random
import subprocess
import sys
from itertools import chain

import pytest
import seqeval.metrics
from gold_tables import asked, labelled, parallel, score, tagged
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import sequence_labeling
from sklearn.metrics import accuracy_score

from xstilts import metrics
from xstilts.errors import UserError
from xstilts.metrics.chunks import CONLLEVAL, SEQEVAL, Rules, Tags, chunks

UPOS = ["ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT"]
UPOS += ["SCONJ", "SYM", "VERB", "X"]
IOB = ["O", "B-LOC", "I-LOC", "B-ORG", "I-ORG", "B-PER", "I-PER"]


def chunks_of(sentences: list[list[str]], rules: Rules) -> list[tuple[str, int, int]]:
    """The type, the first and the last position of each chunk."""
    types: dict[str, int] = {}
    found = chunks(Tags(sentences), rules, types)
    names = list(types)
    return [(names[type_], *place) for type_, *place in zip(*(array.tolist() for array in found), strict=True)]


def conlleval_chunks(sentence: list[str]) -> set[tuple[str, int, int]]:
    return set(chunks_of([sentence], CONLLEVAL))


PERFECT = {
    "accuracy": (labelled(["1", "0"]), ["1", "0"]),
    "accuracy_f1": (labelled(["1", "0"]), ["1", "0"]),
    "chunks": (tagged([["B-LOC", "O"]]), [["B-LOC", "O"]]),
    "pos": (tagged([["DET", "NOUN"]]), [["DET", "NOUN"]]),
    "squad": (asked({"q": ["Rome"]}), {"q": "rome"}),
    "squad_v2": (asked({"q": ["Rome"], "r": []}), {"q": "rome", "r": ""}),
    "mlqa": (asked({"q": ["Rome"]}), {"q": "rome"}),
    "bucc": (parallel({"en-1": ["de-1"]}), [("de-1", "en-1")]),
    "tatoeba": (parallel({"en-1": ["7"]}), ["7"]),
    "word_accuracy": (tagged([["N", "NP"]]), [["N", "NP"]]),
}
UNLABELLED = {
    "accuracy": (labelled([None, None]), ["1", "0"]),
    "accuracy_f1": (labelled([None, None]), ["1", "0"]),
    "chunks": (tagged([None]), [["O"]]),
    "pos": (tagged([None]), [["DET"]]),
    "squad": (asked({"q": None}), {"q": "rome"}),
    "squad_v2": (asked({"q": None}), {"q": "rome"}),
    "mlqa": (asked({"q": None}), {"q": "rome"}),
    "bucc": (parallel({"en-1": None}), [("de-1", "en-1")]),
    "tatoeba": (parallel({"en-1": None}), ["7"]),
    "word_accuracy": (tagged([None]), [["N"]]),
}


@pytest.mark.parametrize("name", PERFECT)
def test_a_perfect_prediction_scores_100_under_every_name_of_the_metric(name):
    scores = score(name, *PERFECT[name])
    assert scores == dict.fromkeys(metrics.load(name).NAMES, 100)
    assert metrics.load(name).main_score(scores) == 100


@pytest.mark.parametrize("name", UNLABELLED)
def test_a_split_without_labels_is_refused(name):
    with pytest.raises(UserError, match="only a labelled split can be scored"):
        score(name, *UNLABELLED[name])


@pytest.mark.parametrize("name", ["bleu", "xtreme"])
def test_an_unknown_metric_is_refused_with_the_known_ones(name):
    with pytest.raises(UserError, match=r"accuracy, accuracy_f1, bucc, .*, squad, squad_v2, tatoeba"):
        metrics.load(name)


@pytest.mark.parametrize(
    ("name", "examples", "predictions", "message"),
    [
        ("accuracy", labelled(["1", "0"]), ["1"], "1 predictions; expected one for each of the 2 examples"),
        ("accuracy", labelled([]), [], r"^There are no examples to score\.$"),
        ("chunks", tagged([["O"], ["O"]]), [["O"], ["O"], []], "3 predictions; .* 2 sentences"),
        ("pos", tagged([["X"], ["X", "X"]]), [["X"], ["X"]], "Sentence 2: found 1 predicted tags; expected 2"),
        ("tatoeba", parallel({"en-1": ["7"]}), ["7", "7"], "2 predictions; .* 1 English sentences"),
    ],
)
def test_predictions_that_are_not_one_for_each_example_are_refused(name, examples, predictions, message):
    with pytest.raises(UserError, match=message):
        score(name, examples, predictions)


def test_labels_count_as_spelled():
    assert score("accuracy", labelled(["entailment", "neutral"]), ["Entailment", "neutral"]) == {"accuracy": 50}


def test_accuracy_is_that_of_sklearn():
    chance = random.Random(0)
    gold, found = (chance.choices(["contradiction", "entailment", "neutral"], k=997) for _ in range(2))
    assert score("accuracy", labelled(gold), found)["accuracy"] == accuracy_score(gold, found) * 100


def test_one_wrong_tag_of_seven_destroys_its_run():
    gold = ["DET", "NOUN", "NOUN", "VERB", "ADP", "PROPN", "PUNCT"]
    found = ["DET", "NOUN", "ADJ", "VERB", "ADP", "PROPN", "PUNCT"]
    assert score("pos", tagged([gold]), [found])["f1"] == pytest.approx(76.9, abs=0.05)


MOCK_POS = {
    "pt": (
        "CCONJ ADP ADV VERB DET NOUN ADJ VERB DET NOUN ADP NOUN ADP NOUN PUNCT PUNCT VERB PUNCT | DET NOUN "
        "VERB CCONJ DET NOUN AUX VERB DET NOUN ADP NOUN ADP NOUN CCONJ ADP NOUN ADP NOUN ADP NOUN PUNCT",
        "CCONJ SCONJ PART VERB DET NOUN ADJ VERB DET NOUN ADP NOUN ADP NOUN PUNCT PUNCT VERB PUNCT | DET NOUN "
        "VERB SCONJ DET NOUN AUX VERB DET NOUN ADP NOUN ADP NOUN CCONJ ADP NOUN ADP NOUN ADP NOUN PUNCT",
        92.31,
        93.51,
    ),
    "vi": (
        "PUNCT NOUN X VERB PUNCT NOUN PUNCT NOUN PUNCT NOUN PUNCT ADJ ADP VERB PROPN CCONJ VERB X PUNCT NUM "
        "NOUN VERB PUNCT PUNCT | NOUN NOUN NUM NOUN X VERB X PUNCT",
        "NOUN PROPN AUX VERB PUNCT NOUN PUNCT NOUN PUNCT NOUN PUNCT ADJ PART VERB PRON SCONJ VERB ADP PUNCT "
        "NOUN NOUN NOUN PUNCT PUNCT | NOUN NOUN ADJ NOUN ADV VERB ADV PUNCT",
        58.62,
        62.07,
    ),
    "de": (
        "DET NOUN AUX ADP NOUN PUNCT CCONJ ADV PRON ADP ADJ PUNCT | PRON AUX ADV NUM PRON PROPN VERB CCONJ "
        "SCONJ PRON DET NOUN ADV VERB AUX PRON ADV ADV ADP DET NOUN DET PROPN CCONJ DET PROPN VERB PUNCT",
        "DET NOUN VERB ADP NOUN PUNCT CCONJ PRON ADJ ADP ADJ PUNCT | PRON AUX ADV NUM PRON NOUN VERB CCONJ "
        "SCONJ PRON DET NOUN ADV VERB AUX PRON ADV ADV DET ADJ NOUN DET PROPN CCONJ DET NOUN VERB PUNCT",
        82.05,
        81.58,
    ),
}
"""Tags of XTREME's mock test data, gold and predicted, and what its evaluate.py gives with seqeval 0.0.12 and 1.2.2."""


@pytest.mark.parametrize("lang", MOCK_POS)
def test_pos_is_what_xtreme_gives_on_its_mock_data_with_either_seqeval(lang):
    gold, found = ([sentence.split() for sentence in text.split("|")] for text in MOCK_POS[lang][:2])
    scores = score("pos", tagged(gold), found, lang)
    assert (round(scores["f1"], 2), round(scores["f1_seqeval1"], 2)) == MOCK_POS[lang][2:]
    assert metrics.load("pos").main_score(scores) == scores["f1"]


def test_only_the_newer_seqeval_takes_tags_for_equal_that_differ_in_their_first_letter():
    gold, found = [["CCONJ", "X", "NOUN"]], [["SCONJ", "_", "NOUN"]]
    scores = score("pos", tagged(gold), found)
    assert (scores["f1"], scores["f1_seqeval1"]) == (pytest.approx(100 / 3), 100)


def test_the_newer_seqeval_lets_a_bare_x_go_on_in_the_next_sentence():
    gold, found = [["X", "X"], ["X", "NOUN"]], [["X", "NOUN"], ["X", "NOUN"]]
    assert score("pos", tagged(gold), found)["f1_seqeval1"] == pytest.approx(100 / 3)


def test_equal_tags_are_one_chunk_save_those_in_s_and_across_sentences():
    sentences = [["NOUN", "NOUN", "SYM", "SYM"], ["SCONJ", "NOUN"], ["NOUN"]]
    chunks = [{("NOUN", 0, 1), ("SYM", 2, 2), ("SYM", 3, 3)}, {("SCONJ", 0, 0), ("NOUN", 1, 1)}, {("NOUN", 0, 0)}]
    assert list(map(conlleval_chunks, sentences)) == chunks


def test_by_the_older_rules_no_chunk_begins_in_an_earlier_sentence():
    found = chunks_of([["I-X", "O"], [".-X", "I-X"], ["O"]], CONLLEVAL)
    assert found == [("X", 0, 0), ("X", 3, 4)]


CHUNKS_OF_SEQEVAL_0_0_12 = {
    "B-X I-X O I-X I-Y B-Y": {("X", 0, 1), ("X", 3, 3), ("Y", 4, 4), ("Y", 5, 5)},
    "S-X S-X I-X E-X I-X O": {("X", 0, 0), ("X", 1, 1), ("X", 2, 3), ("X", 4, 4)},
    "B-X E-X E-X I-X O E-X": {("X", 0, 1), ("X", 2, 2), ("X", 3, 3), ("X", 5, 5)},
    "B-X S-X O S-X B-X I-X": {("X", 0, 0), ("X", 1, 1), ("X", 3, 3), ("X", 4, 5)},
    "I-X E-X E-Y S-Y I-Y": {("X", 0, 1), ("Y", 2, 2), ("Y", 3, 3), ("Y", 4, 4)},
    "O-X B-X O-X I-X O": {("X", 1, 1), ("X", 3, 3)},
    "B-LOC-X I-X I-LOC-X O": {("X", 0, 2)},
    "O O-X I-X .-X I-X E-X O-X E-X": {("X", 2, 5), ("X", 7, 7)},
    "B-X X-X I-X X-X": {("X", 0, 3)},
    "I-Y O-X X-X X-X O-Z": {("Y", 0, 0), ("X", 0, 3)},
    "X X NOUN X X": {("X", 0, 1), ("NOUN", 2, 2), ("X", 3, 4)},
    "XX XX S-XX X-XX E-XX X-XX I-XX": {("XX", 2, 2), ("XX", 2, 4), ("XX", 2, 6)},
    ". . X . I-. B-. .": {("X", 2, 2), (".", 2, 4)},
    "B I I O E S": {("B", 0, 0), ("I", 1, 2), ("E", 4, 4), ("S", 5, 5)},
    "ADJ ADJ SCONJ SCONJ SYM INTJ INTJ": {
        ("ADJ", 0, 1),
        ("SCONJ", 2, 2),
        ("SCONJ", 3, 3),
        ("SYM", 4, 4),
        ("INTJ", 5, 6),
    },
}
"""What its `get_entities` gives."""


@pytest.mark.parametrize("tags", CHUNKS_OF_SEQEVAL_0_0_12)
def test_the_older_chunks_are_those_that_seqeval_0_0_12_gives(tags):
    assert conlleval_chunks(tags.split()) == CHUNKS_OF_SEQEVAL_0_0_12[tags]


@pytest.mark.parametrize("found", [["I-PER", "I-PER", "O"], ["B-PER", "I-PER", "O"]])
def test_an_entity_may_begin_with_i(found):
    assert score("chunks", tagged([["B-PER", "I-PER", "O"]]), [found])["f1"] == 100


def test_an_entity_ends_with_its_sentence():
    gold = [["O", "B-LOC"], ["I-LOC", "O"]]
    assert score("chunks", tagged(gold), [["O", "B-LOC"], ["O", "O"]]) == {
        "f1": pytest.approx(200 / 3),
        "precision": 100,
        "recall": 50,
    }


def test_a_tagger_that_finds_nothing_scores_0_without_a_warning(recwarn):
    assert score("chunks", tagged([["B-LOC", "O"]]), [["O", "O"]]) == {"f1": 0, "precision": 0, "recall": 0}
    assert score("pos", tagged([["X"]]), [["NOUN"]]) == {"f1": 0, "precision": 0, "recall": 0, "f1_seqeval1": 0}
    assert not recwarn.list


def random_batches(tags: list[str], batches: int = 20, sentences: int = 20) -> list[tuple[list, list]]:
    """Gold and predicted tags: runs of equal tags, of which a share that grows with the batch is mistaken."""
    chance = random.Random(0)

    def sentence() -> list[str]:
        return list(chain.from_iterable([chance.choice(tags)] * chance.choice((1, 1, 2, 3)) for _ in range(9)))

    def mistaken(gold: list[str], share: float) -> list[str]:
        return [chance.choice(tags) if chance.random() < share else tag for tag in gold]

    result = []
    for batch in range(batches):
        gold = [sentence() for _ in range(sentences)]
        result.append((gold, [mistaken(tags_of_one, batch / batches) for tags_of_one in gold]))
    return result


ODD_TAGS = ["O", "X", "XX", ".", "B", "I", "E", "S", "B-", "I-X", "E-X", "S-X", "OTHER", "O-X", "NOUN", "_", "-"]


@given(
    st.lists(st.lists(st.sampled_from(ODD_TAGS + UPOS), min_size=1, max_size=6), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
)
@pytest.mark.filterwarnings("ignore:.* seems not to be NE tag")
def test_whatever_the_tags_scores_are_those_of_the_installed_seqeval_over_all_sentences(gold, chance):
    found = [[tag if chance.random() < 0.7 else chance.choice(ODD_TAGS + UPOS) for tag in tags] for tags in gold]
    expected = seqeval.metrics.f1_score(gold, found, zero_division=0) * 100
    assert score("chunks", tagged(gold), found)["f1"] == pytest.approx(expected)
    assert score("pos", tagged(gold), found)["f1_seqeval1"] == pytest.approx(expected)


@given(st.lists(st.lists(st.sampled_from(ODD_TAGS + UPOS), min_size=1, max_size=6), min_size=1, max_size=6))
@pytest.mark.filterwarnings("ignore:.* seems not to be NE tag")
def test_whatever_the_tags_the_chunks_are_those_of_the_installed_seqeval(sentences):
    assert chunks_of(sentences, SEQEVAL) == sequence_labeling.get_entities(sentences)


def test_tags_that_are_not_iob_are_told_where_they_should_be(recwarn):
    score("chunks", tagged([["NOUN"]]), [["NOUN"]])
    assert {str(warning.message) for warning in recwarn.list} == {"NOUN seems not to be NE tag."}


@pytest.mark.parametrize("name", ["chunks", "pos"])
def test_entity_scores_are_those_of_the_installed_seqeval(name):
    for gold, found in random_batches(IOB):
        scores = score(name, tagged(gold), found)
        assert scores["f1"] == pytest.approx(seqeval.metrics.f1_score(gold, found) * 100)
        assert scores["precision"] == pytest.approx(seqeval.metrics.precision_score(gold, found) * 100)
        assert scores["recall"] == pytest.approx(seqeval.metrics.recall_score(gold, found) * 100)


SCORE_BY_SEQEVAL = """
import json, sys, seqeval
from seqeval.metrics import f1_score, precision_score, recall_score
assert seqeval.__file__.startswith(sys.argv[1]), seqeval.__file__
measures = f1_score, precision_score, recall_score
print(json.dumps([[measure(*batch) * 100 for measure in measures] for batch in json.load(sys.stdin)]))
"""


@pytest.fixture(scope="session")
def old_seqeval(request):
    """A function that scores batches of tags with seqeval 0.0.12, installed aside."""
    folder = request.config.cache.mkdir("seqeval-0.0.12")
    if not (folder / "seqeval" / "metrics" / "__init__.py").exists():
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
        done = subprocess.run([*install, "seqeval==0.0.12"], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"seqeval 0.0.12 cannot be installed from the registry: {done.stderr.strip()[-300:]}")

    def scores(batches: list) -> list[list[float]]:
        command = [sys.executable, "-c", SCORE_BY_SEQEVAL, str(folder)]
        environment = os.environ | {"PYTHONPATH": str(folder)}
        return json.loads(subprocess.check_output(command, input=json.dumps(batches), text=True, env=environment))

    return scores


@pytest.mark.parametrize(
    "tags", [UPOS, [*UPOS, "_", "O"], IOB, [*IOB, "E-LOC", "S-LOC", "E-PER", "S-PER", "I-O", ".", "B", "E"]]
)
def test_pos_is_exactly_that_of_seqeval_0_0_12(old_seqeval, tags):
    batches = random_batches(tags)
    found = [score("pos", tagged(gold), predicted) for gold, predicted in batches]
    assert [[scores["f1"], scores["precision"], scores["recall"]] for scores in found] == old_seqeval(batches)


def test_mined_pairs_count_once_and_foreign_first():
    examples = parallel({"en-1": ["de-1", "de-2"], "en-2": [], "en-3": [], "en-4": ["de-4"]})
    found = [("de-1", "en-1"), ("de-1", "en-1"), ("de-9", "en-2")]
    assert score("bucc", examples, found) == {
        "f1": pytest.approx(40),
        "precision": 50,
        "recall": pytest.approx(100 / 3),
    }
    swapped = [(english, foreign) for foreign, english in found]
    assert score("bucc", examples, swapped) == {"f1": 0, "precision": 0, "recall": 0}
    assert score("bucc", examples, []) == {"f1": 0, "precision": 0, "recall": 0}


def test_tatoeba_is_accuracy_over_the_english_sentences_in_their_order():
    examples = parallel({"en-1": ["308"], "en-2": ["441"], "en-3": ["713"], "en-4": ["23"]})
    assert score("tatoeba", examples, ["308", "713", "441", "2"]) == {"accuracy": 25}
