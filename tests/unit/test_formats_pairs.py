"""SNLI, ANLI and Quora question pairs become canonical rows, or one error with the location."""

import json

import pytest
from released import read

from xstilts import tasks
from xstilts.errors import DataError
from xstilts.sources import reading, release

SNLI, QQP = "SNLI/train.tsv", "QQP/train.tsv"
ROUNDS = tuple(f"R{number}/train.jsonl" for number in (1, 2, 3))
ENTAILED = {"text_a": "A dog barks.", "text_b": "It is loud.", "label": "entailment"}


def snli(*pairs: tuple[str, int]) -> str:
    """GLUE's file, with a gold label and the number of annotators in each row, under the header for one of them."""
    rows = [
        "\t".join([str(n), "A dog barks.", "It is loud.", *["neutral"] * many, gold])
        for n, (gold, many) in enumerate(pairs)
    ]
    return "\n".join(["index\tsentence1\tsentence2\tlabel1\tgold_label", *rows, ""])


def anli(*rows: dict) -> str:
    """A file of JSON lines; what a row does not say is right."""
    right = {"uid": "u", "context": "A dog barks.", "hypothesis": "It is loud.", "label": "e", "reason": ""}
    return "".join(json.dumps(right | row) + "\n" for row in rows)


def rounds(*files: str) -> dict[str, str]:
    return dict(zip(ROUNDS, files, strict=True))


def qqp(rows: int = 0, *others: str) -> str:
    """GLUE's file: so many whole rows, then other lines."""
    whole = [f"{n}\t{2 * n}\t{2 * n + 1}\tWho is {n}?\tWhat is {n}?\t{n % 2}" for n in range(rows)]
    return "\n".join(["id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate", *whole, *others, ""])


TORN = ('7\t8\t9\tWho is "', '"\tWho is it?\t0')
"""A row with a line feed in its first question."""


@pytest.mark.parametrize("name", ["snli_1.0_train.jsonl", "snli_1.0/snli_1.0_train.jsonl"])
def test_snli_is_read_as_multinli_without_pairs_that_have_no_majority(tmp_path, name):
    texts = {"sentence1": "A dog barks.", "sentence2": "It is loud."}
    lines = [json.dumps({"gold_label": label, **texts}) for label in ("-", "entailment")]
    assert read(tmp_path, "snli", {name: "\n".join(lines)}, "train", "en") == [{"id": "0", **ENTAILED}]


def test_glues_snli_has_the_labels_of_one_annotator_or_of_five_before_the_gold_label(tmp_path):
    rows = read(tmp_path, "snli", {SNLI: snli(("entailment", 1), ("-", 5), ("contradiction", 5))}, "train", "en")
    assert [row["label"] for row in rows] == ["entailment", "contradiction"]
    assert rows[0] == {"id": "0", **ENTAILED}


@pytest.mark.parametrize("folder", ["", "anli_v1.0/", "anli_v0.1/"])
def test_the_rounds_of_anli_take_turns_until_each_is_read(tmp_path, folder):
    sizes = (1, 3, 2)
    files = {
        f"{folder}{name}": anli(*({"uid": f"{name[:2]}-{n}"} for n in range(size)))
        for name, size in zip(ROUNDS, sizes, strict=True)
    }
    rows = read(tmp_path, "anli", files, "train", "en")
    assert [row["id"] for row in rows] == ["R1-0", "R2-0", "R3-0", "R2-1", "R3-1", "R2-2"]
    assert rows[0] == {"id": "R1-0", **ENTAILED}


def test_the_first_examples_of_anli_are_of_all_rounds(tmp_path):
    files = rounds(*(anli({"uid": f"{name}-0"}, {"uid": f"{name}-1"}) for name in "abc"))
    assert [row["id"] for row in read(tmp_path, "anli", files, "train", "en", limit=4)] == ["a-0", "b-0", "c-0", "a-1"]


def test_anlis_letters_are_the_labels_of_the_other_inference_tasks(tmp_path):
    files = rounds(*(anli({"uid": label, "label": label}) for label in "cen"))
    found = {row["id"]: row["label"] for row in read(tmp_path, "anli", files, "train", "en")}
    assert found == {"c": "contradiction", "e": "entailment", "n": "neutral"}
    assert tasks.load("anli").labels == tasks.load("snli").labels == tasks.load("mnli").labels


def test_anli_without_one_of_its_rounds_is_not_found(tmp_path):
    for name in ROUNDS[:2]:
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(anli({}))
    assert release.locate(tasks.load("anli"), "train", "en", [tmp_path]) is None


@pytest.mark.parametrize("name", ["train.tsv", QQP])
def test_question_pairs_keep_quotes_and_empty_questions(tmp_path, name):
    rows = read(tmp_path, "qqp", {name: qqp(0, '1\t2\t3\tWho is "he?\t\t1')}, "train", "en")
    assert rows == [{"id": "0", "text_a": 'Who is "he?', "text_b": "", "label": "1"}]


def test_rows_that_a_line_feed_has_torn_are_left_out_as_long_as_they_are_few(tmp_path):
    whole = read(tmp_path, "qqp", {QQP: qqp(2000)}, "train", "en")
    assert len(whole) == 2000
    assert read(tmp_path, "qqp", {QQP: qqp(2000, *TORN) + "1\t2\t3\tWho?\tWhat?\t1\n"}, "train", "en")[:-1] == whole


