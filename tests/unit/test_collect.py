"""Each score and each dev score becomes one row, as written by its job."""

import json
from pathlib import Path

import pandas as pd
import pytest

from xstilts.errors import DataError
from xstilts.reporting import collect

SAME = {"xquad": "xquad", "xnli": "xnli"}


def write(folder: Path, name: str, record: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(record), encoding="utf-8")


def values(table: pd.DataFrame) -> list[list]:
    """The rows of a table, missing numbers as None."""
    return [[None if pd.isna(value) else value for value in row] for row in table.to_numpy().tolist()]


def test_every_language_and_metric_of_a_cell_has_a_row_and_so_has_its_main_score(tmp_path: Path):
    answers = {"f1": 80.0, "exact_match": 60.0}
    languages = {
        "en": {"n": 7, "scores": answers, "main_score": 70.0},
        "de": {"n": 9, "scores": None, "main_score": None},
    }
    write(tmp_path / "a", "scores.json", {"split": "test", "languages": languages})
    write(
        tmp_path / "b",
        "scores.json",
        {
            "split": "dev",
            "languages": {
                "zh": {"n": 3, "scores": {"accuracy": 5.0}, "main_score": 5.5},
                "ru": {"n": 2, "scores": {"accuracy": 0.0}, "main_score": 0.0},
            },
        },
    )
    table = collect.collect(tmp_path, [["one", "none", "xquad", 1, "a"], ["two", "mnli", "xnli", 2, "b"]], SAME)
    assert list(table.columns) == [
        "encoder",
        "intermediate",
        "target",
        "language",
        "split",
        "seed",
        "metric",
        "value",
        "n",
    ]
    assert values(table) == [
        ["one", "none", "xquad", "en", "test", 1, "f1", 80.0, 7],
        ["one", "none", "xquad", "en", "test", 1, "exact_match", 60.0, 7],
        ["one", "none", "xquad", "en", "test", 1, "main_score", 70.0, 7],
        ["one", "none", "xquad", "de", "test", 1, "f1", None, 9],
        ["one", "none", "xquad", "de", "test", 1, "exact_match", None, 9],
        ["one", "none", "xquad", "de", "test", 1, "main_score", None, 9],
        ["two", "mnli", "xnli", "zh", "dev", 2, "accuracy", 5.0, 3],
        ["two", "mnli", "xnli", "zh", "dev", 2, "main_score", 5.5, 3],
        # Nothing right is a score.
        ["two", "mnli", "xnli", "ru", "dev", 2, "accuracy", 0.0, 2],
        ["two", "mnli", "xnli", "ru", "dev", 2, "main_score", 0.0, 2],
    ]


def test_a_value_is_a_number_even_where_all_are_missing(tmp_path: Path):
    write(tmp_path, "scores.json", {"split": "test", "languages": {"en": {"n": 1, "scores": None, "main_score": None}}})
    assert collect.collect(tmp_path, [["one", "none", "xnli", 1, "."]], SAME)["value"].dtype == "float64"
    assert list(collect.collect(tmp_path, [], {}).columns) == collect.COLUMNS


@pytest.mark.parametrize("text", ["{", b"\xff".decode("latin-1"), None])
def test_a_damaged_record_is_named_with_what_to_do(text: str | None, tmp_path: Path):
    if text is not None:
        (tmp_path / "scores.json").write_text(text, encoding="latin-1")
    with pytest.raises(DataError) as refused:
        collect.collect(tmp_path, [["one", "none", "xnli", 1, "."]], SAME)
    message = str(refused.value)
    assert message.startswith(f"{tmp_path / 'scores.json'}: found ")
    assert "found None" not in message
    assert message.endswith(
        "; expected scores, as JSON. Delete manifest.json beside it and start snakemake again to recompute it."
    )


TRAINED = {
    "steps": 40,
    "best": {"step": 20, "score": 75.0},
    "evaluations": [
        {"step": 10, "score": 60.0, "qqp": 50.0, "mnli": 70.0},
        {"step": 20, "score": 75.0, "qqp": 70.0, "mnli": 80.0},
        {"step": 30, "score": 75.0, "qqp": 75.0, "mnli": None},
    ],
}
"""The second and the third evaluation have the same score: the weights of the second were kept."""


def test_every_evaluation_and_task_of_a_training_has_a_row_and_one_evaluation_was_chosen(tmp_path: Path):
    write(tmp_path / "models" / "m", "training.json", TRAINED)
    write(
        tmp_path / "models" / "q",
        "training.json",
        {"steps": 5, "best": {"step": 5}, "evaluations": [{"step": 5, "score": 0.0, "qqp": 0.0}]},
    )
    models = [["one", "both", 3, "models/m"], ["one", "gone", 1, "models/gone"], ["two", "mnli/qqp", 1, "models/q"]]
    table = collect.trainings(tmp_path, models)
    assert list(table.columns) == ["encoder", "stages", "seed", "task", "step", "value", "chosen", "steps", "path"]
    assert values(table) == [
        ["one", "both", 3, "mnli", 10, 70.0, False, 40, "models/m"],
        ["one", "both", 3, "qqp", 10, 50.0, False, 40, "models/m"],
        ["one", "both", 3, "mnli", 20, 80.0, True, 40, "models/m"],
        ["one", "both", 3, "qqp", 20, 70.0, True, 40, "models/m"],
        ["one", "both", 3, "mnli", 30, None, False, 40, "models/m"],
        ["one", "both", 3, "qqp", 30, 75.0, False, 40, "models/m"],
        ["two", "mnli/qqp", 1, "qqp", 5, 0.0, True, 5, "models/q"],
    ]
    assert (table["value"].dtype, table["chosen"].dtype) == ("float64", "bool")


def test_the_loss_of_a_task_has_a_row_of_its_own(tmp_path: Path):
    evaluations = [{"step": 5, "score": 40.0, "mlm_loss": 2.5, "nli": 40.0}, {"step": 9, "loss": 1.5, "mlm_loss": 1.5}]
    record = {"steps": 9, "best": {"step": 9}, "evaluations": evaluations}
    write(tmp_path / "models" / "m", "training.json", record)
    found = values(collect.trainings(tmp_path, [["one", "both", 3, "models/m"]]))
    assert [row[3:6] for row in found] == [["mlm_loss", 5, 2.5], ["nli", 5, 40.0], ["mlm_loss", 9, 1.5]]


def test_without_any_record_there_is_an_empty_table_of_the_same_columns(tmp_path: Path):
    table = collect.trainings(tmp_path, [["one", "mnli", 1, "gone"]])
    assert (len(table), list(table.columns)) == (0, collect.TRAINING_COLUMNS)
    assert (table["value"].dtype, table["chosen"].dtype) == ("float64", "bool")


def test_parquet_and_csv_hold_the_same_scores(tmp_path: Path):
    rows = [
        ["one", "none", "xnli", "en", "test", 1, "main_score", 12.5, 3],
        ["one", "none", "xnli", "de", "test", 1, "main_score", None, 4],
    ]
    scores = pd.DataFrame(rows, columns=collect.COLUMNS, index=[7, 3])
    for _ in range(2):
        collect.write(scores, tmp_path / "new" / "folder")
    expected = scores.reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "new" / "folder" / "scores.parquet"), expected)
    found = pd.read_csv(tmp_path / "new" / "folder" / "scores.csv", keep_default_na=False, na_values="")
    pd.testing.assert_frame_equal(found, expected)
