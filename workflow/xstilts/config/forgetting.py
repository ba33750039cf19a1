"""The settings of measuring what sequences of intermediate trainings forget."""

from typing import Annotated, Literal

from pydantic import Field

from xstilts.config.numbers import Count
from xstilts.config.settings import NOT_IN_SPECS, Settings

HEADS: Literal["heads"] = "heads"
PROBES: Literal["probes"] = "probes"
"""The measures: the heads of earlier stages, and linear probes."""


class Forgetting(Settings):
    """What sequences of intermediate trainings forget, measured on dev data (docs/report.md)."""

    measures: Annotated[tuple[Literal["heads", "probes"], ...], Field(min_length=1), NOT_IN_SPECS] = (HEADS, PROBES)
    """`heads`: the head of each stage on the encoders of all later stages. `probes`: a linear classifier on each frozen
    encoder, for each task of all sequences. Specs list what is measured."""
    examples: Count = 10_000
    """Maximum number of training examples of a probe, in all languages of the training together."""
    span_examples: Count = 2_000
    """The same for question answering, whose probes read every token."""
