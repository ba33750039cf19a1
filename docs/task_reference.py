"""Rewrite the tables, notes and citations of tasks.md from the tasks, as `make docs` does.

Each stands between `<!-- PART -->` and `<!-- end -->`; PART is one of `PARTS`.
"""

import re
from collections.abc import Collection
from itertools import groupby
from pathlib import Path

from xstilts import coverage, tasks
from xstilts.task import Layout, Task

PAGE = Path(__file__).with_name("tasks.md")

_TRAINING, _ENGLISH = ("train", "dev"), ("en",)
_PART = re.compile(r"(<!-- (?P<part>(?!end)[a-z ]+) -->\n).*?(?=<!-- end -->)", re.DOTALL)
_SCORES = {
    **{"accuracy_f1": "mean of accuracy and F1", "word_accuracy": "accuracy of words", "tatoeba": "accuracy"},
    **{"chunks": "F1 of names", "pos": "F1 of runs of equal tags", "bucc": "F1 of mined pairs"},
    **dict.fromkeys(("squad", "squad_v2", "mlqa"), "mean of F1 and EM"),
    "": "loss (lower is better)",
}
"""The main scores of metrics whose names do not say them."""


def rewritten(page: str, known: list[Task]) -> str:
    """The page with parts made from some tasks."""
    return _PART.sub(lambda match: match[1] + "".join(f"{line}\n" for line in PARTS[match["part"]](known)), page)


def _trained_on(known: list[Task]) -> list[str]:
    rows = [
        (task, task.kind.replace("_", " "), *(_rows(task, split, _ENGLISH) for split in _TRAINING)) for task in known
    ]
    return _table("kind | train | dev | dev score", [row for row in rows if "test" not in row[0].splits])


def _shown(task: Task) -> Collection[str]:
    """The languages whose rows are shown of a training task: English, if it has it."""
    trained = coverage.trained_in(task.name)
    return _ENGLISH if "en" in trained else trained


def _languages(known: list[Task]) -> list[str]:
    """The training data in other languages than English."""
    lines = ["| task | languages | translated by machine | rows of a language |", "| --- | --- | --- | --- |"]
    for task in known:
        trained = sorted(coverage.trained_in(task.name))
        if set(trained) - {"en"}:
            translated = " ".join(sorted(task.translated)) or "—"
            rows = _rows(task, "train", trained)
            unknown = [lang for lang in trained if lang not in task.counts.get("train", {})]
            if unknown and rows != "—":
                rows += f" (unknown: {' '.join(unknown)})"
            lines.append(f"| `{task.name}` | {' '.join(trained)} | {translated} | {rows} |")
    return lines


def _targets(known: list[Task]) -> list[str]:
    rows = [(task, _stage(task), str(len(task.languages)), _rows(task, "test")) for task in known]
    head = "trained on | languages | examples of a language | main score"
    return _table(head, [row for row in rows if "test" in row[0].splits])


def _stage(task: Task) -> str:
    return "itself" if task.stage == task.name else f"`{task.stage}`" if task.stage else "nothing"


def _files(known: list[Task]) -> list[str]:
    lines = ["| task | splits | files |", "| --- | --- | --- |"]
    for task in known:
        for layouts, splits in groupby(task.splits, key=task.splits.__getitem__):
            files = "<br>".join(map(_patterns, layouts))
            lines += [f"| `{task.name}` | {', '.join(splits)} | {files} |"] if files else []
    return lines


PARTS = {
    "trained on": _trained_on,
    "languages": _languages,
    "targets": _targets,
    "files": _files,
    "notes": lambda known: [f"**{task.title or task.name}.** {task.notes}\n" for task in known if task.notes],
    "citations": lambda known: [f"- {task.title or task.name}: {task.citation}" for task in known if task.citation],
}


def _table(head: str, rows: list[tuple]) -> list[str]:
    """A table of tasks, each with its name in front and its main score and licence at the end."""
    head = f"| task | data set | {head} | licence |"
    lines = [head, "|" + " --- |" * (head.count("|") - 1)]
    for task, *cells in rows:
        title = f"[{task.title}]({task.homepage})" if task.homepage else task.title or task.name
        row = (f"`{task.name}`", title, *cells, _SCORES.get(task.metric, task.metric), task.licence)
        lines.append(f"| {' | '.join(row)} |")
    return lines


def _rows(task: Task, split: str, languages: Collection[str] | None = None) -> str:
    """The fewest and the most rows of a split, in some languages or in all; of parallel sentences, the pairs."""
    counts = task.counts.get(split, {}).items()
    kept = [count for lang, count in counts if languages is None or lang in languages]
    rows = [count // (2 if task.kind == "retrieval" else 1) for count in kept]
    return " to ".join(f"{count:,}" for count in sorted({min(rows), max(rows)})) if rows else "—"


def _patterns(layout: Layout) -> str:
    """The files of a layout; of many, the first and the last."""
    first, *others = [f"`{pattern}`" for pattern in layout.patterns]
    return f"{first} … {others[-1]}" if len(others) > 2 else ", ".join([first, *others])


if __name__ == "__main__":
    page = rewritten(PAGE.read_text(encoding="utf-8"), [tasks.load(name) for name in tasks.names()])
    PAGE.write_text(page, encoding="utf-8")
