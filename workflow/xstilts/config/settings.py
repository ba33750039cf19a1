"""Blocks of the configuration, and how their settings stand in specs.

A spec holds the settings that decide a result, and the name of the result follows from it. So a new setting, or a new
name for an old one, would make every result anew. What stands beside the type of a setting prevents that:

    clipping: Annotated[Literal["norm", "value"], InSpecs(neutral="norm")] = "norm"
    clip_at: Annotated[Positive, InSpecs("max_gradient_norm")] = 1.0
    gpus: Annotated[Count, NOT_IN_SPECS] = 1
"""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, ClassVar, Self, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, ValidationInfo, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

_MISSING = object()
"""Stands for no neutral value; None may be one."""
_SPEC = object()
"""The context in which a block is validated from what a spec says."""


# Equal by identity: `typing` takes annotations that are equal for one, and 0 equals False.
@dataclass(frozen=True, eq=False)
class InSpecs:
    """How a setting stands in specs.

    Args:
        name: its name there, where this is not its name in the configuration.
        neutral: the value that does what was done before the setting existed; a spec leaves it out. It need not be the
            default.
    """

    name: str = ""
    neutral: Any = _MISSING


NOT_IN_SPECS = InSpecs()
"""Of a setting that decides no result, such as the number of devices."""


@dataclass(frozen=True)
class _Setting:
    """A setting that stands in specs.

    Args:
        name: in the configuration.
        key: in specs.
        neutral: its neutral value as a spec would say it.
        block: the type of the block that it is, if it is one.
    """

    name: str
    key: str
    neutral: Any
    block: "type[Settings] | None"


class Settings(BaseModel):
    """A block of the configuration; unknown keys are errors and nothing changes after it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)

    _in_specs: ClassVar[tuple[_Setting, ...]] = ()

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Read what stands beside the types of the settings.

        Raises:
            TypeError: two settings have one name in specs, a neutral value is none that its setting can have, or it
                stands beside a part of the type.
        """
        cls._in_specs = tuple(_read(cls))
        for key, count in Counter(setting.key for setting in cls._in_specs).items():
            if count > 1:
                names = " and ".join(setting.name for setting in cls._in_specs if setting.key == key)
                raise TypeError(f"{cls.__name__}: {names} have one name in specs, {key!r}; give one of them another")

    def in_specs(self, only: Collection[str] | None = None, without: Collection[str] = ()) -> dict[str, Any]:
        """The settings as a spec says them, ready for JSON: by their names there, and without neutral values.

        Args:
            only: the settings that decide the result; all by default.
            without: settings that do not decide it.

        Raises:
            KeyError: `only` or `without` names no setting.
        """
        if unknown := {*(only or ()), *without} - type(self).model_fields.keys():
            raise KeyError(f"{type(self).__name__} has no setting {', '.join(sorted(unknown))}")
        chosen = set(type(self).model_fields if only is None else only) - set(without)
        said = ((one, _as_said(getattr(self, one.name))) for one in self._in_specs if one.name in chosen)
        return {one.key: value for one, value in said if not _is_same(value, one.neutral)}

    @classmethod
    def of_spec(cls, values: Mapping[str, Any]) -> Self:
        """The settings with which a result was made.

        Args:
            values: what its spec says of them. What it leaves out has its neutral value, and its default where it has
                none: it did not decide the result.

        Raises:
            ValidationError: a key stands for no setting, or a value is not allowed.
        """
        return cls.model_validate(dict(values), context=_SPEC)

    @classmethod
    def in_config(cls, values: Mapping[str, Any], *, neutral: bool = False) -> dict[str, Any]:
        """What a spec says of the settings, by their names in the configuration.

        Args:
            values: what the spec says. It may be of another version: keys that stand for no setting stay as they are.
            neutral: whether neutral values are filled in, which a spec leaves out.
        """
        known = {setting.key for setting in cls._in_specs}
        found = {}
        for setting in cls._in_specs:
            value = values.get(setting.key, setting.neutral if neutral else _MISSING)
            if setting.block and isinstance(value, dict):
                value = setting.block.in_config(value, neutral=neutral)
            if value is not _MISSING:
                found[setting.name] = value
        return found | {key: value for key, value in values.items() if key not in known}

    @model_validator(mode="before")
    @classmethod
    def _with_names_of_the_configuration(cls, values: Any, info: ValidationInfo) -> Any:
        if info.context is not _SPEC or not isinstance(values, dict):
            return values
        if unknown := values.keys() - {setting.key for setting in cls._in_specs}:
            raise ValueError(f"no setting is called {', '.join(sorted(unknown))} in specs")
        given = {setting.name: values.get(setting.key, setting.neutral) for setting in cls._in_specs}
        return {name: value for name, value in given.items() if value is not _MISSING}


def _read(cls: type[Settings]) -> Iterator[_Setting]:
    """The settings of a block that stand in specs, in order."""
    for name, field in cls.model_fields.items():
        said = next((one for one in reversed(field.metadata) if isinstance(one, InSpecs)), InSpecs())
        if _is_inside(field.annotation):
            raise TypeError(f"{cls.__name__}.{name}: InSpecs stands beside a part of the type, not beside the whole")
        if said is not NOT_IN_SPECS:
            try:
                yield _Setting(name, said.name or name, _neutral(field, said.neutral), _block(field.annotation))
            except ValidationError as error:
                raise TypeError(f"{cls.__name__}.{name} cannot have its neutral value {said.neutral!r}") from error


def _is_inside(annotation: Any) -> bool:
    """Whether it is said of a part of a type how it stands in specs, where nobody would see it."""
    return any(isinstance(part, InSpecs) or _is_inside(part) for part in get_args(annotation))


def _neutral(field: FieldInfo, value: Any) -> Any:
    """A neutral value as a spec would say it, of the type that values of the setting have.

    A block is neutral where all of its settings are, unless something else is said of it.
    """
    if value is not _MISSING:
        return _as_said(TypeAdapter(Annotated[field.annotation, *field.metadata]).validate_python(value))
    block = field.annotation if _is_block(field.annotation) else None
    return {} if block and all(one.neutral is not _MISSING for one in block._in_specs) else _MISSING


def _block(annotation: Any) -> type[Settings] | None:
    """The block that a setting is, or is unless it is null."""
    parts = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return next(filter(_is_block, parts), None)


def _is_block(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Settings)


def _as_said(value: Any) -> Any:
    """A value as a spec says it."""
    match value:
        case Settings():
            return value.in_specs()
        case dict():
            return {key: _as_said(one) for key, one in value.items()}
        case list() | tuple():
            return [_as_said(one) for one in value]
    return to_jsonable_python(value)


def _is_same(value: Any, neutral: Any) -> bool:
    """Whether a value is the neutral one; in Python 1 equals True, in a spec it does not."""
    return neutral is not _MISSING and json.dumps(value, sort_keys=True) == json.dumps(neutral, sort_keys=True)
