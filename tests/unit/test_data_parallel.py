"""Training in two processes, which share the rows of a batch, equals training in one."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import tiny
import torch
from safetensors.torch import load_file
from transformers import AutoModel, PreTrainedTokenizerBase

from xstilts.config import Stage
from xstilts.errors import UserError
from xstilts.paths import TRAINING_RECORD
from xstilts.runtime.processes import spawn_processes
from xstilts.sources.checkpoints import Checkpoint
from xstilts.training import stage, states
from xstilts.training.loop import Loop, Taken
from xstilts.training.states import SEAL

pytestmark = pytest.mark.thorough

# Makes a step of Adam about as long as the gradient, so that weights are alike only if gradients are.
PLAIN = {"learning_rate": 1.0, "adam_epsilon": 1.0, "max_grad_norm": 1e9, "warmup": 0.0, "weight_decay": 0.1}
RECIPE = {**PLAIN, "epochs": 2, "batch_size": 8, "evaluate_every": 2, "patience": 9}
ROWS = 21
"""Of a task; with two epochs five batches and a quarter of one, which is filled up."""
STAGES = {**{kind: (kind,) for kind in tiny.TASKS}, "mixture": tuple(tiny.TASKS), "blocks": tuple(tiny.TASKS)}
SAMPLING = {"blocks": {"schedule": "blocks", "overlap": 0.3}}
"""Of the stages that do not draw the task of each step."""
TOLERANCE = 1e-5
SECONDS = 240
"""After which processes that train together are taken to wait for each other; they need a few."""

STEP = Loop.take_step


@dataclass(frozen=True)
class Training:
    """A stage on tasks of some kinds, in a folder of its own.

    Args:
        accident: what happens in place of a step.
    """

    folder: Path
    tokenizer: PreTrainedTokenizerBase
    kinds: tuple[str, ...]
    processes: int
    accident: Callable = STEP

    @property
    def scratch(self) -> Path:
        """Where the states are."""
        return self.folder / "scratch"

    @property
    def child(self) -> Path:
        """The checkpoint."""
        return self.folder / "child"

    @property
    def parent(self) -> Path:
        """The encoder."""
        return self.folder / "parent"


def run(*trainings: Training) -> None:
    """Train in the same processes one after the other, going on from the last state."""
    for training in trainings:
        training.child.mkdir(parents=True, exist_ok=True)
        tiny.encoder(training.parent, training.tokenizer, **tiny.NO_DROPOUT)
    with at_most(SECONDS):
        spawn_processes(trainings[0].processes, learn, trainings)


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Fail when a block takes longer; `spawn_processes` then ends its processes."""

    def expired(*_) -> None:
        raise TimeoutError(f"not over after {seconds} seconds: the processes wait for each other")

    before = signal.signal(signal.SIGALRM, expired)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def learn(trainings: tuple[Training, ...]) -> None:
    """The work of each process."""
    for training in trainings:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(torch.accelerator, "is_available", lambda: False)
            patch.setattr(Loop, "take_step", training.accident)
            stage.train(
                Stage(**RECIPE, sampling=SAMPLING.get(training.folder.name, {})),
                Checkpoint(str(training.parent)),
                {f"my_{kind}": tiny.data(kind, training.tokenizer, rows=ROWS) for kind in training.kinds},
                training.child,
                training.scratch,
                seed=1,
                # So few that most steps have several micro-batches, not the same number in each process.
                execution=stage.Execution(tokens=192, minutes=0),
            )
        (training.folder / f"seed.{os.environ.get('RANK', 0)}").write_text(str(torch.initial_seed()))


def failing(loop: Loop, *arguments: object) -> Taken | None:
    """Fail after the third step, in the last process."""
    if loop.progress.step == 3 and loop.accelerator.is_last_process:
        raise ZeroDivisionError("an accident")
    return STEP(loop, *arguments)


def terminated(loop: Loop, *arguments: object) -> Taken | None:
    """Get SIGTERM in the third step, in the last process."""
    if loop.progress.step == 2 and loop.accelerator.is_last_process:
        os.kill(os.getpid(), signal.SIGTERM)
    return STEP(loop, *arguments)


def terminated_before_an_evaluation(loop: Loop, *arguments: object) -> Taken | None:
    """Get SIGTERM in the fourth step, in all processes."""
    if loop.progress.step == 3:
        os.kill(os.getpid(), signal.SIGTERM)
    return STEP(loop, *arguments)


def last_terminated_before_an_evaluation(loop: Loop, *arguments: object) -> Taken | None:
    """Get SIGTERM in the fourth step, in the last process."""
    if loop.progress.step == 3 and loop.accelerator.is_last_process:
        os.kill(os.getpid(), signal.SIGTERM)
    return STEP(loop, *arguments)


def diverging(loop: Loop, *arguments: object) -> Taken | None:
    """Have a loss that is not finite in the third step, in the last process."""
    if loop.progress.step == 2 and loop.accelerator.is_last_process:
        next(loop.model.parameters()).data.fill_(torch.nan)
    return STEP(loop, *arguments)


def too_large(loop: Loop, *arguments: object) -> Taken | None:
    """Be out of memory in the third step, in the last process, as long as the budget is the original one."""
    if loop.progress.step == 2 and loop.accelerator.is_last_process and loop.progress.tokens == 192:
        return None
    return STEP(loop, *arguments)


