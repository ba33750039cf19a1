"""Perturbations of test data, one module for each form: the same model is evaluated on other text.

A perturbation keeps the ids and the rows, and each gold label stays with what it labels. What it does to an example
depends on the task, the language and the id of the example, so every model sees the same text.

The module of a form has `LANGUAGE_FACTS`, the fields of `xstilts.languages.Language` that it uses; `LIBRARIES`, which
decide its results; and `apply(tables, task, facts, rate)`. `xstilts.perturbations.scope` says where it applies.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xstilts.perturbations import names

if TYPE_CHECKING:
    import pyarrow as pa

    from xstilts.perturbations.texts import Perturbed
    from xstilts.task import Task


@dataclass(frozen=True)
class Perturbation:
    """A perturbation of test data.

    Args:
        form: the module that implements it.
        rate: the number of edits in 100 words; None for a form without a rate.
    """

    form: str
    rate: int | None = None

    @property
    def role(self) -> str:
        """The role of its code in specs."""
        return f"perturbation.{self.form}"

    @property
    def libraries(self) -> tuple[str, ...]:
        """The libraries that determine its results."""
        return self._module.LIBRARIES

    @property
    def language_facts(self) -> tuple[str, ...]:
        """The fields of `xstilts.languages.Language` that determine its results."""
        return self._module.LANGUAGE_FACTS

    def apply(
        self, tables: Mapping[str, "pa.Table"], task: "Task", facts: Mapping[str, Mapping[str, str]]
    ) -> dict[str, "Perturbed"]:
        """The perturbed examples of a split by language, each with notes for the manifest.

        Args:
            tables: the examples in the canonical columns of the task, by language.
            facts: the `language_facts` of these languages.

        Raises:
            UserError: examples that should be translations of each other are not.
        """
        return self._module.apply(tables, task, facts, self.rate)

    @property
    def _module(self) -> Any:
        return importlib.import_module(f"{__name__}.{self.form}")


def load(name: str) -> Perturbation:
    """The perturbation with this name.

    Raises:
        ValueError: there is none; the message has the allowed names.
    """
    return Perturbation(*names.parsed(name))


def is_name(text: str) -> bool:
    """Whether a text is the name of a perturbation."""
    return names.is_name(text)
