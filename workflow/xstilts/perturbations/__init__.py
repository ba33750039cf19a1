"""Perturbations of test data, one small module for each form: the same model is evaluated on other text.

A perturbation keeps the ids, the number of rows and the gold labels. What it does to an example depends on the task, the
language and the id of the example only, so every model sees the same text, whatever else is read.

A module of a form has

- `LANGUAGE_FACTS`, the fields of `xstilts.languages.Language` that it uses, and `LIBRARIES`, which decide its results;
- `refusal(task)` and `serves(task, lang)`, the tasks and languages that it applies to, and `FEWEST`, the minimum number
  of languages;
- `apply(tables, task, facts, rate)`.
"""

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xstilts.perturbations import names
from xstilts.task import Task

if TYPE_CHECKING:
    import pyarrow as pa

    from xstilts.perturbations.texts import Perturbed


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

    @property
    def in_spec(self) -> dict[str, Any]:
        """The perturbation in a spec."""
        return {"form": self.form, **({} if self.rate is None else {"rate": self.rate})}

    def served(self, task: Task, languages: Iterable[str]) -> tuple[str, ...]:
        """Those of the languages of a target that it applies to. The others have no perturbed data."""
        return tuple(lang for lang in languages if self._module.serves(task, lang))

    def refusal(self, task: Task, languages: Iterable[str]) -> str | None:
        """The reason why it does not apply to a target in these languages; None if it applies to some."""
        if reason := self._module.refusal(task):
            return f"{self.form} does not apply to {task.name}: {reason}"
        languages, fewest = tuple(languages), self._module.FEWEST
        if len(served := self.served(task, languages)) < fewest:
            least = "one language" if fewest == 1 else f"{fewest} languages"
            of = ", ".join(languages)
            return (
                f"{self.form} needs at least {least} of {task.name} that it applies to, and has {len(served)} of {of}"
            )
        return None

    def apply(
        self, tables: Mapping[str, "pa.Table"], task: Task, facts: Mapping[str, Mapping[str, str]]
    ) -> dict[str, "Perturbed"]:
        """The perturbed examples of a split, by language, each with notes for the manifest.

        Args:
            tables: the examples in the canonical columns of the task, by language.
            facts: the `language_facts` of each of these languages.

        Raises:
            UserError: the examples of two languages are not translations of each other, as the task says.
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


def refusal(name: str, task: Task, languages: Iterable[str]) -> str | None:
    """The reason why the perturbation with this name does not apply to a task in these languages; None if it does."""
    return load(name).refusal(task, languages)