@pytest.mark.parametrize("name", ["snli", "anli", "qqp", "squad_v2", "ccg"])
def test_english_files_are_not_taken_for_another_language(tmp_path, name):
    files = {"snli": [SNLI], "anli": ROUNDS, "qqp": [QQP], "squad_v2": ["train-v2.0.json"], "ccg": ["train.tsv"]}
    for file in files[name]:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    assert release.locate(tasks.load(name), "train", "en", [tmp_path])
    assert release.locate(tasks.load(name), "train", "de", [tmp_path]) is None


BAD = {
    "header without gold": ("snli", {SNLI: "index\tsentence1\tsentence2\tlabel1\n"}, [SNLI, "line 1", "'gold_label'"]),
    "labels of two annotators": (
        "snli",
        {SNLI: snli(("entailment", 1), ("neutral", 2))},
        [SNLI, "line 3", "6 columns", "5 columns"],
    ),
    "gold label of the wrong task": ("snli", {SNLI: snli(("1", 5))}, [SNLI, "line 2", "'1'", "one of contradiction"]),
    "empty SNLI": ("snli", {SNLI: ""}, [SNLI, "line 1", "a header with the column 'sentence1'"]),
    "nothing but undecided pairs": ("snli", {SNLI: snli(("-", 5))}, [SNLI, "no example in 'en'"]),
    "label spelled out": (
        "anli",
        rounds(anli({}), anli({"uid": "v"}, {"uid": "w", "label": "entailment"}), anli({"uid": "x"})),
        ["R2/train.jsonl", "line 2", "'entailment'", "one of c, e, n"],
    ),
    "uid in two rounds": (
        "anli",
        rounds(anli({"uid": "a"}), anli({"uid": "a"}), anli({"uid": "b"})),
        ["R2/train.jsonl", "line 1", "'a' again"],
    ),
    "no uid": ("anli", rounds(anli({"uid": ""}), anli({}), anli({})), ["R1/train.jsonl", "line 1", "the id ''"]),
    "no hypothesis": (
        "anli",
        rounds(anli({}), anli({"uid": "v", "hypothesis": None}), anli({})),
        ["R2/train.jsonl", "line 1.hypothesis", "None", "a string"],
    ),
    "line cut off": (
        "anli",
        rounds(anli({}), anli({"uid": "v"}), anli({})[:-9]),
        ["R3/train.jsonl", "line 1", "truncated"],
    ),
    "round not UTF-8": (
        "anli",
        rounds(anli({}), anli({"uid": "v"}), b'{"uid": "\xff"}'),
        ["R3/train.jsonl", "line 1", "byte 0xff", "UTF-8"],
    ),
    "unknown class": ("qqp", {QQP: qqp(1, "1\t2\t3\tWho?\tWhat?\tyes")}, [QQP, "line 3", "'yes'", "one of 0, 1"]),
    "header of the test file": ("qqp", {QQP: "id\tquestion1\tquestion2\n"}, [QQP, "line 1", "'is_duplicate'"]),
    "TAB in a question": (
        "qqp",
        {QQP: qqp(2000, "1\t2\t3\tWho\tis it?\tWhat?\t1")},
        [QQP, "line 2002", "7 columns", "6 columns"],
    ),
    "too many torn rows": (
        "qqp",
        {QQP: qqp(900, *TORN) + "1\t2\t3\tWho?\tWhat?\t1\n"},
        [QQP, "line 902", "4 columns", "Who is", "6 columns", "is_duplicate"],
    ),
    "cut off within a row": ("qqp", {QQP: qqp(2000, "1\t2\t3\tWho")}, [QQP, "line 2002", "4 columns", "6 columns"]),
    "questions not UTF-8": ("qqp", {QQP: qqp(3).encode() + b"\xe9\n"}, [QQP, "line 5", "byte 0xe9", "UTF-8"]),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_with_its_place(tmp_path, case):
    name, files, expected = BAD[case]
    with pytest.raises(DataError) as raised:
        read(tmp_path, name, files, "train", "en")
    for part in expected:
        assert part in str(raised.value)


def test_damage_behind_the_examples_that_are_wanted_is_found_where_rows_are_left_out(tmp_path):
    with pytest.raises(DataError, match="line 902"):
        read(tmp_path, "qqp", {QQP: qqp(900, *TORN)}, "train", "en", limit=5)


@pytest.mark.parametrize(
    ("name", "folder", "split", "rows"),
    [
        ("snli", "snli", "dev", 1273),
        ("snli", "snli/derived", "train", 2000),
        ("snli", "snli/glue", "train", 240),
        ("snli", "snli/glue", "dev", 240),
        ("anli", "anli/derived", "train", 750 + 750 + 898),
        ("anli", "anli/derived", "dev", 250 + 250 + 300),
        ("anli", "release_format_rows/anli", "train", 9),
        ("qqp", "qqp/glue", "train", 160),
        ("qqp", "qqp/glue", "dev", 160),
        ("qqp", "qqp/derived", "train", 3000),
        ("qqp", "release_format_rows/glue/qqp", "dev", 2),
    ],
)
def test_the_samples_are_read_whole(samples, name, folder, split, rows):
    task = tasks.load(name)
    table = reading.read([release.locate(task, split, "en", [samples / folder])], task, "en")
    assert table.num_rows == rows
    if rows > 9:
        assert set(table["label"].to_pylist()) == set(task.labels)
