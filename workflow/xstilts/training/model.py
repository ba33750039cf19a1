"""The model of a stage: one encoder, and one head for each of its tasks."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel

from xstilts.models.finite import require_finite
from xstilts.models.kept_heads import HEADS
from xstilts.models.lm_heads import logits as words

_HEADS = "heads."


class Scores(NamedTuple):
    """The scores of the classes of some items: tags, choices, words, or the starts or the ends of answers.

    Args:
        logits: in float32, `(items, classes)`.
        gold: the correct class of each item, `(items,)`; -100 for an item that does not count.
    """

    logits: torch.Tensor
    gold: torch.Tensor


class StageModel(nn.Module):
    """Models of several tasks that share one encoder.

    Args:
        models: a model with a head for each task. They share the encoder of the first model with a pooler, or of the
            first model if none has a pooler.
    """

    def __init__(self, models: dict[str, PreTrainedModel]):
        super().__init__()
        self.encoder = max(models.values(), key=lambda model: len(list(model.base_model.children()))).base_model
        for model in models.values():
            _share(model.base_model, self.encoder)
            if _is_masked_lm(model):
                model.tie_weights()
        self.heads = nn.ModuleDict({task: nn.ModuleDict(_head(model)) for task, model in models.items()})
        # Not registered as submodules: their parameters are already those of the encoder and the heads.
        self.__dict__["models"] = models
        self._copies = _copies(super().state_dict(keep_vars=True))

    def forward(self, task: str, items: float, scored: bool = False, **batch: torch.Tensor) -> Any:
        """The loss of a micro-batch of one task: the sum over its labels or answers, divided by `items`.

        Args:
            items: the number of labels or answers in all micro-batches of the optimiser step, so that accumulation does
                not change the gradient.
            scored: whether to return a pair, the loss and its scores.
        """
        of_kind = (
            _span_scores if "start_positions" in batch else _word_scores if "positions" in batch else _label_scores
        )
        scores = of_kind(self.models[task], **batch)
        loss = _cross_entropy(scores) / items
        return (loss, scores) if scored else loss

    def state_dict(self, *arguments: Any, **keywords: Any) -> dict[str, Any]:
        """All weights; parameters that are tied occur once."""
        found = super().state_dict(*arguments, **keywords)
        for name in self._copies:
            found.pop(name)
        return found

    def load_state_dict(self, state_dict: Mapping[str, Any], *arguments: Any, **keywords: Any) -> Any:
        """Set all weights to those that `state_dict` has returned."""
        tied = {name: state_dict[own] for name, own in self._copies.items() if own in state_dict}
        return super().load_state_dict({**state_dict, **tied}, *arguments, **keywords)

    @property
    def predicts_words(self) -> bool:
        """Whether one of the tasks is masked language modelling."""
        return any(map(_is_masked_lm, self.models.values()))

    @contextmanager
    def checked(self, check: Callable[[], None]) -> Iterator[None]:
        """Within the block, call a function before each batch; it may raise an error to end the computation."""
        with ExitStack() as hooks:
            for model in self.models.values():
                # The loss of masked words is computed from the encoder's output, without a call of the model.
                called = model.base_model if _is_masked_lm(model) else model
                hooks.enter_context(called.register_forward_pre_hook(lambda *_: check()))
            yield

    def train(self, mode: bool = True) -> "StageModel":
        """Set all models to training or evaluation mode."""
        for model in self.models.values():
            model.train(mode)
        return super().train(mode)

    def save(self, folder: Path) -> None:
        """Write a standard Hugging Face checkpoint.

        For one task, this is the model with its head; for several, the encoder, with all heads in `heads.safetensors`
        under `<task>.<parameter>`.

        Raises:
            NotFiniteError: a weight is not finite.
        """
        require_finite(self.state_dict())
        if len(self.models) == 1:
            next(iter(self.models.values())).save_pretrained(folder)
            return
        self.encoder.save_pretrained(folder)
        heads = {name: weight for name, weight in self.state_dict().items() if name.startswith(_HEADS)}
        save_file({name.removeprefix(_HEADS): weight.contiguous() for name, weight in heads.items()}, folder / HEADS)


def masked_loss(model: PreTrainedModel, **batch: torch.Tensor) -> torch.Tensor:
    """The summed cross-entropy of the predicted tokens of a batch of masked language modelling."""
    return _cross_entropy(_word_scores(model, **batch))


def _cross_entropy(scores: tuple[Scores, ...]) -> torch.Tensor:
    """The summed cross-entropy of all items, of starts and ends halved; a micro-batch may have none."""
    first, *ends = (cross_entropy(one.logits, one.gold, reduction="sum") for one in scores)
    return (first + ends[0]) / 2 if ends else first


def _label_scores(model: PreTrainedModel, labels: torch.Tensor, **inputs: torch.Tensor) -> tuple[Scores, ...]:
    """The scores of all labels."""
    logits = model(**inputs).logits.flatten(end_dim=-2)
    return (Scores(logits.float(), labels.flatten()),)


def _word_scores(
    model: PreTrainedModel, positions: torch.Tensor, labels: torch.Tensor, **inputs: torch.Tensor
) -> tuple[Scores, ...]:
    """The scores of the predicted tokens, the only ones for which words are scored.

    Args:
        positions: the places of the predicted tokens in the flattened batch, `(predicted,)`.
        labels: their original ids, `(predicted,)`.
    """
    hidden = model.base_model(**inputs).last_hidden_state.flatten(end_dim=1)
    return (Scores(words(model, hidden[positions]).float(), labels),)


def _span_scores(
    model: PreTrainedModel, start_positions: torch.Tensor, end_positions: torch.Tensor, **inputs: torch.Tensor
) -> tuple[Scores, ...]:
    """The scores of starts and of ends, without padding, which the model's own loss includes."""
    output, padding = model(**inputs), inputs["attention_mask"] == 0
    return tuple(
        Scores(logits.float().masked_fill(padding, -torch.inf), gold)
        for logits, gold in ((output.start_logits, start_positions), (output.end_logits, end_positions))
    )


def _share(encoder: nn.Module, shared: nn.Module) -> None:
    for name, module in shared.named_children():
        if hasattr(encoder, name) and getattr(encoder, name) is not None:
            setattr(encoder, name, module)


def _is_masked_lm(model: PreTrainedModel) -> bool:
    return type(model).__name__.endswith("ForMaskedLM")


def _copies(weights: Mapping[str, torch.Tensor]) -> dict[str, str]:
    """The further names of tied parameters, each with the name under which the parameter occurs first."""
    first: dict[int, str] = {}
    names = [(name, first.setdefault(id(weight), name)) for name, weight in weights.items()]
    return {name: own for name, own in names if name != own}


def _head(model: PreTrainedModel) -> dict[str, nn.Module]:
    return {name: module for name, module in model.named_children() if module is not model.base_model}
