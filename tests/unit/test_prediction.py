"""Forward passes in batches of similar length, and predictions language by language."""

import random
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
import tiny
import torch
from torch import nn
from transformers import AutoModelForTokenClassification, XLMRobertaConfig

from xstilts.errors import UserError
from xstilts.kinds import load
from xstilts.models import encoders
from xstilts.models.finite import NotFiniteError
from xstilts.models.prefetch import received_behind, sent_ahead
from xstilts.prediction import forward
from xstilts.runtime import memory
from xstilts.sources.checkpoints import Checkpoint
from xstilts.task import Task

LENGTHS = np.random.default_rng(0).integers(1, 60, 80)
PAD = 9
TASK = tiny.TASKS["classification"]
FP32 = {"pad_token_id": PAD, "precision": "fp32"}


def test_batches_are_filled_from_the_longest_row_to_the_shortest_and_equal_ones_keep_their_order():
    # In tokens after padding: 2 x 6 (a third row would make 18), 3 x 4 (a fourth would make 16), then what is left.
    lengths = np.array([4, 1, 6, 3, 6, 4])
    assert list(forward.batches(lengths, 12)) == [[2, 4], [0, 5, 3], [1]]
    assert list(forward.batches(lengths, 11)) == [[2], [4], [0, 5], [3, 1]]
    assert list(forward.batches(lengths, 1)) == [[2], [4], [0], [5], [3], [1]]


@pytest.mark.parametrize("budget", [1, 60, 200, 10_000])
def test_every_row_is_in_one_batch(budget):
    rows = [row for batch in forward.batches(LENGTHS, budget) for row in batch]
    assert sorted(rows) == list(range(len(LENGTHS)))


@pytest.mark.parametrize("budget", [1, 60, 200, 10_000])
def test_only_a_single_row_may_exceed_the_token_budget(budget):
    for batch in forward.batches(LENGTHS, budget):
        assert len(batch) == 1 or len(batch) * LENGTHS[batch].max() <= budget


def test_batches_are_as_full_as_the_budget_allows():
    batches = list(forward.batches(LENGTHS, 200))
    assert all((len(batch) + 1) * LENGTHS[batch].max() > 200 for batch in batches[:-1])


def test_no_rows_make_no_batch():
    assert list(forward.batches(np.empty(0, int), 200)) == []


