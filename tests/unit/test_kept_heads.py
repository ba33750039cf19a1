"""A stage that keeps heads starts with the trained ones of its parent, where kind and labels agree."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import tiny
import torch
from grids import Words
from jobs import Experiment
from safetensors.torch import load_file
from trainings import same
from transformers import set_seed

from xstilts import kept_heads, kinds
from xstilts.checks import check
from xstilts.config import Config, ConfigError, Stage, parse
from xstilts.errors import UserError
from xstilts.grid import Grid
from xstilts.models import encoders
from xstilts.models.kept_heads import HEADS, head, with_kept_head
from xstilts.sources.checkpoints import Checkpoint
from xstilts.task import Task
from xstilts.training import stage as training
from xstilts.training.model import StageModel
from xstilts.training.resume import exclusive

pytestmark = pytest.mark.thorough

KINDS = tuple(tiny.TASKS)


# Which head


def task(name: str, kind: str, *labels: str) -> Task:
    return Task(name, kind, "accuracy", ("en",), {}, labels=labels)


NLI, OTHER_NLI, REORDERED = (
    task(n, "classification", *labels) for n, labels in (("a", "xy"), ("b", "xy"), ("c", "yx"))
)
SIQA, COPA = task("siqa", "multiple_choice", "A", "B", "C"), task("copa", "multiple_choice", "0", "1")
SQUAD, TYDI, MLM = task("squad", "span"), task("tydi", "span"), task("mlm", "masked_lm")
TAGS, OPEN = task("tags", "tagging", "x", "y"), task("open", "tagging")


@pytest.mark.parametrize(
    "own, parents, expected",
    [
        ([COPA], [SIQA], {"copa": "siqa"}),
        ([TYDI], [SQUAD], {"tydi": "squad"}),
        ([NLI], [OTHER_NLI], {"a": "b"}),
        ([NLI], [REORDERED], {"a": None}),
        ([NLI], [TAGS], {"a": None}),
        ([COPA], [SQUAD, NLI], {"copa": None}),
        ([COPA], [SQUAD, SIQA, MLM], {"copa": "siqa"}),
        ([COPA, NLI, MLM], [SIQA], {"copa": "siqa", "a": None}),
        # Of several, the head of the same task.
        ([NLI], [OTHER_NLI, NLI], {"a": "a"}),
        ([replace(OPEN, labels=("x",))], [replace(OPEN, labels=("x",))], {"open": "open"}),
        ([replace(OPEN, labels=("x",))], [replace(OPEN, labels=("y",))], {"open": None}),
        ([OPEN], [OPEN], {"open": None}),
        ([replace(OPEN, labels=("x",))], [OPEN], {"open": None}),
        ([MLM], [MLM], {}),
    ],
)
def test_a_head_fits_a_task_of_its_kind_and_labels(own: list[Task], parents: list[Task], expected: dict):
    assert kept_heads.sources(own, parents) == expected


def test_of_several_heads_none_is_chosen():
    with pytest.raises(ValueError, match="task 'copa' could start with the head of siqa or other"):
        kept_heads.sources([COPA], [SIQA, NLI, replace(SIQA, name="other")])


# The configuration


def config(*intermediates: str, target: str = "tatoeba", **copa: object) -> Config:
    return parse(
        {
            "grid": {"encoders": ["toy"], "intermediates": [*intermediates], "targets": [target]},
            "encoders": {"toy": {"path": "toy"}},
            "stages": {"both": {"tasks": ["siqa", "commonsenseqa"]}, "copa": copa},
            "targets": {"xnli": {"stage": "copa/mnli"}},
        }
    )


def test_several_heads_are_refused_before_any_job():
    with pytest.raises(ConfigError) as error:
        check(config("both/copa", keep_head=True))
    assert "'stages.copa.keep_head': task 'copa' could start with the head of siqa or commonsenseqa" in str(error.value)
    check(config("both/copa"))
    check(config("siqa/copa", "both/squad_v1/copa", "copa", keep_head=True))


@pytest.mark.parametrize(
    ("tasks", "is_refused"), [(["mlm"], True), (["mlm", "tlm@de-en"], True), (["mlm", "mnli"], False)]
)
def test_a_stage_that_only_trains_on_plain_text_has_no_head_to_keep(tasks: list[str], is_refused: bool):
    made = config("siqa/text")
    text = made.stages["copa"].model_copy(update={"tasks": tuple(tasks), "keep_head": True, "steps": 9})
    made = made.model_copy(update={"stages": {**made.stages, "text": text}})
    if not is_refused:
        check(made)
        return
    with pytest.raises(ConfigError, match=r"'stages.text.keep_head': .* only trains on plain text"):
        check(made)


def test_a_stage_of_a_target_follows_each_intermediate():
    check(config("none", "siqa", target="xnli", keep_head=True))
    with pytest.raises(ConfigError, match=r"'stages.copa.keep_head': .* after 'both'"):
        check(config("none", "both", target="xnli", keep_head=True))


def test_a_stage_without_a_parent_has_no_heads_to_keep_and_keeps_its_name():
    def models(*intermediates: str, **copa: object) -> dict[str, bool]:
        entries = Grid(config(*intermediates, **copa), Words()).entries.values()
        found = [one for one in entries if one.step == "train_stage" and one.about.stages[-1] == "copa"]
        return {one.path: one.spec["stage"].get("keep_head", False) for one in found}

    assert models("copa", keep_head=True) == models("copa")
    assert set(models("copa").values()) == {False}
    assert set(models("siqa/copa", keep_head=True).values()) == {True}
    assert models("siqa/copa", keep_head=False) == models("siqa/copa")
    assert not models("siqa/copa", keep_head=True).keys() & models("siqa/copa").keys()


# The weights


@pytest.fixture(scope="module", params=tiny.FAMILIES)
def encoder(request, tmp_path_factory, tiny_tokenizer) -> Checkpoint:
    changes = {**tiny.FAMILIES[request.param], "eos_token_id": tiny_tokenizer.sep_token_id}
    return tiny.encoder(tmp_path_factory.mktemp(request.param), tiny_tokenizer, request.param, **changes)


def parent(encoder: Checkpoint, folder: Path, *names: str) -> StageModel:
    """A model whose weights, those of its poolers and heads too, are other than any that are drawn."""
    models = {f"my_{one}": encoders.with_fresh_head(encoder, kinds.load(one), tiny.TASKS[one]) for one in names}
    model = StageModel(models)
    set_seed(5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter))
    model.save(folder)
    return model


def child(folder: Path, kind: str, name: str = "child"):
    own = replace(tiny.TASKS[kind], name=name)
    return with_kept_head(Checkpoint(str(folder)), kinds.load(kind), own, f"my_{kind}")


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_starts_with_every_weight_of_its_parent(encoder, tmp_path, kind):
    expected = parent(encoder, tmp_path, kind).models[f"my_{kind}"].state_dict()
    assert same(child(tmp_path, kind).state_dict(), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_starts_with_the_head_of_its_task_in_a_mixture_and_with_the_pooler_that_it_reads(
    encoder, tmp_path, kind
):
    models = parent(encoder, tmp_path, *reversed(KINDS)).models
    assert same(child(tmp_path, kind).state_dict(), models[f"my_{kind}"].state_dict())
    stored = {name: one for name, one in load_file(tmp_path / HEADS).items() if name.startswith(f"my_{kind}.")}
    assert same({f"my_{kind}.{name}": one for name, one in head(child(tmp_path, kind)).items()}, stored)


def test_choices_may_be_of_another_number(encoder, tmp_path):
    model = parent(encoder, tmp_path, "multiple_choice").models["my_multiple_choice"]
    two = replace(tiny.TASKS["multiple_choice"], labels=("0", "1"))
    found = with_kept_head(Checkpoint(str(tmp_path)), kinds.load("multiple_choice"), two, "my_multiple_choice")
    assert same(found.state_dict(), model.state_dict())


def test_a_head_of_another_shape_is_refused_with_its_place(tmp_path, tiny_tokenizer):
    parent(tiny.encoder(tmp_path / "encoder", tiny_tokenizer), tmp_path, "tagging", "span")
    two = replace(tiny.TASKS["tagging"], labels=("short", "long"))
    for source, found in (("my_tagging", r"the shape \(4, 32\)"), ("gone", "no such weight")):
        expected = rf"heads\.safetensors: the head of {source} does not fit tags: found {found} for .*shape \(2, 32\)"
        with pytest.raises(UserError, match=expected):
            with_kept_head(Checkpoint(str(tmp_path)), kinds.load("tagging"), two, source)


def test_as_many_random_numbers_are_drawn_as_for_a_new_head(tmp_path, tiny_tokenizer):
    parent(tiny.encoder(tmp_path / "encoder", tiny_tokenizer), tmp_path, "tagging")
    drawn = []
    for make in (encoders.with_fresh_head, lambda *given: with_kept_head(*given, "my_tagging")):
        set_seed(1)
        make(Checkpoint(str(tmp_path)), kinds.load("tagging"), tiny.TASKS["tagging"])
        drawn.append(torch.rand(1))
    assert drawn[0] == drawn[1]


# The training

STILL = {"learning_rate": 1e-30, "steps": 1, "batch_size": 4}
"""A training that changes no weight in float32."""


def train(folder: Path, before: Path, tokenizer, heads: dict | None, *names: str, **recipe: object) -> Path:
    data = {name: tiny.data(name, tokenizer) for name in names}
    folder.mkdir()
    with exclusive(folder.with_suffix(".scratch")):
        training.train(
            Stage(**{**STILL, **recipe}),
            Checkpoint(str(before)),
            data,
            folder,
            folder.with_suffix(".scratch"),
            seed=1,
            heads=heads,
            execution=training.Execution(),
        )
    return folder


@pytest.fixture
def before(tmp_path, tiny_tokenizer) -> Path:
    """A parent that was trained on choices and tags."""
    encoder = tiny.encoder(tmp_path / "encoder", tiny_tokenizer, "bert")
    parent(encoder, tmp_path / "before", "multiple_choice", "tagging")
    return tmp_path / "before"


def test_a_stage_trains_from_the_heads_and_records_them(before, tmp_path, typed_tokenizer):
    heads = {"multiple_choice": "my_multiple_choice", "classification": None}
    folder = train(tmp_path / "child", before, typed_tokenizer, heads, *heads)
    own, its = load_file(folder / HEADS), load_file(before / HEADS)
    assert torch.equal(own["multiple_choice.classifier.weight"], its["my_multiple_choice.classifier.weight"])
    assert json.loads((folder / "training.json").read_text())["heads"] == heads
    assert same(load_file(folder / "model.safetensors"), load_file(before / "model.safetensors"))


def test_without_heads_to_keep_a_stage_is_the_one_that_keeps_none(before, tmp_path, typed_tokenizer):
    recipe = {"learning_rate": 1e-3, "steps": 3}
    plain, fresh = (
        train(tmp_path / name, before, typed_tokenizer, heads, "span", **recipe)
        for name, heads in (("plain", None), ("fresh", {"span": None}))
    )
    assert (plain / "model.safetensors").read_bytes() == (fresh / "model.safetensors").read_bytes()
    assert "heads" not in json.loads((plain / "training.json").read_text())


def test_a_job_keeps_the_head_of_its_parent_with_labels_that_both_take_from_their_data(tmp_path, tiny_tokenizer):
    (tmp_path / "data" / "ccg").mkdir(parents=True)
    for name in ("train", "dev"):
        text = "Ada built it\tNP (S\\NP)/NP NP\nAda sleeps\tNP S\\NP\n"
        (tmp_path / "data" / "ccg" / f"{name}.tsv").write_text(text, encoding="utf-8")
    tiny.encoder(tmp_path / "encoder", tiny_tokenizer)
    world = Experiment(
        tmp_path,
        {
            "grid": {"encoders": ["toy"], "intermediates": ["tags"], "targets": ["tatoeba"]},
            "encoders": {"toy": {"path": str(tmp_path / "encoder"), "retrieval": {"max_length": 64}}},
            "training": {"steps": 2, "batch_size": 2},
            "stages": {
                "tags": {"tasks": ["ccg"]},
                "again": {"like": "tags", "keep_head": True, "learning_rate": 1e-30},
            },
            "tasks": {"ccg": {"max_length": 64}},
        },
    )
    world.run("read_task", "ccg.train")
    world.run("encode_task", "ccg.train")
    first = world.run("train_stage", "tags")
    world.settings["grid"]["intermediates"] = ["tags/again"]
    second = world.run("train_stage", "again")
    assert same(load_file(second / "model.safetensors"), load_file(first / "model.safetensors"))
    for file in ("training.json", "manifest.json"):
        assert json.loads((second / file).read_text())["heads"] == {"ccg": "ccg"}
        assert "heads" not in json.loads((first / file).read_text())
