"""The languages in which tasks have data, and the tasks that share text.

The results that these facts determine have the languages in their specs.
"""

from xstilts import tasks
from xstilts.languages import LANGUAGES
from xstilts.task import MASKED_LM, PAIR, Task


def has(task: Task, split: str, lang: str) -> bool:
    """Whether a split of a task exists in a language."""
    if task.pools:
        return all(has(part, split, lang) for part in task.pools)
    return (
        _is_language(task, lang)
        and (task.kind == MASKED_LM or lang in {*task.languages, *task.trained_in})
        and lang not in task.missing_languages.get(split, ())
        and any(layout.has(lang) for layout in task.splits.get(split, ()))
    )


def _is_language(task: Task, lang: str) -> bool:
    """Whether this is the code of a language or, for parallel texts, of a pair of two languages."""
    codes = lang.split(PAIR) if task.parallel else [lang]
    return all(code in LANGUAGES for code in codes) and len(set(codes)) == len(codes) == 1 + task.parallel


def trained_in(name: str) -> tuple[str, ...]:
    """The languages in which a task has training and dev data, in its order; of a pool, those of all its parts."""
    task = tasks.load(name)
    known = dict.fromkeys(lang for part in task.parts for lang in part.trained_in or part.languages)
    return tuple(lang for lang in known if has(task, "train", lang) and has(task, "dev", lang))


def is_translated(name: str, lang: str) -> bool:
    """Whether the training data of a task, or of a part of it, are machine translations in a language."""
    return any(lang in part.translated for part in tasks.load(name).parts)


def overlap(name: str, split: str, evaluated: str, evaluated_split: str = "test") -> str:
    """The split whose text is in both of two splits, such as `xnli.test`; empty if they share no text.

    The same sentences in two languages are the same text.

    Args:
        name: the task that is trained.
        split: its split: `train`, or `dev` for the choice of checkpoints.
        evaluated: the task that is evaluated.
        evaluated_split: its split.
    """
    shared = _texts(tasks.load(name), split) & _texts(tasks.load(evaluated), evaluated_split)
    return min(shared, default="")


def _texts(task: Task, split: str) -> set[str]:
    """The splits that have the text of a split."""
    return {text for part in task.parts for text in (f"{part.name}.{split}", *part.overlaps.get(split, ()))}
