"""CCG supertags are read from CCGbank's derivations and from common extracts of it."""

import json

import pytest
from released import read, write

from xstilts import tasks
from xstilts.errors import DataError
from xstilts.sources import labels, reading, release

TASK = tasks.load("ccg")
WORDS, TAGS = ["Ada", "built", "it"], ["NP", r"(S[dcl]\NP)/NP", "NP"]
ROW = {"words": WORDS, "tags": TAGS}
COLUMNS = f"{' '.join(WORDS)}\t{' '.join(TAGS)}\n"
STAGGED = " ".join(f"{word}|XX|{tag}" for word, tag in zip(WORDS, TAGS, strict=True)) + "\n"
LEAVES = [rf"(<L {tag} NNP NNP {word} {tag}_1>)" for word, tag in zip(WORDS, TAGS, strict=True)]
DERIVATION = rf"(<T S[dcl] 1 2> {LEAVES[0]} (<T S[dcl]\NP 0 2> {LEAVES[1]} {LEAVES[2]} ) )" + "\n"
SECTIONS = [f"{section:02}" for section in range(2, 22)]
IDS = {"N": 1, "(S[dcl]\\NP)/NP": 0, "NP": 2}


def derived(identifier: str = "wsj_0001.1") -> str:
    """A sentence in CCGbank's form."""
    return f"ID={identifier} PARSER=GOLD NUMPARSE=1\n{DERIVATION}"


def ccgbank(**files: str) -> dict[str, str]:
    """All sections of the training data with a sentence each, and further files."""
    whole = {f"data/AUTO/{n}/wsj_{n}01.auto": derived(f"wsj_{n}01.1") for n in SECTIONS}
    return whole | {f"data/AUTO/{name}": content for name, content in files.items()}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("train.tsv", COLUMNS),
        ("CCG/train.tsv", COLUMNS),
        ("ccg.train", COLUMNS),
        ("CCG/ccg.train", COLUMNS.rstrip("\n")),
        ("train.tsv", "".join(f"{word}\t{tag}\n" for word, tag in zip(WORDS, TAGS, strict=True)) + "\n"),
        ("train.stagged", STAGGED),
        ("CCG/train.stagged", f"# this file was made\n# by hand\n\n{STAGGED}"),
    ],
)
def test_every_form_gives_the_same_words_and_supertags(tmp_path, name, content):
    assert read(tmp_path, "ccg", {name: content}, "train", "en") == [{"id": "0", **ROW}]


@pytest.mark.parametrize("folder", ["AUTO", "data/AUTO", "ccgbank_1_1/data/AUTO"])
def test_the_leaves_of_a_derivation_are_its_words_and_their_categories(tmp_path, folder):
    rows = read(tmp_path, "ccg", {f"{folder}/00/wsj_0001.auto": derived()}, "dev", "en")
    assert rows == [{"id": "wsj_0001.1", **ROW}]


def test_sections_are_read_in_their_order_then_files_in_that_of_their_names(tmp_path):
    files = ccgbank(**{"03/wsj_0300.auto": derived("first") + "\n" + derived("second")})
    rows = read(tmp_path, "ccg", files, "train", "en")
    names = ["wsj_0201.1", "first", "second", *(f"wsj_{n}01.1" for n in SECTIONS[1:])]
    assert [row["id"] for row in rows] == names


def test_no_section_of_the_training_data_may_be_missing(tmp_path):
    files = ccgbank()
    del files["data/AUTO/07/wsj_0701.auto"]
    assert release.locate(TASK, "train", "en", [write(tmp_path, files)]) is None


def test_a_word_may_hold_a_bar_and_begin_with_a_hash(tmp_path):
    rows = read(tmp_path, "ccg", {"train.stagged": "#|#|N/N a|b|NN|N\n"}, "train", "en")
    assert rows == [{"id": "0", "words": ["#", "a|b"], "tags": ["N/N", "N"]}]


def test_missing_files_are_one_message_on_the_licence_both_forms_and_how_to_do_without(tmp_path):
    message = str(release.missing(TASK, "train", "en", [tmp_path]))
    for part in (str(tmp_path), "LDC2005T13", "licensed", "data/AUTO", "train.tsv", "tasks.ccg.folders"):
        assert part in message
    assert "leave 'ccg' out of grid.intermediates" in message
    assert "wsj_" not in message


def found(folder, files: dict[str, str]) -> release.Found:
    return release.locate(TASK, "train", "en", [write(folder, files)])


@pytest.mark.parametrize("ids", [IDS, {tag: str(number) for tag, number in IDS.items()}])
def test_a_list_of_ids_beside_the_columns_gives_the_labels_in_their_order(tmp_path, ids):
    place = found(tmp_path, {"train.tsv": COLUMNS, "tags_to_id.json": json.dumps(ids)})
    assert labels.listed(TASK, place).labels == ("(S[dcl]\\NP)/NP", "N", "NP")


def test_without_such_a_list_the_labels_are_open(tmp_path):
    place = found(tmp_path, {"train.tsv": COLUMNS})
    assert labels.are_open(labels.listed(TASK, place))
    assert not labels.are_open(tasks.load("udpos"))
    assert not labels.are_open(tasks.load("squad_v1"))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("[]", ["tags_to_id.json", "[]", "an object"]),
        ('{"NP": 0', ["tags_to_id.json", "valid JSON"]),
        ('{"NP": "zero"}', ["tags_to_id.json, NP", "'zero'", "a whole number"]),
        ('{"NP": -1}', ["tags_to_id.json, NP", "-1", "a whole number"]),
        ('{"NP": 0, "N": 0}', ["tags_to_id.json", "no supertag with the id 1", "0 to 1, each once"]),
        ('{"NP": 1, "N": 2}', ["tags_to_id.json", "no supertag with the id 0"]),
    ],
)
def test_a_list_that_is_none_is_refused(tmp_path, content, expected):
    with pytest.raises(DataError) as raised:
        labels.listed(TASK, found(tmp_path, {"train.tsv": COLUMNS, "tags_to_id.json": content}))
    for part in expected:
        assert part in str(raised.value)


