"""Write a toy world in the release formats of every task, a tiny encoder and a configuration that runs on them.

    python tests/generate.py FOLDER

Sentences are parallel over a few toy languages, each a letter-for-letter disguise of English, so that every format has
a file, every split has gold labels and a run takes minutes. The scores mean nothing but that the machinery works.
"""

import json
import random
import sys
from pathlib import Path

import yaml

LANGUAGES = {"en": 0, "de": 3, "zh": 7}
"""Languages of the toy world and the letters by which their words are shifted."""

TRAINED = ("mnli", "squad_v1", "pawsx", "udpos", "panx", "tydiqa")
"""The tasks that have training data."""

ISO3 = {"de": "deu", "zh": "cmn"}
PEOPLE = ["Anna", "Boris", "Clara", "David", "Elena", "Farid", "Greta", "Hugo", "Irina", "Jonas"]
PLACES = ["Paris", "Quito", "Rome", "Seoul", "Tunis", "Vienna", "Warsaw", "Zagreb"]
VERBS = {"visited": "VERB", "left": "VERB", "liked": "VERB", "painted": "VERB"}
TIMES = ["Monday", "Tuesday", "Friday", "Sunday"]
OPPOSITES = {"visited": "avoided", "left": "reached", "liked": "hated", "painted": "ignored"}


def disguise(text: str, lang: str) -> str:
    """English text in a toy language: every letter moved along the alphabet."""
    shift = LANGUAGES[lang]
    return "".join(_moved(letter, shift) for letter in text)


def _moved(letter: str, shift: int) -> str:
    if not letter.isalpha():
        return letter
    base = ord("A") if letter.isupper() else ord("a")
    return chr(base + (ord(letter) - base + shift) % 26)


