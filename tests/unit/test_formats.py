"""Each format of a release, and XTREME's copy of it, is read as the same canonical rows."""

import json

import pytest
from released import SENTENCE, question, read, squad

HEADER = "language\tgold_label\tsentence1_parse\tsentence1\tsentence2\n"
PREMISE, HYPOTHESIS = 'She said "no" twice.', "She declined."
PAIR = {"id": "0", "text_a": PREMISE, "text_b": HYPOTHESIS, "label": "entailment"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("XNLI-1.0/xnli.dev.tsv", f"{HEADER}fr\tneutral\t\tOui.\tNon.\nde\tentailment\t\t{PREMISE}\t{HYPOTHESIS}\n"),
        (
            "xnli.dev.jsonl",
            "".join(
                json.dumps(
                    {"language": lang, "gold_label": "entailment", "sentence1": PREMISE, "sentence2": HYPOTHESIS}
                )
                + "\n"
                for lang in ("fr", "de")
            ),
        ),
        ("dev-de.tsv", f'"She said ""no"" twice."\t{HYPOTHESIS}\tentailment\r\n'),
    ],
)
def test_the_release_of_xnli_and_xtremes_quoted_copy_give_the_same_pair(tmp_path, name, content):
    assert read(tmp_path, "xnli", {name: content}, "dev") == [PAIR]


def test_two_columns_are_an_unlabelled_test_set(tmp_path):
    rows = read(tmp_path, "xnli", {"test-de.tsv": "Es regnet.\tEs ist nass.\r\n"})
    assert rows == [{"id": "0", "text_a": "Es regnet.", "text_b": "Es ist nass.", "label": None}]


def test_xnli_mt_spells_contradiction_in_its_own_way(tmp_path):
    files = {"XNLI-MT-1.0/multinli/multinli.train.de.tsv": "premise\thypo\tlabel\nA b .\tC d .\tcontradictory\n"}
    assert read(tmp_path, "mnli", files, "train") == [
        {"id": "0", "text_a": "A b .", "text_b": "C d .", "label": "contradiction"}
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "multinli_1.0_train.jsonl",
            '{"gold_label": "-", "sentence1": "a", "sentence2": "b"}\n'
            '{"gold_label": "neutral", "sentence1": "\\"c", "sentence2": "d"}\n',
        ),
        ("MNLI/train.tsv", 'index\tsentence1\tsentence2\tgold_label\n0\ta\tb\t-\n1\t"c\td\tneutral\n'),
    ],
)
def test_multinli_pairs_without_a_majority_are_left_out_and_quotes_are_text(tmp_path, name, content):
    rows = read(tmp_path, "mnli", {name: content}, "train", "en")
    assert rows == [{"id": "0", "text_a": '"c', "text_b": "d", "label": "neutral"}]


def test_english_files_are_not_taken_for_another_language(tmp_path):
    files = {
        "multinli_1.0_train.jsonl": '{"gold_label": "neutral", "sentence1": "a", "sentence2": "b"}\n',
        "train-de.tsv": "Ja.\tNein.\tcontradiction\r\n",
    }
    assert [row["text_a"] for row in read(tmp_path, "mnli", files, "train", "de")] == ["Ja."]


@pytest.mark.parametrize(
    ("split", "name"),
    [("dev", "en/dev_2k.tsv"), ("test", "en/test_2k.tsv"), ("test", "x-final/en/test_2k.tsv")],
)
def test_pawsx_rows_keep_empty_sentences_and_quotes(tmp_path, split, name):
    rows = read(tmp_path, "pawsx", {name: 'id\tsentence1\tsentence2\tlabel\n7\t"A\t\t0\n'}, split, "en")
    assert rows == [{"id": "0", "text_a": '"A', "text_b": "", "label": "0"}]


WORDS = {"id": "0", "words": ["Bad\u00a0Ems", "grüßt"], "tags": ["PROPN", "VERB"]}


def test_tagged_words_split_on_tab_alone(tmp_path):
    rows = read(tmp_path, "udpos", {"dev-de.tsv": "Bad\u00a0Ems\tPROPN\ngrüßt\tVERB\n\n\nJa\tINTJ"}, "dev")
    assert rows == [WORDS, {"id": "1", "words": ["Ja"], "tags": ["INTJ"]}]


def test_words_alone_are_an_unlabelled_test_set(tmp_path):
    assert read(tmp_path, "udpos", {"test-de.tsv": "Bad\u00a0Ems\r\ngrüßt\r\n"}) == [WORDS | {"tags": None}]


