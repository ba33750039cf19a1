"""Extractive question answering: the answer is a span of the context, which is split into windows if it is long."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from xstilts.errors import UserError, shorten
from xstilts.features import batching
from xstilts.features.tokens import Template, Text, located, subwords

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from xstilts.kinds import Lengths
    from xstilts.task import Task

AUTO_MODEL = "AutoModelForQuestionAnswering"
OUTPUTS = ("start_logits", "end_logits")
PER_TOKEN = True
GOLD = ("start_positions", "end_positions")
COLUMNS = ("input_ids", "token_type_ids", "start_positions", "end_positions")

N_BEST = 20
"""The number of starts and of ends of a window that are combined."""

MAX_ANSWER_LENGTH = 30
"""The maximum length of a predicted answer, in sub-words."""

NOT_HERE = (0, 0)
"""The answer positions of a window that does not contain the whole answer."""


class Window(NamedTuple):
    """A question with consecutive sub-words of its context.

    Args:
        example: the row number of the question.
        question: the ids of the question.
        context: the sub-words of the window.
        first: the index of the window's first sub-word in the whole context.
        answer: the positions of the first and the last sub-word of the answer in the sequence.
    """

    example: int
    question: np.ndarray
    context: Text
    first: int
    answer: tuple[int, int]


class Candidate(NamedTuple):
    """A candidate answer: its score and its character offsets in the context."""

    score: float
    start: int
    end: int


def head(task: "Task") -> dict[str, Any]:
    """Two outputs: the start and the end."""
    return {"num_labels": 2}


def encode(examples: pa.Table, tokenizer: "PreTrainedTokenizerBase", task: "Task", settings: "Lengths") -> pa.Table:
    """One feature for each window over the context of a question; windows start every `doc_stride` sub-words.

    The question is stripped on the left and truncated to `max_query_length`; only the context is split into windows.
    Columns: `context` (int32), the position of the first sub-word of the context in the sequence; `first` (int32), the
    index of that sub-word in the whole context; `starts` and `ends` (lists of int32), the character offsets of each
    sub-word of the context. Labelled features have `start_positions` and `end_positions` (int32): the first and last
    sub-word of the first answer, or 0 and 0 in a window that does not contain all of it.

    Raises:
        UserError: `max_length` leaves no room for the context after a question.
    """
    template = Template(tokenizer, texts=2)
    windows = list(_windows(examples, tokenizer, template, settings))
    columns = template.columns([(window.question, window.context.ids) for window in windows])
    columns["example"] = pa.array([window.example for window in windows], pa.int32())
    columns["context"] = pa.array([template.start(window.question) for window in windows], pa.int32())
    columns["first"] = pa.array([window.first for window in windows], pa.int32())
    columns["starts"] = batching.list_column([window.context.starts for window in windows])
    columns["ends"] = batching.list_column([window.context.ends for window in windows])
    if batching.has_gold(examples, "answers"):
        columns["start_positions"] = pa.array([window.answer[0] for window in windows], pa.int32())
        columns["end_positions"] = pa.array([window.answer[1] for window in windows], pa.int32())
    return pa.table(columns)


def _windows(
    examples: pa.Table, tokenizer: "PreTrainedTokenizerBase", template: Template, settings: "Lengths"
) -> Iterator[Window]:
    questions = subwords(tokenizer, [question.lstrip() for question in examples["question"].to_pylist()])
    contexts = _contexts(examples["context"], tokenizer)
    rows = zip(questions, contexts, examples["answers"].to_pylist(), strict=True)
    for example, (question, context, answers) in enumerate(rows):
        question = question[: settings.max_query_length]
        room = settings.max_length - len(question) - template.size
        if room < 1:
            raise UserError(_no_room(examples["id"][example].as_py(), len(question), template.size, settings))
        answer = _answer_tokens(context, answers[0]) if answers else None
        for first in _first_tokens(len(context.ids), room, settings.doc_stride):
            part = Text(*(values[first : first + room] for values in context))
            answer_positions = _positions(answer, first, len(part.ids), template.start(question))
            yield Window(example, question, part, first, answer_positions)


def _contexts(contexts: pa.ChunkedArray, tokenizer: "PreTrainedTokenizerBase") -> list[Text]:
    """The context of each question; questions share contexts, so each distinct context is tokenised once."""
    distinct = contexts.combine_chunks().dictionary_encode()
    texts = located(tokenizer, distinct.dictionary.to_pylist())
    return [texts[place] for place in distinct.indices.to_pylist()]


def _no_room(question: str, length: int, special: int, settings: "Lengths") -> str:
    return (
        f"max_length {settings.max_length} leaves no room for the context of question {shorten(question)}: the "
        f"question takes {length} sub-words (max_query_length is {settings.max_query_length}), special tokens take "
        f"{special}. Increase max_length or reduce max_query_length."
    )


def _first_tokens(length: int, room: int, stride: int) -> range:
    """The index of the first sub-word of each window; the last window is the first that reaches the end."""
    step = min(stride, room)
    return range(0, max(length - room, 0) + step, step)


def _answer_tokens(context: Text, answer: Mapping[str, Any]) -> tuple[int, int]:
    """The sub-words with the first and the last character of an answer.

    A character may be in no sub-word, such as a space; then the next and the previous sub-word are used.
    """
    last_character = answer["start"] + len(answer["text"]) - 1
    first = np.searchsorted(context.ends, answer["start"], side="right")
    last = np.searchsorted(context.starts, last_character, side="right") - 1
    return int(first), int(last)


def _positions(answer: tuple[int, int] | None, first: int, length: int, offset: int) -> tuple[int, int]:
    if answer is None or not first <= answer[0] <= answer[1] < first + length:
        return NOT_HERE
    return answer[0] - first + offset, answer[1] - first + offset


def collate(rows: Sequence[Mapping[str, Any]], pad_token_id: int) -> dict[str, np.ndarray]:
    """`input_ids`, `attention_mask`, perhaps `token_type_ids`: `(batch, length)`; positions: `(batch,)`."""
    return batching.collate(rows, pad_token_id, numbers=["start_positions", "end_positions"])


def decode(
    outputs: list[tuple[np.ndarray, ...]], features: pa.Table, examples: pa.Table, task: "Task", settings: "Lengths"
) -> dict[str, str]:
    """The answer to each question, by question id: the text of the best span over all windows.

    A span combines one of the 20 best starts with one of the 20 best ends of a window, has at most 30 sub-words, and
    starts in the window that gives its first sub-word the most context on both sides. Spans are ranked by the sum of
    the two logits; the first one wins in case of ties. The answer is empty if there is no such span and, in a task with
    unanswerable questions, if every window scores `NOT_HERE` higher than the best span (Devlin et al. 2019, section
    4.3).

    Args:
        outputs: for each window, its start and end logits, `(length,)` each, all finite.
    """
    contexts, ids = examples["context"].to_pylist(), examples["id"].to_pylist()
    answers = dict.fromkeys(ids, "")
    windows = zip(
        features["example"].to_pylist(),
        features["context"].to_pylist(),
        features["first"].to_numpy(),
        batching.list_arrays(features["starts"]),
        batching.list_arrays(features["ends"]),
        outputs,
        strict=True,
    )
    for example, group in groupby(windows, key=lambda window: window[0]):
        _, offsets, firsts, starts, ends, logits = zip(*group, strict=True)
        owned = owned_tokens(np.array(firsts), np.array([len(window) for window in starts]))
        candidates = [
            candidate
            for window in zip(logits, offsets, starts, ends, owned, strict=True)
            if (candidate := _best(*window)) is not None
        ]
        best = max(candidates, key=lambda candidate: candidate.score, default=None)
        if best and not (task.unanswerable and _not_here(logits) > best.score):
            answers[ids[example]] = contexts[example][best.start : best.end].strip()
    return answers


def owned_tokens(firsts: np.ndarray, lengths: np.ndarray) -> list[np.ndarray]:
    """For each window over a context, a mask of the sub-words that have the most context in it.

    The context of a sub-word is the smaller of its numbers of left and right neighbours, plus a hundredth of the length
    of the window; the first window wins in case of ties.

    Args:
        firsts: the index of the first sub-word of each window, `(windows,)`.
        lengths: the number of sub-words of each window, `(windows,)`.

    Returns:
        A boolean array `(length,)` for each window.
    """
    left = np.arange((firsts + lengths).max()) - firsts[:, None]
    right = lengths[:, None] - 1 - left
    nearer = np.minimum(left, right)
    owner = np.where(nearer >= 0, nearer + 0.01 * lengths[:, None], -np.inf).argmax(axis=0)
    return [owner[first : first + length] == n for n, (first, length) in enumerate(zip(firsts, lengths, strict=True))]


def _best(
    logits: tuple[np.ndarray, np.ndarray], offset: int, starts: np.ndarray, ends: np.ndarray, owned: np.ndarray
) -> Candidate | None:
    start_scores, end_scores = (scores.astype(np.float64) for scores in logits)
    first, last = _top(start_scores)[:, None], _top(end_scores)
    scores = start_scores[first] + end_scores[last]
    start, end = first - offset, last - offset
    own = np.pad(owned, (offset, len(start_scores) - offset - len(owned)))
    allowed = own[first] & (start <= end) & (end < start + MAX_ANSWER_LENGTH) & (end < len(ends))
    if not allowed.any():
        return None
    row, column = np.unravel_index(np.where(allowed, scores, -np.inf).argmax(), scores.shape)
    return Candidate(scores[row, column], starts[start[row, 0]], ends[end[column]])


def _not_here(logits: tuple[tuple[np.ndarray, np.ndarray], ...]) -> float:
    """The lowest score over all windows of a question for having no answer."""
    start, end = NOT_HERE
    return min(float(starts[start]) + float(ends[end]) for starts, ends in logits)


def _top(scores: np.ndarray) -> np.ndarray:
    """The positions of the highest scores, best first, in the order of the sequence in case of ties."""
    return np.argsort(-scores, kind="stable")[:N_BEST]
