"""The name of token ids covers everything that determines them."""

from importlib.metadata import version

import pytest
import tiny
from test_grid import Words

from xstilts.config import parse
from xstilts.grid import Grid
from xstilts.kinds import load
from xstilts.steps.entry import Entry

TARGETS = {
    "classification": "xnli",
    "multiple_choice": "copa",
    "tagging": "panx",
    "span": "xquad",
    "retrieval": "tatoeba",
}
"""A task of each kind."""

ROWS = {kind: tiny.examples(kind, 1) for kind in tiny.TASKS} | {
    "retrieval": tiny.table("retrieval", [{"id": "0", "side": "english", "text": "wool"}])
}


def features(kind: str, *edited: str, lengths: dict | None = None, encoder: dict | None = None) -> Entry:
    """The entry of the token ids on which a task of a kind is trained or, for retrieval, evaluated."""
    name = TARGETS[kind]
    settings = {
        "grid": {
            "encoders": ["toy"],
            "intermediates": ["none" if kind != "multiple_choice" else "copa"],
            "targets": [name if kind != "multiple_choice" else "xnli"],
        },
        "languages": ["en", "de"],
        "encoders": {"toy": {"path": "toy", **(encoder or {})}},
        "tasks": {name: lengths or {}},
    }
    entries = Grid(parse(settings), Words(frozenset(edited))).entries.values()
    (found,) = (
        entry
        for entry in entries
        if entry.step == "encode_task"
        and entry.about.task == name
        and (".evaluate~" in entry.path or kind == "multiple_choice")
    )
    return found


class Asked:
    """Lengths that remember which of them were asked for."""

    def __init__(self):
        self.names = set()

    def __getattr__(self, name: str) -> int:
        self.names.add(name)
        return getattr(tiny.SETTINGS, name)


@pytest.mark.parametrize("kind", TARGETS)
def test_every_setting_that_encoding_asks_for_is_in_the_spec(kind, tiny_tokenizer):
    asked = Asked()
    load(kind).encode(ROWS[kind], tiny_tokenizer, tiny.TASKS.get(kind), asked)
    assert set(features(kind).spec["settings"]) == asked.names


LENGTHS = {"max_length": 200, "doc_stride": 100, "max_query_length": 50}


@pytest.mark.parametrize("kind", ["classification", "multiple_choice", "tagging"])
def test_the_length_of_a_sequence_decides_token_ids(kind):
    assert features(kind, lengths=LENGTHS).spec["settings"] == {"max_length": 200}


def test_questions_have_a_stride_and_a_length_of_their_own_too():
    assert features("span", lengths=LENGTHS).spec["settings"] == LENGTHS


def test_sentences_of_retrieval_have_the_length_of_their_encoder():
    assert features("retrieval", lengths=LENGTHS).spec["settings"] == {"max_length": 512}
    for encoder, length in (
        ({"retrieval": {"max_length": 64}}, 64),
        ({"max_length": 100}, 100),
        ({"max_length": 1000}, 512),
    ):
        assert features("retrieval", lengths=LENGTHS, encoder=encoder).spec["settings"] == {"max_length": length}


@pytest.mark.parametrize("setting", LENGTHS)
def test_another_value_of_one_setting_is_another_name(setting):
    one, other = (features("span", lengths=LENGTHS | {setting: LENGTHS[setting] + more}) for more in (0, 1))
    assert one.path != other.path


@pytest.mark.parametrize("kind", TARGETS)
def test_the_spec_names_the_data_the_code_and_the_libraries(kind):
    entry = features(kind)
    minor = {name: ".".join(version(name).split(".")[:2]) for name in ("transformers", "tokenizers")}
    assert entry.spec == {
        "step": "encode_task",
        "data": entry.inputs["data"].path,
        "settings": entry.spec["settings"],
        "code": {role: role for role in ("job.encode_task", f"kind.{kind}")},
        "libraries": minor,
    }
    assert entry.inputs["data"].about.task == TARGETS[kind]


@pytest.mark.parametrize("edited", ["tokenizer", "job.encode_task", "kind.span", "xquad test de"])
def test_another_content_of_what_token_ids_are_made_with_is_another_name(edited):
    assert features("span", edited).path != features("span").path
