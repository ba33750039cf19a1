"""The last file that sets the location of an encoder replaces it; the rest of the block is kept."""

import json

import pytest
import yaml
from snakemake.utils import update_config

from xstilts import experiments
from xstilts.arms import expanded
from xstilts.config import Config, ConfigError, parse

REVISION = "0123456789abcdef0123456789abcdef01234567"
HUB = {"repository": "lab/large", "revision": REVISION}
SHIPPED = {**HUB, "tokens_per_device": 8, "retrieval": {"layer": 14}}


def laid(tmp_path, *blocks: dict, command_line: dict | None = None) -> Config:
    """The configuration of these blocks of an encoder, each in a file of its own, merged as Snakemake merges them."""
    raw: dict = {}
    files = []
    for number, block in enumerate(blocks):
        files.append(tmp_path / f"{number}.yaml")
        files[-1].write_text(yaml.safe_dump({"encoders": {"large": block}}))
        update_config(raw, yaml.safe_load(files[-1].read_text()))
    update_config(raw, {"encoders": {"large": command_line or {}}})
    return parse(raw, files, {"encoders": {"large": command_line or {}}})


@pytest.mark.parametrize(
    "place",
    [{"path": "mine"}, {"pretraining": {"layers": 2}}, {"pretraining": {}}],
    ids=["path", "made", "made as ever"],
)
def test_another_place_replaces_a_repository_and_its_revision(tmp_path, place):
    encoder = laid(tmp_path, SHIPPED, place).encoders["large"]
    assert encoder.model_dump(exclude_unset=True, mode="json") == {
        **{key: value for key, value in SHIPPED.items() if key not in HUB},
        **place,
    }


def test_a_repository_replaces_a_path(tmp_path):
    encoder = laid(tmp_path, {"path": "mine"}, HUB).encoders["large"]
    assert (encoder.path, encoder.repository, encoder.revision) == (None, "lab/large", REVISION)


def test_the_last_of_three_files_has_it(tmp_path):
    other = {"repository": "lab/other", "revision": REVISION[::-1]}
    encoder = laid(tmp_path, SHIPPED, {"path": "mine"}, other).encoders["large"]
    assert (encoder.path, encoder.repository, encoder.revision) == (None, "lab/other", REVISION[::-1])
    assert str(laid(tmp_path, SHIPPED, {"path": "mine"}, {"path": "theirs"}).encoders["large"].path) == "theirs"


@pytest.mark.parametrize("below", [{"path": "mine"}, {"pretraining": {"layers": 2}}])
def test_the_command_line_comes_last(tmp_path, below):
    encoder = laid(tmp_path, {**below, "tokens_per_device": 4}, command_line=HUB).encoders["large"]
    assert (encoder.path, encoder.pretraining, encoder.repository) == (None, None, "lab/large")
    again = laid(tmp_path, HUB, {**below, "tokens_per_device": 4}, command_line=HUB).encoders["large"]
    assert (again.path, again.pretraining, again.repository) == (None, None, "lab/large")
    changed = laid(tmp_path, SHIPPED, {"path": "mine"}, command_line={"path": "theirs"}).encoders["large"]
    assert (str(changed.path), changed.repository) == ("theirs", None)


@pytest.mark.parametrize(
    "blocks", [[SHIPPED, {"repository": "lab/other"}], [SHIPPED, {"path": "x"}, {"repository": "lab/other"}]]
)
def test_a_commit_is_that_of_its_own_repository(tmp_path, blocks):
    with pytest.raises(ConfigError, match="'repository' requires 'revision'"):
        laid(tmp_path, *blocks)
    assert laid(tmp_path, SHIPPED, {"revision": REVISION[::-1]}).encoders["large"].revision == REVISION[::-1]


def test_a_setting_of_the_place_that_stays_is_no_new_place(tmp_path):
    encoder = laid(tmp_path, {"pretraining": {"layers": 2}}, {"pretraining": {"heads": 2}}).encoders["large"]
    assert (encoder.pretraining.layers, encoder.pretraining.heads) == (2, 2)
    assert str(laid(tmp_path, {"path": "mine"}, {"tokens_per_device": 2}).encoders["large"].path) == "mine"


@pytest.mark.parametrize(
    "blocks, command_line",
    [([{"path": "mine", **HUB}], None), ([SHIPPED, {"path": "mine", **HUB}], None), ([], {"path": "mine", **HUB})],
)
def test_two_places_in_one_block_are_refused(tmp_path, blocks, command_line):
    with pytest.raises(ConfigError, match="give one of 'path'"):
        laid(tmp_path, *blocks, command_line=command_line)


def test_an_encoder_that_is_shipped_can_be_read_from_a_folder(tmp_path):
    (tmp_path / "mine.yaml").write_text("encoders: {xlm-roberta-large: {path: mine}}")
    encoder = experiments.read(tmp_path / "mine.yaml").encoders["xlm-roberta-large"]
    assert (str(encoder.path), encoder.repository, encoder.retrieval.layer) == ("mine", None, 14)
    # What a run leaves for its jobs says one place.
    whole = tmp_path / "config.json"
    config = experiments.read(tmp_path / "mine.yaml")
    whole.write_text(json.dumps(config.model_dump(mode="json", exclude_unset=True)))
    assert expanded(parse(yaml.safe_load(whole.read_text()), [whole])) == config
