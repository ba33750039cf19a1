"""A tokenizer is loaded by the class that AutoTokenizer chooses, without torch where the choice is known."""

import itertools
import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import tiny
from sentences import SENTENCES
from tokenizer_types import ALL, made
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from xstilts.features.tokens import sequence_columns
from xstilts.models import tokenization
from xstilts.models.known_configs import ARCHITECTURES
from xstilts.models.tokenizer_classes import class_name, tokenizer_class
from xstilts.sources.checkpoints import Checkpoint

pytestmark = pytest.mark.thorough

UNSET = object()
TEXTS = [*SENTENCES, "  Grey  wool 鳥", "", "<mask> [MASK] <s> [SEP]", "RIVER Café café ½"]


class Repository(NamedTuple):
    """What a repository says of its tokenizer: the type of its tokenizer.json, and the entries that choose a class."""

    type: str
    architecture: str
    own: dict
    settings: dict


SHIPPED = {
    "xlm-roberta-base": Repository("XLMRobertaTokenizer", "xlm-roberta", {"model_max_length": 512}, {}),
    "xlm-roberta-large": Repository("XLMRobertaTokenizer", "xlm-roberta", {"model_max_length": 512}, {}),
    "xlm-roberta-xl": Repository(
        "Unigram with WhitespaceSplit", "xlm-roberta-xl", {"tokenizer_class": "XLMRobertaTokenizer"}, {}
    ),
    "mbert": Repository("BertTokenizer", "bert", {"do_lower_case": False, "model_max_length": 512}, {}),
    # The repositories of MiniLM and mDeBERTa have no tokenizer.json; these are local copies with one.
    "minilm": Repository("XLMRobertaTokenizer", "bert", {}, {"tokenizer_class": "XLMRobertaTokenizer"}),
    "mdeberta-v3": Repository("DebertaV2Tokenizer", "deberta-v2", {"do_lower_case": False}, {}),
    "rembert": Repository("RemBertTokenizer", "rembert", {"tokenizer_class": "RemBertTokenizer"}, {}),
    "mmbert-small": Repository("Gemma", "modernbert", {"tokenizer_class": "GemmaTokenizer"}, {}),
    "mmbert-base": Repository("Gemma", "modernbert", {"tokenizer_class": "PreTrainedTokenizerFast"}, {}),
}
CLASSES = {
    "xlm-roberta-base": "XLMRobertaTokenizer",
    "xlm-roberta-large": "XLMRobertaTokenizer",
    "xlm-roberta-xl": "TokenizersBackend",
    "mbert": "BertTokenizer",
    "minilm": "XLMRobertaTokenizer",
    "mdeberta-v3": "DebertaV2Tokenizer",
    "rembert": "RemBertTokenizer",
    "mmbert-small": "TokenizersBackend",
    "mmbert-base": "TokenizersBackend",
}
TYPED = {"mbert", "mdeberta-v3"}
"""The encoders whose tokenizers give token types."""

NAMES = (
    UNSET,
    None,
    "",
    "BertTokenizer",
    "BertTokenizerFast",
    "XLMRobertaTokenizerFast",
    "PreTrainedTokenizerFast",
    "TokenizersBackend",
    "GemmaTokenizer",
    "LlamaTokenizer",
    "NoSuchTokenizer",
)


