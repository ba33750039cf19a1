"""Paths in a configuration, in which `~` stands for a home folder and `$NAME` for an environment variable."""

import os
from pathlib import Path
from string import Template
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, PlainSerializer

Block = TypeVar("Block", bound=BaseModel)


def expanded(value: object) -> object:
    """A path with environment variables and home folders expanded; `$$` stands for a dollar sign.

    Raises:
        ValueError: a variable is not set or empty, a `$` has no name, or a user has no home folder.
    """
    if not isinstance(value, str):
        return value
    if not value.strip():
        raise ValueError("expected a path; use '.' for the working directory")
    try:
        path = Template(value).substitute({name: text for name, text in os.environ.items() if text})
    except KeyError as error:
        problem = f"the environment variable {error.args[0]} is not set or empty; set it, or write the path without it"
        raise ValueError(problem) from None
    except ValueError:
        raise ValueError(
            "'$' begins the name of an environment variable, as in $HOME or ${HOME}; write '$$' for a dollar sign"
        ) from None
    try:
        return Path(path).expanduser() if path.startswith("~") else path
    except RuntimeError:
        user = path.partition("/")[0]
        raise ValueError(
            f"{user} is not the home folder of a user of this machine; write './{user}' for a folder with this name"
        ) from None


def written(path: Path) -> str:
    """A path as a string that `expanded` turns into the same path."""
    text = str(path).replace("$", "$$")
    return f"./{text}" if text.startswith("~") else text


def anchored(block: Block, folder: Path) -> Block:
    """A block of the configuration in which relative paths, also those of nested blocks, are relative to a folder."""
    changed = {name: moved for name, value in block if (moved := _anchored(value, folder)) != value}
    return block.model_copy(update=changed)


def _anchored(value: Any, folder: Path) -> Any:
    match value:
        case Path():
            return folder / value
        case BaseModel():
            return anchored(value, folder)
        case tuple():
            return tuple(_anchored(one, folder) for one in value)
        case dict():
            return {key: _anchored(one, folder) for key, one in value.items()}
    return value


def _fit_for_rules(path: Path) -> Path:
    if str(path).startswith("-"):
        raise ValueError(
            "the path of a store cannot begin with '-', which marks a command-line option; write the absolute path"
        )
    if {"{", "}"} & set(str(path)):
        raise ValueError("the path of a store cannot contain '{' or '}', which mark wildcards in Snakemake")
    return path


UserPath = Annotated[Path, BeforeValidator(expanded), PlainSerializer(written, str, when_used="json")]
"""A path of the configuration."""

StorePath = Annotated[UserPath, AfterValidator(_fit_for_rules)]
"""A path that appears in Snakemake rules."""
