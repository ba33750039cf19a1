"""Features that an encoder cannot process are rejected before the first batch; all others are accepted."""

import pyarrow as pa
import pytest
import tiny
import torch
from transformers import AutoConfig, AutoModel, BertConfig, BertModel, DistilBertConfig, DistilBertModel

from xstilts import kinds
from xstilts.config import Stage
from xstilts.errors import UserError
from xstilts.kinds import classification
from xstilts.models import encoders
from xstilts.models.fitting import require_fit
from xstilts.prediction import retrieval
from xstilts.prediction.forward import Request, predict
from xstilts.sources.checkpoints import Checkpoint
from xstilts.training import stage
from xstilts.training.resume import exclusive

ROWS, PAD = 120, 2


def features(*sequences: list[int], types: int | None = None) -> pa.Table:
    columns = {"input_ids": pa.array(sequences, pa.list_(pa.int32()))}
    if types is not None:
        columns["token_type_ids"] = pa.array([[types] * len(row) for row in sequences], pa.list_(pa.int8()))
    return pa.table(columns)


@pytest.fixture(scope="module", params=tiny.FAMILIES)
def encoder(request):
    changes = tiny.CONFIG | tiny.FAMILIES[request.param] | {"pad_token_id": PAD, "eos_token_id": 1}
    return AutoModel.from_config(AutoConfig.for_model(request.param, vocab_size=ROWS, **changes)).eval()


def takes(model, table: pa.Table) -> bool:
    """Whether the model itself can compute what a batch of these features asks."""
    batch = classification.collate(table.to_pylist(), PAD)
    try:
        model(**{name: torch.from_numpy(array) for name, array in batch.items()})
    except (IndexError, RuntimeError):
        return False
    return True


def fits(model, table: pa.Table, pad_token_id: int = PAD) -> bool:
    try:
        require_fit(model, table, pad_token_id, "here")
    except UserError:
        return False
    return True


@pytest.mark.parametrize("length", [*range(94, 106), 200])
def test_a_length_is_refused_where_the_model_itself_fails(encoder, length):
    table = features([5] * length, [5])
    assert fits(encoder, table) == takes(encoder, table)


@pytest.mark.parametrize("length", [*range(94, 106), 200])
def test_positions_under_another_name_are_looked_at_too(length):
    config = AutoConfig.for_model("roformer", vocab_size=ROWS, pad_token_id=PAD, embedding_size=32, **tiny.CONFIG)
    model, table = AutoModel.from_config(config).eval(), features([5] * length, [5])
    assert fits(model, table) == takes(model, table)


@pytest.mark.parametrize("highest", [ROWS - 1, ROWS, ROWS + 1])
def test_an_id_is_refused_where_it_has_no_embedding(encoder, highest):
    table = features([3, 4], [5, highest, 7])
    assert fits(encoder, table) == takes(encoder, table) == (highest < ROWS)


def test_an_id_of_padding_without_an_embedding_is_refused(encoder):
    with pytest.raises(UserError, match=rf"the id {ROWS}, but its word embeddings have {ROWS} rows .*resize_token"):
        require_fit(encoder, features([3, 4]), ROWS, "here")


@pytest.mark.parametrize("types", [0, 1, 2])
@pytest.mark.parametrize("size", [1, 2])
def test_token_types_are_refused_where_the_encoder_has_less(size, types):
    model = BertModel(BertConfig(vocab_size=ROWS, pad_token_id=PAD, type_vocab_size=size, **tiny.CONFIG)).eval()
    table = features([3, 4], types=types)
    assert fits(model, table) == takes(model, table) == (types < size)


def test_token_types_that_count_for_nothing_are_taken():
    changes = tiny.CONFIG | tiny.FAMILIES["deberta-v2"] | {"type_vocab_size": 0, "pad_token_id": PAD}
    model = AutoModel.from_config(AutoConfig.for_model("deberta-v2", vocab_size=ROWS, **changes)).eval()
    assert fits(model, features([3, 4], types=1))
    assert takes(model, features([3, 4], types=1))


def test_token_types_that_a_model_has_no_argument_for_are_refused_with_a_remedy():
    model = DistilBertModel(DistilBertConfig(vocab_size=ROWS, dim=32, n_layers=1, n_heads=2, hidden_dim=64))
    with pytest.raises(UserError, match=r"DistilBertModel does not take them.*remove 'token_type_ids' from model_in"):
        require_fit(model, features([3, 4], types=0), PAD, "here")


def test_choices_are_sequences_of_their_own(encoder, tiny_tokenizer):
    table = pa.table({"input_ids": [[5] * 180], "choices": pa.array([[90, 90]], pa.list_(pa.int32()))})
    assert fits(encoder, table)


@pytest.fixture
def narrow(tmp_path, typed_tokenizer) -> Checkpoint:
    """An encoder with a single token type and a tokenizer that gives two."""
    return tiny.encoder(tmp_path / "encoder", typed_tokenizer, "roberta", type_vocab_size=1)


def test_a_training_is_refused_before_its_first_step(tmp_path, narrow, typed_tokenizer, capsys):
    data = {"classification": tiny.data("classification", typed_tokenizer)}
    refused = pytest.raises(UserError, match=r"token type 1, but its config\.json has type_vocab_size 1 ")
    with exclusive(tmp_path / "scratch"), refused:
        stage.train(Stage(), narrow, data, tmp_path, tmp_path / "scratch", seed=1, execution=stage.Execution())
    assert "loss" not in capsys.readouterr().out


def test_a_prediction_is_refused_before_its_first_batch(tmp_path, narrow, typed_tokenizer):
    kind, data = kinds.load("classification"), tiny.data("classification", typed_tokenizer)
    folder = tmp_path / "model"
    encoders.with_fresh_head(narrow, kind, data.task).save_pretrained(folder)
    splits, options = {"test": data.dev}, {"precision": "fp32"}
    request = Request(Checkpoint(str(folder)), data.tokenizer, data.task, splits, "test", data.settings, options)
    with pytest.raises(UserError, match="token type 1"):
        predict(request)


def test_retrieval_is_refused_before_its_first_sentence(tmp_path, tiny_tokenizer):
    checkpoint = tiny.encoder(tmp_path, tiny_tokenizer, max_position_embeddings=20)
    rows = [
        {"id": str(n), "side": side, "text": "river " * 20, "gold": ["0"]}
        for n, side in enumerate(("english", "foreign"))
    ]
    examples = tiny.table("retrieval", rows)
    module, task = kinds.load("retrieval"), tiny.TASKS["tagging"]
    encoded = module.encode(examples, tiny_tokenizer, None, tiny.SETTINGS)
    options = {"layer": None, "pooling": "mean", "precision": "fp32"}
    splits = {"test": {"de": (examples, encoded)}}
    request = Request(checkpoint, tmp_path, task, splits, "test", tiny.SETTINGS, options)
    with pytest.raises(UserError, match=r"positions for 17\. Reduce max_length"):
        retrieval.predict(request)
