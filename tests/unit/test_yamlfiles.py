"""A configuration file with duplicate keys, or with values that YAML would misread, is rejected with the line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xstilts import experiments
from xstilts.config.yamlfiles import require_unambiguous
from xstilts.errors import UserError
from xstilts.run import Run


@pytest.fixture
def refusal(tmp_path: Path) -> Callable[[str], str]:
    """What is said of a file with this text; nothing if it is accepted."""

    def check(text: str, name: str = "mine.yaml") -> str:
        (tmp_path / name).write_text(text, encoding="utf-8")
        try:
            require_unambiguous(tmp_path / name)
        except UserError as error:
            return str(error)
        return ""

    return check


TWICE = {
    "a block": ("stages:\n  mnli: {epochs: 1}\ngrid: {}\nstages:\n  xnli: {epochs: 2}\n", "stages", 1, 4),
    "a setting": ("training:\n  epochs: 1\n  batch_size: 8\n  epochs: 2\n", "training.epochs", 2, 4),
    "the same value": ("strict: true\nstrict: true\n", "strict", 1, 2),
    "in one line": ("a: 1\nstages: {mnli: {epochs: 1}, mnli: {epochs: 2}}\n", "stages.mnli", 2, 2),
    "quoted once": ("strict: true\n'strict': false\n", "strict", 1, 2),
    "with an escape": ('strict: true\n"str\\u0069ct": false\n', "strict", 1, 2),
    "in a list": ("a:\n- b: 1\n- b: 2\n  c: 3\n  b: 4\n", "a.1.b", 3, 5),
    "in a block with an alias": ("x: &x {a: 1}\ny: *x\nz:\n  b: 1\n  b: 2\n", "z.b", 4, 5),
    "in a block that is merged": ("x: &x\n  a: 1\n  a: 2\ny:\n  <<: *x\n", "x.a", 2, 3),
    "beside a block that is merged": ("x: &x {a: 1}\ny:\n  <<: *x\n  a: 2\n  a: 3\n", "y.a", 4, 5),
    "the merge itself": ("x: &x {a: 1}\nz: &z {b: 1}\ny:\n  <<: *x\n  <<: *z\n", "y.<<", 4, 5),
    "JSON": ('{\n"grid": {},\n"stages": {},\n"stages": {}\n}', "stages", 3, 4),
    "JSON with tabs": ('{\n\t"grid": {\n\t\t"seeds": [1],\n\t\t"seeds": [2]\n\t}\n}', "grid.seeds", 3, 4),
    "JSON with an escape": ('{"a": 1,\n"\\u0061": 2}', "a", 1, 2),
}


@pytest.mark.parametrize("text, key, first, again", TWICE.values(), ids=TWICE.keys())
def test_a_key_that_is_given_twice_is_named_with_both_lines(
    refusal: Callable[[str], str], text: str, key: str, first: int, again: int
):
    assert f"mine.yaml: duplicate key {key!r} in lines {first} and {again}," in refusal(text)


RIGHT = {
    "nothing": "",
    "a comment": "# nothing\n",
    "equal keys in different blocks": "a: {b: 1}\nc: {b: 1}\n",
    "a key that stands for a merged one": "x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  a: 3\n",
    "two merged blocks": "x: &x {a: 1}\nz: &z {a: 2}\ny:\n  <<: [*x, *z]\n",
    "a block within itself": "a: &a\n  b: *a\n",
    "words where true or false is meant": "keep_models: no\nstrict: on\n",
    "words in quotes": "languages: ['no', \"on\"]\n'no': 1\n",
    "truth": "strict: true\nkeep_models: False\n",
    "numbers": "a: [1e-5, 1.0e-5, 0, 0.5, -3, +7, 1_000, 0x10, 10, 100]\n",
    "a date for a value": "experiment: 2024-01-01\n",
    "JSON with tabs": '{\n\t"a":\t1,\n\t"b": "x\\ty"\n}',
    "JSON with an emoji": json.dumps({"a": "😀", "b": "\u2028"}),
    "characters beyond the first plane": json.dumps({"a": "😀", "b": "ä"}, ensure_ascii=False),
}


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT.keys())
def test_what_says_nothing_twice_is_accepted(refusal: Callable[[str], str], text: str):
    assert refusal(text) == ""


MISREAD = {
    "an octal number": ("grid:\n  seeds: [010]\n", "line 2: YAML reads the unquoted value 010 of 'grid.seeds.0' as 8"),
    "a time": ("epochs: 1:30\n", "line 1: YAML reads the unquoted value 1:30 of 'epochs' as 90"),
    "a time with a fraction": ("epochs: 1:30.5\n", "line 1: YAML reads the unquoted value 1:30.5 of 'epochs' as 90.5"),
    "Norwegian as a key": ("stages:\n  no: {}\n", "line 2: YAML reads the key 'stages.no' as true or false"),
    "a number as a key": ("stages:\n  2024: {}\n", "line 2: YAML reads the key 'stages.2024' as a number"),
    "nothing as a key": ("~: 1\n", "line 1: YAML reads the key '~' as null"),
    "a date as a key": ("2024-01-01: 1\n", "line 1: YAML reads the key '2024-01-01' as a date"),
    "a list as a key": ("a:\n  ? [b]\n  : 1\n", "line 2: a list or block is used as a key in 'a'"),
    "no YAML": ("a: [1\n", "expected ',' or ']'"),
}


@pytest.mark.parametrize("text, problem", MISREAD.values(), ids=MISREAD.keys())
def test_what_yaml_would_misread_is_refused_with_its_line(refusal: Callable[[str], str], text: str, problem: str):
    said = refusal(text)
    assert "mine.yaml" in said
    assert problem in said


@pytest.mark.parametrize("text", ["epochs: .inf\n", "epochs: .nan\n", "epochs: '1e999'\n"])
def test_a_number_that_is_not_finite_is_a_mistake(tmp_path: Path, text: str):
    (tmp_path / "mine.yaml").write_text(f"training: {{{text.strip()}}}\n")
    with pytest.raises(UserError, match=r"'training\.epochs' .*line 1"):
        experiments.read(tmp_path / "mine.yaml")


# Where it is looked for


@pytest.mark.parametrize("text", ["stages: {}\nstages: {}\n", '{"stages": {},\n"stages": {}}'], ids=["YAML", "JSON"])
def test_commands_jobs_and_runs_refuse_such_a_file(tmp_path: Path, text: str):
    file = tmp_path / "mine.cfg"
    file.write_text(text)
    said = r"mine\.cfg: duplicate key 'stages' in lines 1 and 2"
    with pytest.raises(UserError, match=said):
        experiments.read(file)
    with pytest.raises(UserError, match=said):
        experiments.read_whole(file)
    with pytest.raises(SystemExit, match=said):
        Run({}, [file, experiments.SHIPPED])


# Any file

KEYS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, min_size=1, max_size=5)
FORMS = {
    "YAML": lambda value: yaml.safe_dump(value, allow_unicode=True),
    "YAML in lines": lambda value: yaml.safe_dump(value, default_flow_style=True),
    "JSON": lambda value: json.dumps(value),
    "JSON with tabs": lambda value: json.dumps(value, indent="\t", ensure_ascii=False),
}
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(document=DOCUMENTS, form=st.sampled_from(sorted(FORMS)))
def test_whatever_is_written_once_is_accepted(tmp_path: Path, document: dict, form: str):
    (tmp_path / "any").write_text(FORMS[form](document), encoding="utf-8")
    require_unambiguous(tmp_path / "any")


@QUICK
@given(document=DOCUMENTS, data=st.data())
def test_whatever_key_is_repeated_in_the_end_is_found(tmp_path: Path, document: dict, data: st.DataObject):
    key = data.draw(st.sampled_from(sorted(document)))
    text = json.dumps(document)[:-1] + f",\n{json.dumps(key)}: 1}}"
    (tmp_path / "any").write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as error:
        require_unambiguous(tmp_path / "any")
    assert f"duplicate key {key!r} in lines 1 and 2" in str(error.value)
