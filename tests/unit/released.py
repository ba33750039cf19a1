"""Small invented data sets in the layouts of real ones, written and read back."""

import json
from pathlib import Path

from xstilts import tasks
from xstilts.sources import reading, release

SENTENCE = "1\tDogs\t_\tNOUN\t_\t_\t2\tnsubj\t_\t_\n2\tbark\t_\tVERB\t_\t_\t0\troot\t_\t_\n\n"


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    """Files by name, byte for byte."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def read(folder: Path, name: str, files: dict[str, str | bytes], split="test", lang="de", limit=None) -> list[dict]:
    """The rows of a split whose files have just been written."""
    task = tasks.load(name)
    found = release.locate(task, split, lang, [write(folder, files)])
    assert found is not None
    return reading.read([found], task, lang, limit=limit).to_pylist()


def squad(*questions: dict, context="Ada built a mill by the river.") -> str:
    """A file of one paragraph."""
    return json.dumps({"version": "1.1", "data": [{"paragraphs": [{"context": context, "qas": list(questions)}]}]})


def question(identifier="q1", text="a mill", start=10) -> dict:
    """A question with one answer, by default a right one."""
    return {"id": identifier, "question": "What?", "answers": [{"text": text, "answer_start": start}]}
