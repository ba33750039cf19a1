"""Small valid files for each reader of each task, as seeds for fuzzing."""

import json
from dataclasses import dataclass
from pathlib import Path

from nli_files import AMERICAS, FARSTAIL, INDONLI, KORNLI, OCNLI, XNLI_MT
from released import SENTENCE, question, squad
from test_formats_choices import BLOG, PREMISE, SOCIAL
from test_hub_tasks import CASES as HUB
from test_xtreme_layout import DOWNLOAD

from xstilts import tasks
from xstilts.miniature.release import TASKS
from xstilts.sources import files, release
from xstilts.sources.release import Found

PAIR = {"sentence1": 'A "dog" barks.', "sentence2": "It is loud."}
DERIVATION = "(<T S[dcl] 1 2> (<L NP NNP NNP Dogs NP>) (<L S[dcl]\\NP VBP VBP bark S[dcl]\\NP>) )"


def _lines(*values: dict) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


OTHERS = {
    "xnli jsonl": (
        ("xnli", "dev", "de"),
        {"xnli.dev.jsonl": _lines(*({"language": lang, "gold_label": "neutral", **PAIR} for lang in ("de", "fr")))},
    ),
    "xnli_mt": (
        ("mnli", "train", "de"),
        {"multinli.train.de.tsv": 'premise\thypo\tlabel\nA "b .\tC d .\tcontradictory\nE .\tF .\tneutral\n'},
    ),
    "pawsx_train": (
        ("pawsx", "train", "de"),
        {"de/translated_train.tsv": "id\tsentence1\tsentence2\tlabel\n" + '7\tA "b .\tC d .\t1\n' * 9 + "8\tNS\t\t0\n"},
    ),
    "xtreme_train": (("pawsx", "train", "de"), {"train-de.tsv": 'A .\t"C ""d"" ."\t1\r\n' * 9 + "NS\tD .\t0\r\n"}),
    "translations of pairs": (("mnli", "train", "de"), {"translate-train/en-de-translated.tsv": XNLI_MT}),
    "translations of questions": (
        ("squad_v1", "train", "de"),
        {"squad.translate.train.en-de.json": squad(*(question(f"q{n}") for n in range(10)), question("q", start=9))},
    ),
    "ocnli": (("ocnli", "train", "zh"), {"train.3k.json": _lines(*OCNLI)}),
    "indonli": (("indonli", "dev", "id"), {"val.jsonl": _lines(*INDONLI)}),
    **{
        f"aligned {split}": (
            ("tlm", split, "de-en"),
            {f"de-en.{lang}.txt": "".join(f"{lang} {n}\n" for n in range(200)) for lang in ("de", "en")},
        )
        for split in ("train", "dev")
    },
    "farstail": (("farstail", "dev", "fa"), {"Val-word.csv": FARSTAIL}),
    "kornli": (("kornli", "dev", "ko"), {"xnli.dev.ko.tsv": KORNLI}),
    "americasnli": (("americasnli", "dev", "aym"), {"dev.tsv": AMERICAS}),
    "glue_mnli": (
        ("mnli", "train", "en"),
        {"MNLI/train.tsv": 'index\tsentence1\tsentence2\tgold_label\n0\ta\tb\t-\n1\t"c\td\tneutral\n'},
    ),
    "glue_snli": (
        ("snli", "train", "en"),
        {"train.tsv": "sentence1\tsentence2\tlabel1\tgold_label\na\tb\tneutral\tneutral\nc\td\tneutral\t-\n"},
    ),
    "cosmosqa jsonl": (("cosmosqa", "train", "en"), {"train.jsonl": _lines(BLOG, BLOG | {"id": "blog-2"})}),
    "siqa": (("siqa", "train", "en"), {"socialIQa_v1.4_trn.jsonl": _lines(SOCIAL | {"correct": "B"})}),
    "siqa and labels": (
        ("siqa", "train", "en"),
        {"train.jsonl": _lines(SOCIAL, SOCIAL), "train-labels.lst": "1\n3\n"},
    ),
    "copa": (("copa", "train", "en"), {"train.jsonl": _lines(PREMISE, PREMISE | {"idx": 1})}),
    "tydiqa of all languages": (
        ("tydiqa", "test", "fi"),
        {"tydiqa-goldp-v1.1-dev.json": squad(question("finnish-1-0"), question("korean-1-0"))},
    ),
    "ccg columns with ids": (
        ("ccg", "train", "en"),
        {"train.tsv": "Dogs bark\tNP S\n", "tags_to_id.json": json.dumps({"S": 0, "NP": 1})},
    ),
    "ccg a word a line": (("ccg", "train", "en"), {"train.tsv": "Dogs\tNP\nbark\tS\n\nDogs\tNP\n"}),
    "ccg stagged": (("ccg", "train", "en"), {"train.stagged": "# preface\n\nDogs|NNS|NP bark|VBP|S\\NP\n"}),
    "ccg auto": (("ccg", "dev", "en"), {"AUTO/00/wsj_0001.auto": f"ID=wsj_0001.1 PARSER=GOLD\n{DERIVATION}\n"}),
    "treebank with fused words": (
        ("udpos", "dev", "fr"),
        {
            "UD_French-A/fr_a-ud-dev.conllu": "# text\n1-2\tdu\t" + "\t".join("_" * 8) + "\n" + SENTENCE,
            "UD_French-A/fr_b-ud-dev-1.conllu": "1\tOui\t_\tINTJ\t_\t_\t0\troot\t0:root|1:x\t_\n1.1\tx"
            + "\t_" * 8
            + "\n",
        },
    ),
}


