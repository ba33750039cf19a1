"""Answers from logits and windows that are set by hand."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from xstilts.kinds import load
from xstilts.task import Task

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""A context in which every letter is a sub-word."""

TASK = Task("toy", "span", "squad", ("en",), {})
UNANSWERABLE = replace(TASK, unanswerable=True)
OFFSET = 4
"""Where the context stands in a sequence: behind a special token, two of a question and another special token."""

kind = load("span")


def window(first: str, last: str, example: int = 0, offset: int = OFFSET) -> dict:
    """The feature of the sub-words from one letter to another."""
    start, end = LETTERS.index(first), LETTERS.index(last) + 1
    places = {"starts": list(range(start, end)), "ends": list(range(start + 1, end + 1))}
    return {"example": example, "context": offset, "first": start, **places}


def logits(window: dict, starts: dict, ends: dict) -> tuple[np.ndarray, np.ndarray]:
    """Logits of a window with a special token behind it: by letter, or by place for what is no letter; else 0."""
    length = window["context"] + len(window["starts"]) + 1
    arrays = np.zeros(length, np.float32), np.zeros(length, np.float32)
    for array, values in zip(arrays, (starts, ends), strict=True):
        for name, value in values.items():
            place = name if isinstance(name, int) else LETTERS.index(name) - window["first"] + window["context"]
            array[place] = value
    return arrays


def decode(*windows: tuple[dict, dict, dict], task: Task = TASK, contexts: tuple[str, ...] = (LETTERS,)) -> dict:
    """The answers for windows, each with its start and its end logits."""
    examples = pa.table({"id": [f"q{number}" for number in range(len(contexts))], "context": list(contexts)})
    features = pa.Table.from_pylist([feature for feature, _, _ in windows])
    return kind.decode([logits(*one) for one in windows], features, examples, task, None)


def answer(*windows: tuple[dict, dict, dict], task: Task = TASK) -> str:
    (found,) = decode(*windows, task=task).values()
    return found


WHOLE = window("a", "z")


def test_an_answer_reaches_from_its_first_sub_word_to_its_last():
    assert answer((WHOLE, {"d": 5}, {"f": 5})) == "def"
    assert answer((WHOLE, {"d": 5}, {"d": 5})) == "d"
    assert answer((WHOLE, {"a": 5}, {"z": 5})) == LETTERS[:26]


def test_an_answer_does_not_end_before_it_starts():
    # d to c would have 9, d to e has 5 + 1 and b to c 2 + 4.5.
    assert answer((WHOLE, {"d": 5, "b": 2}, {"c": 4, "e": 1.5})) == "de"
    assert answer((WHOLE, {"d": 5, "b": 2}, {"c": 4.6, "e": 1.5})) == "bc"


def test_the_sum_of_both_logits_decides():
    # The highest start, b, has no end behind it but one of 0; the highest end, c, only the start a before it.
    assert answer((WHOLE, {"a": 1, "b": 6, "g": 5}, {"a": 7.5, "h": 4})) == "bcdefgh"
    assert answer((WHOLE, {"a": 3, "b": 6, "g": 5}, {"a": 7.5, "h": 4})) == "a"


def test_logits_are_added_without_rounding():
    # Among numbers of 32 bits, 16777215 + 1.5 is 16777216, as much as d alone has.
    assert answer((WHOLE, {"d": 2**24, "a": 2**24 - 1}, {"c": 1.5})) == "abc"


def test_the_first_of_equally_good_spans_is_the_answer():
    assert answer((WHOLE, {}, {})) == "a"
    assert answer((WHOLE, {"d": 3, "g": 3}, {"h": 3, "e": 3})) == "de"
    halves = (window("a", "m"), window("n", "z"))
    assert answer((halves[0], {"d": 3}, {"e": 3}), (halves[1], {"p": 3}, {"q": 3})) == "de"


