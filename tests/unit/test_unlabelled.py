"""Languages without gold labels, for each kind of task, are predicted and not scored."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tiny

from xstilts import kinds
from xstilts.errors import UserError
from xstilts.models import encoders
from xstilts.prediction import forward, scoring, xtreme_files
from xstilts.prediction.retrieval import predict
from xstilts.reporting.page import samples
from xstilts.sources.checkpoints import Checkpoint
from xstilts.sources.columns import GOLD_COLUMN, SCHEMAS
from xstilts.task import Task

ROWS = 8
TASKS = {
    **tiny.TASKS,
    "nearest": Task("neighbours", "retrieval", "tatoeba", ("de", "ru"), {}),
    "mined": Task("mining", "retrieval", "bucc", ("de", "ru"), {}, threshold_split="dev"),
}


def examples(kind: str, gold: list[bool]) -> pa.Table:
    """Examples of which some have labels."""
    if kind in tiny.TASKS:
        rows = tiny.examples(kind, ROWS).to_pylist()
    else:
        english = [{"id": f"en-{row}", "side": "english", "text": "wool", "gold": [f"{row}"]} for row in range(ROWS)]
        rows = [{"id": f"{row}", "side": "foreign", "text": "Wolle", "gold": None} for row in range(ROWS)] + english
        gold = [True] * ROWS + gold
    column = GOLD_COLUMN[TASKS[kind].kind]
    rows = [row if labelled else row | {column: None} for row, labelled in zip(rows, gold, strict=True)]
    return pa.Table.from_pylist(rows, SCHEMAS[TASKS[kind].kind])


def right(kind: str, table: pa.Table) -> xtreme_files.Predictions:
    """The predictions that are right."""
    rows = [row for row in table.to_pylist() if row.get("side") != "foreign"]
    if kind == "span":
        return {row["id"]: row["answers"][0]["text"] for row in rows}
    if kind == "mined":
        return [(row["gold"][0], row["id"]) for row in rows]
    return [row["gold"][0] if kind == "nearest" else row[GOLD_COLUMN[TASKS[kind].kind]] for row in rows]


@pytest.fixture(params=TASKS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def scored(kind: str, tmp_path: Path):
    """Scores languages whose predictions are all right, by which of their rows have labels."""
    task, complete = TASKS[kind], examples(kind, [True] * ROWS)
    form = xtreme_files.form_of(task.kind, task.metric)

    def score(**languages: list[bool]) -> tuple[dict[str, dict], pa.Table]:
        gold = {lang: examples(kind, labelled) for lang, labelled in languages.items()}
        for lang in gold:
            xtreme_files.write(tmp_path / xtreme_files.file_name(task.kind, "test", lang), form, right(kind, complete))
        counts = scoring.per_example(task, "test", gold, tmp_path)
        return scoring.score(task, gold, counts), scoring.together(counts)

    return score


def test_a_language_without_labels_has_no_score_and_the_other_has_its_own(scored):
    scores, units = scored(de=[False] * ROWS, ru=[True] * ROWS)
    assert scores["ru"]["main_score"] == 100
    assert scores["de"] == {"n": ROWS, "scores": None, "main_score": None}
    assert set(units["language"].to_pylist()) == {"ru"}


def test_without_labels_in_any_language_there_are_units_of_no_one_that_reports_can_read(scored, tmp_path: Path):
    scores, units = scored(de=[False] * ROWS, ru=[False] * ROWS)
    assert [scores[lang]["main_score"] for lang in scores] == [None, None]
    assert units.num_rows == 0
    assert units.column_names == ["language", "unit"]
    pq.write_table(units, tmp_path / "examples.parquet")
    assert samples.judged(tmp_path, "accuracy").empty


@pytest.mark.parametrize("missing", [0, 3, ROWS - 1])
def test_a_split_of_which_some_rows_have_labels_is_not_scored(scored, missing: int):
    with pytest.raises(UserError, match=f"1 of {ROWS} .* only a labelled split can be scored"):
        scored(de=[row != missing for row in range(ROWS)])
    with pytest.raises(UserError, match=f"{ROWS - 1} of {ROWS} .* only a labelled split can be scored"):
        scored(de=[row == missing for row in range(ROWS)])


@pytest.mark.parametrize("kind", tiny.TASKS)
@pytest.mark.parametrize("gold", [(True, False, True), (False, True, False), (False, False, False)])
def test_predictions_are_those_of_the_same_rows_with_labels(kind: str, gold, tmp_path: Path, tiny_tokenizer):
    task, module = tiny.TASKS[kind], kinds.load(kind)
    model = encoders.with_fresh_head(tiny.encoder(tmp_path, tiny_tokenizer), module, task)

    def predicted(gold: tuple[bool, ...]) -> dict[str, object]:
        tables = {f"{seed}": tiny.examples(kind, 5, seed=seed, gold=one) for seed, one in enumerate(gold)}
        parts = {lang: (table, tiny.encode(kind, table, tiny_tokenizer)) for lang, table in tables.items()}
        options = {"pad_token_id": tiny_tokenizer.pad_token_id, "precision": "fp32"}
        return forward.decoded(model, module, task, parts, tiny.SETTINGS, **options)

    assert predicted(gold) == predicted((True, True, True))


def test_the_threshold_of_a_language_without_dev_pairs_is_asked_for_before_anything_is_computed(tmp_path: Path):
    task, nothing = TASKS["mined"], pa.table({})
    dev = {lang: (examples("mined", [lang == "ru"] * ROWS), nothing) for lang in ("de", "ru")}
    splits = {"dev": dev, "test": dev}
    request = forward.Request(Checkpoint(str(tmp_path)), tmp_path, task, splits, "test", None, {})
    with pytest.raises(UserError, match=r"mining in de: the dev split has no gold pairs.*tasks\.mining\.languages"):
        predict(request)