class Account(nn.Module):
    """A model whose outputs tell what it is given; it takes nothing but ids and attention."""

    def __init__(self, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.outputs = outputs
        self.shapes, self.states = [], []

    def forward(self, input_ids, attention_mask):
        assert (input_ids[attention_mask == 0] == PAD).all()
        assert not (input_ids[attention_mask == 1] == PAD).any()
        self.shapes.append(tuple(input_ids.shape))
        self.states.append((self.training, torch.is_inference_mode_enabled(), torch.is_autocast_enabled("cpu")))
        return {name: output.to(torch.bfloat16) for name, output in self.outputs(input_ids, attention_mask).items()}


def tokens(*rows: list[int], **columns) -> pa.Table:
    return pa.table({"input_ids": list(rows), "example": list(range(len(rows))), **columns})


ROWS = ([3, 4], [1, 2, 3, 4, 5, 6, 7, 8, 8, 8], [5], [6, 7, 8], [2, 2])
"""Of different lengths, unsorted, one of them longer than the eight to which the others are padded."""


def test_outputs_are_in_the_order_of_the_rows_whatever_batch_they_were_in():
    sums = Account(lambda ids, mask: {"logits": torch.stack([(ids * mask).sum(1), mask.sum(1), ids[:, 0]], 1)})
    found = forward.forward(sums, load("classification"), tokens(*ROWS, labels=[0, 1, 2, 0, 1]), **FP32, tokens=6)
    assert [logits.tolist() for (logits,) in found] == [[7, 2, 3], [52, 10, 1], [5, 1, 5], [21, 3, 6], [4, 2, 2]]
    assert [logits.dtype for (logits,) in found] == [np.float32] * 5
    assert sums.shapes == [(1, 16), (2, 8), (2, 8)]


def test_on_a_cpu_a_batch_has_at_most_2048_tokens():
    count = Account(lambda ids, mask: {"logits": mask.sum(1, keepdim=True)})
    forward.forward(count, load("classification"), tokens(*[[1] * 64] * 50), **FP32)
    assert count.shapes == [(32, 64), (18, 64)]


def test_outputs_for_tokens_have_those_of_the_row_and_none_of_its_padding():
    same = Account(lambda ids, mask: {"start_logits": ids, "end_logits": -ids, "loss": ids.sum()})
    found = forward.forward(same, load("span"), tokens(*ROWS), **FP32, tokens=6)
    assert [tuple(array.tolist() for array in arrays) for arrays in found] == [
        (row, [-id_ for id_ in row]) for row in ROWS
    ]


def test_a_model_predicts_in_evaluation_mode_and_without_gradients():
    model = Account(lambda ids, mask: {"logits": ids.sum(1, keepdim=True)}).train()
    forward.forward(model, load("classification"), tokens(*ROWS), **FP32)
    assert model.states == [(False, True, False)]


@pytest.mark.parametrize(("precision", "expected"), [("fp32", 257.0), ("bf16", 256.0)])
def test_products_are_computed_in_the_precision_that_is_asked_for(precision, expected):
    # Numbers of bfloat16 have eight bits: 257 is none of them.
    product = torch.tensor([[257.0]])

    class Product(Account):
        def forward(self, input_ids, attention_mask):
            return {"logits": product @ torch.ones(1, 1)}

    ((logits,),) = forward.forward(
        Product(None), load("classification"), tokens([1]), pad_token_id=PAD, precision=precision
    )
    assert logits.tolist() == [expected]
    assert logits.dtype == np.float32


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("weights", [torch.float32, torch.bfloat16])
def test_autocast_is_for_weights_in_float32(precision, weights):
    model = Account(lambda ids, mask: {"logits": ids.sum(1, keepdim=True)}).to(weights)
    forward.forward(model, load("classification"), tokens(*ROWS), pad_token_id=PAD, precision=precision)
    autocast = precision == "bf16" and weights == torch.float32
    assert model.states == [(False, True, autocast)]


def test_forward_passes_draw_no_random_numbers(tmp_path, tiny_tokenizer):
    checkpoint = tiny.encoder(tmp_path, tiny_tokenizer)
    model = encoders.with_fresh_head(checkpoint, load("tagging"), tiny.TASKS["tagging"]).train()
    parts = {"en": tagged(tiny_tokenizer, 5, 0)}
    before = torch.get_rng_state(), str(np.random.get_state()), random.getstate()
    forward.decoded(model, load("tagging"), tiny.TASKS["tagging"], parts, tiny.SETTINGS, **FP32)
    assert torch.get_rng_state().equal(before[0])
    assert (str(np.random.get_state()), random.getstate()) == before[1:]


class Small(Account):
    """A model whose device has memory for a number of padded tokens, and sometimes for fewer."""

    def __init__(self, room: int, failing: tuple[int, ...] = ()):
        super().__init__(lambda ids, mask: {"logits": (ids * mask).sum(1, keepdim=True)})
        self.room, self.failing = room, failing

    def forward(self, input_ids, attention_mask):
        passes = len(self.shapes)
        found = super().forward(input_ids, attention_mask)
        if input_ids.numel() > self.room or passes in self.failing:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return found


SUMS = [[7.0], [52.0], [5.0], [21.0], [4.0]]
"""Of `ROWS`."""


def test_out_of_memory_batches_are_halved_until_they_fit(capsys):
    model = Small(16)
    found = forward.forward(model, load("classification"), tokens(*ROWS), **FP32, tokens=64)
    assert [logits.tolist() for (logits,) in found] == SUMS
    # The rows have 10, 3, 2, 2 and 1 tokens.
    assert model.shapes == [(5, 16), (3, 16), (1, 16), (4, 8), (2, 8), (2, 8)]
    assert capsys.readouterr().out.splitlines() == [
        "Out of memory with 64 tokens in a batch; continuing with 32.",
        "Out of memory with 32 tokens in a batch; continuing with 16.",
        "Out of memory with 16 tokens in a batch; continuing with 8.",
    ]


def test_rows_that_were_done_before_memory_ran_out_are_not_computed_again():
    model = Small(10_000, failing=(2,))
    found = forward.forward(model, load("classification"), tokens(*ROWS), **FP32, tokens=6)
    assert [logits.tolist() for (logits,) in found] == SUMS
    assert model.shapes == [(1, 16), (2, 8), (2, 8), (1, 8), (1, 8)]


def test_a_row_for_which_memory_is_too_small_is_an_error():
    with pytest.raises(
        UserError, match=r"^the GPU has not enough free memory for a batch of one row, with up to 10 sub-words\."
    ):
        forward.forward(Small(8), load("classification"), tokens(*ROWS), **FP32)


@pytest.mark.parametrize("kind", tiny.TASKS)
def test_outputs_are_the_same_if_a_thread_sends_batches_and_outputs_come_back_later(
    tmp_path, tiny_tokenizer, kind, monkeypatch
):
    checkpoint = tiny.encoder(tmp_path, tiny_tokenizer)
    model = encoders.with_fresh_head(checkpoint, load(kind), tiny.TASKS[kind])
    options = {"pad_token_id": tiny_tokenizer.pad_token_id, "precision": "fp32", "tokens": 64}
    features = tiny.encode(kind, tiny.examples(kind, 20), tiny_tokenizer)
    expected = forward.forward(model, load(kind), features, **options)

    class Gpu:
        def begin(self, value):
            return value

        def finish(self, value):
            if isinstance(value, dict):
                return {name: torch.from_numpy(array) for name, array in value.items()}
            return [tensor.numpy() for tensor in value]

    monkeypatch.setattr(forward, "prefetched", lambda batches, device: sent_ahead(batches, Gpu()))
    monkeypatch.setattr(forward, "read_back", lambda outputs, device: received_behind(outputs, Gpu()))
    found = forward.forward(model, load(kind), features, **options)
    for arrays, others in zip(found, expected, strict=True):
        for array, other in zip(arrays, others, strict=True):
            np.testing.assert_array_equal(array, other)


def of_large(device: str, weights: torch.dtype, **config) -> SimpleNamespace:
    """A model with the config of XLM-R Large and one of its weights."""
    large = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096}
    settings = XLMRobertaConfig(**large, vocab_size=250_002, max_position_embeddings=514, type_vocab_size=1)
    weight = SimpleNamespace(device=torch.device(device), dtype=weights)
    return SimpleNamespace(
        parameters=lambda: iter([weight]), config=SimpleNamespace(to_dict=lambda: {**settings.to_dict(), **config})
    )