@pytest.mark.parametrize("name", ["de/test", "panx_dataset/de/test", "panx_dataset/de-test"])
def test_panx_archives_put_the_language_before_each_word(tmp_path, name):
    rows = read(tmp_path, "panx", {name: "de:Ulm\tB-LOC\nde::\tO\n\nde:\tO\n"})
    assert [row["words"] for row in rows] == [["Ulm", ":"], [""]]
    assert [row["tags"] for row in rows] == [["B-LOC", "O"], ["O"]]


def test_a_byte_order_mark_goes_at_the_start_of_a_file_and_stays_elsewhere(tmp_path):
    rows = read(tmp_path, "udpos", {"test-de.tsv": "\ufeffUlm\n\ufeffliegt\n"})
    assert rows[0]["words"] == ["Ulm", "\ufeffliegt"]


def test_only_line_feeds_end_a_line(tmp_path):
    files = {"tatoeba.deu-eng.deu": "Eins\u2028zwei\u0085drei.\n", "tatoeba.deu-eng.eng": "One.\n"}
    assert read(tmp_path, "tatoeba", files)[0]["text"] == "Eins\u2028zwei\u0085drei."


def conllu(*words: tuple) -> str:
    """Words as (id, form, tag, head) or with a fifth column, the enhanced dependencies."""
    rows = [(*word, "_")[:5] for word in words]
    return "# a comment\n" + "".join(f"{i}\t{f}\t_\t{t}\t_\t_\t{h}\tdep\t{e}\t_\n" for i, f, t, h, e in rows) + "\n"


@pytest.mark.parametrize(
    ("why", "lang", "sentence", "words", "tags"),
    [
        (
            "the part nearest to the root gives the tag and the place",
            "de",
            [("1-2", "zum", "_", "_"), (1, "zu", "ADP", 3), (2, "dem", "DET", 1), (3, "See", "NOUN", 0)],
            ["zum", "See"],
            ["ADP", "NOUN"],
        ),
        (
            "the last part, where it is the nearest",
            "es",
            [("1-3", "dámelo", "_", "_"), (1, "a", "PRON", 3), (2, "b", "PRON", 3), (3, "c", "VERB", 0)],
            ["dámelo"],
            ["VERB"],
        ),
        (
            "equal parts: the default list puts nouns before adpositions",
            "de",
            [("1-2", "xy", "_", "_"), (1, "x", "ADP", 3), (2, "y", "NOUN", 3), (3, "z", "VERB", 0)],
            ["xy", "z"],
            ["NOUN", "VERB"],
        ),
        (
            "equal parts: the Italian list, as no other, puts adverbs before pronouns",
            "it",
            [("1-2", "xy", "_", "_"), (1, "x", "PRON", 3), (2, "y", "ADV", 3), (3, "z", "VERB", 0)],
            ["xy", "z"],
            ["ADV", "VERB"],
        ),
        (
            "equal parts: the French list puts pronouns before nouns, the default the other way round",
            "fr",
            [("1-2", "xy", "_", "_"), (1, "x", "NOUN", 3), (2, "y", "PRON", 3), (3, "z", "VERB", 0)],
            ["xy", "z"],
            ["PRON", "VERB"],
        ),
        (
            "equal parts: the Spanish list puts auxiliaries before pronouns, the default the other way round",
            "es",
            [("1-2", "xy", "_", "_"), (1, "x", "PRON", 3), (2, "y", "AUX", 3), (3, "z", "VERB", 0)],
            ["xy", "z"],
            ["AUX", "VERB"],
        ),
        (
            "equal parts: the Spanish list, unlike the French one, has no adverbs",
            "es",
            [("1-2", "xy", "_", "_"), (1, "x", "ADV", 3), (2, "y", "ADP", 3), (3, "z", "VERB", 0)],
            ["xy", "z"],
            ["ADP", "VERB"],
        ),
        (
            "equal parts of equal rank: the first",
            "de",
            [("1-2", "xy", "_", "_"), (1, "x", "PRON", 3), (2, "y", "PRON", 3), (3, "z", "VERB", 0)],
            ["xy", "z"],
            ["PRON", "VERB"],
        ),
        (
            "a tag that the list lacks comes last",
            "es",
            [("1-2", "xy", "_", "_"), (1, "x", "SYM", 3), (2, "y", "DET", 3), (3, "z", "VERB", 0)],
            ["xy", "z"],
            ["DET", "VERB"],
        ),
        (
            "enhanced dependencies count as ways to the root, empty nodes do not",
            "de",
            [
                ("1-2", "xy", "_", "_"),
                (1, "x", "NOUN", 3, "3:obj|4:conj"),
                (2, "y", "ADP", 3, "2.1:dep"),
                ("2.1", "w", "VERB", "_"),
                (3, "z", "VERB", 0),
                (4, "v", "VERB", 3),
            ],
            ["xy", "z", "v"],
            ["ADP", "VERB", "VERB"],
        ),
        (
            "no word is its own ancestor, not even in a circle of enhanced dependencies: two ancestors each",
            "de",
            [
                ("1-2", "xy", "_", "_"),
                (1, "x", "NOUN", 3),
                (2, "y", "ADP", 4),
                (3, "z", "VERB", 0, "0:root|1:acl"),
                (4, "v", "VERB", 0),
            ],
            ["xy", "z", "v"],
            ["NOUN", "VERB", "VERB"],
        ),
        (
            "spaces and zero-width non-joiners inside a word go",
            "fa",
            [(1, "10 000", "NUM", 2), (2, "mi\u200cravad", "VERB", 0)],
            ["10000", "miravad"],
            ["NUM", "VERB"],
        ),
    ],
)
def test_split_words_of_a_treebank_are_put_together(tmp_path, why, lang, sentence, words, tags):
    rows = read(tmp_path, "udpos", {f"UD_X-Y/{lang}_y-ud-test.conllu": conllu(*sentence)}, "test", lang)
    assert rows == [{"id": "0", "words": words, "tags": tags}], why


