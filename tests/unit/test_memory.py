"""How much memory a training or prediction needs, and what fits into a GPU."""

import pytest
import torch
from transformers import AutoConfig, AutoModel

from xstilts.runtime import memory
from xstilts.sources import shapes

LARGE = shapes.KNOWN["FacebookAI/xlm-roberta-large"]
XL = shapes.KNOWN["facebook/xlm-roberta-xl"]
GB = 1_000_000_000
H200, A100, T4 = 150 * GB, 42 * GB, 16 * GB


@pytest.mark.parametrize(
    "precision, tokens, accumulating, measured",
    [
        # XLM-R Large on an H200; the longest row of the NLI batches has 100 to 112 sub-words.
        ("fp32", 8 * 100, True, 10.4),
        ("fp32", 8 * 112, True, 10.4),
        ("bf16", 32 * 100, False, 11.0),
        ("bf16", 32 * 112, False, 11.0),
        ("bf16", 32 * 128, False, 11.8),
        ("bf16", 8 * 384, True, 13),
        ("bf16", 16 * 384, False, 14),
    ],
)
def test_the_memory_of_a_training_is_that_which_was_measured(precision, tokens, accumulating, measured):
    estimated = memory.training_bytes(LARGE, tokens, precision, accumulating) / GB
    assert 0.96 * measured <= estimated <= 1.01 * measured


def test_the_optimiser_decides_where_batches_are_small():
    weights = 16 * LARGE.parameters
    assert memory.training_bytes(LARGE, 0, "fp32", accumulating=False) == weights
    assert memory.training_bytes(LARGE, 0, "fp32") == weights
    assert memory.training_bytes(LARGE, 1, "fp32", accumulating=False) == weights
    assert memory.training_bytes(LARGE, 1, "fp32") > weights


def test_xlm_r_xl_needs_a_large_gpu():
    assert memory.training_bytes(XL, 128, "fp32") / GB == pytest.approx(56.5, abs=1)
    assert memory.training_bytes(XL, 32 * 128, "bf16", accumulating=False) / GB == pytest.approx(77, abs=14)


@pytest.mark.parametrize("total", [T4, A100, H200])
@pytest.mark.parametrize("places", [1, 2, 8])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_budget_is_the_largest_power_of_two_that_fits(total, places, precision):
    budget = memory.token_budget(total, places, LARGE, precision)
    assert budget.bit_count() == 1
    share = 0.85 * total / places - 0.5 * GB
    if budget > 256:
        assert memory.training_bytes(LARGE, budget, precision) <= share
    assert memory.training_bytes(LARGE, 2 * budget, precision) > share


def test_budgets_of_common_gpus():
    # (0.85 * 150 - 0.5 - 9.0 - 0.6) GB / 1.03 MB, and so on.
    assert memory.token_budget(H200, 1, LARGE, "bf16") == 65_536
    assert memory.token_budget(H200, 8, LARGE, "bf16") == 4096
    assert memory.token_budget(A100, 1, LARGE, "bf16") == 16_384
    assert memory.token_budget(A100, 1, LARGE, "fp32") == 8192
    assert memory.token_budget(T4, 1, LARGE, "fp32") == 2048


def test_scores_of_words_leave_room_for_fewer_tokens():
    # (0.85 * 150 / 8 - 0.5 - 9.0 - 0.6) GB / (1.03 + 0.15 * 250,002 * 14 / 10^6) MB
    assert memory.token_budget(H200, 8, LARGE, "bf16", words=250_002) == 2048
    assert memory.token_budget(H200, 1, LARGE, "bf16", words=250_002) == 65_536


def test_a_gpu_that_is_too_small_gets_the_smallest_budget():
    assert memory.token_budget(T4, 1, XL, "fp32") == memory.token_budget(T4, 100, LARGE, "fp32") == 256


