"""The training loop: the gradient of a batch, a step of the optimiser; logging, evaluation and saving when due."""

import signal
import time
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import replace
from typing import NamedTuple

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list, gather_object
from torch import Tensor, distributed

from xstilts.config import Stage
from xstilts.errors import UserError
from xstilts.models.finite import NotFiniteError, Watch, require_finite
from xstilts.models.precision import autocast
from xstilts.runtime import termination
from xstilts.training import generators, history, objectives, optimizer
from xstilts.training.feed import Batch, Feed
from xstilts.training.model import StageModel
from xstilts.training.resume import Saver
from xstilts.training.states import Progress, State, Tensors
from xstilts.training.tracking import Course


class Taken(NamedTuple):
    """The loss of a step, and the norm of its gradient before clipping; both stay on the device."""

    loss: Tensor
    norm: Tensor


DevScores = tuple[dict[str, float], dict[str, float]]
"""The main dev score of each labelled task in percent, and the dev loss per masked token of each other task."""


class Interrupted(Exception):  # noqa: N818
    """A signal has ended an evaluation."""


class Loop:
    """A training in progress. Each of its processes runs the same loop on its share of every batch.

    Args:
        feed: the batches of this process.
        progress: the progress at the start.
        score: computes the main dev score of each task, in percent, and the losses of masked language modelling; None
            if there is no selection by dev score.
        minutes: the time between two saved states; 0 to save a state every `evaluate_every` steps, at each evaluation.
    """

    def __init__(
        self,
        accelerator: Accelerator,
        model: StageModel,
        stage: Stage,
        feed: Feed,
        saver: Saver,
        progress: Progress,
        *,
        score: Callable[[], DevScores] | None,
        minutes: float,
    ):
        self.accelerator, self.model, self.wrapped = accelerator, model, accelerator.prepare(model)
        # Walking all modules in each step would take as long as launching a layer.
        self.optimizer, self.parameters = optimizer.adamw(model, stage), list(model.parameters())
        self.gradients = objectives.gradients(stage.robust, accelerator, model, self.wrapped) if stage.robust else None
        self.stage, self.feed, self.saver, self.progress = stage, feed, saver, progress
        self.steps, self.score, self.minutes = feed.steps, score, minutes
        self.log_every = max(1, min(50, self.steps // 10))
        self.watch = Watch()
        self.losses: list[Tensor] = []
        self.saved_at, self.signal = time.monotonic(), 0
        self.has_stalled = history.without_gain(progress.evaluations) >= stage.patience

    def resume(self, state: State) -> None:
        """Set the weights, the optimiser and the random generators to those of a state."""
        self.model.load_state_dict(state.model)
        optimizer.load_values(self.model, self.optimizer, state.optimizer)
        if own := generators.of_process(state.generators, self.accelerator.process_index):
            generators.restore(own, self.accelerator.device)

    def run(self, course: Course) -> None:
        """Train until the last step, or until the dev score has stopped improving.

        Raises:
            UserError: the training diverges, a signal interrupted it (its state is saved), a state cannot be saved, or
                the memory of the device is too small.
        """
        self.wrapped.train()
        self.saved_at = time.monotonic()
        with termination.answered(self.ask):
            if self.lacks_evaluation():
                # A signal interrupted it in an earlier attempt.
                self.complete_step(course)
            while not self.is_over():
                self.train(course)
        self.require_finite_steps()
        self.saver.wait()

    def train(self, course: Course) -> None:
        """Train until the end, or until a batch does not fit on the device, which halves the token budget."""
        with closing(self.feed.after(self.progress.step, self.progress.tokens)) as batches:
            for batch in batches:
                rate = optimizer.learning_rate(self.stage, self.progress.step, self.steps)
                taken = self.take_step(batch, rate) if batch else None
                if taken is None:
                    self.halve_budget()
                    return
                self.note(*taken)
                course.step(self.progress.step)
                if self.progress.step % self.log_every == 0:
                    self.log(course, taken.norm, rate)
                self.complete_step(course)
                if self.is_over():
                    return

    def take_step(self, batch: Batch, rate: float) -> Taken | None:
        """Step the optimiser on a batch; None if the batch does not fit on the device, and nothing has changed."""
        before = generators.current(self.accelerator.device)
        try:
            loss = self.accumulate_gradient(batch)
        except torch.OutOfMemoryError:
            self.optimizer.zero_grad()
            generators.restore(before, self.accelerator.device)
            return None
        norm = self.accelerator.clip_grad_norm_(self.parameters, self.stage.max_grad_norm)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        try:
            self.optimizer.step()
        except torch.OutOfMemoryError:
            raise UserError(
                "the state of the optimiser does not fit into the memory of the device beside weights and gradients. "
                "Set jobs_per_gpu to 1, or use a device with more memory."
            ) from None
        self.optimizer.zero_grad()
        return Taken(loss, norm)

    def accumulate_gradient(self, batch: Batch) -> Tensor:
        """Compute the gradient of a batch, micro-batch by micro-batch; the loss."""
        if self.gradients:
            return self.gradients.accumulate(batch, self.progress.precision)
        device, processes = self.accelerator.device, self.accelerator.num_processes
        losses = []
        for number, micro_batch in enumerate(batch.micro_batches, start=1):
            is_last = number == len(batch.micro_batches)
            with nullcontext() if is_last else self.accelerator.no_sync(self.wrapped):
                with autocast(device, self.progress.precision):
                    # Gradients are averaged over the processes.
                    loss = self.wrapped(batch.task, batch.items / processes, **micro_batch)
                self.accelerator.backward(loss)
            losses.append(loss.detach())
        return sum(losses[1:], losses[0])

    def note(self, loss: Tensor, norm: Tensor) -> None:
        """Count a step. To read its values here would wait for the device."""
        self.progress = replace(self.progress, step=self.progress.step + 1)
        self.watch.add(self.progress.step, loss)
        self.watch.add(self.progress.step, norm)
        self.losses.append(loss)

    def log(self, course: Course, norm: Tensor, rate: float) -> None:
        """Show the mean loss since the last call."""
        self.require_finite_steps()
        self.saver.check()
        loss = self.accelerator.reduce(torch.stack(self.losses).mean(), "mean")
        self.losses.clear()
        course.training(self.progress.step, loss.item(), norm.item(), rate)

    def complete_step(self, course: Course) -> None:
        """Evaluate the weights and save the state, if that is due after this step."""
        if self.lacks_evaluation():
            self.evaluate(course)
        self.save_if_due()

    def evaluate(self, course: Course) -> None:
        """Compute the dev scores, and save the weights if they are the best so far. A signal ends the evaluation."""
        self.require_finite_steps()
        if (scores := self.dev_scores()) is None:
            return
        found = history.evaluation(self.progress.step, *scores, self.stage.select_by)
        self.progress = replace(self.progress, evaluations=[*self.progress.evaluations, found])
        self.has_stalled = history.without_gain(self.progress.evaluations) >= self.stage.patience
        is_best = history.best_step(self.progress.evaluations) == self.progress.step
        course.evaluation(found, is_best)
        if is_best and self.accelerator.is_main_process:
            # At most one copy is in memory.
            self.saver.wait()
            self.saver.save_best(self.progress.step, self.weights())

    def dev_scores(self) -> DevScores | None:
        """The scores and losses of all tasks, in all processes those of the first: they agree on the best weights.

        None if a signal interrupted the first process.
        """
        assert self.score is not None
        own = None
        try:
            with self.model.checked(self.require_no_signal):
                own = self.score()
        except Interrupted:
            pass
        except NotFiniteError as error:
            self.saver.wait()
            raise _diverged(self.progress.step, str(error)) from None
        (scores,) = broadcast_object_list([own])
        self.wrapped.train()
        return scores

    def require_no_signal(self) -> None:
        """Raise `Interrupted` if a signal asks the training to stop."""
        if self.signal:
            raise Interrupted

    def save_if_due(self) -> None:
        """Save the state if it is time, or if a signal asks the training to stop, which it then does."""
        elapsed = time.monotonic() - self.saved_at
        is_due = elapsed >= 60 * self.minutes if self.minutes else self.ends_interval()
        asked, is_due = self.agreed(self.signal, is_due)
        stops = asked and not self.is_over()
        if stops or is_due:
            self.save()
        if stops:
            self.finish_saving()
            raise UserError(
                f"{termination.STOPPED} {signal.Signals(asked).name}; the state at step {self.progress.step} is saved. "
                "Nothing is lost: the next run resumes from there."
            )

    def agreed(self, asked: int, is_due: bool) -> tuple[int, bool]:
        """A signal that any of the processes has received, and whether the first process considers a save due."""
        if self.accelerator.num_processes == 1:
            return asked, is_due
        flags = torch.tensor([asked, is_due and self.accelerator.is_main_process], dtype=torch.int64)
        distributed.all_reduce(flags, distributed.ReduceOp.MAX)
        asked, is_due = flags.tolist()
        return asked, bool(is_due)

    def save(self) -> None:
        """Copy the state to host memory, from where it is written while the training goes on."""
        self.require_finite_steps()
        own = generators.of_all(self.accelerator.device)
        if self.accelerator.is_main_process:
            self.saver.wait()
            values = _in_host_memory(optimizer.values(self.model, self.optimizer))
            self.saver.save(State(self.progress, self.weights(), values, own))
        self.saved_at = time.monotonic()

    def weights(self) -> Tensors:
        """A copy of the weights in host memory.

        Raises:
            UserError: a weight is not finite.
        """
        weights = self.model.state_dict()
        try:
            require_finite(weights)
        except NotFiniteError as error:
            raise _diverged(self.progress.step, str(error)) from None
        return _in_host_memory(weights)

    def require_finite_steps(self) -> None:
        """Check all steps since the last call, in all processes.

        Raises:
            UserError: a loss or a gradient is not finite.
        """
        own = self.watch.first_bad_step()
        if step := min(filter(None, gather_object([own])), default=None):
            self.finish_saving()
            raise _diverged(step, "the loss or the gradient is not finite.")

    def finish_saving(self) -> None:
        """Wait in all processes until the state is on disk, since the error of one process ends all others."""
        self.saver.wait()
        self.accelerator.wait_for_everyone()

    def ask(self, name: str) -> None:
        """Record the signal that asks the training to stop."""
        self.signal = signal.Signals[name].value

    def ends_interval(self) -> bool:
        """Whether the weights of this step are evaluated, if there is a selection by dev score."""
        return self.progress.step % self.stage.evaluate_every == 0 or self.progress.step == self.steps

    def lacks_evaluation(self) -> bool:
        """Whether the weights of this step are still to be evaluated."""
        last = self.progress.evaluations[-1][history.STEP] if self.progress.evaluations else 0
        return self.score is not None and self.ends_interval() and last < self.progress.step

    def is_over(self) -> bool:
        """Whether this was the last step, or the dev score has not improved for too many evaluations."""
        return (self.progress.step >= self.steps and not self.lacks_evaluation()) or self.has_stalled

    def halve_budget(self) -> None:
        """Continue with smaller micro-batches.

        Raises:
            UserError: a row is too long for the device, or several processes have to start again.
        """
        step, tokens = self.progress.step + 1, self.progress.tokens // 2
        if self.progress.tokens <= self.feed.longest:
            raise UserError(
                f"step {step} does not fit into the memory of the device, although its micro-batches have at most "
                f"{self.progress.tokens} tokens, and the longest row has {self.feed.longest}. Set jobs_per_gpu to 1, "
                "reduce max_length of the task, or use a device with more memory."
            )
        problem = f"Step {step} does not fit into the memory of the device."
        if self.accelerator.num_processes > 1:
            self.saver.record_budget(tokens)
            raise UserError(
                f"{problem} The next attempt resumes with micro-batches of at most {tokens} tokens. Nothing is lost: "
                "start snakemake again."
            )
        print(f"{problem} Continuing with micro-batches of at most {tokens} tokens.", flush=True)
        self.progress = replace(self.progress, tokens=tokens)
        if torch.accelerator.is_available():
            torch.accelerator.empty_cache()


def _in_host_memory(tensors: Tensors) -> Tensors:
    return {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}


def _diverged(step: int, found: str) -> UserError:
    return UserError(
        f"the training diverges at optimiser step {step}: {found} This step is not saved. Reduce the stage's "
        "learning_rate or max_grad_norm, or increase its warmup; with precision 'bf16' or 'mixed', try 'fp32'."
    )
