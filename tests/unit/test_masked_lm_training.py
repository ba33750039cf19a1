"""Training by masked language modelling: its loss, its masks in resumed and divided trainings, and its dev loss."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import plaintext
import pytest
import tiny
import torch
from accelerate import Accelerator
from safetensors.torch import load_file
from torch.nn.functional import cross_entropy
from trainings import RECIPE, interrupted, record, train
from transformers import AutoModelForMaskedLM

from xstilts.config import Stage
from xstilts.errors import UserError
from xstilts.features.rows import Rows
from xstilts.models import tokenization
from xstilts.runtime.processes import spawn_processes
from xstilts.sources.checkpoints import Checkpoint
from xstilts.training import masked_lm, stage
from xstilts.training.feed import Feed
from xstilts.training.loop import Loop
from xstilts.training.resume import exclusive

pytestmark = pytest.mark.thorough

ALONE = {"head": "new", "steps": 6, "tasks": ("mlm",)}
MIXED = {
    "head": "new",
    "epochs": 1,
    "tasks": ("nli", "mlm"),
    "sampling": {"strategy": "weights", "weights": {"nli": 0.5, "mlm": 0.5}},
}
"""Three steps on the 24 rows of each task."""
STAGES = pytest.mark.parametrize("recipe", [ALONE, MIXED], ids=["alone", "mixed"])


@pytest.fixture(autouse=True)
def _on_cpu(monkeypatch):
    """Bit for bit is promised there."""
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


def data_of(recipe: dict, tokenizer) -> dict:
    made = {"nli": lambda: tiny.data("classification", tokenizer), "mlm": lambda: plaintext.data(tokenizer, (24, 9))}
    return {name: made[name]() for name in recipe["tasks"]}


@pytest.fixture
def run(tmp_path, tiny_tokenizer) -> Callable[..., Path]:
    def run(name: str, recipe: dict, **changes) -> Path:
        folder, data = tmp_path / name, data_of(recipe, tiny_tokenizer)
        return train(folder / "child", folder / "scratch", tiny_tokenizer, data, **{**recipe, **changes})

    return run


def files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def batches(tokenizer, tokens: int, sampler) -> Iterator[tuple[int, list[dict]]]:
    feed = Feed({"mlm": plaintext.data(tokenizer, (24, 9))}, sampler, tokenizer.pad_token_id, Accelerator(cpu=True))
    for batch in feed.after(0, tokens):
        yield batch.items, batch.micro_batches


def masks(micro_batches: list[dict]) -> list[tuple]:
    """The tokens of the rows of a step, with the labels of the predicted ones at their places."""
    found = []
    for batch in micro_batches:
        ids = batch["input_ids"].clone()
        labels = torch.full_like(ids, -100).flatten()
        labels[batch["positions"]] = batch["labels"]
        rows = zip(ids, labels.view(ids.shape), batch["attention_mask"].bool(), strict=True)
        found += [(tuple(row[inside].tolist()), tuple(gold[inside].tolist())) for row, gold, inside in rows]
    return found


@pytest.fixture
def sampler(tiny_tokenizer):
    return stage._sampler(Stage(**{**RECIPE, **ALONE}), {"mlm": plaintext.data(tiny_tokenizer, (24, 9))}, 1)


def test_micro_batches_and_resumed_trainings_mask_the_same_tokens(tiny_tokenizer, sampler):
    whole, parts = (list(batches(tiny_tokenizer, tokens, sampler)) for tokens in (10_000, 100))
    assert {len(batch) for _, batch in whole} == {1}
    assert max(len(batch) for _, batch in parts) > 2
    assert [(items, masks(batch)) for items, batch in whole] == [(items, masks(batch)) for items, batch in parts]
    assert all(items == sum(len(batch["labels"]) for batch in step) for items, step in parts)
    feed = Feed({"mlm": plaintext.data(tiny_tokenizer, (24, 9))}, sampler, 1, Accelerator(cpu=True))
    later = [masks(batch.micro_batches) for batch in feed.after(4, 10_000)]
    assert later == [masks(batch) for _, batch in whole[4:]]
    # No step repeats the masks of another one.
    assert len({gold for _, batch in whole for _, gold in masks(batch)}) > 40


def test_the_processes_of_a_training_mask_the_tokens_that_one_process_masks(tiny_tokenizer, sampler, monkeypatch):
    alone = [(items, sorted(masks(batch))) for items, batch in batches(tiny_tokenizer, 10_000, sampler)]
    monkeypatch.setattr(Accelerator, "num_processes", 2)
    shares = []
    for process in (0, 1):
        monkeypatch.setattr(Accelerator, "process_index", process)
        shares.append(list(batches(tiny_tokenizer, 10_000, sampler)))
    both = [(one[0], sorted(masks(one[1]) + masks(other[1]))) for one, other in zip(*shares, strict=True)]
    assert both == alone
    assert [items for items, _ in shares[0]] == [items for items, _ in shares[1]]


@STAGES
def test_an_interrupted_training_that_is_resumed_equals_one_that_was_not(run, recipe, monkeypatch):
    undisturbed = files(run("undisturbed", recipe))
    steps = interrupted(monkeypatch, 3)
    with pytest.raises(UserError, match="state at step 3 is saved"):
        run("interrupted", recipe)
    assert files(run("interrupted", recipe)) == undisturbed
    assert steps.count(2) == 1


@STAGES
def test_the_number_of_micro_batches_changes_nothing_but_roundings(tmp_path, tiny_tokenizer, recipe):
    weights = []
    for tokens in (96, 10_000):
        folder = tmp_path / str(tokens)
        parent = tiny.encoder(folder / "parent", tiny_tokenizer, **tiny.NO_DROPOUT)
        (folder / "child").mkdir()
        with exclusive(folder / "scratch"):
            stage.train(
                Stage(**{**RECIPE, **recipe, "adam_epsilon": 1.0, "learning_rate": 1.0}),
                parent,
                data_of(recipe, tiny_tokenizer),
                folder / "child",
                folder / "scratch",
                seed=1,
                execution=stage.Execution(tokens=tokens, minutes=0),
            )
        weights.append(load_file(folder / "child" / "model.safetensors"))
    one, other = weights
    assert one.keys() == other.keys()
    assert max((one[name] - other[name]).abs().max().item() for name in one) < 1e-5


def learn(folder: Path, tokenizer) -> None:
    """Train in one of the processes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.accelerator, "is_available", lambda: False)
        stage.train(
            Stage(**{**RECIPE, **MIXED, "adam_epsilon": 1.0, "learning_rate": 1.0}),
            Checkpoint(str(folder.parent / "parent")),
            data_of(MIXED, tokenizer),
            folder / "child",
            folder / "scratch",
            seed=1,
            execution=stage.Execution(tokens=192, minutes=0),
        )


