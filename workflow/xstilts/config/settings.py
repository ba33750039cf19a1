"""Base class of the blocks of the configuration, and how their settings are written to specs.

A spec contains the settings that determine a result, and the name of the result is derived from it. So adding or
renaming a setting would give every result a new name. Annotations of the type of a setting prevent this:

    clipping: Annotated[Literal["norm", "value"], InSpecs(neutral="norm")] = "norm"
    max_grad_norm: Annotated[Positive, InSpecs("max_gradient_norm")] = 1.0
    gpus: Annotated[Count, NOT_IN_SPECS] = 1
"""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, ClassVar, Self, TypeGuard, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, ValidationInfo, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

_MISSING = object()
"""Marks a missing neutral value; None may be a neutral value."""
_SPEC = object()
"""Validation context for values that come from a spec."""


# Compared by identity: `typing` merges equal annotations, and 0 equals False.
@dataclass(frozen=True, eq=False)
class InSpecs:
    """How a setting is written to specs.

    Args:
        name: the name of the setting in specs, if it differs from the name in the configuration.
        neutral: the value with the behaviour before the setting was added; specs omit it. It may differ from the
            default.
    """

    name: str = ""
    neutral: Any = _MISSING


NOT_IN_SPECS = InSpecs()
"""Marks a setting that does not affect results, such as the number of devices."""


@dataclass(frozen=True)
class _Setting:
    """A setting that is written to specs.

    Args:
        name: the name in the configuration.
        key: the name in specs.
        neutral: the neutral value, in its form in specs.
        block: the type of the setting, if it is a block.
    """

    name: str
    key: str
    neutral: Any
    block: "type[Settings] | None"


def is_spec(info: ValidationInfo) -> bool:
    """Whether the values that are validated come from a spec, and not from a configuration."""
    return info.context is _SPEC


class Settings(BaseModel):
    """A block of the configuration: immutable, and without unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)

    _in_specs: ClassVar[tuple[_Setting, ...]] = ()

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Collect the annotations of the settings.

        Raises:
            TypeError: two settings have the same name in specs, a neutral value is invalid for its setting, or
                `InSpecs` annotates a part of a type.
        """
        cls._in_specs = tuple(_read(cls))
        for key, count in Counter(setting.key for setting in cls._in_specs).items():
            if count > 1:
                names = " and ".join(setting.name for setting in cls._in_specs if setting.key == key)
                raise TypeError(f"{cls.__name__}: {names} have the same name {key!r} in specs; rename one of them")

    def in_specs(self, only: Collection[str] | None = None, without: Collection[str] = ()) -> dict[str, Any]:
        """The settings in the form of a spec: JSON values by their names in specs, without neutral values.

        Args:
            only: the settings to include; all by default.
            without: settings to exclude.

        Raises:
            KeyError: `only` or `without` contains an unknown setting.
        """
        if unknown := {*(only or ()), *without} - type(self).model_fields.keys():
            raise KeyError(f"{type(self).__name__} has no setting {', '.join(sorted(unknown))}")
        chosen = set(type(self).model_fields if only is None else only) - set(without)
        values = ((one, _as_spec(getattr(self, one.name))) for one in self._in_specs if one.name in chosen)
        return {one.key: value for one, value in values if not _is_same(value, one.neutral)}

    @classmethod
    def of_spec(cls, values: Mapping[str, Any]) -> Self:
        """The settings that a spec describes.

        Args:
            values: the settings in the form of the spec. A setting that it omits has its neutral value, or its default
                if it has no neutral value and thus does not affect the result.

        Raises:
            ValidationError: a key is unknown, or a value is not allowed.
        """
        return cls.model_validate(dict(values), context=_SPEC)

    @classmethod
    def in_config(cls, values: Mapping[str, Any], *, neutral: bool = False) -> dict[str, Any]:
        """The settings of a spec, by their names in the configuration.

        Args:
            values: the settings in the form of the spec, possibly of another version: unknown keys are kept.
            neutral: whether to add the neutral values, which specs omit.
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
        if not is_spec(info) or not isinstance(values, dict):
            return values
        if unknown := values.keys() - {setting.key for setting in cls._in_specs}:
            raise ValueError(f"unknown settings in a spec: {', '.join(sorted(unknown))}")
        given = {setting.name: values.get(setting.key, setting.neutral) for setting in cls._in_specs}
        return {name: value for name, value in given.items() if value is not _MISSING}


def _read(cls: type[Settings]) -> Iterator[_Setting]:
    """The settings of a block that are written to specs, in order."""
    for name, field in cls.model_fields.items():
        marker = next((one for one in reversed(field.metadata) if isinstance(one, InSpecs)), InSpecs())
        if _is_inside(field.annotation):
            raise TypeError(f"{cls.__name__}.{name}: InSpecs must annotate the whole type, not a part of it")
        if marker is not NOT_IN_SPECS:
            try:
                yield _Setting(name, marker.name or name, _neutral(field, marker.neutral), _block(field.annotation))
            except ValidationError as error:
                raise TypeError(
                    f"{cls.__name__}.{name}: the neutral value {marker.neutral!r} is not allowed for this setting"
                ) from error


def _is_inside(annotation: Any) -> bool:
    """Whether a part of a type is annotated with `InSpecs`, which would have no effect."""
    return any(isinstance(part, InSpecs) or _is_inside(part) for part in get_args(annotation))


def _neutral(field: FieldInfo, value: Any) -> Any:
    """A neutral value in its form in specs, converted to the type of the setting.

    Unless annotated otherwise, a block is neutral if all of its settings are.
    """
    if value is not _MISSING:
        annotated: Any = Annotated[field.annotation, *field.metadata]
        return _as_spec(TypeAdapter(annotated).validate_python(value))
    block = field.annotation if _is_block(field.annotation) else None
    return {} if block and all(one.neutral is not _MISSING for one in block._in_specs) else _MISSING


def _block(annotation: Any) -> type[Settings] | None:
    """The type of a setting that is a block, or a block or null."""
    parts = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return next(filter(_is_block, parts), None)


def _is_block(annotation: Any) -> TypeGuard[type[Settings]]:
    return isinstance(annotation, type) and issubclass(annotation, Settings)


def _as_spec(value: Any) -> Any:
    """A value in its form in specs."""
    match value:
        case Settings():
            return value.in_specs()
        case dict():
            return {key: _as_spec(one) for key, one in value.items()}
        case list() | tuple():
            return [_as_spec(one) for one in value]
    return to_jsonable_python(value)


def _is_same(value: Any, neutral: Any) -> bool:
    """Whether a value equals the neutral one as JSON, where 1 and true differ."""
    return neutral is not _MISSING and json.dumps(value, sort_keys=True) == json.dumps(neutral, sort_keys=True)