def test_the_places_of_common_gpus():
    assert memory.places(H200, LARGE, "bf16", cores=16) == 8
    assert memory.places(H200, LARGE, "bf16", cores=100) == 8
    assert memory.places(H200, LARGE, "bf16", cores=9) == 4
    assert memory.places(A100, LARGE, "bf16", cores=16) == 2
    assert memory.places(T4, LARGE, "bf16", cores=16) == 1
    assert memory.places(T4, XL, "fp32", cores=16) == memory.places(H200, LARGE, "bf16", cores=1) == 1


@pytest.mark.parametrize("shape", shapes.KNOWN.values(), ids=list(shapes.KNOWN))
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_place_holds_the_micro_batch_that_it_is_made_for(shape, precision):
    if (places := memory.places(H200, shape, precision, cores=1000)) > 1:
        assert memory.token_budget(H200, places, shape, precision) >= 4096


def test_predictions_take_large_batches_and_little_memory():
    # Weights in two bytes, and 32,768 tokens of one layer: 2 * (2 * 1024 + 3 * 4096) bytes.
    assert memory.prediction_bytes(LARGE, 32_768, "bf16") / GB == pytest.approx(1.12 + 0.94, abs=0.01)
    assert memory.prediction_bytes(LARGE, 0, "fp32") == 4 * LARGE.parameters
    assert memory.prediction_budget(A100, 2, LARGE, "bf16") == 32_768
    # (0.85 * 4 - 0.5 - 2.24) GB / 57,344 bytes
    assert memory.prediction_budget(8 * GB, 2, LARGE, "fp32") == 8192
    assert memory.prediction_budget(2 * GB, 1, LARGE, "fp32") == 256


SIZES = {
    "hidden_size": 64,
    "num_attention_heads": 1,
    "vocab_size": 90,
    "max_position_embeddings": 600,
    "pad_token_id": 0,
}
BERT = {"intermediate_size": 256, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
FAMILIES = {
    "xlm-roberta": BERT,
    "rembert": BERT | {"input_embedding_size": 32},
    "deberta-v2": BERT
    | {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_buckets": 256, "share_att_key": True}
    | {"norm_rel_ebd": "layer_norm", "position_biased_input": False},
    "modernbert": {"intermediate_size": 192, "eos_token_id": 1, "bos_token_id": 1, "cls_token_id": 1, "sep_token_id": 1}
    | {"global_attn_every_n_layers": 1},
}


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("model_type", FAMILIES)
def test_the_safety_factor_of_an_architecture_covers_what_its_layers_keep(model_type, precision):
    # The difference of two sizes and depths leaves out weights in bfloat16, embeddings and masks.
    (few, many), (shallow, deep) = ([kept(model_type, layers, rows, precision) for rows in (1, 3)] for layers in (1, 3))
    config = AutoConfig.for_model(model_type, num_hidden_layers=2, **SIZES, **FAMILIES[model_type])
    shape = shapes.of_config(config.to_dict())
    estimated = memory.training_bytes(shape, 1024, precision) - memory.training_bytes(shape, 0, precision)
    assert 0.6 * estimated <= (deep - shallow) - (many - few) <= 1.05 * estimated


def kept(model_type: str, layers: int, rows: int, precision: str) -> int:
    """The bytes that are kept for the backward pass of rows of 512 tokens, without those of the parameters."""
    config = AutoConfig.for_model(model_type, num_hidden_layers=layers, **SIZES, **FAMILIES[model_type])
    model = AutoModel.from_config(config)
    weights = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    storages = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
        return tensor

    ids, mask = torch.full((rows, 512), 7), torch.ones(rows, 512, dtype=torch.long)
    # Fused attention with a mask is not what a CPU computes.
    mask[:, -1] = model.config._attn_implementation == "sdpa"
    with (
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
        torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"),
    ):
        model.train()(input_ids=ids, attention_mask=mask)
    return sum(storage.nbytes() for place, storage in storages.items() if place not in weights)
