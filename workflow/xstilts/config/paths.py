"""Paths as people write them in a configuration: with `~` for a home folder and `$NAME` for an environment variable."""

import os
from pathlib import Path
from string import Template
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, PlainSerializer


def expanded(value: object) -> object:
    """A path as text with its variables and its home folder filled in; `$$` stands for a dollar sign.

    Raises:
        ValueError: a variable that is not set or is empty, a `$` without a name, or a user who has no home here.
    """
    if not isinstance(value, str):
        return value
    if not value.strip():
        raise ValueError("expected a path; write '.' for the folder in which Snakemake is started")
    try:
        path = Template(value).substitute({name: text for name, text in os.environ.items() if text})
    except KeyError as error:
        problem = f"the environment variable {error.args[0]} is not set or is empty; set it, or write the path out"
        raise ValueError(problem) from None
    except ValueError:
        raise ValueError("'$' stands for a variable, as in $HOME or ${HOME}; write '$$' for a dollar sign") from None
    try:
        return Path(path).expanduser() if path.startswith("~") else path
    except RuntimeError:
        user = path.partition("/")[0]
        raise ValueError(
            f"no user of that name has a home here; write './{user}' for a folder that is called so"
        ) from None


def written(path: Path) -> str:
    """A path as text from which `expanded` makes the same path."""
    text = str(path).replace("$", "$$")
    return f"./{text}" if text.startswith("~") else text


def _fit_for_rules(path: Path) -> Path:
    if str(path).startswith("-"):
        raise ValueError("a store whose name begins with '-' would be taken for an option; write its whole path")
    if {"{", "}"} & set(str(path)):
        raise ValueError("a store cannot have '{' or '}' in its path: Snakemake would take them for wildcards")
    return path


UserPath = Annotated[Path, BeforeValidator(expanded), PlainSerializer(written, str, when_used="json")]
"""A path of the configuration."""

StorePath = Annotated[UserPath, AfterValidator(_fit_for_rules)]
"""A path that is part of what Snakemake's rules declare."""
