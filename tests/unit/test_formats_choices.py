"""Multiple-choice files: valid rows become prompts and choices, invalid ones an error with the location."""

import json

import pytest
from released import read, write

from xstilts import tasks
from xstilts.errors import DataError
from xstilts.sources import reading, release
from xstilts.sources.columns import SCHEMAS

HELLASWAG, COSMOS, CSQA, COPA = "hellaswag_train.jsonl", "train.csv", "train_rand_split.jsonl", "train.jsonl"
SIQA, SIQA_LABELS = "train.jsonl", "train-labels.lst"
SIQA_LETTERS = "socialIQa_v1.4_trn.jsonl"

SCENE = {
    "ind": 4,
    "ctx_a": "A miller opens the sluice.",
    "ctx_b": "the wheel",
    "endings": ["turns.", "flies away.", "sings.", ", now wet, turns."],
    "label": 3,
}
BLOG = {
    "id": "blog-1",
    "context": "I missed the ferry . ",
    "question": "Why was I late ?",
    **{f"answer{n}": f"Reason {n} ." for n in range(4)},
    "label": 2,
}
CONCEPT = {
    "answerKey": "B",
    "id": "c1",
    "question": {
        "question_concept": "boat",
        "stem": "Where is a boat kept?",
        "choices": [{"label": letter, "text": f"place {letter}"} for letter in "ABCDE"],
    },
}
SOCIAL = {
    "context": "Kim baked a cake for Lou.",
    "question": "How does Lou feel?",
    "answerA": "glad",
    "answerB": "cold",
    "answerC": "tall",
}
PREMISE = {
    "premise": "The lamp went out.",
    "choice1": "The oil was used up.",
    "choice2": "It rained.",
    "question": "cause",
    "label": 0,
    "idx": 0,
}
HEADER = "id,context,question,answer0,answer1,answer2,answer3,label\n"
BLOG_ROW = "blog-1,I missed the ferry .,Why ?,a,b,c,d,0\n"


def lines(*objects: dict) -> str:
    return "".join(json.dumps(value) + "\n" for value in objects)


def without(value: dict, key: str) -> dict:
    return {name: content for name, content in value.items() if name != key}


def concept(**changes) -> dict:
    return CONCEPT | {"question": CONCEPT["question"] | changes}


def train(folder, name: str, files: dict) -> list[dict]:
    return read(folder, name, files, "train", "en")


def test_the_beginning_of_a_sentence_stands_before_each_ending_of_hellaswag(tmp_path):
    whole = SCENE | {"ctx_b": "", "label": 0}
    broken, unbroken = train(tmp_path, "hellaswag", {HELLASWAG: lines(SCENE, whole)})
    assert broken == {
        "id": "0",
        "prompt": "A miller opens the sluice.",
        "choices": ["the wheel turns.", "the wheel flies away.", "the wheel sings.", "the wheel , now wet, turns."],
        "label": "3",
    }
    assert unbroken["choices"] == SCENE["endings"]
    assert (unbroken["id"], unbroken["label"]) == ("1", "0")


def test_a_question_of_cosmosqa_follows_its_context(tmp_path):
    expected = {
        "id": "blog-1",
        "prompt": "I missed the ferry . Why was I late ?",
        "choices": ["Reason 0 .", "Reason 1 .", "Reason 2 .", "Reason 3 ."],
        "label": "2",
    }
    row = ",".join(map(str, BLOG.values())) + "\n"
    assert train(tmp_path / "csv", "cosmosqa", {COSMOS: HEADER + row}) == [expected]
    assert train(tmp_path / "jsonl", "cosmosqa", {"train.jsonl": lines(BLOG)}) == [expected]


def test_quoted_fields_of_cosmosqa_hold_commas_quotes_and_line_ends(tmp_path):
    first = '1,"Rain , ""again""\r\nand wind .",Why ?,"a, b",b,c,d,0\r\n'
    rows = train(tmp_path, "cosmosqa", {COSMOS: HEADER + first + BLOG_ROW})
    assert rows[0]["prompt"] == 'Rain , "again"\nand wind . Why ?'
    assert rows[0]["choices"] == ["a, b", "b", "c", "d"]
    assert rows[1]["id"] == "blog-1"


def test_columns_of_cosmosqa_are_found_by_their_names(tmp_path):
    header, row = "label,note,id,context,question,answer3,answer2,answer1,answer0\n", "1,,x,C .,Q ?,d,c,b,a\n"
    (found,) = train(tmp_path, "cosmosqa", {COSMOS: header + row})
    assert found == {"id": "x", "prompt": "C . Q ?", "choices": ["a", "b", "c", "d"], "label": "1"}


