"""The numbers that settings accept."""

from typing import Annotated

from pydantic import BeforeValidator, Field


def _whole(value: object) -> object:
    if isinstance(value, bool | float):
        raise ValueError("expected a whole number")
    return value


def _real(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("expected a number")
    return value


WHOLE, REAL = BeforeValidator(_whole), BeforeValidator(_real)
Count = Annotated[int, Field(gt=0, lt=2**31), WHOLE]
Length = Annotated[int, Field(ge=8, lt=2**31), WHOLE]
"""Length of a sequence in sub-words; the special tokens of a pair take four of them."""
Seed = Annotated[int, Field(ge=0, lt=2**32), WHOLE]
"""The range of seeds that numpy accepts, which is narrower than that of Python and torch."""
Fraction = Annotated[float, Field(ge=0, lt=1), REAL]
Positive = Annotated[float, Field(gt=0), REAL]
