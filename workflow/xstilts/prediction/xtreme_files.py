"""Prediction files in the layout of an XTREME submission, one for each language: `test-de.tsv`, `test-de.json`.

| form | predictions | file |
|---|---|---|
| labels | a label for each example | one label a line |
| tags | the tags of each sentence | one tag a line, an empty line between sentences |
| answers | question id -> answer | a JSON object |
| pairs | (foreign id, English id) | `foreign<TAB>english`, one pair a line |

Tatoeba's labels are 0-based row numbers of foreign sentences. Files are UTF-8 with LF.
"""

import json
from collections.abc import Callable
from json import JSONDecodeError
from pathlib import Path

from xstilts.errors import DataError, UserError, shorten
from xstilts.fingerprints.atomic import replacing

Predictions = list[str] | list[list[str]] | dict[str, str] | list[tuple[str, str]]


def form_of(kind: str, metric: str) -> str:
    """The form of a task's prediction files: `labels`, `tags`, `answers` or `pairs`."""
    if kind == "retrieval":
        return "pairs" if metric == "bucc" else "labels"
    return {"tagging": "tags", "span": "answers"}.get(kind, "labels")


def file_name(kind: str, split: str, lang: str) -> str:
    """The name of a prediction file, with the suffix `json` for answers and `tsv` for everything else."""
    return f"{split}-{lang}.{'json' if kind == 'span' else 'tsv'}"


def write(path: Path, form: str, predictions: Predictions) -> None:
    """Write the predictions of one language atomically.

    Raises:
        DataError: the file would be malformed, for example because of an empty label.
        UserError: the file would be read as other predictions, for example because of a sentence without tags.
    """
    render, parse = _FORMS[form]
    text = render(predictions)
    if parse(path, text) != predictions:
        raise UserError(f"{path}: these {form} would be read as others: is one empty, or surrounded by whitespace?")
    with replacing(path) as scratch:
        scratch.write_text(text, encoding="utf-8", newline="\n")


def read(path: Path, form: str) -> Predictions:
    """The predictions in a file.

    Raises:
        DataError: the file does not exist or does not have this form.
    """
    _, parse = _FORMS[form]
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DataError(path, "", "no such file", f"a prediction file of {form}") from None
    except UnicodeDecodeError as error:
        raise DataError(path, f"byte {error.start}", shorten(error.object[error.start : error.end]), "UTF-8") from None
    return parse(path, text)


def _render_lines(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _parse_labels(path: Path, text: str) -> list[str]:
    lines = _lines(text)
    for number, line in enumerate(lines, start=1):
        if not line or "\t" in line:
            raise DataError(path, f"line {number}", shorten(line), "one label a line and no empty lines")
    return lines


def _render_tags(sentences: list[list[str]]) -> str:
    return "\n".join(_render_lines(tags) for tags in sentences)


def _parse_tags(path: Path, text: str) -> list[list[str]]:
    lines = _lines(text)
    sentences: list[list[str]] = [[]] if lines else []
    for number, line in enumerate(lines, start=1):
        if "\t" in line:
            raise DataError(path, f"line {number}", shorten(line), "only a tag")
        if line:
            sentences[-1].append(line)
        elif not sentences[-1]:
            raise DataError(path, f"line {number}", "an empty line", "a tag, since no sentence is empty")
        elif number < len(lines):
            sentences.append([])
    return sentences


def _render_answers(answers: dict[str, str]) -> str:
    return json.dumps(answers, ensure_ascii=False, indent=0) + "\n"


def _parse_answers(path: Path, text: str) -> dict[str, str]:
    try:
        answers = json.loads(text, object_pairs_hook=lambda items: _without_repetition(path, items))
    except JSONDecodeError as error:
        raise DataError(path, f"line {error.lineno}", error.msg, "a JSON object") from None
    if not isinstance(answers, dict):
        raise DataError(path, "", shorten(answers), "a JSON object from question ids to answers")
    for question, answer in answers.items():
        if not isinstance(answer, str):
            raise DataError(path, f"question {question!r}", shorten(answer), "a string")
    if "data" in answers:
        raise DataError(path, "question 'data'", "this id", "another id: the official reader treats it as the file")
    return answers


def _without_repetition(path: Path, items: list[tuple[str, object]]) -> dict:
    unique: dict[str, object] = {}
    for question, answer in items:
        if question in unique:
            raise DataError(path, f"question {question!r}", "two answers", "one answer for each question")
        unique[question] = answer
    return unique


def _render_pairs(pairs: list[tuple[str, str]]) -> str:
    return _render_lines(["\t".join(pair) for pair in pairs])


def _parse_pairs(path: Path, text: str) -> list[tuple[str, str]]:
    pairs = []
    for number, line in enumerate(_lines(text), start=1):
        ids = line.split("\t")
        if len(ids) != 2:
            raise DataError(path, f"line {number}", shorten(line), "foreign id, TAB, English id")
        pairs.append((ids[0], ids[1]))
    return pairs


def _lines(text: str) -> list[str]:
    """The lines, stripped as by the official reader; `str.splitlines` would also split within a line."""
    return [line.strip() for line in text.removesuffix("\n").split("\n")] if text else []


_Form = tuple[Callable[..., str], Callable[[Path, str], Predictions]]
_FORMS: dict[str, _Form] = {
    "labels": (_render_lines, _parse_labels),
    "tags": (_render_tags, _parse_tags),
    "answers": (_render_answers, _parse_answers),
    "pairs": (_render_pairs, _parse_pairs),
}