def test_choices_of_commonsenseqa_are_in_the_order_of_their_letters(tmp_path):
    shuffled = concept(choices=CONCEPT["question"]["choices"][::-1])
    rows = train(tmp_path, "commonsenseqa", {CSQA: lines(CONCEPT, shuffled | {"id": "c2"})})
    assert rows[0] == {
        "id": "c1",
        "prompt": "Where is a boat kept?",
        "choices": ["place A", "place B", "place C", "place D", "place E"],
        "label": "1",
    }
    assert rows[1] == rows[0] | {"id": "c2"}


def test_two_choices_may_be_the_same(tmp_path):
    (row,) = train(tmp_path, "copa", {COPA: lines(PREMISE | {"choice2": PREMISE["choice1"]})})
    assert row["choices"] == ["The oil was used up."] * 2


def test_both_forms_of_siqa_are_the_same_data(tmp_path):
    expected = {
        "id": "0",
        "prompt": "Kim baked a cake for Lou. How does Lou feel?",
        "choices": ["glad", "cold", "tall"],
        "label": "0",
    }
    letters = train(tmp_path / "1", "siqa", {SIQA_LETTERS: lines(*(SOCIAL | {"correct": key} for key in "ACB"))})
    numbers = train(tmp_path / "2", "siqa", {SIQA: lines(SOCIAL, SOCIAL, SOCIAL), SIQA_LABELS: "1\n3\n2\n"})
    assert letters == numbers
    assert letters[0] == expected
    assert [row["label"] for row in letters] == ["0", "2", "1"]


def test_copa_asks_for_the_cause_or_the_effect(tmp_path):
    rows = train(tmp_path, "copa", {COPA: lines(PREMISE, PREMISE | {"question": "effect", "label": 1, "idx": 7})})
    assert rows[0] == {
        "id": "0",
        "prompt": "The lamp went out. What was the cause?",
        "choices": ["The oil was used up.", "It rained."],
        "label": "0",
    }
    assert rows[1]["prompt"] == "The lamp went out. What happened as a result?"
    assert (rows[1]["id"], rows[1]["label"]) == ("7", "1")


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_the_data(tmp_path):
    jsonl, csv = lines(PREMISE, PREMISE | {"idx": 1}), HEADER + BLOG_ROW
    for name, file, content in (("copa", COPA, jsonl), ("cosmosqa", COSMOS, csv)):
        windows = b"\xef\xbb\xbf" + content.encode().replace(b"\n", b"\r\n")
        assert train(tmp_path / "a", name, {file: windows}) == train(tmp_path / "b", name, {file: content})
    labels = {SIQA: lines(SOCIAL), SIQA_LABELS: b"\xef\xbb\xbf3\r\n"}
    assert train(tmp_path / "c", "siqa", labels)[0]["label"] == "2"


def test_separators_inside_a_text_do_not_end_its_line(tmp_path):
    (row,) = train(tmp_path, "copa", {COPA: json.dumps(PREMISE | {"premise": "One.\u2028Two."}, ensure_ascii=False)})
    assert row["prompt"] == "One.\u2028Two. What was the cause?"


LAYOUTS = {
    "hellaswag": [(HELLASWAG,), (f"data/{HELLASWAG}",)],
    "cosmosqa": [(COSMOS,), ("data/train.csv",), ("train.jsonl",), ("data/train.jsonl",)],
    "commonsenseqa": [(CSQA,)],
    "siqa": [
        (SIQA_LETTERS,),
        (f"socialIQa_v1.4/{SIQA_LETTERS}",),
        (SIQA, SIQA_LABELS),
        (f"socialiqa-train-dev/{SIQA}", f"socialiqa-train-dev/{SIQA_LABELS}"),
    ],
    "copa": [(COPA,), ("COPA/train.jsonl",), ("train-en.jsonl",)],
}
DEV_NAMES = {"hellaswag": ("train", "val"), "cosmosqa": ("train", "valid"), "copa": ("train", "val")}


@pytest.mark.parametrize(("name", "files"), [(name, files) for name, layouts in LAYOUTS.items() for files in layouts])
def test_files_are_found_under_the_names_of_their_releases(tmp_path, name, files):
    task = tasks.load(name)
    old, new = DEV_NAMES.get(name, ("_trn", "_dev") if "1.4" in files[0] else ("train", "dev"))
    dev = tuple(
        folder + slash + file.replace(old, new) for folder, slash, file in (path.rpartition("/") for path in files)
    )
    folder = write(tmp_path, dict.fromkeys((*files, *dev), ""))
    for split, expected in (("train", files), ("dev", dev)):
        found = release.locate(task, split, "en", [folder])
        assert found.paths == tuple(folder / file for file in expected)