@pytest.mark.parametrize(
    ("gigabytes", "fraction", "expected"),
    # Weights are 2.2 GB and 32,768 tokens 1.9 GB in float32; 85 % of the memory is used, and 0.5 GB are CUDA's.
    [(80, 1.0, 32_768), (80, 0.125, 32_768), (80, 0.05, 8192), (6, 1.0, 32_768), (4, 1.0, 8192)],
)
def test_on_a_gpu_a_batch_has_as_many_tokens_as_fit_into_the_memory_of_the_job(
    monkeypatch, gigabytes, fraction, expected
):
    properties = SimpleNamespace(total_memory=gigabytes * 10**9)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: properties)
    monkeypatch.setattr(torch.cuda, "get_per_process_memory_fraction", lambda device: fraction)
    assert forward.token_budget(of_large("cuda:0", torch.float32)) == expected
    assert forward.token_budget(of_large("cuda:0", torch.float32, model_type="new")) == memory.LARGEST_PREDICTION


def test_on_a_cpu_the_memory_does_not_count():
    assert forward.token_budget(of_large("cpu", torch.float32)) == 2048


def labelled(*first_ids: int, gold: bool) -> tuple[pa.Table, pa.Table]:
    """Rows that begin with these ids, so that `FIRST` gives them the labels of these numbers."""
    rows = [{"id": f"row {n}", "text_a": "x", "label": "no" if gold else None} for n in range(len(first_ids))]
    labels = {"labels": [0] * len(rows)} if gold else {}
    features = tokens(*([first, *range(8 - first)] for first in first_ids), **labels)
    return tiny.table("classification", rows), features


FIRST = Account(lambda ids, mask: {"logits": torch.eye(3)[ids[:, 0]]})


def test_every_language_has_its_own_predictions_labelled_or_not():
    parts = {
        "de": labelled(2, 0, 1, 1, gold=True),
        "en": labelled(1, gold=False),
        "zh": labelled(0, 2, 2, 0, gold=True),
    }
    assert forward.decoded(FIRST, load("classification"), TASK, parts, None, **FP32, tokens=16) == {
        "de": ["yes", "no", "maybe", "maybe"],
        "en": ["maybe"],
        "zh": ["no", "yes", "yes", "no"],
    }


