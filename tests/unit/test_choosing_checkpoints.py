"""The checkpoint that a training keeps: the first with the best mean over tasks of the mean over languages."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest
import tiny
import torch
from safetensors.torch import load_file
from trainings import record, same, train, weights
from transformers import XLMRobertaModel

from xstilts.prediction.forward import Parts
from xstilts.task import Task
from xstilts.training import stage
from xstilts.training.data import TaskData
from xstilts.training.loop import Loop

pytestmark = pytest.mark.thorough

LABELS = tiny.TASKS["classification"].labels


@pytest.fixture(autouse=True)
def _on_cpu(monkeypatch):
    """Bit for bit is promised there."""
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)


@pytest.fixture
def run(tmp_path, tiny_tokenizer) -> Callable[..., Path]:
    """Train, by default on the classification task; the child's folder."""

    def run(child: str = "child", data: dict[str, TaskData] | None = None, **recipe) -> Path:
        data = data or {"nli": tiny.data("classification", tiny_tokenizer)}
        return train(tmp_path / child, tmp_path / "scratch", tiny_tokenizer, data, **recipe)

    return run


@pytest.fixture
def predict(monkeypatch) -> Callable[..., dict[int, dict[str, torch.Tensor]]]:
    """Have dev sets predicted as a function says; the weights of each evaluation by step.

    The function is called with the task and the step, and gives predictions by language.
    """

    def script(predictions: Callable[[Task, int], dict[str, list]]) -> dict[int, dict[str, torch.Tensor]]:
        steps, seen, evaluate = [], {}, Loop.evaluate

        def noting(loop: Loop, *arguments):
            steps.append(loop.progress.step)
            return evaluate(loop, *arguments)

        def decoded(model, _, task: Task, parts: Parts, *__, **___) -> dict[str, list]:
            seen[steps[-1]] = {name: value.clone() for name, value in model.state_dict().items()}
            found = predictions(task, steps[-1])
            return {lang: found[lang] for lang in parts}

        monkeypatch.setattr(Loop, "evaluate", noting)
        monkeypatch.setattr(stage, "decoded", decoded)
        return seen

    return script


def with_dev(data: TaskData, dev: dict[str, Iterable[dict]], **changes) -> TaskData:
    """Data with hand-made dev rows in some languages, of which nothing is ever encoded."""
    tables = {
        lang: tiny.table(data.task.kind, [{"id": f"{lang}-{number}", **row} for number, row in enumerate(rows)])
        for lang, rows in dev.items()
    }
    some = next(iter(data.dev.values()))[1]
    return replace(data, task=replace(data.task, **changes), dev={lang: (tables[lang], some) for lang in tables})


def rows(count: int) -> list[dict]:
    """Dev rows of the classification task, all with its first label."""
    return [{"text_a": "a mill", "text_b": "a river", "label": LABELS[0]}] * count


def right(count: int, of: int) -> list[str]:
    """Predictions for such rows, so many of which are right."""
    return [LABELS[0]] * count + [LABELS[1]] * (of - count)


RIGHT = {
    # step: right ones of 2, 4 and 10 rows
    2: (2, 0, 0),  # the first language alone would choose it: 100 %
    4: (1, 3, 4),  # 50 %, 75 %, 40 %: 55 % in the mean
    6: (0, 1, 10),  # the last language alone, or all rows together: 0 %, 25 %, 100 %, 11 rows
    8: (1, 4, 0),  # the second one alone, or the median: 50 %, 100 %, 0 %
    10: (1, 2, 5),  # the lowest one alone: 50 % each
}