def test_two_processes_train_as_one(tmp_path, tiny_tokenizer):
    tiny.encoder(tmp_path / "parent", tiny_tokenizer, **tiny.NO_DROPOUT)
    found = []
    for processes in (1, 2):
        folder = tmp_path / str(processes)
        (folder / "child").mkdir(parents=True)
        spawn_processes(processes, learn, folder, tiny_tokenizer)
        found.append(load_file(folder / "child" / "heads.safetensors"))
    one, other = found
    assert max((one[name] - other[name]).abs().max().item() for name in one) < 1e-5


def test_the_loss_is_the_mean_over_the_masked_tokens_of_a_step(tmp_path, tiny_tokenizer, sampler):
    checkpoint = tiny.encoder(tmp_path, tiny_tokenizer)
    task = plaintext.data(tiny_tokenizer)
    own = stage._with_head(checkpoint, checkpoint, Stage(head="new"), task, tiny_tokenizer.pad_token_id, None)
    model = stage.StageModel({"mlm": own}).eval()
    items, micro_batches = next(batches(tiny_tokenizer, 100, sampler))
    found = sum(model("mlm", items, **batch) for batch in micro_batches)
    gold, scores = [], []
    for batch in micro_batches:
        inputs = {name: batch[name] for name in ("input_ids", "attention_mask")}
        scores.append(model.models["mlm"](**inputs).logits.flatten(end_dim=1)[batch["positions"]])
        gold.append(batch["labels"])
    torch.testing.assert_close(found, cross_entropy(torch.cat(scores), torch.cat(gold)))


