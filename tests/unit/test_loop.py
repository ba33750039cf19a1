"""The loop of a training: when it saves, what it does without memory, and what it leaves alone."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest
import tiny
import torch
from safetensors.torch import load_file
from trainings import TOKENS, record, train, weights

from xstilts.config import Stage
from xstilts.errors import UserError
from xstilts.features.batching import IGNORED
from xstilts.kinds import load
from xstilts.models import encoders
from xstilts.training import feed, loop, stage, states
from xstilts.training.data import TaskData
from xstilts.training.feed import Batch
from xstilts.training.loop import Loop
from xstilts.training.model import StageModel

pytestmark = pytest.mark.thorough


@pytest.fixture(autouse=True)
def _on_cpu(monkeypatch):
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)


@pytest.fixture
def data(tiny_tokenizer) -> dict[str, TaskData]:
    return {"questions": tiny.data("span", tiny_tokenizer)}


@pytest.fixture
def run(tmp_path, tiny_tokenizer, data) -> Callable[..., Path]:
    """Train on the questions; the child's folder."""

    def run(child: str = "child", **recipe) -> Path:
        return train(tmp_path / child, tmp_path / f"{child}.training", tiny_tokenizer, data, **recipe)

    return run


@pytest.fixture
def saved(monkeypatch) -> list[int]:
    """The steps at which states are written."""
    write, steps = states.write, []
    monkeypatch.setattr(
        states, "write", lambda scratch, state: (steps.append(state.progress.step), write(scratch, state))
    )
    return steps


@pytest.mark.parametrize("minutes, steps", [(0, [2, 4, 6]), (10, []), (1e-9, [1, 2, 3, 4, 5, 6])])
def test_states_are_saved_by_time_or_at_each_evaluation(run, saved, minutes, steps):
    run(minutes=minutes)
    assert saved == steps


def test_states_are_saved_where_evaluations_would_be_if_a_task_has_no_dev_labels(run, saved, data, tiny_tokenizer):
    data["unlabelled"] = tiny.data("classification", tiny_tokenizer, dev_gold=False)
    child = run(epochs=1, evaluate_every=4)
    assert saved == [4, 6]
    assert record(child)["evaluations"] == []


def test_a_state_is_due_ten_minutes_after_the_last_one(run, saved, monkeypatch):
    """Each step takes four minutes; the first reading of the clock is before the first step."""
    clock = iter(range(0, 10_000, 240))
    last = [0.0]

    def now() -> float:
        return last[0]

    take_step = Loop.take_step

    def slow(self: Loop, *arguments):
        last[0] = float(next(clock)) + 240
        return take_step(self, *arguments)

    monkeypatch.setattr(loop.time, "monotonic", now)
    monkeypatch.setattr(Loop, "take_step", slow)
    run(minutes=10)
    assert saved == [3, 6]


def test_saving_at_other_times_changes_no_byte_of_the_model(run):
    often, never = run("often", minutes=1e-9), run("never", minutes=10)
    assert weights(often) == weights(never)
    assert record(often) == record(never)


@pytest.mark.parametrize("kind", ["classification", "tagging"])
def test_a_step_without_labels_has_no_loss_and_no_gradient(run, data, tiny_tokenizer, monkeypatch, kind):
    whole = tiny.data(kind, tiny_tokenizer, rows=4)
    labels = whole.train["labels"].to_pylist()
    labels[2] = [IGNORED] * len(labels[2]) if kind == "tagging" else IGNORED
    place = whole.train.column_names.index("labels")
    train = whole.train.set_column(place, "labels", pa.array(labels, whole.train["labels"].type))
    data.clear()
    data[kind] = replace(whole, train=train)
    note, seen = Loop.note, []
    monkeypatch.setattr(
        Loop, "note", lambda self, *taken: (seen.append([one.item() for one in taken]), note(self, *taken))
    )
    run(batch_size=1, epochs=1)
    assert len(seen) == 4
    assert sorted(map(all, seen)) == [False, True, True, True]
    assert [0.0, 0.0] in seen