def test_the_best_window_has_the_answer():
    halves = (window("a", "m"), window("n", "z"))
    assert answer((halves[0], {"d": 3}, {"e": 3}), (halves[1], {"p": 3}, {"q": 4})) == "pq"
    assert answer((halves[0], {"d": 4}, {"e": 3}), (halves[1], {"p": 3}, {"q": 3})) == "de"


def test_windows_are_compared_by_logits_and_not_by_probabilities_within_each():
    # 4 + 4 beats 3 + 3, though p and q share their window with others that are nearly as good.
    rivals = dict.fromkeys("stuvw", 3.9)
    windows = (window("a", "m"), {"d": 3}, {"e": 3}), (window("n", "z"), {"p": 4} | rivals, {"q": 4} | rivals)
    assert answer(*windows) == "pq"


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize(("better", "found"), [(19, "de"), (20, "")])
def test_only_the_twenty_best_starts_and_the_twenty_best_ends_are_combined(side, better, found):
    question = window("a", "z", offset=30)
    scores = [{"d": 5}, {"e": 5}]
    scores[side] |= dict.fromkeys(range(1, 1 + better), 9)
    assert answer((question, *scores)) == found


@pytest.mark.parametrize(("last", "found"), [("H", LETTERS[4:34]), ("I", "e")])
def test_an_answer_has_at_most_thirty_sub_words(last, found):
    # From e to H there are thirty letters; one more, and e alone is the best that is left.
    assert answer((window("a", "Z"), {"e": 5}, {last: 4, "e": 3})) == found


def test_an_answer_lies_in_the_context():
    behind = OFFSET + 26
    everywhere = dict.fromkeys((*range(OFFSET), behind), 9)
    assert answer((WHOLE, everywhere | {"d": 5}, everywhere | {"f": 5})) == "def"


def test_an_answer_starts_where_its_first_sub_word_has_most_context_and_may_end_where_it_has_less():
    # Of the windows a-j and e-n, those have as much context left as right at g: 6 and 3, 2 and 7. So g is the last one
    # of the first window, and h, with 7 and 2 against 3 and 6, is the first one of the second.
    windows = (window("a", "j"), window("e", "n"))
    assert answer((windows[0], {"g": 5}, {"j": 5}), (windows[1], {"l": 1}, {"l": 1})) == "ghij"
    assert answer((windows[0], {"h": 5}, {"j": 5}), (windows[1], {"l": 4}, {"l": 4})) == "l"
    assert answer((windows[0], {}, {}), (windows[1], {"g": 5}, {"h": 5})) == "h"
    assert answer((windows[0], {}, {}), (windows[1], {"h": 5}, {"i": 5})) == "hi"


OWNED = {
    "one window": ([0], [3], ["abc"]),
    "windows side by side": ([0, 3], [3, 2], ["abc", "de"]),
    # c: 2 and 2 neighbours, then 0 and 4; d: 3 and 1, then 1 and 3, so the first of equals; e: 4 and 0, then 2 and 2.
    "equal windows": ([0, 2], [5, 5], ["abcd", "efg"]),
    # d: 3 and 1, then 1 and 2: equal neighbours, and the first window is longer.
    "a short last window": ([0, 2], [5, 4], ["abcd", "ef"]),
    # As above, but here it is the second that is longer.
    "a longer last window": ([0, 2], [5, 6], ["abc", "defgh"]),
    # Steps of two: a window in the middle has only what is nearest to its own middle.
    "three windows": ([0, 2, 4], [5, 5, 5], ["abcd", "ef", "ghi"]),
}


@pytest.mark.parametrize(("firsts", "lengths", "owned"), OWNED.values(), ids=OWNED)
def test_every_sub_word_belongs_to_one_window(firsts, lengths, owned):
    found = kind.owned_tokens(np.array(firsts), np.array(lengths))
    own = [LETTERS[first : first + length] for first, length in zip(firsts, lengths, strict=True)]
    chosen = ["".join(np.array(list(text))[mask]) for text, mask in zip(own, found, strict=True)]
    assert chosen == owned