def test_a_training_tag_that_is_not_listed_is_refused_with_its_line(tmp_path):
    content = {"train.tsv": COLUMNS + "Ada\tNP/N\n", "tags_to_id.json": json.dumps(IDS)}
    place = found(tmp_path, content)
    expected = r"train.tsv, line 2: found the tag 'NP/N' on word 1, 'Ada'; expected one of .*Did you mean 'NP'"
    with pytest.raises(DataError, match=expected):
        reading.read([place], labels.listed(TASK, place), "en")


def test_many_labels_are_counted_instead_of_listed(tmp_path):
    ids = {f"X{number}": number for number in range(1363)}
    place = found(tmp_path, {"train.tsv": COLUMNS, "tags_to_id.json": json.dumps(ids)})
    with pytest.raises(DataError, match="one of the 1363 labels"):
        reading.read([place], labels.listed(TASK, place), "en")


AUTO, TSV, C_AND_C = "AUTO/00/wsj_0001.auto", "dev.tsv", "dev.stagged"
BAD = {
    "more words than tags": (TSV, COLUMNS + "Ada built it\tNP N\n", ["line 2", "2 tags for 3 words"]),
    "one column": (TSV, "Ada built it\n", ["line 1", "1 column", "'words | supertags'"]),
    "three columns": (TSV, COLUMNS + "Ada\tNP\tNNP\n", ["line 2", "3 columns", "2 columns"]),
    "two spaces": (TSV, "Ada  built\tNP  N\n", ["line 1", "the tag '' on word 2", "a tag without spaces"]),
    "lines of sentences and an empty line": (
        TSV,
        COLUMNS + "\n",
        ["line 1", "the tag 'NP (S[dcl]\\\\NP)/NP NP' on word 1, 'Ada built it'", "without spaces"],
    ),
    "lines of words without tag": (TSV, "Ada\tNP\nsleeps\n\n", ["line 2", "1 column", "2 columns"]),
    "columns not UTF-8": (TSV, COLUMNS.encode() + b"Z\xfcrich\tN\n", ["line 2", "byte 0xfc", "UTF-8"]),
    "empty file": (TSV, "", ["no example in 'en'"]),
    "no bars": (C_AND_C, "Ada|NNP|NP sleeps\n", ["line 1", "'sleeps'", "word|part of speech|supertag"]),
    "no supertag": (C_AND_C, STAGGED + "Ada|NNP|\n", ["line 2", "'Ada|NNP|'", "word|part of speech|supertag"]),
    "space at the end": (C_AND_C, STAGGED.replace("\n", " \n"), ["line 1", "''", "separated by one space"]),
    "leaf without category": (
        AUTO,
        derived().replace("(<L NP NNP NNP it NP_1>)", "(<L NNP NNP it NP_1>)"),
        ["line 2", "(<L NNP NNP it NP_1>)", "(<L category, two parts of speech, word"],
    ),
    "leaf that does not end": (AUTO, derived().replace("Ada NP_1>)", "Ada NP_1"), ["line 2", "(<L NP NNP NNP Ada"]),
    "derivation cut off": (AUTO, derived().rstrip(" )\n") + ">) )", ["line 2", "balanced parentheses", "truncated"]),
    "no id line": (AUTO, derived() + DERIVATION, ["line 3", "(<T S[dcl]", "ID="]),
    "id without derivation": (
        AUTO,
        "ID=wsj_0001.1\n" + derived(),
        ["line 2", "ID=wsj_0001.1", "a complete derivation"],
    ),
    "id at the end": (AUTO, derived() + "ID=wsj_0001.2 PARSER=GOLD\n", ["line 3", "''", "a complete derivation"]),
    "id again": (AUTO, derived() * 2, ["line 4", "the id 'wsj_0001.1' again"]),
    "derivation not UTF-8": (AUTO, derived().encode() + b"ID=\xff\n", ["line 3", "byte 0xff", "UTF-8"]),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_with_its_place(tmp_path, case):
    name, content, expected = BAD[case]
    with pytest.raises(DataError) as raised:
        read(tmp_path, "ccg", {name: content}, "dev", "en")
    for part in (name.rpartition("/")[2], *expected):
        assert part in str(raised.value)


def test_damage_names_the_file_that_it_is_in(tmp_path):
    files = ccgbank(**{"02/wsj_0202.auto": derived("wsj_0201.1")})
    with pytest.raises(DataError, match=r"02/wsj_0202.auto, line 2: found the id 'wsj_0201.1' again"):
        read(tmp_path, "ccg", files, "train", "en")


def test_the_samples_are_the_same_in_both_forms(samples, tmp_path):
    folder = samples / "ccg" / "sick_depccg_silver"
    for split, sentences in (("train", 646), ("dev", 139)):
        found = [
            read(tmp_path / form, "ccg", {f"{split}.{form}": (folder / f"{split}.{form}").read_bytes()}, split, "en")
            for form in ("tsv", "stagged")
        ]
        assert len(found[0]) == sentences
        assert found[0] == found[1]