@dataclass(frozen=True)
class Seed:
    """Valid files of a split in one language.

    Args:
        what: the task, the split and the language.
        files: their content by name; of the miniature, which is written once, nothing.
        on_hub: whether they are in the layout of the hub.
    """

    what: tuple[str, str, str]
    files: dict[str, bytes]
    on_hub: bool = False

    def locate(self, folder: Path) -> Found | None:
        """The files where they are found in a folder."""
        name, split, lang = self.what
        task = tasks.load(name)
        if self.on_hub:
            return release.at(folder, files.on_hub(task, split, lang).layout, task, split, lang)
        return release.locate(task, split, lang, [folder])


def _bytes(files: dict[str, str | bytes]) -> dict[str, bytes]:
    return {name: content.encode() if isinstance(content, str) else content for name, content in files.items()}


def _xtreme(what: tuple[str, str, str], folder: str) -> Seed:
    own = {path.removeprefix(f"{folder}/"): text for path, text in DOWNLOAD.items() if path.startswith(f"{folder}/")}
    return Seed(what, _bytes(own))


_LANGUAGES = {"bucc2018": "de", "tatoeba": "de", "xquad": "de", "mlqa": "de", "tydiqa": "ru", "tlm": "de-en"}

SEEDS = {
    **{
        f"miniature {name} {split}": Seed((name, split, _LANGUAGES.get(name, "en")), {})
        for name in TASKS
        for split in tasks.load(name).splits
    },
    **{
        f"XTREME {name} {split}": _xtreme((name, split, lang), folder)
        for name, folder, split, lang in (
            ("mnli", "xnli", "train", "en"),
            ("xnli", "xnli", "dev", "de"),
            ("xnli", "xnli", "test", "de"),
            ("pawsx", "pawsx", "dev", "de"),
            ("udpos", "udpos", "train", "en"),
            ("udpos", "udpos", "test", "de"),
            ("panx", "panx", "dev", "de"),
            ("xquad", "xquad", "test", "de"),
            ("tydiqa", "tydiqa", "train", "en"),
            ("bucc2018", "bucc2018", "test", "de"),
            ("tatoeba", "tatoeba", "test", "de"),
        )
    },
    **{name: Seed(what, _bytes(content)) for name, (what, content) in OTHERS.items()},
    **{f"hub {name}": Seed(what, served, on_hub=True) for name, (what, served, _) in HUB.items()},
}
