"""An interrupted training: what it saves and prints, and that the final result is the same."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import tiny
import torch
from trainings import train
from transformers import PreTrainedTokenizerBase

from xstilts.errors import UserError
from xstilts.prediction import forward
from xstilts.runtime import termination
from xstilts.training import states
from xstilts.training.loop import Loop

pytestmark = pytest.mark.thorough

RECIPE = {"epochs": 3, "evaluate_every": 4}
"""Nine steps on the 24 rows of a task; evaluated after steps 4, 8 and 9."""


@pytest.fixture(autouse=True, scope="module")
def _on_cpu():
    """Bit for bit is promised there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.accelerator, "is_available", lambda: False)
        yield


def trained(folder: Path, tokenizer: PreTrainedTokenizerBase, dev_gold: bool) -> Path:
    """Train on the classification task; the child's folder."""
    # A name behind `score`: the scores of an evaluation are sorted.
    data = {"task": tiny.data("classification", tokenizer, dev_gold=dev_gold)}
    return train(folder / "child", folder / "scratch", tokenizer, data, **RECIPE)


@pytest.fixture
def run(tmp_path, tiny_tokenizer) -> Callable[..., Path]:
    """Train and return the child's folder; `dev_gold=False` to select no checkpoint."""

    def run(dev_gold: bool = True) -> Path:
        return trained(tmp_path, tiny_tokenizer, dev_gold)

    return run


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, tiny_tokenizer) -> dict[bool, dict[str, bytes]]:
    """The files of a child whose training was not disturbed, with dev labels and without."""
    folder = tmp_path_factory.mktemp("undisturbed")
    return {dev_gold: files(trained(folder / str(dev_gold), tiny_tokenizer, dev_gold)) for dev_gold in (True, False)}


@pytest.fixture
def calls(monkeypatch):
    """Count the calls of a method of the loop, and send this process a signal in one of them."""

    def watch(method: str, terminated: int | None = None, number: int = signal.SIGTERM) -> list[int]:
        called, made = getattr(Loop, method), []

        def watched(*arguments, **keywords):
            made.append(len(made) + 1)
            if made[-1] == terminated:
                os.kill(os.getpid(), number)
            return called(*arguments, **keywords)

        monkeypatch.setattr(Loop, method, watched)
        return made

    return watch


def files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.mark.parametrize("dev_gold", [True, False], ids=["best", "last"])
@pytest.mark.parametrize(
    "method, call, step",
    [
        ("take_step", 1, 1),
        ("take_step", 2, 2),
        ("take_step", 4, 4),
        ("take_step", 7, 7),
        ("note", 8, 8),
    ],
)
def test_a_terminated_training_saves_its_step_and_goes_on_to_the_same_bytes_with_no_step_made_twice(
    run, undisturbed, calls, method, call, step, dev_gold
):
    steps = calls("take_step")
    calls(method, terminated=call)
    with pytest.raises(UserError, match=rf"^stopped by SIGTERM; the state at step {step} is saved"):
        run(dev_gold)
    assert len(steps) == step
    assert files(run(dev_gold)) == undisturbed[dev_gold]
    assert len(steps) == 9


def test_a_training_may_be_terminated_again_and_again(run, undisturbed, calls):
    for call, step in ((2, 2), (1, 3), (3, 6)):
        calls("take_step", terminated=call)
        with pytest.raises(UserError, match=f"step {step} is saved"):
            run()
    assert files(run()) == undisturbed[True]


def test_a_training_that_is_terminated_at_its_last_step_finishes_if_nothing_is_to_be_evaluated(run, undisturbed, calls):
    calls("take_step", terminated=9)
    assert files(run(dev_gold=False)) == undisturbed[False]


@pytest.fixture
def batches(monkeypatch) -> Callable[..., list[int]]:
    """Record the steps at which batches of dev rows, two in each evaluation, are computed; send a signal in one."""
    # Two rows of at most 52 tokens, and four of at most 29.
    monkeypatch.setattr(forward, "TOKENS_PER_BATCH", 128)
    of_dev, loops, steps = forward._stream, [], []
    evaluate = Loop.evaluate
    monkeypatch.setattr(Loop, "evaluate", lambda loop, course: (loops.append(loop), evaluate(loop, course))[1])

    def watch(terminated: int | None = None) -> list[int]:
        steps.clear()

        def watched(model, collated, compute):
            def noting(tensors):
                steps.append(loops[-1].progress.step)
                if len(steps) == terminated:
                    os.kill(os.getpid(), signal.SIGTERM)
                return compute(tensors)

            return of_dev(model, collated, noting)

        monkeypatch.setattr(forward, "_stream", watched)
        return steps

    return watch


@pytest.mark.parametrize("step, batch", [(4, 1), (4, 2), (8, 3), (9, 5)])
def test_an_evaluation_ends_between_two_batches_and_is_made_before_the_next_step_of_the_resumed_training(
    run, undisturbed, calls, batches, tmp_path, step, batch
):
    seen = batches(terminated=batch)
    with pytest.raises(UserError, match=rf"^stopped by SIGTERM; the state at step {step} is saved"):
        run()
    assert len(seen) == batch
    progress = states.progress(tmp_path / "scratch" / f"state-{step}")
    assert [one["step"] for one in progress.evaluations] == [one for one in (4, 8) if one < step]

    seen, steps = batches(), calls("take_step")
    assert files(run()) == undisturbed[True]
    assert seen == [one for one in (4, 4, 8, 8, 9, 9) if one >= step]
    assert len(steps) == 9 - step


def test_an_evaluation_may_be_interrupted_again_and_again(run, undisturbed, batches):
    for terminated, step in ((1, 4), (2, 4), (4, 8), (1, 8)):
        batches(terminated)
        with pytest.raises(UserError, match=rf"^stopped by SIGTERM; the state at step {step} is saved"):
            run()
    seen = batches()
    assert files(run()) == undisturbed[True]
    assert seen == [8, 8, 9, 9]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP], ids=["Ctrl-C", "a terminal that closes"])
def test_what_a_terminal_sends_is_heeded_as_well(run, undisturbed, calls, number):
    calls("take_step", terminated=4, number=number)
    with pytest.raises(UserError, match=rf"^stopped by {number.name}; the state at step 4 is saved"):
        run()
    assert files(run()) == undisturbed[True]


def test_a_signal_that_arrives_more_than_once_asks_once(run, calls, monkeypatch):
    # Steps of a training may be any time apart; what comes later than this would end the tests.
    monkeypatch.setattr(termination, "_ONE_PRESS", 3600)
    calls("take_step", terminated=2, number=signal.SIGINT)
    calls("note", terminated=2, number=signal.SIGINT)
    calls("save", terminated=1, number=signal.SIGTERM)
    with pytest.raises(UserError, match=r"^stopped by SIGINT; the state at step 2 is saved"):
        run()


def test_outside_of_the_training_signals_mean_what_they_did(run):
    before = [signal.getsignal(number) for number in termination.SIGNALS]
    run()
    assert [signal.getsignal(number) for number in termination.SIGNALS] == before