class World:
    """Events of a toy world, drawn from a seed."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)

    def event(self) -> tuple[str, str, str, str]:
        """A person, a verb, a place and a day."""
        return tuple(self.random.choice(list(words)) for words in (PEOPLE, VERBS, PLACES, TIMES))

    def events(self, count: int) -> list[tuple[str, str, str, str]]:
        """Different events."""
        found: dict = {}
        while len(found) < count:
            found[self.event()] = None
        return list(found)


def sentence(event: tuple[str, str, str, str]) -> str:
    """An event in English."""
    person, verb, place, day = event
    return f"{person} {verb} {place} on {day}."


def inference(world: World, event: tuple[str, str, str, str], label: str) -> str:
    """A hypothesis that an event entails, contradicts or leaves open."""
    person, verb, place, _ = event
    if label == "entailment":
        return f"{person} {verb} {place}."
    if label == "contradiction":
        return f"{person} {OPPOSITES[verb]} {place}."
    return f"{world.random.choice(PEOPLE)} saw {person}."


def write_nli(root: Path, world: World) -> None:
    """MultiNLI jsonl for training, XNLI tsv for evaluation."""
    labels = ["entailment", "contradiction", "neutral"]
    for name, count in (("train", 96), ("dev_matched", 24)):
        rows = []
        for number, event in enumerate(world.events(count)):
            label = labels[number % 3]
            pair = {"sentence1": sentence(event), "sentence2": inference(world, event, label)}
            rows.append({"gold_label": label, "pairID": str(number), **pair})
        _lines(root / f"mnli/multinli_1.0_{name}.jsonl", map(json.dumps, rows))
    for split in ("dev", "test"):
        header = ["language", "gold_label", "sentence1", "sentence2", "promptID", "pairID"]
        rows = [header]
        for number, event in enumerate(world.events(12)):
            label = labels[number % 3]
            hypothesis = inference(world, event, label)
            for lang in LANGUAGES:
                texts = [disguise(text, lang) for text in (sentence(event), hypothesis)]
                rows.append([lang, label, *texts, str(number), str(number)])
        _lines(root / f"xnli/XNLI-1.0/xnli.{split}.tsv", ("\t".join(row) for row in rows))


def write_paraphrases(root: Path, world: World) -> None:
    """PAWS-X: the same words with another time, or with the places of two people swapped."""
    for lang in LANGUAGES:
        for name, count in (("train", 64), ("dev_2k", 16), ("test_2k", 16)):
            if name == "train" and lang != "en":
                continue
            rows = [["id", "sentence1", "sentence2", "label"]]
            for number, (person, verb, place, day) in enumerate(World(count).events(count)):
                other = PEOPLE[PEOPLE.index(person) - 1]
                first = f"{person} and not {other} {verb} {place} on {day} ."
                second = f"On {day} {person} and not {other} {verb} {place} ."
                swapped = f"On {day} {other} and not {person} {verb} {place} ."
                texts = [disguise(text, lang) for text in (first, swapped if number % 2 else second)]
                rows.append([str(number + 1), *texts, str(1 - number % 2)])
            _lines(root / f"pawsx/{lang}/{name}.tsv", ("\t".join(row) for row in rows))


def write_tags(root: Path, world: World) -> None:
    """CoNLL-U for part-of-speech tags, the archive layout of WikiANN for names."""
    for lang in LANGUAGES:
        for split, count in (("train", 64), ("dev", 16), ("test", 16)):
            pos, names = [], []
            for person, verb, place, day in World(count).events(count):
                words = [person, verb, place, "on", day, "."]
                tags = ["PROPN", "VERB", "PROPN", "ADP", "PROPN", "PUNCT"]
                shown = [disguise(word, lang) for word in words]
                for number, (word, tag) in enumerate(zip(shown, tags, strict=True), start=1):
                    head = "0" if tag == "VERB" else "2"
                    pos.append("\t".join([str(number), word, "_", tag, "_", "_", head, "dep", "_", "_"]))
                pos.append("")
                kinds = ["B-PER", "O", "B-LOC", "O", "O", "O"]
                names += [f"{lang}:{word}\t{tag}" for word, tag in zip(shown, kinds, strict=True)] + [""]
            _lines(root / f"udpos/UD_Toy-{lang}/{lang}_toy-ud-{split}.conllu", pos)
            _lines(root / f"panx/{lang}/{split}", names)


def write_questions(root: Path, world: World) -> None:
    """SQuAD, XQuAD, MLQA and TyDiQA: who did it, and when."""
    _json(root / "squad_v1/train-v1.1.json", _articles(World(1), "en", 48))
    _json(root / "squad_v1/dev-v1.1.json", _articles(World(2), "en", 12))
    _json(root / "tydiqa/tydiqa-goldp-v1.1-train/tydiqa.goldp.en.train.json", _articles(World(3), "en", 48))
    for lang in LANGUAGES:
        _json(root / f"xquad/xquad.{lang}.json", _articles(World(4), lang, 12))
        for split in ("dev", "test"):
            name = f"MLQA_V1/{split}/{split}-context-{lang}-question-{lang}.json"
            _json(root / "mlqa" / name, _articles(World(5), lang, 12))
    _json(root / "tydiqa/tydiqa-goldp-v1.1-dev/tydiqa.goldp.en.dev.json", _articles(World(6), "en", 12))


def _articles(world: World, lang: str, count: int) -> dict:
    paragraphs = []
    for number, event in enumerate(world.events(count)):
        person, verb, place, day = event
        before, after = (sentence(world.event()) for _ in range(2))
        context = disguise(f"{before} {sentence(event)} {after}", lang)
        questions = []
        for kind, question, answer in (("who", f"Who {verb} {place}?", person), ("when", f"{person} went when?", day)):
            text = disguise(answer, lang)
            start = context.index(text, len(before))
            answers = [{"answer_start": start, "text": text}]
            questions.append({"id": f"{number}-{kind}", "question": disguise(question, lang), "answers": answers})
        paragraphs.append({"context": context, "qas": questions})
    return {"version": "1.1", "data": [{"title": "Toy", "paragraphs": paragraphs}]}


def write_parallel(root: Path, world: World) -> None:
    """Tatoeba and BUCC: the same events in English and another language, with and without strangers among them."""
    for lang, iso3 in ISO3.items():
        events = world.events(30)
        for code, name in (("en", "eng"), (lang, iso3)):
            texts = [disguise(sentence(event), code) for event in events]
            _lines(root / f"tatoeba/tatoeba.{iso3}-eng.{name}", texts)
        for part in ("sample", "training"):
            _write_bucc(root / "bucc2018" / f"{lang}-en", lang, part, World(len(part)))


def _write_bucc(folder: Path, lang: str, part: str, world: World) -> None:
    events = world.events(60)
    own = {"en": events[:40], lang: events[:20] + events[40:]}
    for code, mine in own.items():
        rows = [f"{code}-{number:09d}\t{disguise(sentence(event), code)}" for number, event in enumerate(mine)]
        _lines(folder / f"{lang}-en.{part}.{code}", rows)
    _lines(folder / f"{lang}-en.{part}.gold", (f"{lang}-{n:09d}\ten-{n:09d}" for n in range(20)))


def write_encoder(folder: Path) -> None:
    """A two-layer XLM-R with random weights and a tokenizer that knows the toy words."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaModel, set_seed

    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Replace(Regex(" {2,}"), " ")
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=400, special_tokens=special, unk_token="<unk>", show_progress=False)
    events = World(0).events(200)
    texts = [disguise(sentence(event), lang) for event in events for lang in LANGUAGES]
    tokenizer.train_from_iterator([*texts, "Who went when? and not saw avoided reached hated ignored"], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    names = {"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "pad_token": "<pad>"}
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", mask_token="<mask>", model_max_length=128, **names
    )
    set_seed(0)
    config = XLMRobertaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=130,
        type_vocab_size=1,
        pad_token_id=1,
    )
    XLMRobertaModel(config, add_pooling_layer=False).save_pretrained(folder)
    fast.save_pretrained(folder)


def configuration(folder: Path) -> dict:
    """The configuration of a run on the toy world."""
    return {
        "experiment": "demo",
        "source": "release",
        "data": str(folder / "data"),
        "grid": {
            "encoders": ["toy"],
            "intermediates": ["none", "mnli", "squad_v1", "multitask"],
            "seeds": [1],
        },
        "languages": list(LANGUAGES),
        "training": {"learning_rate": 0.001, "epochs": 2, "batch_size": 16, "evaluate_every": 4, "dev_examples": 16},
        "encoders": {"toy": {"path": str(folder / "encoder"), "retrieval": {"layer": 2, "max_length": 128}}},
        "stages": {
            "multitask": {"tasks": ["mnli", "squad_v1"], "epochs": 1},
            **{name: {"epochs": 2, "batch_size": 16} for name in TRAINED},
        },
        "tasks": {
            name: {"max_length": 64, "doc_stride": 16, "max_query_length": 16}
            for name in (*TRAINED, "xnli", "xquad", "mlqa")
        },
    }


def generate(folder: Path) -> Path:
    """Write data, encoder and configuration, unless they are there; return the path of the configuration."""
    config = folder / "config.yaml"
    if not config.is_file():
        world = World(0)
        for write in (write_nli, write_paraphrases, write_tags, write_questions, write_parallel):
            write(folder / "data", world)
        write_encoder(folder / "encoder")
        config.write_text(yaml.safe_dump(configuration(folder), sort_keys=False), encoding="utf-8")
    return config


def _lines(path: Path, lines) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _json(path: Path, value: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


if __name__ == "__main__":
    print(generate(Path(sys.argv[1])))