@pytest.fixture(autouse=True)
def _without_gpus(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


@pytest.fixture(scope="module")
def trained(tmp_path_factory, tiny_tokenizer) -> dict[int, dict[str, Training]]:
    """Each of the stages in one process and in two."""
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUDA_VISIBLE_DEVICES", "")
        for count in (1, 2):
            folder = tmp_path_factory.mktemp("trained")
            found[count] = {n: Training(folder / n, tiny_tokenizer, kinds, count) for n, kinds in STAGES.items()}
            run(*found[count].values())
    return found


@pytest.fixture
def attempt(tmp_path, tiny_tokenizer) -> Callable[..., Training]:
    """A training on the tagging task, whose labels are not the same number in each process."""

    def of(processes: int, accident: Callable = STEP) -> Training:
        return Training(tmp_path, tiny_tokenizer, ("tagging",), processes, accident)

    return of


def difference(one: Training, other: Training, name: str = "model.safetensors") -> float:
    """The largest difference of two weights."""
    ours, theirs = load_file(one.child / name), load_file(other.child / name)
    assert ours.keys() == theirs.keys()
    return max((ours[key] - theirs[key]).abs().max().item() for key in ours)


def learnt(training: Training) -> float:
    """The largest change of a word vector."""
    before, after = (
        AutoModel.from_pretrained(folder).get_input_embeddings().weight for folder in (training.parent, training.child)
    )
    return (after - before).abs().max().item()


def record(training: Training) -> dict:
    return json.loads((training.child / TRAINING_RECORD).read_text())


@pytest.mark.parametrize("name", STAGES)
def test_two_processes_learn_what_one_learns(trained, name):
    one, two = trained[1][name], trained[2][name]
    assert learnt(one) > 0.1
    assert difference(one, two) < TOLERANCE
    assert record(two) == record(one)


def test_two_processes_train_the_heads_of_several_tasks_as_one_does(trained):
    assert difference(trained[1]["mixture"], trained[2]["mixture"], "heads.safetensors") < TOLERANCE


def test_each_process_has_dropout_of_its_own_and_the_first_that_of_one(trained):
    one, two = (
        [file.read_text() for file in sorted(trained[count]["tagging"].folder.glob("seed.*"))] for count in (1, 2)
    )
    assert (one, two) == (["1"], ["1", "2"])


@pytest.mark.parametrize("before, after", [(1, 2), (2, 1)])
def test_a_training_that_failed_goes_on_with_another_number_of_processes(trained, attempt, before, after):
    with pytest.raises((UserError, ZeroDivisionError), match="an accident"):
        run(attempt(before, failing))
    run(attempt(after))
    assert difference(attempt(after), trained[1]["tagging"]) < TOLERANCE
    assert record(attempt(after)) == record(trained[1]["tagging"])


def test_two_processes_of_which_one_diverges_both_end_with_the_state_before(attempt):
    with pytest.raises(UserError, match=r"^the training diverges at optimiser step 3: the loss or the gradient"):
        run(attempt(2, diverging))
    assert sorted(folder.name for folder in attempt(2).scratch.iterdir()) == ["best-2", "state-2"]
    assert list(attempt(2).child.iterdir()) == []


def test_two_processes_of_which_one_gets_sigterm_save_the_same_step_and_go_on(trained, attempt):
    with pytest.raises(UserError, match=r"^stopped by SIGTERM; the state at step 3 is saved"):
        run(attempt(2, terminated))
    sealed = json.loads((attempt(2).scratch / "state-3" / SEAL).read_text())
    assert sealed.keys() == {states.MODEL, states.OPTIMIZER, states.GENERATORS, states.PROGRESS}
    generators = load_file(attempt(2).scratch / "state-3" / states.GENERATORS)
    assert generators.keys() == {"cpu.0", "cpu.1"}
    run(attempt(2))
    assert difference(attempt(2), trained[2]["tagging"]) == 0
    assert record(attempt(2)) == record(trained[2]["tagging"])


@pytest.mark.parametrize(
    "accident, evaluated",
    [(terminated_before_an_evaluation, [2]), (last_terminated_before_an_evaluation, [2, 4])],
    ids=["all", "last"],
)
def test_two_processes_stop_in_an_evaluation_if_the_first_of_them_gets_sigterm_and_go_on_with_it(
    trained, attempt, accident, evaluated
):
    with pytest.raises(UserError, match=r"^stopped by SIGTERM; the state at step 4 is saved"):
        run(attempt(2, accident))
    progress = states.progress(attempt(2).scratch / "state-4")
    assert [one["step"] for one in progress.evaluations] == evaluated
    run(attempt(2))
    assert difference(attempt(2), trained[2]["tagging"]) == 0
    assert record(attempt(2)) == record(trained[2]["tagging"])


def test_two_processes_of_which_one_is_out_of_memory_go_on_with_half_the_tokens(trained, attempt):
    training = attempt(2, too_large)
    with pytest.raises(UserError, match=r"^Step 3 does not fit .* The next attempt resumes with .* at most 96 tokens"):
        run(training)
    run(training)
    assert difference(training, trained[1]["tagging"]) < TOLERANCE
    assert record(training) == record(trained[1]["tagging"])