def test_the_dev_loss_is_the_mean_over_the_masked_tokens_and_its_masks_are_fixed(run, tiny_tokenizer):
    child = run("child", ALONE)
    data = plaintext.data(tiny_tokenizer).with_masked_dev(tokenization.vocabulary(tiny.saved(tiny_tokenizer)))
    again = plaintext.data(tiny_tokenizer).with_masked_dev(tokenization.vocabulary(tiny.saved(tiny_tokenizer)))
    assert data.dev["en"][1].to_pylist() == again.dev["en"][1].to_pylist()
    model = AutoModelForMaskedLM.from_pretrained(child).eval()
    losses = []
    for row in data.dev["en"][1].to_pylist():
        labels = torch.tensor(row["labels"])
        scores = model(input_ids=torch.tensor([row["input_ids"]])).logits[0]
        losses.append(cross_entropy(scores, labels, ignore_index=-100, reduction="none")[labels != -100])
    expected = torch.cat(losses).mean().item()
    found = masked_lm.losses(model, data, pad_token_id=tiny_tokenizer.pad_token_id, precision="fp32")
    assert found == {"en": pytest.approx(expected, rel=1e-5)}
    best = record(child)["best"]
    assert best["mlm_loss"] == best["loss"] == pytest.approx(expected, rel=1e-5)


def test_the_loss_chooses_the_checkpoint_of_a_stage_that_only_predicts_words(run, monkeypatch):
    losses = dict(zip((2, 4, 6), (3.0, 1.0, 2.0), strict=True))
    steps, evaluate = [], Loop.evaluate

    def noting(loop: Loop, *arguments):
        steps.append(loop.progress.step)
        return evaluate(loop, *arguments)

    monkeypatch.setattr(Loop, "evaluate", noting)
    monkeypatch.setattr(
        masked_lm, "losses", lambda *_, **__: {"en": losses[steps[-1]] + 1, "de": losses[steps[-1]] - 1}
    )
    found = record(run("child", ALONE))
    assert found["best"] == {"loss": 1.0, "mlm_loss": 1.0, "step": 4}


def test_the_loss_is_no_part_of_the_score_of_a_mixture(run, capsys):
    found = record(run("child", MIXED))
    for one in found["evaluations"]:
        assert one.keys() == {"mlm_loss", "nli", "score", "step"}
        assert one["score"] == one["nli"]
    assert "dev score" in (printed := capsys.readouterr().out)
    assert "(mlm_loss " in printed


def test_a_mixture_may_choose_its_checkpoint_by_the_loss(run):
    found = record(run("child", MIXED, select_by=("mlm",)))
    assert found["best"]["loss"] == min(one["mlm_loss"] for one in found["evaluations"])
    assert all("score" not in one for one in found["evaluations"])


def test_a_mixture_has_a_head_for_each_task_and_no_second_copy_of_the_word_embeddings(run, tiny_tokenizer):
    heads = load_file(run("child", MIXED) / "heads.safetensors")
    masked = {name.removeprefix("mlm.lm_head.") for name in heads if name.startswith("mlm.")}
    assert masked == {"bias", "dense.bias", "dense.weight", "layer_norm.bias", "layer_norm.weight"}


def test_labels_of_dev_rows_are_at_tokens_that_are_not_special(tiny_tokenizer):
    data = plaintext.data(tiny_tokenizer)
    masked = data.with_masked_dev(tokenization.vocabulary(tiny.saved(tiny_tokenizer)))
    (_, before), (_, after) = data.dev["en"], masked.dev["en"]
    for one, other in zip(Rows(before, ["input_ids"]).take(range(6)), after.to_pylist(), strict=True):
        labels = np.array(other["labels"])
        assert np.array_equal(labels[labels != -100], one["input_ids"][labels != -100])
        assert not set(labels[labels != -100].tolist()) & set(tiny_tokenizer.all_special_ids)


def test_a_tokenizer_with_more_words_than_the_encoder_is_refused(tmp_path, tiny_tokenizer):
    model = AutoModelForMaskedLM.from_pretrained(tiny.encoder(tmp_path, tiny_tokenizer).name)
    vocabulary = tokenization.vocabulary(tiny.saved(tiny_tokenizer))
    masked_lm.require_words(model, vocabulary, "toy")
    size = vocabulary.size
    with pytest.raises(UserError, match=rf"toy: its tokenizer has {size + 1} tokens, .* have {size} rows"):
        masked_lm.require_words(model, vocabulary._replace(size=size + 1), "toy")