def test_an_evaluation_draws_no_random_numbers(run, monkeypatch):
    evaluate, seen = Loop.evaluate, []

    def noting(self: Loop, *arguments):
        before = torch.get_rng_state()
        evaluate(self, *arguments)
        seen.append(torch.equal(before, torch.get_rng_state()))
        assert self.model.training

    monkeypatch.setattr(Loop, "evaluate", noting)
    run()
    assert seen == [True] * 3


def out_of_memory(monkeypatch: pytest.MonkeyPatch, step: int, least: int) -> list[int]:
    """Be out of memory in a step, after its first micro-batch, as long as the budget is at least some tokens."""
    accumulate, budgets = Loop.accumulate_gradient, []

    def failing(self: Loop, batch: Batch):
        if self.progress.step + 1 == step and self.progress.tokens >= least:
            budgets.append(self.progress.tokens)
            accumulate(self, batch._replace(micro_batches=batch.micro_batches[:1]))
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return accumulate(self, batch)

    monkeypatch.setattr(Loop, "accumulate_gradient", failing)
    return budgets


def test_a_step_that_does_not_fit_is_repeated_with_half_the_tokens(run, monkeypatch, capsys):
    plain = {"learning_rate": 1.0, "adam_epsilon": 1.0, "max_grad_norm": 1e9, "warmup": 0.0, "encoder": tiny.NO_DROPOUT}
    undisturbed = run("undisturbed", **plain)
    budgets = out_of_memory(monkeypatch, step=3, least=TOKENS)
    child = run("child", **plain)
    assert budgets == [TOKENS]
    assert (
        f"Step 3 does not fit into the memory of the device. Continuing with micro-batches of at most {TOKENS // 2}"
        in (capsys.readouterr().out)
    )
    one, other = (load_file(folder / "model.safetensors") for folder in (undisturbed, child))
    assert max((one[name] - other[name]).abs().max().item() for name in one) < 1e-5
    assert record(child)["evaluations"] == record(undisturbed)["evaluations"]


def test_a_repeated_step_has_the_dropout_of_the_first_attempt(run, monkeypatch):
    accumulate, drawn = Loop.accumulate_gradient, []

    def failing(self: Loop, batch: Batch):
        if self.progress.step == 2:
            drawn.append(torch.get_rng_state())
            if len(drawn) == 1:
                accumulate(self, batch)
                raise torch.OutOfMemoryError("CUDA out of memory.")
        return accumulate(self, batch)

    monkeypatch.setattr(Loop, "accumulate_gradient", failing)
    run()
    first, again = drawn
    assert torch.equal(first, again)


def test_a_batch_that_does_not_fit_on_its_way_to_the_device_halves_the_budget_too(run, monkeypatch, capsys):
    prefetched, calls = feed.prefetched, []

    def full_once(batches, device):
        calls.append(device)
        for number, batch in enumerate(prefetched(batches, device), start=1):
            if number == 3 and len(calls) == 1:
                raise torch.OutOfMemoryError("CUDA out of memory.")
            yield batch

    monkeypatch.setattr(feed, "prefetched", full_once)
    assert record(run())["steps"] == 6
    assert "Step 3 does not fit into the memory of the device. Continuing with" in capsys.readouterr().out
    assert len(calls) == 2


def test_an_optimiser_that_does_not_fit_beside_the_weights_is_an_error_that_says_so(run, monkeypatch):
    def full(*_):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(torch.optim.AdamW, "step", full)
    with pytest.raises(UserError, match=r"^the state of the optimiser does not fit .* Set jobs_per_gpu to 1"):
        run()


