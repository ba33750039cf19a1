"""The tasks and languages that a perturbation applies to."""

from collections.abc import Iterable, Sequence

from xstilts.languages import language
from xstilts.perturbations import load
from xstilts.perturbations.units import CLUSTERS_IN_A_WORD, FIELDS
from xstilts.task import Task

PARALLEL = ("mlqa", "pawsx", "xnli", "xquad")
"""The tasks whose dev and test examples with the same id in different languages are translations of each other."""


def refusal(names: Sequence[str], task: Task, languages: Iterable[str]) -> str | None:
    """The reason why perturbations do not apply to a target in these languages; None if they do, to some at least.

    Args:
        names: the names of the perturbations of the target.

    Raises:
        ValueError: there is no such perturbation.
    """
    languages, forms = tuple(languages), [load(name).form for name in names]
    for name, form in zip(names, forms, strict=True):
        if forms.count(form) > 1:
            return f"a target has one perturbation with {form}, not {' and '.join(names)}"
        if reason := _REASONS[form](task):
            return f"{name} does not apply to {task.name}: {reason}"
        if len(served(names, task, languages)) < _FEWEST.get(form, 1):
            return f"{name} does not apply to {task.name} in {', '.join(languages)}: {_TOO_FEW[form]}"
    return None


def served(names: Iterable[str], task: Task, languages: Iterable[str]) -> tuple[str, ...]:
    """Those of the languages of a target that perturbations apply to; the target has no data in the others."""
    if task.kind == "tagging" or "word_order" not in {load(name).form for name in names}:
        return tuple(languages)
    return tuple(lang for lang in languages if language(lang).script not in CLUSTERS_IN_A_WORD)


def _no_text(task: Task) -> str | None:
    if task.kind not in FIELDS:
        return f"tasks of the kind {task.kind} are not evaluated on labelled text"
    if task.metric == "bucc":
        return "its sentences are mined on both sides, and equal ones are recognised by their text"
    return None


def _no_order(task: Task) -> str | None:
    spans = "its tags mark spans of words, which another order breaks" if task.metric == "chunks" else None
    return _no_text(task) or spans


def _no_translations(task: Task) -> str | None:
    if task.name in PARALLEL:
        return None
    return f"its examples do not have translations with the same id, as those of {', '.join(PARALLEL)} have"


_REASONS = {"typos": _no_text, "word_order": _no_order, "mixed_language": _no_translations}
_FEWEST = {"mixed_language": 2}
_TOO_FEW = {
    "typos": "no language is left",
    "word_order": "no language separates words by spaces",
    "mixed_language": "it mixes at least two languages",
}