def folder_of(folder: Path, repository: Repository) -> Checkpoint:
    """A folder with the files of a repository, without weights."""
    made(repository.type).save_pretrained(folder)
    special = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    kept = {name: value for name, value in special.items() if name.endswith("_token")}
    (folder / "tokenizer_config.json").write_text(json.dumps(kept | repository.own), encoding="utf-8")
    settings = {"model_type": repository.architecture, **repository.settings}
    (folder / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    return Checkpoint(str(folder))


def loaded(loader, checkpoint: Checkpoint) -> PreTrainedTokenizerBase:
    return loader.from_pretrained(checkpoint.name, trust_remote_code=False)


def facts(loader, checkpoint: Checkpoint) -> tuple:
    """Everything that a tokenizer can do to a text, or the error that loading it raises."""
    try:
        tokenizer = loaded(loader, checkpoint)
    except Exception as error:
        return type(error), str(error)
    sides = tokenizer.padding_side, tokenizer.truncation_side, tokenizer.split_special_tokens
    return tokenization._state(tokenizer), type(tokenizer), sides, repr(tokenizer.init_kwargs), len(tokenizer)


@pytest.mark.parametrize("name", SHIPPED)
def test_ids_and_columns_of_the_shipped_encoders_are_those_of_auto_tokenizer(tmp_path, name):
    checkpoint = folder_of(tmp_path, SHIPPED[name])
    loader = tokenizer_class(checkpoint)
    assert loader.__name__ == CLASSES[name]
    assert facts(loader, checkpoint) == facts(AutoTokenizer, checkpoint)
    auto = loaded(AutoTokenizer, checkpoint)
    expected = auto(TEXTS, TEXTS[::-1], truncation="longest_first", max_length=20)
    columns = sequence_columns(tokenization.load_tokenizer(checkpoint), 20, TEXTS, TEXTS[::-1])
    assert set(columns) == {"input_ids"} | ({"token_type_ids"} if name in TYPED else set())
    assert {column: values.to_pylist() for column, values in columns.items()} == {
        column: expected[column] for column in columns
    }
    assert ("token_type_ids" in expected) == (name in TYPED)


@pytest.mark.parametrize("architecture", [None, *ARCHITECTURES])
@pytest.mark.parametrize("name", ["XLMRobertaTokenizer", "BertTokenizer", "byte-level BPE", "GemmaTokenizer"])
def test_the_choice_is_that_of_auto_tokenizer_or_is_left_to_it(tmp_path, name, architecture):
    checkpoint = Checkpoint(str(tmp_path))
    made(name).save_pretrained(tmp_path)
    known = 0
    for own, beside in itertools.product(NAMES, (UNSET, "XLMRobertaTokenizer", "PreTrainedTokenizerFast")):
        if architecture is None and beside is not UNSET:
            continue
        named = {} if own is UNSET else {"tokenizer_class": own}
        tiny.edit(tmp_path / "tokenizer_config.json", lambda config: config.pop("tokenizer_class", None))
        tiny.edit(tmp_path / "tokenizer_config.json", lambda config, named=named: config.update(named))
        if architecture:
            settings = {"model_type": architecture} | ({} if beside is UNSET else {"tokenizer_class": beside})
            (tmp_path / "config.json").write_text(json.dumps(settings), encoding="utf-8")
        loader = tokenizer_class(checkpoint)
        if loader is not AutoTokenizer:
            known += 1
            assert facts(loader, checkpoint) == facts(AutoTokenizer, checkpoint), (own, beside)
    assert known >= (6 if architecture is None else 20)


@pytest.mark.parametrize("name", ALL)
def test_the_tokenizer_of_token_ids_is_loaded_by_its_class(tmp_path, name):
    made(name).save_pretrained(tmp_path)
    loader = tokenizer_class(Checkpoint(str(tmp_path)))
    assert loader is type(made(name))
    assert facts(loader, Checkpoint(str(tmp_path))) == facts(AutoTokenizer, Checkpoint(str(tmp_path)))


def test_options_in_tokenizer_config_apply(tmp_path):
    mbert = SHIPPED["mbert"]
    words = {}
    for lower in (False, True):
        own = {"do_lower_case": lower}
        checkpoint = folder_of(tmp_path / str(lower), mbert._replace(own=own))
        words[lower] = tokenization.load_tokenizer(checkpoint)(["Ships RIVER"])["input_ids"]
        assert words[lower] == loaded(AutoTokenizer, checkpoint)(["Ships RIVER"])["input_ids"]
    assert words[False] != words[True]


UNKNOWN = {
    "no tokenizer.json": lambda folder: (folder / "tokenizer.json").unlink(),
    "another architecture": lambda folder: tiny.edit(folder / "config.json", lambda c: c.update(model_type="roberta")),
    "no architecture": lambda folder: tiny.edit(folder / "config.json", lambda config: config.pop("model_type")),
    "an invalid config": lambda folder: tiny.edit(folder / "config.json", lambda c: c.update(hidden_size="wide")),
    "a damaged config": lambda folder: (folder / "config.json").write_text("{"),
    "another class": lambda folder: tiny.edit(
        folder / "tokenizer_config.json", lambda config: config.update(tokenizer_class="LlamaTokenizer")
    ),
    "no text as class": lambda folder: tiny.edit(
        folder / "tokenizer_config.json", lambda config: config.update(tokenizer_class=["BertTokenizer"])
    ),
    "a class of its own": lambda folder: tiny.edit(
        folder / "tokenizer_config.json", lambda config: config.update(auto_map={"AutoTokenizer": [None, "own.Own"]})
    ),
}


@pytest.mark.parametrize("change", UNKNOWN.values(), ids=UNKNOWN)
def test_everything_else_is_left_to_auto_tokenizer(tmp_path, change):
    checkpoint = folder_of(tmp_path, SHIPPED["mbert"])
    assert tokenizer_class(checkpoint) is not AutoTokenizer
    change(tmp_path)
    assert tokenizer_class(checkpoint) is AutoTokenizer


def test_a_repository_that_does_not_exist_is_left_to_auto_tokenizer(tmp_path):
    assert tokenizer_class(Checkpoint(str(tmp_path / "nowhere"))) is AutoTokenizer


def test_the_architecture_decides_where_no_class_is_named():
    """Older BERT checkpoints name none; the generic class would drop their token types."""
    assert class_name({"model_type": "bert"}, {}) == "BertTokenizer"
    assert class_name({}, {}) is None


def test_loading_saving_and_encoding_import_no_torch(tmp_path):
    checkpoint = folder_of(tmp_path / "mbert", SHIPPED["mbert"])
    program = f"""
import sys
from pathlib import Path
from xstilts.features.tokens import sequence_columns
from xstilts.models import architectures, tokenization
from xstilts.sources.checkpoints import Checkpoint
checkpoint = Checkpoint({checkpoint.name!r})
architectures.require_supported(checkpoint)
tokenizer = tokenization.load_tokenizer(checkpoint)
tokenization.save_tokenizer(tokenizer, Path({str(tmp_path / "saved")!r}))
print(sequence_columns(tokenizer, 8, ["river"]).keys(), "torch" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=False)
    assert run.stdout.strip() == "dict_keys(['input_ids', 'token_type_ids']) False", run.stderr