def test_every_dev_language_counts_alike_whatever_its_size(run, predict, tiny_tokenizer):
    sizes = {"en": 2, "de": 4, "zh": 10}
    data = with_dev(tiny.data("classification", tiny_tokenizer), {lang: rows(n) for lang, n in sizes.items()})
    seen = predict(
        lambda _, step: {
            lang: right(count, size) for (lang, size), count in zip(sizes.items(), RIGHT[step], strict=True)
        }
    )
    child = run(data={"nli": data}, epochs=10 / 3)
    scores = [entry["score"] for entry in record(child)["evaluations"]]
    assert scores == pytest.approx([100 / 3, 165 / 3, 125 / 3, 150 / 3, 150 / 3])
    assert record(child)["best"]["step"] == 4
    assert same(load_file(child / "model.safetensors"), seen[4])


def test_every_task_counts_alike_whatever_the_number_of_its_languages(run, predict, tiny_tokenizer):
    data = tiny.data("classification", tiny_tokenizer)
    several = {
        "two": with_dev(data, {"en": rows(4), "de": rows(4)}, name="two"),
        "one": with_dev(data, {"en": rows(4)}, name="one"),
    }
    by_step = {
        # languages of the first task, then that of the second
        2: ((4, 3), 1),  # 87.5 % and 25 %: 56.25 %, but 66.7 % if each language counted alike
        4: ((2, 0), 4),  # 25 % and 100 %: 62.5 %, but 50 %
        6: ((2, 2), 2),  # 50 %
    }

    def predictions(task: Task, step: int) -> dict[str, list]:
        (english, german), other = by_step[step]
        return {"en": right(english, 4), "de": right(german, 4)} if task.name == "two" else {"en": right(other, 4)}

    predict(predictions)
    found = record(run(data=several, epochs=1))
    assert found["evaluations"] == [
        {"two": 87.5, "one": 25.0, "score": 56.25, "step": 2},
        {"two": 25.0, "one": 100.0, "score": 62.5, "step": 4},
        {"two": 50.0, "one": 50.0, "score": 50.0, "step": 6},
    ]
    assert found["best"] == found["evaluations"][1]


def test_the_dev_score_is_by_the_metric_of_the_task_and_the_rules_of_the_language(run, predict, tiny_tokenizer):
    """MLQA takes Chinese characters as words: of two words found and three expected two are right, F1 is 80 %."""
    answers = {"en": ("the mill", "a mill"), "zh": ("风车房", "风车")}
    questions = {
        lang: [{"question": "?", "context": gold, "answers": [{"start": 0, "text": gold}]}]
        for lang, (gold, _) in answers.items()
    }
    predict(lambda *_: {lang: {f"{lang}-0": found} for lang, (_, found) in answers.items()})
    data = with_dev(tiny.data("span", tiny_tokenizer), questions, metric="mlqa")
    found = record(run(data={"mlqa": data}, epochs=0.1))
    # In English both articles go, so that F1 and exact match are 100 %; in Chinese they are 80 % and 0 %.
    assert found["best"]["score"] == pytest.approx((100 + (80 + 0) / 2) / 2)


def test_the_dev_score_of_names_is_that_of_whole_names(run, predict, tiny_tokenizer):
    """Two of three words are right, and of two names one: F1 is 50 %, as one of the two that are found is right."""
    gold, found = ["B-PER", "I-PER", "B-LOC"], ["B-PER", "O", "B-LOC"]
    predict(lambda *_: {"en": [found]})
    sentence = {"words": ["Anna", "Mill", "Rome"], "tags": gold}
    data = with_dev(tiny.data("tagging", tiny_tokenizer), {"en": [sentence]}, metric="chunks")
    assert record(run(data={"panx": data}, epochs=0.1))["best"]["score"] == pytest.approx(50)


@pytest.mark.parametrize("best, right_ones", [(2, (3, 1, 2)), (4, (1, 3, 2)), (6, (1, 2, 3)), (2, (3, 3, 3))])
def test_the_first_of_equally_good_checkpoints_is_kept(run, predict, tiny_tokenizer, best, right_ones):
    by_step = dict(zip((2, 4, 6), right_ones, strict=True))
    seen = predict(lambda _, step: {"en": right(by_step[step], 5)})
    child = run(data={"nli": with_dev(tiny.data("classification", tiny_tokenizer), {"en": rows(5)})})
    assert same(load_file(child / "model.safetensors"), seen[best])
    assert record(child)["best"] == {"nli": 60, "score": 60, "step": best}