def test_blanks_around_an_answer_are_cut_off():
    feature = {"example": 0, "context": 1, "first": 0, "starts": [0, 2, 5], "ends": [2, 5, 7]}
    examples = pa.table({"id": ["q"], "context": ["a  bc  "]})
    outputs = [(np.array([0, 0, 5, 0, 0.0]), np.array([0, 0, 0, 5, 0.0]))]
    assert kind.decode(outputs, pa.Table.from_pylist([feature]), examples, TASK, None) == {"q": "bc"}


def test_an_answer_is_written_as_its_context_with_capitals_and_punctuation():
    feature = {"example": 0, "context": 1, "first": 0, "starts": [0, 2, 7], "ends": [1, 7, 8]}
    examples = pa.table({"id": ["q"], "context": ["« Ç  d.»"]})
    outputs = [(np.array([0, 5, 0, 0, 0.0]), np.array([0, 0, 0, 5, 0.0]))]
    assert kind.decode(outputs, pa.Table.from_pylist([feature]), examples, TASK, None) == {"q": "« Ç  d.»"}


def test_every_question_has_the_answer_of_its_own_windows_from_its_own_context():
    found = decode(
        (window("a", "m", 0), {"b": 5}, {"c": 5}),
        (window("n", "z", 0), {"p": 6}, {"q": 6}),
        (window("a", "z", 1), {"b": 7}, {"d": 7}),
        (window("a", "z", 2), {"x": 1}, {"z": 1}),
        contexts=(LETTERS, LETTERS.swapcase(), LETTERS),
    )
    assert list(found.items()) == [("q0", "pq"), ("q1", "BCD"), ("q2", "xyz")]


def test_a_question_whose_context_has_no_sub_words_has_an_empty_answer():
    empty = {"example": 0, "context": OFFSET, "first": 0, "starts": [], "ends": []}
    examples = pa.table({"id": ["q0", "q1"], "context": ["", LETTERS]})
    features = pa.Table.from_pylist([empty, window("a", "z", 1)])
    outputs = [logits(empty, {0: 3}, {0: 3}), logits(WHOLE, {"b": 1}, {"c": 1})]
    assert kind.decode(outputs, features, examples, TASK, None) == {"q0": "", "q1": "bc"}
    assert kind.decode(outputs, features, examples, UNANSWERABLE, None) == {"q0": "", "q1": "bc"}


@pytest.mark.parametrize(("start", "end", "found"), [(3, 5, "def"), (3, 5.5, ""), (5.5, 3, ""), (9, -1.5, "def")])
def test_an_answer_is_withheld_where_the_first_position_scores_higher(start, end, found):
    # The best span has 3 + 5. The positions behind the first one count for nothing.
    scores = ({"d": 3, 0: start, 1: 99}, {"f": 5, 0: end, 1: 99})
    assert answer((WHOLE, *scores), task=UNANSWERABLE) == found
    assert answer((WHOLE, *scores), task=TASK) == "def"


def test_the_window_that_is_least_sure_of_there_being_no_answer_counts():
    halves = (window("a", "m"), window("n", "z"))
    for first, second, found in ((9, 9, ""), (9, 7, "pq"), (7, 9, "pq")):
        windows = ((halves[0], {0: first}, {}), (halves[1], {"p": 4, 0: second}, {"q": 4}))
        assert answer(*windows, task=UNANSWERABLE) == found


def test_questions_are_withheld_one_by_one():
    sure, unsure = ({0: 9}, {"d": 3}), ({"b": 5, 0: 9}, {"d": 5})
    windows = [(window("a", "z", number), *scores) for number, scores in enumerate((sure, unsure, sure))]
    assert decode(*windows, task=UNANSWERABLE, contexts=(LETTERS,) * 3) == {"q0": "", "q1": "bcd", "q2": ""}


def test_logits_of_another_number_of_windows_are_refused():
    features = pa.Table.from_pylist([WHOLE, window("a", "z", 1)])
    examples = pa.table({"id": ["q0", "q1"], "context": [LETTERS] * 2})
    with pytest.raises(ValueError, match="zip"):
        kind.decode([logits(WHOLE, {}, {})], features, examples, TASK, None)