def test_social_iqa_without_its_labels_is_not_found(tmp_path):
    write(tmp_path, {SIQA: lines(SOCIAL)})
    assert release.locate(tasks.load("siqa"), "train", "en", [tmp_path]) is None


def choices_of(count: int) -> list[dict]:
    return [{"label": letter, "text": letter} for letter in "ABCDEF"[:count]]


BAD = {
    "empty file": ("copa", {COPA: ""}, [COPA, "no example in 'en'"]),
    "empty CSV": ("cosmosqa", {COSMOS: ""}, [COSMOS, "line 1", "the column 'id'"]),
    "header alone": ("cosmosqa", {COSMOS: HEADER}, [COSMOS, "no example in 'en'"]),
    "JSON cut off": ("hellaswag", {HELLASWAG: lines(SCENE) + lines(SCENE)[:-9]}, [HELLASWAG, "line 2", "truncated"]),
    "empty line": ("copa", {COPA: lines(PREMISE) + "\n"}, [COPA, "line 2 column 1", "valid JSON"]),
    "list for object": ("copa", {COPA: "[]\n"}, [COPA, "line 1", "[]", "an object"]),
    "no context": ("hellaswag", {HELLASWAG: lines(without(SCENE, "ctx_a"))}, [HELLASWAG, "line 1", "the key 'ctx_a'"]),
    "no endings": ("hellaswag", {HELLASWAG: lines(without(SCENE, "endings"))}, [HELLASWAG, "the key 'endings'"]),
    "context is null": ("hellaswag", {HELLASWAG: lines(SCENE | {"ctx_b": None})}, ["line 1.ctx_b", "None", "a string"]),
    "ending is a number": (
        "hellaswag",
        {HELLASWAG: lines(SCENE | {"endings": ["a", "b", 7, "d"]})},
        [HELLASWAG, "line 1.endings[2]", "7", "a string"],
    ),
    "three endings": (
        "hellaswag",
        {HELLASWAG: lines(SCENE, SCENE | {"endings": ["a", "b", "c"]})},
        [HELLASWAG, "line 2", "3 choices", "4 choices in each row of this task"],
    ),
    "label out of range": (
        "hellaswag",
        {HELLASWAG: lines(SCENE, SCENE | {"label": 4})},
        [HELLASWAG, "line 2", "the label '4'", "one of 0, 1, 2, 3"],
    ),
    "negative label": ("copa", {COPA: lines(PREMISE | {"label": -1})}, [COPA, "the label '-1'", "one of 0, 1"]),
    "label is text": ("copa", {COPA: lines(PREMISE | {"label": "0"})}, [COPA, "line 1.label", "'0'", "whole number"]),
    "label is true": ("copa", {COPA: lines(PREMISE | {"label": True})}, [COPA, "line 1.label", "True", "whole number"]),
    "label is a fraction": ("copa", {COPA: lines(PREMISE | {"label": 0.0})}, [COPA, "line 1.label", "0.0"]),
    "label is null": ("copa", {COPA: lines(PREMISE | {"label": None})}, [COPA, "line 1.label", "None"]),
    "unlabelled row": (
        "hellaswag",
        {HELLASWAG: lines(SCENE, without(SCENE, "label"))},
        [HELLASWAG, "line 2", "the key 'label'"],
    ),
    "text of blanks": ("copa", {COPA: lines(PREMISE | {"choice2": " "})}, [COPA, "line 1", "no text in choice 1"]),
    "empty prompt": ("hellaswag", {HELLASWAG: lines(SCENE | {"ctx_a": ""})}, [HELLASWAG, "no text in the prompt"]),
    "neither cause nor effect": (
        "copa",
        {COPA: lines(PREMISE, PREMISE | {"idx": 1, "question": "reason"})},
        [COPA, "line 2.question", "'reason'", "one of cause, effect"],
    ),
    "repeated number": ("copa", {COPA: lines(PREMISE, PREMISE)}, [COPA, "line 2", "the id '0' again"]),
    "repeated id": ("commonsenseqa", {CSQA: lines(CONCEPT, CONCEPT)}, [CSQA, "line 2", "the id 'c1' again"]),
    "empty id": ("commonsenseqa", {CSQA: lines(CONCEPT | {"id": ""})}, [CSQA, "line 1", "the id ''"]),
    "letter of no choice": (
        "commonsenseqa",
        {CSQA: lines(CONCEPT | {"answerKey": "F"})},
        [CSQA, "line 1.answerKey", "'F'", "one of A, B, C, D, E"],
    ),
    "two letters": ("commonsenseqa", {CSQA: lines(CONCEPT | {"answerKey": "AB"})}, ["line 1.answerKey", "'AB'"]),
    "no letter": ("commonsenseqa", {CSQA: lines(CONCEPT | {"answerKey": ""})}, [CSQA, "line 1.answerKey", "''"]),
    "test file for training": (
        "commonsenseqa",
        {CSQA: lines(without(CONCEPT, "answerKey"))},
        [CSQA, "line 1", "the key 'answerKey'"],
    ),
    "four letters": ("commonsenseqa", {CSQA: lines(concept(choices=choices_of(4)))}, ["question.choices", "each once"]),
    "six letters": (
        "commonsenseqa",
        {CSQA: lines(concept(choices=choices_of(6)))},
        ["'F'", "A, B, C, D, E, each once"],
    ),
    "a letter twice": (
        "commonsenseqa",
        {CSQA: lines(concept(choices=[*choices_of(4), {"label": "A", "text": "x"}]))},
        [CSQA, "line 1.question.choices", "['A', 'A', 'B', 'C', 'D']", "each once"],
    ),
    "choice without text": (
        "commonsenseqa",
        {CSQA: lines(concept(choices=[*choices_of(4), {"label": "E"}]))},
        [CSQA, "line 1.question.choices[4]", "the key 'text'"],
    ),
    "question is a string": (
        "commonsenseqa",
        {CSQA: lines(CONCEPT | {"question": "?"})},
        ["line 1.question", "object"],
    ),
    "letter of siqa": ("siqa", {SIQA_LETTERS: lines(SOCIAL | {"correct": "D"})}, ["line 1.correct", "'D'", "A, B, C"]),
    "no letter in siqa": ("siqa", {SIQA_LETTERS: lines(SOCIAL)}, [SIQA_LETTERS, "line 1", "the key 'correct'"]),
    "an answer is missing": (
        "siqa",
        {SIQA_LETTERS: lines(without(SOCIAL, "answerC") | {"correct": "A"})},
        [SIQA_LETTERS, "line 1", "the key 'answerC'"],
    ),
    "fewer labels": (
        "siqa",
        {SIQA: lines(SOCIAL, SOCIAL), SIQA_LABELS: "1\n"},
        [SIQA_LABELS, "no more labels", "a label for line 2 of train.jsonl"],
    ),
    "no labels": ("siqa", {SIQA: lines(SOCIAL), SIQA_LABELS: ""}, [SIQA_LABELS, "no more labels", "line 1 of"]),
    "more labels": (
        "siqa",
        {SIQA: lines(SOCIAL), SIQA_LABELS: "1\n2\n"},
        [SIQA, "no more questions", "a question for line 2 of train-labels.lst"],
    ),
    "labels from 0": (
        "siqa",
        {SIQA: lines(SOCIAL, SOCIAL), SIQA_LABELS: "1\n0\n"},
        [SIQA_LABELS, "line 2", "'0'", "one of 1, 2, 3"],
    ),
    "empty label": ("siqa", {SIQA: lines(SOCIAL, SOCIAL), SIQA_LABELS: "1\n\n"}, [SIQA_LABELS, "line 2", "''"]),
    "labels with a letter": ("siqa", {SIQA: lines(SOCIAL), SIQA_LABELS: "A\n"}, [SIQA_LABELS, "line 1", "'A'"]),
    "missing column": (
        "cosmosqa",
        {COSMOS: HEADER + BLOG_ROW + "blog-2,C .,Q ?,a,b,c,0\n"},
        [COSMOS, "line 3", "7 fields, 'blog-2 | C .", "8 fields, as in the header"],
    ),
    "extra column": ("cosmosqa", {COSMOS: HEADER + BLOG_ROW[:-1] + ",x\n"}, [COSMOS, "line 2", "9 fields", "8 fields"]),
    "empty row": ("cosmosqa", {COSMOS: HEADER + BLOG_ROW + "\n"}, [COSMOS, "line 3", "0 fields"]),
    "wrong header": (
        "cosmosqa",
        {COSMOS: HEADER.replace("answer0", "answerA") + BLOG_ROW},
        [COSMOS, "line 1", "a header with the column 'answer0'"],
    ),
    "no header": ("cosmosqa", {COSMOS: BLOG_ROW}, [COSMOS, "line 1", "'blog-1'", "the column 'id'"]),
    "tabs for commas": ("cosmosqa", {COSMOS: (HEADER + BLOG_ROW).replace(",", "\t")}, [COSMOS, "the column 'id'"]),
    "open quote": (
        "cosmosqa",
        {COSMOS: HEADER + BLOG_ROW + 'blog-2,"C .,Q ?,a,b,c,d,0\n' + BLOG_ROW},
        [COSMOS, "line 3", "unexpected end of data", "fields quoted by Python's csv"],
    ),
    "single quote mark": (
        "cosmosqa",
        {COSMOS: HEADER + 'blog-1,"a "b" c",Q ?,a,b,c,d,0\n'},
        [COSMOS, "line 2", "fields quoted by Python's csv"],
    ),
    "rows after a line end in a field": (
        "cosmosqa",
        {COSMOS: HEADER + 'blog-1,"a\nb",Q ?,a,b,c,d,0\nblog-2,C .,Q ?,a,b,c,d,4\n'},
        [COSMOS, "line 4", "the label '4'"],
    ),
    "CSV label missing": ("cosmosqa", {COSMOS: HEADER + BLOG_ROW[:-2] + "\n"}, [COSMOS, "line 2", "the label ''"]),
    "hidden label": ("cosmosqa", {COSMOS: HEADER + BLOG_ROW.replace(",0", ",-1")}, [COSMOS, "the label '-1'"]),
    "repeated CSV id": ("cosmosqa", {COSMOS: HEADER + BLOG_ROW * 2}, [COSMOS, "line 3", "'blog-1' again"]),
    "test rows for training": ("cosmosqa", {"train.jsonl": lines(without(BLOG, "label"))}, ["line 1", "'label'"]),
    "NUL": ("cosmosqa", {COSMOS: HEADER + BLOG_ROW.replace("ferry", "fer\0y")}, [COSMOS, "line 2", "a NUL character"]),
    "not UTF-8": ("copa", {COPA: b'{"premise": "M\xfchle"}\n'}, [COPA, "line 1", "byte 0xfc", "UTF-8"]),
    "CSV not UTF-8": ("cosmosqa", {COSMOS: HEADER.encode() + b"M\xfchle\n"}, [COSMOS, "line 2", "byte 0xfc", "UTF-8"]),
    "labels not UTF-8": ("siqa", {SIQA: lines(SOCIAL), SIQA_LABELS: b"\xff\xfe1\0"}, [SIQA_LABELS, "line 1", "0xff"]),
    "half a character": ("copa", {COPA: lines(PREMISE | {"premise": "\ud800"})}, ["line 1.premise", "surrogates"]),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_with_its_place(tmp_path, case):
    name, files, expected = BAD[case]
    with pytest.raises(DataError) as raised:
        train(tmp_path, name, files)
    for part in expected:
        assert part in str(raised.value)


SAMPLES = {
    ("hellaswag", "train", "hellaswag/derived"): 400,
    ("hellaswag", "dev", "hellaswag/derived"): 100,
    ("hellaswag", "train", "release_format_rows/hellaswag"): 2,
    ("cosmosqa", "dev", "cosmosqa"): 300,
    ("cosmosqa", "train", "cosmosqa/derived"): 2000,
    ("cosmosqa", "dev", "cosmosqa/derived"): 985,
    ("commonsenseqa", "dev", "commonsenseqa"): 1221,
    ("commonsenseqa", "train", "commonsenseqa/derived"): 900,
    ("commonsenseqa", "train", "release_format_rows/commonsense_qa"): 5,
    ("siqa", "dev", "siqa"): 1954,
    ("siqa", "train", "siqa/derived"): 1500,
    ("siqa", "train", "release_format_rows/social_i_qa"): 2,
    ("copa", "train", "copa"): 400,
    ("copa", "dev", "copa"): 100,
}


@pytest.mark.parametrize("sample", SAMPLES, ids=" ".join)
def test_real_files_are_read_whole(samples, sample):
    name, split, folder = sample
    task = tasks.load(name)
    table = reading.read([release.locate(task, split, "en", [samples / folder])], task, "en")
    assert table.schema == SCHEMAS["multiple_choice"]
    assert table.num_rows == SAMPLES[sample]
    if table.num_rows > 5:
        assert set(table["label"].to_pylist()) == set(task.labels)


def test_both_releases_of_siqa_give_the_first_questions_the_same_labels(samples):
    task = tasks.load("siqa")
    letters, numbers = (
        reading.read([release.locate(task, "dev", "en", [samples / folder])], task, "en", limit=2)
        for folder in ("siqa", "release_format_rows/social_i_qa")
    )
    assert letters.equals(numbers)
