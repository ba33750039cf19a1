"""Recipes of another version of the project: with an additional setting, or with another name for one."""

from functools import cache
from typing import Annotated, Any

import pytest
from pydantic import create_model

from xstilts import config
from xstilts.config import Config, Name, Stage, Training
from xstilts.config.settings import InSpecs, Settings
from xstilts.fingerprints import readable
from xstilts.inspection import workload
from xstilts.jobs import train_stage
from xstilts.store import differences

BLOCKS = (Training, Stage)


def with_setting(patch: pytest.MonkeyPatch, name: str, annotation: Any, default: Any) -> None:
    """Give every recipe, of a stage and of `training`, a setting more."""
    _replace(patch, *(create_model(one.__name__, __base__=one, **{name: (annotation, default)}) for one in BLOCKS))


def with_name(patch: pytest.MonkeyPatch, old: str, new: str) -> None:
    """Give a setting of every recipe another name, and let it keep its name in specs."""
    _replace(patch, *(renamed(one, old, new) for one in BLOCKS))


def renamed(block: type[Settings], old: str, new: str) -> type[Settings]:
    """A block in which a setting has another name, and the same one as before in specs."""
    fields = {name: (field.annotation, field) for name, field in block.model_fields.items() if name != old}
    field = block.model_fields[old]
    key = next(one.key for one in block._in_specs if one.name == old)
    fields[new] = (Annotated[field.annotation, *field.metadata, InSpecs(key)], field.default)
    made = create_model(block.__name__, __base__=Settings, **fields)
    for name, value in vars(block).items():
        if isinstance(value, property):
            setattr(made, name, value)
    return made


def _replace(patch: pytest.MonkeyPatch, training: type[Settings], stage: type[Settings]) -> None:
    """Let these be the types of recipes, wherever the project looks for them."""
    fields = {"training": (training, training()), "stages": (dict[Name, stage], {})}
    for module in (config, train_stage, workload):
        patch.setattr(module, "Stage", stage)
    patch.setattr(config, "Config", create_model("Config", __base__=Config, **fields))
    patch.setitem(readable._BLOCKS, "train_stage", ("stage", (stage,)))
    patch.setattr(differences, "_leaves_of", cache(differences._leaves_of.__wrapped__))