def test_training_stops_when_patience_is_lost(run, predict, tiny_tokenizer):
    by_step = {2: 3, 4: 1, 6: 2, 8: 4}
    predict(lambda _, step: {"en": right(by_step[step], 5)})
    data = with_dev(tiny.data("classification", tiny_tokenizer), {"en": rows(5)})
    found = record(run(data={"nli": data}, patience=2, epochs=4))
    assert (found["steps"], found["planned_steps"], found["best"]["step"]) == (6, 12, 2)


def test_the_smallest_gain_keeps_patience(run, predict, tiny_tokenizer):
    # Each evaluation has one more right answer in a thousand.
    predict(lambda _, step: {"en": right(step // 2, 1000)})
    data = with_dev(tiny.data("classification", tiny_tokenizer), {"en": rows(1000)})
    found = record(run(data={"nli": data}, patience=1))
    assert (found["steps"], found["best"]["step"]) == (6, 6)


@pytest.mark.parametrize("evaluate_every, evaluated", [(4, [4, 6]), (100, [6])])
def test_the_last_step_is_always_evaluated(run, evaluate_every, evaluated):
    found = record(run(evaluate_every=evaluate_every))
    assert [entry["step"] for entry in found["evaluations"]] == evaluated


@pytest.mark.parametrize("precision, computed", [("fp32", None), ("bf16", torch.bfloat16)])
def test_precision_and_dropout_are_those_of_training_and_of_evaluation(run, monkeypatch, precision, computed):
    seen, forward = set(), XLMRobertaModel.forward

    def noting(model: XLMRobertaModel, *arguments, **keywords):
        dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else None
        seen.update((module.training, dtype) for module in model.modules())
        return forward(model, *arguments, **keywords)

    monkeypatch.setattr(XLMRobertaModel, "forward", noting)
    child = run(epochs=0.1, precision=precision)
    assert seen == {(True, computed), (False, computed)}
    assert {value.dtype for value in load_file(child / "model.safetensors").values()} == {torch.float32}


def test_without_dev_labels_the_last_checkpoint_is_kept(run, predict, tiny_tokenizer, capsys):
    unlabelled = run("unlabelled", {"tags": tiny.data("tagging", tiny_tokenizer, dev_gold=False)})
    assert "No dev labels: tags in en. The checkpoint of the last step is kept." in capsys.readouterr().out
    assert record(unlabelled) == {"steps": 6, "planned_steps": 6, "best": None, "evaluations": []}
    by_step = {2: "short", 4: "long", 6: "middling"}
    predict(lambda _, step: {"en": [[by_step[step]]]})
    sentence = {"words": ["mill"], "tags": ["middling"]}
    labelled = run("labelled", {"tags": with_dev(tiny.data("tagging", tiny_tokenizer), {"en": [sentence]})})
    assert record(labelled)["best"]["step"] == 6
    assert weights(unlabelled) == weights(labelled)


def test_a_mixture_of_which_one_task_lacks_dev_labels_is_not_chosen_by_the_others(run, tiny_tokenizer, capsys):
    data = {kind: tiny.data(kind, tiny_tokenizer, dev_gold=kind != "tagging") for kind in ("classification", "tagging")}
    mixture = run(data=data, epochs=0.1)
    assert "No dev labels: tagging in en." in capsys.readouterr().out
    assert record(mixture)["evaluations"] == []


def test_one_language_without_dev_labels_is_named(tiny_tokenizer):
    data = tiny.data("tagging", tiny_tokenizer)
    data.dev["de"] = (tiny.examples("tagging", 3, gold=False), data.dev["en"][1])
    assert data.unlabelled_dev() == ["de"]
