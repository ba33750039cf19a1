"""An encoder with a linear classifier in place of a head, which predicts like a trained model."""

import torch
from torch import nn
from torch.nn.functional import linear
from transformers import PreTrainedModel

from xstilts.kinds import Kind
from xstilts.models.precision import exact_float32_matmul
from xstilts.probes.logistic import Fitted
from xstilts.probes.vectors import read


class Probe(nn.Module):
    """A model with the outputs of a trained one (`kind.OUTPUTS`)."""

    def __init__(self, encoder: PreTrainedModel, kind: Kind, fitted: Fitted):
        super().__init__()
        self.encoder, self.kind, self.config = encoder, kind, encoder.config
        self.register_buffer("weight", fitted.weight)
        self.register_buffer("bias", fitted.bias)

    def forward(self, **inputs: torch.Tensor) -> dict[str, torch.Tensor]:
        """The logits of a batch, in float32."""
        vectors = read(self.encoder, self.kind, inputs)
        with torch.autocast(vectors.device.type, enabled=False), exact_float32_matmul():
            logits = linear(vectors.float(), self.weight, self.bias)
        if len(self.kind.OUTPUTS) > 1:
            return dict(zip(self.kind.OUTPUTS, logits.unbind(dim=-1), strict=True))
        has_choices = inputs["input_ids"].ndim > 2
        return {self.kind.OUTPUTS[0]: logits.squeeze(-1) if has_choices else logits}