@pytest.mark.parametrize(
    "owner, method, kept",
    [
        (Loop, "__init__", []),
        (Loop, "dev_scores", []),
        (Loop, "weights", []),
        (loop.optimizer, "values", ["best-2"]),
        (loop.generators, "of_all", ["best-2"]),
    ],
)
def test_a_device_without_memory_outside_of_steps_is_an_error_that_says_so(
    run, monkeypatch, tmp_path, owner, method, kept
):
    def full(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(owner, method, full)
    with pytest.raises(UserError, match=r"^the model, .* does not fit into the memory of the device .* jobs_per_gpu"):
        run()
    assert sorted(folder.name for folder in (tmp_path / "child.training").iterdir()) == kept


def test_a_row_that_does_not_fit_at_all_ends_the_training_and_keeps_its_states(run, monkeypatch, tmp_path):
    out_of_memory(monkeypatch, step=4, least=1)
    with pytest.raises(UserError, match=r"^step 4 does not fit .* the longest row has \d+\. Set jobs_per_gpu to 1"):
        run()
    assert states.last(tmp_path / "child.training").name == "state-2"


def test_a_budget_below_the_longest_row_is_refused_before_training(run, monkeypatch):
    monkeypatch.setattr("trainings.TOKENS", 8)
    with pytest.raises(UserError, match=r"^tokens_per_device 8: the longest row .* has \d+ tokens.*at least \d+"):
        run()


class Death(Exception):  # noqa: N818
    """What kills a training."""


def dying(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    take_step = Loop.take_step

    def die(self: Loop, *arguments):
        if self.progress.step + 1 == step:
            raise Death
        return take_step(self, *arguments)

    monkeypatch.setattr(Loop, "take_step", die)


def test_a_training_that_resumes_keeps_its_budget_whatever_the_device_is_good_for(run, monkeypatch, tmp_path):
    monkeypatch.setattr("trainings.TOKENS", None)
    monkeypatch.setattr(stage.memory, "CPU_TOKENS", 256)
    with monkeypatch.context() as patch:
        dying(patch, 5)
        with pytest.raises(Death):
            run()
    monkeypatch.setattr(stage.memory, "CPU_TOKENS", 4096)
    seen = []
    begin = Loop.run
    monkeypatch.setattr(Loop, "run", lambda self, course: (seen.append(self.progress.tokens), begin(self, course)))
    run()
    assert seen == [256]


@pytest.mark.parametrize("tokens", [TOKENS, None], ids=["set", "derived"])
def test_a_budget_that_was_halved_stays_so_after_a_resume(run, data, tiny_tokenizer, monkeypatch, tokens):
    # The weights of the last step are kept.
    data["questions"] = tiny.data("span", tiny_tokenizer, dev_gold=False)
    monkeypatch.setattr("trainings.TOKENS", tokens)
    monkeypatch.setattr(stage.memory, "CPU_TOKENS", TOKENS)
    budgets = out_of_memory(monkeypatch, step=3, least=TOKENS)
    undisturbed = run("undisturbed")
    with monkeypatch.context() as patch:
        dying(patch, 6)
        with pytest.raises(Death):
            run()
    child = run()
    assert budgets == [TOKENS] * 2
    assert weights(child) == weights(undisturbed)


@pytest.mark.parametrize("tokens, expected", [(96, 96), (384, TOKENS)], ids=["smaller", "larger"])
def test_a_budget_that_is_set_between_two_attempts_can_only_reduce_that_of_the_state(
    run, monkeypatch, tokens, expected
):
    with monkeypatch.context() as patch:
        dying(patch, 5)
        with pytest.raises(Death):
            run()
    monkeypatch.setattr("trainings.TOKENS", tokens)
    seen = []
    begin = Loop.run
    monkeypatch.setattr(Loop, "run", lambda self, course: (seen.append(self.progress.tokens), begin(self, course)))
    run()
    assert seen == [expected]


def test_a_training_that_resumes_lets_go_of_the_files_of_its_state(run, monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        dying(patch, 5)
        with pytest.raises(Death):
            run()
    held = []
    begin = Loop.run

    def noting(self: Loop, *arguments):
        held.extend(line for line in Path("/proc/self/maps").read_text().splitlines() if f"{tmp_path}" in line)
        begin(self, *arguments)

    monkeypatch.setattr(Loop, "run", noting)
    run()
    assert [line for line in held if "child.training" in line] == []


def test_a_training_goes_on_in_the_precision_in_which_it_was_begun(run, monkeypatch):
    with monkeypatch.context() as patch:
        dying(patch, 3)
        patch.setattr(stage.precision, "resolved", lambda *_: "bf16")
        with pytest.raises(Death):
            run(precision="mixed")
    with pytest.raises(UserError, match=r"the training was begun in bfloat16"):
        run(precision="mixed")


def test_processes_on_gpus_of_different_kinds_compute_in_one_precision_with_one_budget(run, monkeypatch):
    of_the_other = {"bf16": "fp32", TOKENS: TOKENS // 2}
    monkeypatch.setattr(stage, "gather_object", lambda own: [*own, of_the_other[own[0]]])
    monkeypatch.setattr(stage.precision, "resolved", lambda *_: "bf16")
    seen = []
    begin = Loop.run
    monkeypatch.setattr(Loop, "run", lambda self, course: (seen.append(self.progress), begin(self, course)))
    run(precision="mixed")
    (progress,) = seen
    assert (progress.precision, progress.tokens) == ("fp32", TOKENS // 2)


def test_what_a_training_was_executed_with_is_recorded_for_its_manifest(tmp_path, tiny_tokenizer, data):
    parent, child = tiny.encoder(tmp_path / "parent", tiny_tokenizer), tmp_path / "child"
    child.mkdir()
    execution = stage.Execution(tokens=512)
    stage.train(Stage(epochs=0.1), parent, data, child, tmp_path / "scratch", seed=1, execution=execution)
    found = json.loads((tmp_path / "scratch" / stage.EXECUTED).read_text())
    assert found == {"precision": "fp32", "tokens_per_device": 512, "peak_memory": None, "resumed_from": 0}


def test_a_training_that_resumes_prints_and_records_its_step_and_hashes_its_state_once(
    run, monkeypatch, tmp_path, capsys
):
    with monkeypatch.context() as patch:
        dying(patch, 5)
        with pytest.raises(Death):
            run()
    assert "Resuming" not in capsys.readouterr().out
    sha256, hashed = states.spec.sha256, []
    monkeypatch.setattr(states.spec, "sha256", lambda file: (hashed.append(file), sha256(file))[1])
    executed = []
    monkeypatch.setattr(stage, "write_json", lambda _, value: executed.append(value))
    # The log is shown by `status` while the encoder is loaded.
    with_fresh_head, printed = encoders.with_fresh_head, []

    def noting(*arguments):
        printed.append(capsys.readouterr().out)
        return with_fresh_head(*arguments)

    monkeypatch.setattr(encoders, "with_fresh_head", noting)
    run()
    assert printed == ["Resuming from step 4 of an earlier attempt.\n"]
    assert [one["resumed_from"] for one in executed] == [4]
    assert [file.name for file in hashed if file.parent.name == "state-4"].count(states.MODEL) == 1


@pytest.mark.parametrize("known", [True, False], ids=["known shape", "unknown shape"])
def test_the_budget_of_a_gpu_follows_from_its_memory_if_the_shape_of_the_encoder_is_known(
    tmp_path, tiny_tokenizer, monkeypatch, capsys, known
):
    checkpoint = tiny.encoder(tmp_path, tiny_tokenizer, "xlm-roberta" if known else "electra")
    model = StageModel({"tags": encoders.with_fresh_head(checkpoint, load("tagging"), tiny.TASKS["tagging"])})
    gpu = SimpleNamespace(total_memory=2 * 10**9)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: gpu)
    tokens = stage._budget(model, "fp32", torch.device("cuda"))
    assert (tokens > 4096, "is unknown" in capsys.readouterr().out) == (known, not known)
    assert known or tokens == 4096
