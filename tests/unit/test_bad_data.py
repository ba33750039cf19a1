"""Invalid data is an error that names the file, the location, what was found and what was expected."""

import json

import pytest
from released import SENTENCE, question, read, squad

from xstilts.errors import DataError

XNLI, UD, PANX, XQUAD = "dev-de.tsv", "UD_German-A/de_a-ud-test.conllu", "de/test", "xquad.de.json"
MULTINLI = "multinli_1.0_train.jsonl"
TATOEBA = "tatoeba.deu-eng.deu", "tatoeba.deu-eng.eng"
DEV = "de-en.dev.de", "de-en.dev.en", "de-en.dev.gold"
NEUTRAL = "Ja.\tNein.\tneutral\r\n"


def bucc(german="de-1\tEins.\n", english="en-1\tOne.\n", gold="de-1\ten-1\n") -> dict:
    return dict(zip(DEV, (german, english, gold), strict=True))


def paragraphs(value: object) -> str:
    return json.dumps({"data": [{"paragraphs": value}]})


BAD = {
    "empty pairs": ("xnli", "dev", {XNLI: ""}, [XNLI, "no example in 'de'", "at least one"]),
    "empty words": ("udpos", "dev", {XNLI: "\n\n"}, [XNLI, "no example"]),
    "empty treebank": ("udpos", "test", {UD: ""}, [UD, "no example"]),
    "empty JSON": ("xquad", "test", {XQUAD: ""}, [XQUAD, "line 1 column 1", "its end", "valid JSON"]),
    "empty texts": ("tatoeba", "test", dict.fromkeys(TATOEBA, ""), [TATOEBA[0], "no example"]),
    "empty side": ("bucc2018", "dev", bucc(german=""), [DEV[0], "an empty file"]),
    "empty gold": ("bucc2018", "dev", bucc(gold=""), [DEV[2], "an empty file", "gold pairs"]),
    "this split lacks the language": (
        "xnli",
        "dev",
        {"xnli.dev.tsv": "language\tgold_label\tsentence1\tsentence2\nfr\tneutral\tOui.\tNon.\n"},
        ["xnli.dev.tsv", "no example in 'de'"],
    ),
    "missing column": ("xnli", "dev", {XNLI: "Ja.\r\n"}, [XNLI, "line 1", "1 column, 'Ja.'", "3 columns"]),
    "missing label": ("xnli", "dev", {XNLI: f"{NEUTRAL}Ja.\tNein.\r\n"}, [XNLI, "line 2", "no label", "in all rows"]),
    "one label": ("xnli", "dev", {XNLI: f"Ja.\tNein.\r\n{NEUTRAL}"}, [XNLI, "line 2", "a label", "or in none"]),
    "no training labels": ("mnli", "train", {"train-de.tsv": "Ja.\tNein.\r\n"}, ["line 1", "labels in training data"]),
    "unknown label": (
        "xnli",
        "dev",
        {XNLI: NEUTRAL * 2 + "Ja.\tNein.\tnetural\r\n"},
        [XNLI, "line 3", "'netural'", "one of contradiction, entailment, neutral", "Did you mean 'neutral'?"],
    ),
    "label of another task": ("pawsx", "dev", {XNLI: NEUTRAL}, ["line 1", "'neutral'", "one of 0, 1"]),
    "broken quoting": ("xnli", "dev", {XNLI: NEUTRAL + '"Ja" nein.\tJa.\tneutral\n'}, [XNLI, "line 2", "quoted"]),
    "open quote": ("xnli", "dev", {XNLI: f'{NEUTRAL}"Ja.\tNein.\tneutral\n{NEUTRAL}'}, [XNLI, "line 2", "quoted"]),
    "missing header": ("pawsx", "dev", {"de/dev_2k.tsv": "1\tJa.\tNein.\t0\n"}, ["line 1", "the column 'id'"]),
    "short row": (
        "pawsx",
        "dev",
        {"de/dev_2k.tsv": "id\tsentence1\tsentence2\tlabel\n1\tJa.\t0\n"},
        ["dev_2k.tsv", "line 2", "3 columns", "4 columns", "sentence2"],
    ),
    "not UTF-8": ("udpos", "test", {"test-de.tsv": b"Ja\nM\xfchle\n"}, ["test-de.tsv", "line 2", "byte 0xfc", "UTF-8"]),
    "JSON not UTF-8": ("xquad", "test", {XQUAD: b'{"data":\n"\xff"}'}, [XQUAD, "line 2", "byte 0xff", "UTF-8"]),
    "UTF-16": ("xnli", "dev", {XNLI: NEUTRAL.encode("utf-16")}, [XNLI, "line 1", "byte 0xff", "UTF-8"]),
    "NUL": ("udpos", "test", {"test-de.tsv": "Ja\n\0\n"}, ["test-de.tsv", "line 2", "a NUL character"]),
    "three columns": (
        "udpos",
        "dev",
        {XNLI: "Ja\tINTJ\nUlm\tPROPN\tB-LOC\n"},
        [XNLI, "line 2", "3 columns", "2 columns"],
    ),
    "tag missing": ("udpos", "dev", {XNLI: "Ja\tINTJ\n\nUlm\n"}, [XNLI, "line 3", "1 column, 'Ulm'", "'word | tag'"]),
    "tags empty": (
        "udpos",
        "dev",
        {XNLI: "Ja\t\nUlm\t\n"},
        [XNLI, "line 1", "the tag '' on word 1, 'Ja'", "one of ADJ"],
    ),
    "tag unasked": ("udpos", "dev", {XNLI: "Ja\nUlm\tPROPN\n"}, [XNLI, "line 2", "2 columns", "1 column"]),
    "unknown tag": (
        "udpos",
        "dev",
        {XNLI: "Ja\tINTJ\n\nUlm\tPROPN\nruht\tVREB\n"},
        [XNLI, "line 3", "word 2, 'ruht'", "'VREB'", "ADJ, ADP", "Did you mean 'VERB'?"],
    ),
    "file of another language": ("panx", "test", {PANX: "de:Ulm\tB-LOC\nfr:Lyon\tB-LOC\n"}, [PANX, "line 2", "'de:'"]),
    "archive with three columns": ("panx", "test", {PANX: "de:Ulm\tX\tB-LOC\n"}, [PANX, "line 1", "3 columns"]),
    "treebank columns": ("udpos", "test", {UD: SENTENCE + "1\tJa\n"}, [UD, "line 4", "2 columns", "10 columns"]),
    "treebank ids": ("udpos", "test", {UD: SENTENCE.replace("2\tbark", "3\tbark")}, [UD, "line 2", "the id '3'"]),
    "treebank head": ("udpos", "test", {UD: SENTENCE.replace("_\t2\t", "_\tx\t")}, [UD, "line 1", "the head 'x'"]),
    "treebank range": (
        "udpos",
        "test",
        {UD: "2-3\tbarks\t" + "\t".join("_" * 8) + "\n" + SENTENCE},
        [UD, "line 1", "'barks' over the words 2 to 3", "within the 2 words"],
    ),
    "answer elsewhere": (
        "xquad",
        "test",
        {XQUAD: squad(question(), question("q2", start=9))},
        [XQUAD, "data[0].paragraphs[0].qas[1].answers[0]", "' a mil' at character 9", "'q2'", "'a mill'"],
    ),
    "answer before the start": ("xquad", "test", {XQUAD: squad(question(text="river.", start=-6))}, ["character -6"]),
    "answer without text": ("xquad", "test", {XQUAD: squad(question(text="", start=3))}, ["an answer with text"]),
    "no answer": ("xquad", "test", {XQUAD: squad(question() | {"answers": []})}, [XQUAD, "empty list", "'q1'"]),
    "answers in part": (
        "xquad",
        "test",
        {XQUAD: squad(question(), question("q2", text="", start=0))},
        [XQUAD, "qas[1]", "no label, but the rows before have one"],
    ),
    "repeated question": ("xquad", "test", {XQUAD: squad(question(), question())}, [XQUAD, "qas[1]", "'q1' again"]),
    "question without id": ("xquad", "test", {XQUAD: squad(question(""))}, [XQUAD, "qas[0]", "the id ''"]),
    "JSON cut off": ("xquad", "test", {XQUAD: squad(question())[:-9]}, [XQUAD, "line 1 column", "truncated"]),
    "no object": ("xquad", "test", {XQUAD: "[]"}, [XQUAD, "[]", "an object"]),
    "no data": ("xquad", "test", {XQUAD: '{"version": "1.1"}'}, [XQUAD, "version", "the key 'data'"]),
    "object for list": ("xquad", "test", {XQUAD: paragraphs({})}, [XQUAD, "data[0].paragraphs", "{}", "a list"]),
    "list for object": ("xquad", "test", {XQUAD: paragraphs([[]])}, [XQUAD, "data[0].paragraphs[0]", "an object"]),
    "number for text": (
        "xquad",
        "test",
        {XQUAD: squad(question(7))},
        [XQUAD, "data[0].paragraphs[0].qas[0].id", "7", "a string"],
    ),
    "text for number": (
        "xquad",
        "test",
        {XQUAD: squad(question(start="10"))},
        ["answer_start", "'10'", "whole number"],
    ),
    "nested too deep": ("xquad", "test", {XQUAD: "[" * 5000}, [XQUAD, "line 1", "recursion", "plain JSON"]),
    "number too long": ("xquad", "test", {XQUAD: "9" * 5000}, [XQUAD, "line 1", "4300 digits", "plain JSON"]),
    "two values of a key": (
        "xquad",
        "test",
        {XQUAD: squad(question())[:-1] + ', "data": []}'},
        [XQUAD, "the key 'data' has two values"],
    ),
    "treebank range of no number": (
        "udpos",
        "test",
        {UD: f"1-{'9' * 5000}\tDogs" + "\t_" * 8 + "\n" + SENTENCE},
        [UD, "line 1", "the id '1-99"],
    ),
    "column twice": (
        "pawsx",
        "dev",
        {"de/dev_2k.tsv": "id\tsentence1\tsentence2\tlabel\tlabel\n1\tJa.\tNein.\t0\t1\n"},
        ["dev_2k.tsv", "line 1", "'label' 2 times", "a header with the column 'label'"],
    ),
    "half a character": (
        "xquad",
        "test",
        {XQUAD: squad(question(), context="\ud800")},
        [XQUAD, "context", "surrogates"],
    ),
    "id of no language": (
        "tydiqa",
        "test",
        {"tydiqa-goldp-v1.1-dev.json": squad(question("klingon-1-0"))},
        ["tydiqa-goldp-v1.1-dev.json", "qas[0].id", "'klingon-1-0'", "language"],
    ),
    "JSON line cut off": (
        "mnli",
        "train",
        {MULTINLI: '{"gold_label": "-"}\n{"gold'},
        [MULTINLI, "line 2", "valid JSON"],
    ),
    "JSON line without text": (
        "mnli",
        "train",
        {MULTINLI: '{"gold_label": "neutral", "sentence1": "a"}'},
        [MULTINLI, "line 1", "'sentence2'"],
    ),
    "sides of unequal length": (
        "tatoeba",
        "test",
        dict(zip(TATOEBA, ("Ja.\nNein.\n", "Yes.\n"), strict=True)),
        [TATOEBA[1], "line 2", "1 lines in total", "2 lines, as in tatoeba.deu-eng.deu"],
    ),
    "sides of unequal length, the English one longer": (
        "tatoeba",
        "test",
        dict(zip(TATOEBA, ("Ja.\n", "Yes.\nNo.\n"), strict=True)),
        [TATOEBA[1], "line 2", "2 lines in total", "1 lines, as in tatoeba.deu-eng.deu"],
    ),
    "line without sentence": (
        "tatoeba",
        "test",
        dict(zip(TATOEBA, ("Ja.\n\n", "Yes.\nNo.\n"), strict=True)),
        [TATOEBA[0], "line 2", "an empty line"],
    ),
    "gold of no foreign sentence": (
        "bucc2018",
        "dev",
        bucc(gold="de-1\ten-1\nde-9\ten-1\n"),
        [DEV[2], "line 2", "'de-9'", f"an id of {DEV[0]}"],
    ),
    "gold the wrong way round": ("bucc2018", "dev", bucc(gold="en-1\tde-1\n"), [DEV[2], "line 1", "'en-1'"]),
    "gold of no English sentence": ("bucc2018", "dev", bucc(gold="de-1\ten-9\n"), [DEV[2], "'en-9'", DEV[1]]),
    "gold of one column": ("bucc2018", "dev", bucc(gold="de-1 en-1\n"), [DEV[2], "line 1", "1 column", "2 columns"]),
    "repeated sentence id": (
        "bucc2018",
        "dev",
        bucc(english="en-1\tOne.\nen-1\tTwo.\n"),
        [DEV[1], "line 2", "'en-1' again"],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_with_its_place(tmp_path, case):
    name, split, files, expected = BAD[case]
    lang = "en" if MULTINLI in files else "de"
    if name == "tydiqa":
        lang = "ko"
    with pytest.raises(DataError) as raised:
        read(tmp_path, name, files, split, lang)
    for part in expected:
        assert part in str(raised.value)


@pytest.mark.parametrize("limit", [1, 2])
def test_gold_is_checked_in_full_even_if_few_examples_are_read(tmp_path, limit):
    with pytest.raises(DataError, match="'de-9'"):
        read(tmp_path, "bucc2018", bucc(gold="de-9\ten-1\n"), "dev", limit=limit)