@pytest.mark.parametrize("name", tiny.TASKS)
def test_labelled_and_unlabelled_languages_of_every_kind_are_one_stream(tiny_tokenizer, name, monkeypatch):
    kind, seen, parts = load(name), [], {}
    for lang, gold in (("de", True), ("zh", False)):
        table = tiny.examples(name, 3, gold=gold)
        parts[lang] = table, tiny.encode(name, table, tiny_tokenizer)
    monkeypatch.setattr(kind, "decode", lambda outputs, *_: len(outputs))
    monkeypatch.setattr(
        forward, "forward", lambda model, kind, features, **_: seen.append(features) or [()] * len(features)
    )
    found = forward.decoded(FIRST, kind, tiny.TASKS[name], parts, tiny.SETTINGS, **FP32)
    assert found == {lang: len(features) for lang, (_, features) in parts.items()}
    assert not set(seen[0].column_names) & set(kind.GOLD)


def test_a_language_may_have_more_features_than_examples():
    tags = tiny.TASKS["tagging"]
    pieces = {"de": ([0, 0, 1], [[3, 1], [2], [1]]), "zh": ([0, 1], [[2, 2], [3]])}
    parts = {
        lang: (
            tiny.table("tagging", [{"id": str(n), "words": ["w"] * count} for n, count in enumerate(counts)]),
            pa.table({"input_ids": ids, "example": examples, "words": [list(range(len(own))) for own in ids]}),
        )
        for (lang, (examples, ids)), counts in zip(pieces.items(), ([3, 1], [2, 1]), strict=True)
    }
    model = Account(lambda ids, mask: {"logits": torch.eye(10)[ids][..., :4]})
    assert forward.decoded(model, load("tagging"), tags, parts, None, **FP32) == {
        "de": [["longest", "middling", "long"], ["middling"]],
        "zh": [["long", "long"], ["longest"]],
    }


@pytest.mark.parametrize(("precision", "label"), [("fp32", "maybe"), ("bf16", "no")])
def test_predictions_are_made_in_the_precision_that_is_asked_for(precision, label):
    # Both numbers are 256 in bfloat16, and the first of equals is the label.
    class Product(Account):
        def forward(self, input_ids, attention_mask):
            return {"logits": torch.tensor([[256.5, 257.0, 0.0]]) @ torch.eye(3)}

    parts = {"de": labelled(0, gold=False)}
    found = forward.decoded(
        Product(None), load("classification"), TASK, parts, None, pad_token_id=PAD, precision=precision
    )
    assert found == {"de": [label]}


def test_decoding_has_the_examples_the_task_and_the_settings(monkeypatch):
    kind = load("classification")
    monkeypatch.setattr(kind, "decode", lambda *arguments: arguments)
    parts, settings = {"de": labelled(2, 0, gold=True), "zh": labelled(1, gold=True)}, object()
    found = forward.decoded(FIRST, kind, TASK, parts, settings, **FP32)
    for lang, (examples, features) in parts.items():
        assert found[lang][1:] == (features, examples, TASK, settings)
        assert len(found[lang][0]) == len(examples)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_outputs_that_are_not_finite_are_refused_with_their_language_and_example(bad):
    zeros = Account(lambda ids, mask: {"logits": torch.where(ids[:, :1] == 2, bad, 0.0)})
    parts = {"de": labelled(0, 1, gold=True), "zh": labelled(1, 2, 0, 2, gold=True)}
    with pytest.raises(NotFiniteError) as refusal:
        forward.decoded(zeros, load("classification"), TASK, parts, None, **FP32)
    assert str(refusal.value) == (
        "nli, zh: the model's output is not finite for 2 of 4 rows, the first of which belongs to the example "
        "'row 1', so nothing can be predicted."
    )


@pytest.fixture
def model(tmp_path, tiny_tokenizer) -> Checkpoint:
    """A random model with a head for tags."""
    checkpoint = tiny.encoder(tmp_path / "encoder", tiny_tokenizer)
    encoders.with_fresh_head(checkpoint, load("tagging"), tiny.TASKS["tagging"]).save_pretrained(tmp_path / "model")
    return Checkpoint(str(tmp_path / "model"))


def asked(model: Checkpoint, tokenizer, task: Task, splits: dict, **changes) -> forward.Request:
    about = {"split": "test", "settings": tiny.SETTINGS, "options": {"precision": "fp32"}} | changes
    return forward.Request(model, tiny.saved(tokenizer), task, splits, **about)


def tagged(tokenizer, count: int, seed: int) -> tuple[pa.Table, pa.Table]:
    table = tiny.examples("tagging", count, seed=seed)
    return table, tiny.encode("tagging", table, tokenizer)


