"""Everything that is printed or read and written as text comes out right in a locale that is not UTF-8."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "workflow" / "xstilts"
OTHER = {"os.open", "tarfile.open"}
"""Calls of this name that open no text."""


def without_encoding(tree: ast.AST) -> Iterator[int]:
    """The lines that open a file or a pipe as text in the encoding of the locale."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        method = name.rpartition(".")[2]
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        parts = (part for value in (*node.args, *given.values()) for part in ast.walk(value))
        literals = [part.value for part in parts if isinstance(part, ast.Constant)]
        is_text = {
            "open": not any(isinstance(value, str) and "b" in value for value in literals),
            "read_text": True,
            "write_text": True,
            "run": "text" in given,
            "Popen": "text" in given,
            "check_output": "text" in given,
        }
        if name not in OTHER and is_text.get(method) and "encoding" not in given:
            yield node.lineno


@pytest.mark.parametrize(
    "code, found",
    [
        ("path.open()", True),
        ("path.open('w')", True),
        ("open(path)", True),
        ("(folder / name).write_text(text)", True),
        ("path.read_text()", True),
        ("subprocess.run(command, text=True)", True),
        ("path.open('rb')", False),
        ("path.open(encoding='utf-8')", False),
        ("path.read_text(encoding='utf-8')", False),
        ("path.read_bytes()", False),
        ("subprocess.run(command, capture_output=True)", False),
    ],
)
def test_a_call_that_leaves_the_encoding_to_the_locale_is_found(code: str, found: bool):
    assert bool(list(without_encoding(ast.parse(code)))) is found


def test_every_text_file_is_opened_as_utf_8():
    files = {file: list(without_encoding(ast.parse(file.read_bytes()))) for file in PACKAGE.rglob("*.py")}
    assert len(files) > 100
    assert not {file: lines for file, lines in files.items() if lines}
