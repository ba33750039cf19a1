"""Estimates of the memory of trainings and predictions on a GPU, and what fits into it.

A training needs at most

    max(12 P + 4 P [if gradients are accumulated] + C + A, 16 P + C)

bytes for P parameters: 12 for the weights and AdamW's state, 4 for gradients, which do not exist yet in the forward
pass of a step of one micro-batch. C are the weights of the linear layers in bfloat16, which autocast keeps. A are the
activations: in each layer 26 width + 4 feed-forward bytes per token in bfloat16, and 34 width + 8 feed-forward in
float32. It agrees with measurements of XLM-R Large within 4 %. The memory of the CUDA context and fragmentation are
not part of it.
"""

from xstilts.sources.shapes import Shape

CPU_TOKENS = 8192
"""Padded tokens in a micro-batch of a training on a CPU."""

PLACE_TOKENS = 4096
"""Padded tokens in the micro-batch of a job for which a place on a GPU is large enough."""

LARGEST_PREDICTION = 32_768
"""Padded tokens in a batch of a prediction on a GPU, beyond which batches are hardly faster."""

PRECISIONS = ("fp32", "bf16")
"""The precisions in which a model computes."""

_FILLED = 0.85
"""The share of the memory that an estimate may fill; the rest is for fragmentation and errors of the formula."""

_PREDICTED, _WORD = 0.15, 14
"""The share of tokens that masked language modelling predicts, and the bytes that it takes for each word of the
vocabulary to score such a token: the score, its softmax and gradient."""

CONTEXT = 500_000_000
"""The bytes of a CUDA context."""

_SMALLEST = 256
"""The smallest budget of padded tokens."""


def training_bytes(shape: Shape, tokens: int, precision: str, accumulating: bool = True) -> int:
    """The peak memory of a training in bytes.

    Args:
        shape: the shape of the encoder.
        tokens: the padded tokens of the largest micro-batch.
        precision: `fp32` or `bf16`.
        accumulating: whether a step may have several micro-batches.
    """
    cast = 2 * shape.multiplied_parameters if precision == "bf16" else 0
    forward = (16 if accumulating else 12) * shape.parameters + tokens * _activations(shape, precision)
    return max(forward, 16 * shape.parameters) + cast


def _activations(shape: Shape, precision: str) -> int:
    """The bytes that all layers keep of a token for the backward pass."""
    of_width, of_feed_forward = (26, 4) if precision == "bf16" else (34, 8)
    layer = of_width * shape.width + of_feed_forward * shape.feed_forward
    return round(shape.activations * shape.layers * layer)


def prediction_bytes(shape: Shape, tokens: int, precision: str) -> int:
    """The peak memory of a prediction in bytes: weights, and the activations of one layer.

    Args:
        shape: the shape of the encoder.
        tokens: the padded tokens of the largest batch.
        precision: `fp32` or `bf16`, in which weights are loaded.
    """
    size = 2 if precision == "bf16" else 4
    # The input, queries, keys, values and output of attention are alive together, or the feed-forward network.
    layer = max(6 * shape.width, 2 * shape.width + 3 * shape.feed_forward)
    return size * (shape.parameters + round(shape.activations * tokens * layer))


def token_budget(total_bytes: int, places: int, shape: Shape, precision: str, words: int = 0) -> int:
    """The padded tokens of a micro-batch of a training that fit into a place on a GPU.

    Args:
        total_bytes: the total memory of the GPU.
        places: the number of jobs that share the GPU.
        shape: the shape of the encoder.
        precision: `fp32` or `bf16`.
        words: the size of the vocabulary if words are predicted, as in masked language modelling.

    Returns:
        A power of two, at least 256, even if weights and optimiser alone do not fit.
    """
    available = _available(total_bytes, places)
    free = available - training_bytes(shape, 0, precision)
    return _power_of_two(free // (_activations(shape, precision) + round(_PREDICTED * _WORD * words)))


def prediction_budget(total_bytes: int, places: int, shape: Shape, precision: str) -> int:
    """The padded tokens of a batch of a prediction that fit into a place on a GPU, as for `token_budget`.

    Returns:
        A power of two, at least 256 and at most `LARGEST_PREDICTION`.
    """
    available = _available(total_bytes, places)
    budget = LARGEST_PREDICTION
    while budget > _SMALLEST and prediction_bytes(shape, budget, precision) > available:
        budget //= 2
    return budget


def places(total_bytes: int, shape: Shape, precision: str, cores: int) -> int:
    """The number of trainings that a GPU holds, with `PLACE_TOKENS` each and at most one for each two cores.

    Returns:
        At least 1.
    """
    needed = training_bytes(shape, PLACE_TOKENS, precision) + CONTEXT
    return max(1, min(int(_FILLED * total_bytes) // needed, cores // 2))


def least_bytes(shape: Shape, training: bool) -> int:
    """The bytes of a GPU without which a job cannot run: those of the smallest batches, in the better precision."""
    of_step = training_bytes if training else prediction_bytes
    return min(of_step(shape, _SMALLEST, precision) for precision in PRECISIONS) + CONTEXT


def _available(total_bytes: int, places: int) -> int:
    """The bytes that the estimate for a job may reach in one of some places."""
    return int(_FILLED * total_bytes / places) - CONTEXT


def _power_of_two(tokens: int) -> int:
    """The largest power of two up to some tokens; at least the smallest budget."""
    return max(_SMALLEST, 1 << (tokens.bit_length() - 1)) if tokens > 0 else _SMALLEST
