"""Any configuration gives a grid or an error that names the key, without another exception or a long wait."""

import copy
import json
import re
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from grids import Words
from hypothesis import given
from hypothesis import strategies as st
from snakemake.utils import update_config

from xstilts.arms import expanded
from xstilts.config import Config, ConfigError, parse
from xstilts.grid import Grid

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "tests" / "real" / "config.yaml", *sorted((ROOT / "workflow" / "experiments").glob("*.yaml"))]
SECONDS = 20
"""So long may the largest grid take on a busy machine."""


def layers(file: Path | None) -> dict:
    """The shipped configuration and a file over it."""
    raw: dict = {}
    for one in (ROOT / "config.yaml", *([file] if file else [])):
        update_config(raw, yaml.safe_load(one.read_text(encoding="utf-8")))
    # One seed is enough, and each object is there once.
    raw["grid"]["seeds"] = [1]
    return json.loads(json.dumps(raw))


SHIPPED = [layers(file) for file in (None, *FILES)]
NAMES = sorted({*Config.model_fields, *re.findall(r'"([a-z_]+)": \{', json.dumps(Config.model_json_schema()))})
"""Keys that some block has."""

PYDANTIC = re.compile("(Input|String|Keys|Value|Field) (should|error|required)|valid tuple")
"""Words of pydantic, which speaks of Python where the message has to speak of YAML."""

TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["", "none", "mnli", "squad_v1/mnli", "/", "..", "../x", "~/x", "$HOME", "en", "1e-5", "1e999"]),
    st.sampled_from(["a\0b", "\ud800", "\udcff", "x" * 300, "mnli/" * 500 + "mnli", "a\nb", "{}", "Grüße", "seed-1"]),
)
NUMBERS = st.one_of(
    st.integers(-3, 300),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.sampled_from([2**31, 2**32, 10**30, 202406151230, 1e-320, 1e308, 0.0, -0.0, 1.0, float("nan"), float("inf")]),
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS, st.just(date(2024, 1, 1)))
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | TEXTS | NUMBERS, inner, max_size=3)
    ),
    max_leaves=6,
)


def places(raw: Any, above: tuple = ()) -> Iterator[tuple]:
    """The keys that lead to every value."""
    items = raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ()
    for key, value in items:
        yield (*above, key)
        yield from places(value, (*above, key))


def mutate(raw: dict, data: st.DataObject) -> None:
    """One change at one place: a value, a key, something less or something more."""
    *above, key = data.draw(st.sampled_from(sorted(places(raw), key=str)))
    block: Any = raw
    for one in above:
        block = block[one]
    change = data.draw(st.sampled_from(["replace", "rename", "remove", "add", "wrap", "nudge", "move"]))
    if change == "replace":
        block[key] = data.draw(VALUES)
    elif change == "remove":
        del block[key]
    elif change == "wrap":
        block[key] = data.draw(st.sampled_from([[block[key]], {"x": block[key]}, [block[key], block[key]]]))
    elif change == "nudge":
        block[key] = data.draw(SCALARS)
    elif change == "move":
        raw[data.draw(st.sampled_from(NAMES))] = block[key]
    elif isinstance(block, dict):
        name = data.draw(st.sampled_from(NAMES) | TEXTS)
        block[name] = block.pop(key) if change == "rename" else data.draw(VALUES)
    else:
        block.insert(0, data.draw(SCALARS))


def outcome(raw: Any) -> Grid | ConfigError:
    """What becomes of a configuration, in reasonable time."""
    begun = time.monotonic()
    try:
        grid = Grid(parse(raw), Words())
        _ = grid.entries
        return grid
    except ConfigError as error:
        return error
    finally:
        assert time.monotonic() - begun < SECONDS


@given(st.data())
def test_a_configuration_that_is_changed_anywhere_is_a_grid_or_a_mistake_with_its_key(data: st.DataObject):
    raw = copy.deepcopy(data.draw(st.sampled_from(SHIPPED)))
    for _ in range(data.draw(st.integers(1, 4))):
        if raw:
            mutate(raw, data)
    found = outcome(raw)
    if isinstance(found, ConfigError):
        assert str(found).startswith("config key ")
        assert len(str(found)) < 5000
        assert not PYDANTIC.search(str(found))
        return
    # What the jobs read is the same experiment, and every name fits on a disk.
    left = json.loads(json.dumps(found.config.model_dump(mode="json", exclude_unset=True)))
    assert expanded(parse(left)) == found.config
    assert found.entries
    for path in found.entries:
        assert len(path) < 4000
        assert all(re.fullmatch(r"[a-zA-Z0-9_.+~-]{1,200}", part) for part in path.split("/"))


@given(VALUES)
def test_a_document_of_any_shape_is_a_grid_or_a_mistake_with_its_key(raw: Any):
    found = outcome(raw)
    assert isinstance(found, Grid) or str(found).startswith("config key ")
