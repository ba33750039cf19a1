"""The encoder of the miniature: its vocabulary, its corpus and the resulting folder."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch.nn.functional import normalize
from transformers import AutoModel, PreTrainedTokenizerFast

from xstilts.config import ConfigError, Pretraining, parse
from xstilts.features.batching import IGNORED
from xstilts.miniature import corpus, pretraining, sampling, vocabulary
from xstilts.miniature.corpus import Corpus, Row
from xstilts.miniature.events import Clause, Sentence
from xstilts.miniature.sentences import LANGUAGES, say
from xstilts.miniature.variations import Variations, told
from xstilts.models import tokenization
from xstilts.sources.checkpoints import Checkpoint, is_checkpoint

pytestmark = pytest.mark.thorough

SETTINGS = Pretraining(sentences=300, hidden_size=32, max_length=128, batches=4, steps=6, tokens=600)


def sentences(count: int, split: str = "train") -> list[Sentence]:
    rng = random.Random(f"words-{split}")
    return [sampling.sentence(rng, split) for _ in range(count)]


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    said = (say(sentence, lang) for sentence in sentences(1500) for lang in LANGUAGES)
    return vocabulary.tokenizer((token.word.form for text in said for token in text.tokens), 256)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    pretraining.pretrain(SETTINGS, vocabulary.tokenizer_of(SETTINGS), folder)
    return folder


# Words


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_sentence_falls_apart_into_its_words_even_where_no_blank_is_between_them(
    tokenizer: PreTrainedTokenizerFast, lang: str
):
    exact = 0
    for sentence in sentences(100):
        text = say(sentence, lang)
        ids = tokenizer(text.text, add_special_tokens=False)["input_ids"]
        apart = [tokenizer(token.word.form, add_special_tokens=False)["input_ids"] for token in text.tokens]
        exact += ids == [number for word in apart for number in word]
        assert tokenizer.unk_token_id not in ids
    assert exact >= 98


def test_a_word_of_no_language_is_spelled(tokenizer: PreTrainedTokenizerFast):
    assert tokenizer.tokenize("qzx") == ["q", "z", "x"]


def test_pairs_have_the_template_of_xlm_r_and_segments(tokenizer: PreTrainedTokenizerFast):
    encoded = tokenizer("Anna", "Boris")
    assert tokenizer.convert_ids_to_tokens(encoded["input_ids"]) == ["<s>", "Anna", "</s>", "</s>", "Boris", "</s>"]
    assert encoded["token_type_ids"] == [0, 0, 0, 1, 1, 1]


# Events that are confused, and tellings of one


def test_a_confused_event_is_another_one_of_the_same_part_of_the_world():
    variations, rng = Variations(random.Random(1), "train"), random.Random(2)
    for _ in range(300):
        event = sampling.clause(rng, "train")
        other = variations.altered(event)
        assert other != event
        assert sampling.split_of(other) == "train"


def test_two_events_may_be_confused_by_exchanging_who_did_them():
    variations = Variations(random.Random(1), "train")
    events = [Clause("sing", "anna"), Clause("dance", "boris")]
    drawn = {tuple(event.agent for event in variations.confused(events)) for _ in range(30)}
    assert ("boris", "anna") in drawn


def test_a_telling_says_the_same_words_from_another_side():
    given = Clause("give", "anna", other="boris", patient="book")
    assert told(given, "turned") == Clause("get", "boris", other="anna", patient="book")
    assert told(Clause("sing", "anna", time="monday"), "fronted").fronted


# The corpus


def rows(tokenizer: PreTrainedTokenizerFast, draw: str, count: int, masked: float = 0.0) -> list[Row]:
    source = Corpus(tokenizer, random.Random("rows"), masked)
    return [getattr(source, draw)() for _ in range(count)]


def test_a_pair_is_altered_just_where_a_word_differs(tokenizer: PreTrainedTokenizerFast):
    labels = []
    for row in rows(tokenizer, "pair", 200):
        differing = [unit.differs for unit in row.units if unit.differs != IGNORED]
        labels.append(row.units[0].altered)
        assert row.units[0].altered == max(differing)
    assert 0.5 < np.mean(labels) < 0.8


def test_what_is_masked_of_a_passage_is_found_in_it(tokenizer: PreTrainedTokenizerFast):
    for row in rows(tokenizer, "passage", 100):
        masked = [unit for unit in row.units if unit.id == tokenizer.mask_token_id]
        answers = [unit for unit in row.units if unit.answers == 1]
        assert masked
        assert answers
        assert all(unit.word != IGNORED for unit in masked)


def test_a_mask_hides_its_share_of_words_and_asks_for_them(tokenizer: PreTrainedTokenizerFast):
    units = [unit for row in rows(tokenizer, "pair", 200, masked=0.15) for unit in row.units]
    share = np.mean([unit.id == tokenizer.mask_token_id for unit in units])
    assert 0.1 < share < 0.15
    assert all((unit.id == tokenizer.mask_token_id) == (unit.word != IGNORED) for unit in units)


def test_batches_are_full_and_the_same_every_time(tokenizer: PreTrainedTokenizerFast):
    one, two = (list(corpus.batches(tokenizer, 1, count=100, tokens=600, masked=0.15)) for _ in range(2))
    assert 90 <= len(one) <= 110
    for batch, same in zip(one, two, strict=True):
        size = batch.inputs["input_ids"].shape
        assert size[0] * (size[1] - 7) <= 600
        assert all(np.array_equal(batch.inputs[name], same.inputs[name]) for name in batch.inputs)
        assert all(labels.shape == size for labels in batch.labels.values())


# The encoder


def test_the_encoder_is_an_ordinary_folder_of_hugging_face(made: Path):
    assert is_checkpoint(made)
    loaded, report = AutoModel.from_pretrained(made, output_loading_info=True)
    assert [key for key in report["missing_keys"] if "pooler" not in key] == []
    tokens = tokenization.load_tokenizer(Checkpoint(str(made)))("Anna", "Boris", return_tensors="pt")
    assert loaded(**tokens).last_hidden_state.shape == (1, 6, 32)


def test_the_same_settings_give_the_same_bytes(made: Path, tmp_path: Path):
    pretraining.pretrain(SETTINGS, vocabulary.tokenizer_of(SETTINGS), tmp_path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {
        file.name: file.read_bytes() for file in made.iterdir()
    }


def test_another_seed_gives_other_weights(made: Path, tmp_path: Path):
    other = SETTINGS.model_copy(update={"seed": 2})
    pretraining.pretrain(other, vocabulary.tokenizer_of(other), tmp_path)
    name = "roberta.encoder.layer.0.attention.self.query.weight"
    assert not torch.equal(*(load_file(folder / "model.safetensors")[name] for folder in (made, tmp_path)))


def test_word_vectors_start_near_their_translations():
    settings = Pretraining(sentences=1500, hidden_size=64)
    tokenizer = vocabulary.tokenizer_of(settings)
    found = pretraining.occurrences(vocabulary.texts(settings), tokenizer)
    vectors = normalize(pretraining.translation_vectors(found, 64))
    words = {"book": "Buch", "wrote": "написала", "Monday": "lunes", "house": "ev", "car": "汽车"}
    for english, other in words.items():
        one, two = (tokenizer.convert_tokens_to_ids(word) for word in (english, other))
        nearest = (vectors @ vectors[one]).topk(25).indices.tolist()
        assert two in nearest, (english, other)


def test_an_encoder_has_one_origin():
    with pytest.raises(ConfigError, match="give one of 'path'"):
        parse({"encoders": {"two": {"path": "models/x", "pretraining": {}}}})
    with pytest.raises(ConfigError, match="give one of 'path'"):
        parse({"encoders": {"none": {}}})


def test_heads_have_to_divide_the_hidden_size():
    with pytest.raises(ConfigError, match="multiple of 'heads'"):
        parse({"encoders": {"odd": {"pretraining": {"hidden_size": 64, "heads": 3}}}})