def test_sentences_whose_text_is_withheld_are_left_out(tmp_path):
    blank, almost = [(i, "_", "NOUN", 0) for i in (1, 2, 3)], [(1, "_", "NOUN", 0), (2, "_", "NOUN", 1)]
    sentences = [blank, [*almost, (3, ".", "PUNCT", 1)], [almost[0], (2, "a", "NOUN", 1), (3, ".", "PUNCT", 1)]]
    files = {"UD_X-Y/de_y-ud-test.conllu": "".join(conllu(*sentence) for sentence in sentences)}
    assert [row["words"] for row in read(tmp_path, "udpos", files)] == [["_", "a", "."]]


def test_treebanks_are_read_in_the_order_of_their_file_names_and_the_last_blank_line_may_lack(tmp_path):
    files = {
        "UD_German-A/de_zwei-ud-test.conllu": SENTENCE.replace("Dogs", "Second").rstrip("\n"),
        "UD_German-B/de_eins-ud-test.conllu": SENTENCE.replace("Dogs", "First"),
        "UD_Dutch-C/nl_eins-ud-test.conllu": SENTENCE,
    }
    assert [(row["id"], row["words"][0]) for row in read(tmp_path, "udpos", files)] == [("0", "First"), ("1", "Second")]


def test_questions_come_with_their_context_and_all_answers(tmp_path):
    both = question() | {"answers": [*question()["answers"], {"text": "mill", "answer_start": 12}]}
    (row,) = read(tmp_path, "mlqa", {"MLQA_V1/test/test-context-de-question-de.json": squad(both)})
    answers = [{"start": 10, "text": "a mill"}, {"start": 12, "text": "mill"}]
    assert row == {
        "id": "q1",
        "question": "What?",
        "context": "Ada built a mill by the river.",
        "answers": answers,
    }


def test_offsets_count_characters_after_leading_space_and_beyond_the_basic_plane(tmp_path):
    content = squad(question(text="Mühle", start=6), context="  𝄞𝄞  Mühle")
    assert read(tmp_path, "xquad", {"xquad.de.json": content})[0]["answers"] == [{"start": 6, "text": "Mühle"}]


def test_a_question_keeps_the_blanks_around_it_for_the_official_features_have_those_at_its_end(tmp_path):
    (row,) = read(tmp_path, "xquad", {"xquad.de.json": squad(question() | {"question": " Was ? "})})
    assert row["question"] == " Was ? "


def test_xtremes_placeholder_answers_are_an_unlabelled_test_set(tmp_path):
    rows = read(tmp_path, "xquad", {"xquad.de.json": squad(question(text="", start=0))})
    assert rows[0]["answers"] is None


def test_tydiqa_questions_of_one_language_are_picked_by_their_ids(tmp_path):
    files = {"tydiqa-goldp-v1.1-dev.json": squad(question("finnish-1-0"), question("english--2-0"))}
    assert [row["id"] for row in read(tmp_path, "tydiqa", files, "dev", "en")] == ["english--2-0"]