def test_predictions_are_the_best_tags_of_the_first_sub_words_of_the_split_that_is_asked_for(model, tiny_tokenizer):
    """Against transformers alone: one sentence at a time, without padding."""
    test = {lang: tagged(tiny_tokenizer, 5 + seed, seed) for seed, lang in enumerate(("en", "de", "sw"))}
    splits = {"dev": {lang: tagged(tiny_tokenizer, 3, 9) for lang in test}, "test": test}
    task, expected = tiny.TASKS["tagging"], {}
    plain = AutoModelForTokenClassification.from_pretrained(model.name).eval()
    for lang, (table, _) in test.items():
        expected[lang] = []
        for words in table["words"].to_pylist():
            encoded = tiny_tokenizer(words, is_split_into_words=True, return_tensors="pt")
            numbers = encoded.word_ids()
            with torch.inference_mode():
                best = plain(**encoded).logits[0].argmax(-1).tolist()
            expected[lang].append([task.labels[best[numbers.index(number)]] for number in range(len(words))])
    assert forward.predict(asked(model, tiny_tokenizer, task, splits)) == expected
    assert len({tag for rows in expected.values() for row in rows for tag in row}) > 1


def test_a_model_that_cannot_take_the_features_is_refused_by_its_name(model, tiny_tokenizer):
    table, features = tagged(tiny_tokenizer, 3, 0)
    features = features.set_column(0, "input_ids", pa.array([[10_000]] * len(features), pa.list_(pa.int32())))
    with pytest.raises(UserError, match=rf"^{model.name}: its tokenizer gives the id 10000"):
        forward.predict(asked(model, tiny_tokenizer, tiny.TASKS["tagging"], {"test": {"en": (table, features)}}))


def test_a_request_says_how_predictions_are_made(model, tiny_tokenizer, monkeypatch):
    given = SimpleNamespace()
    monkeypatch.setattr(forward, "decoded", lambda *arguments, **options: given.__dict__.update(options, a=arguments))
    task, settings = tiny.TASKS["tagging"], object()
    parts = {"en": tagged(tiny_tokenizer, 2, 0)}
    request = asked(model, tiny_tokenizer, task, {"test": parts}, settings=settings, options={"precision": "bf16"})
    forward.predict(request)
    assert given.a[1:] == (load("tagging"), task, parts, settings)
    assert (given.pad_token_id, given.precision) == (tiny_tokenizer.pad_token_id, "bf16")
    assert given.a[0].device.type == forward.device().type
    assert {weight.dtype for weight in given.a[0].parameters()} == {torch.bfloat16}


@pytest.mark.parametrize("word", ["fp32", "mixed"])
def test_on_a_cpu_weights_are_in_float32_unless_bf16_is_asked_for(model, tiny_tokenizer, monkeypatch, word):
    given = SimpleNamespace()
    monkeypatch.setattr(forward, "device", lambda: torch.device("cpu"))
    monkeypatch.setattr(forward, "decoded", lambda *arguments, **options: given.__dict__.update(options, a=arguments))
    parts = {"en": tagged(tiny_tokenizer, 2, 0)}
    forward.predict(asked(model, tiny_tokenizer, tiny.TASKS["tagging"], {"test": parts}, options={"precision": word}))
    assert given.precision == "fp32"
    assert {weight.dtype for weight in given.a[0].parameters()} == {torch.float32}


def test_predictions_are_made_on_the_accelerator_if_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda: torch.device("meta"))
    for there, expected in ((True, "meta"), (False, "cpu")):
        monkeypatch.setattr(torch.accelerator, "is_available", lambda there=there: there)
        assert forward.device().type == expected


@pytest.mark.parametrize("kind", tiny.TASKS)
def test_the_output_of_a_row_does_not_depend_on_its_batch(tmp_path, tiny_tokenizer, kind):
    checkpoint = tiny.encoder(tmp_path, tiny_tokenizer)
    model = encoders.with_fresh_head(checkpoint, load(kind), tiny.TASKS[kind])
    options = {"pad_token_id": tiny_tokenizer.pad_token_id, "precision": "fp32"}
    features = tiny.encode(kind, tiny.examples(kind, 20), tiny_tokenizer)
    together = forward.forward(model, load(kind), features, **options, tokens=64)
    alone = [forward.forward(model, load(kind), features.slice(row, 1), **options)[0] for row in range(20)]
    for arrays, expected in zip(together, alone, strict=True):
        for array, other in zip(arrays, expected, strict=True):
            np.testing.assert_allclose(array, other, rtol=0, atol=1e-5)
    first, second = alone[:2]
    assert not np.allclose(first[0][0], second[0][0], atol=1e-2), "rows that are all alike would prove nothing"