@pytest.mark.parametrize("split", ["dev", "test"])
def test_tydiqas_dev_files_serve_as_dev_and_test_under_both_names(tmp_path, split):
    folder = "tydiqa-goldp-v1.1-dev"
    for name in ("tydiqa-goldp-dev-korean.json", "tydiqa.goldp.ko.dev.json"):
        rows = read(tmp_path / name, "tydiqa", {f"{folder}/{name}": squad(question("korean-1-0"))}, split, "ko")
        assert rows[0]["id"] == "korean-1-0"


def test_the_repeated_ids_of_xtremes_tydiqa_training_files_are_numbered_anew(tmp_path):
    files = {"tydiqa-goldp-v1.1-train/tydiqa.goldp.en.train.json": squad(question("2"), question("2"))}
    assert [row["id"] for row in read(tmp_path, "tydiqa", files, "train", "en")] == ["0", "1"]


GERMAN, ENGLISH = "Hund\nKatze\nHund!\n", " zebra \napple\nZebra\n"


def test_tatoebas_english_side_is_sorted_by_code_point_and_gold_is_the_row_of_the_foreign_side(tmp_path):
    rows = read(tmp_path, "tatoeba", {"tatoeba.deu-eng.deu": GERMAN, "tatoeba.deu-eng.eng": ENGLISH})
    assert [(row["id"], row["text"]) for row in rows[:3]] == [("0", "Hund"), ("1", "Katze"), ("2", "Hund!")]
    assert [(row["text"], row["gold"]) for row in rows[3:]] == [("Zebra", ["2"]), ("apple", ["1"]), ("zebra", ["0"])]
    assert [row["side"] for row in rows] == ["foreign"] * 3 + ["english"] * 3


def test_equal_english_sentences_keep_the_order_of_their_file(tmp_path):
    rows = read(tmp_path, "tatoeba", {"tatoeba.deu-eng.deu": GERMAN, "tatoeba.deu-eng.eng": "b\na\na\n"})
    assert [row["gold"] for row in rows[3:]] == [["1"], ["2"], ["0"]]


def test_xtremes_tatoeba_has_no_gold_and_keeps_its_order(tmp_path):
    rows = read(tmp_path, "tatoeba", {"de-en.de": GERMAN, "de-en.en": "Zebra\napple\nzebra\n"})
    assert [(row["text"], row["gold"]) for row in rows[3:]] == [("Zebra", None), ("apple", None), ("zebra", None)]


BUCC = {"de": "de-1\tEins.\nde-2\tZwei.\nde-3\tDrei.\n", "en": "en-1\tSix.\nen-2\tOne.\nen-3\tThree.\n"}


@pytest.mark.parametrize(
    ("split", "stem"), [("dev", "de-en.dev"), ("dev", "de-en.sample"), ("test", "de-en/de-en.training")]
)
def test_bucc_gold_lies_on_the_english_side(tmp_path, split, stem):
    files = {f"{stem}.{side}": text for side, text in BUCC.items()} | {f"{stem}.gold": "de-1\ten-2\nde-3\ten-2\n"}
    rows = read(tmp_path, "bucc2018", files, split)
    assert [(row["id"], row["gold"]) for row in rows] == [
        *((name, None) for name in ("de-1", "de-2", "de-3")),
        *(("en-1", []), ("en-2", ["de-1", "de-3"]), ("en-3", [])),
    ]


def test_sentences_of_bucc_that_differ_in_blanks_alone_stay_apart(tmp_path):
    files = {"de-en.test.de": "de-1\tfoo\nde-2\tfoo \r\nde-3\t foo\n", "de-en.test.en": "en-1\tOne.\n"}
    assert [row["text"] for row in read(tmp_path, "bucc2018", files)[:3]] == ["foo", "foo ", " foo"]


def test_bucc_without_a_gold_file_is_unlabelled(tmp_path):
    rows = read(tmp_path, "bucc2018", {f"de-en.test.{side}": text for side, text in BUCC.items()})
    assert [row["gold"] for row in rows] == [None] * 6


@pytest.mark.parametrize("word", ["\u00a0", "\u3000"])
def test_a_line_of_white_space_that_may_be_a_word_ends_no_sentence(tmp_path, word):
    rows = read(tmp_path, "panx", {"test-de.tsv": f"a\n{word}\nb\n \nc\n"})
    assert [row["words"] for row in rows] == [["a", "", "b"], ["c"]]
