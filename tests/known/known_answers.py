"""MLQA in four languages and XQuAD in three of them: one question each of three contexts, and F1 and exact match.

The second context is too long for one window of MLQA; its answer stands in a later one.
"""

import json

QUESTIONS = {
    "en": (
        ("What does Mara keep?", "Mara keeps a red boat in Oslo.", ("red boat",)),
        (
            "Who saw it?",
            "The fog came in over the long low hills while the town slept, and only the keeper saw it.",
            ("keeper saw it", "keeper"),
        ),
        ("What left?", "In spring nine old ships left Oslo.", ("nine old ships",)),
    ),
    "es": (
        ("¿Qué guarda Mara?", "Mara guarda un barco rojo en Oslo.", ("barco rojo",)),
        (
            "¿Quién?",
            "La niebla cubrió las colinas largas mientras el pueblo dormía, y solo entonces el farero la vio.",
            ("el farero la vio", "pueblo"),
        ),
        ("¿Qué salió?", "En primavera nueve barcos viejos salieron de Oslo.", ("nueve barcos viejos",)),
    ),
    "de": (
        ("Was hält Mara?", "Mara hält einen roten Kahn in Oslo.", ("roten Kahn",)),
        (
            "Wer sah ihn?",
            "Der Nebel kam über die langen flachen Hügel, während die Stadt schlief, und nur der Wärter sah ihn.",
            ("nur der Wärter", "Wärter"),
        ),
        ("Was legte ab?", "Im Frühling verließen neun alte Schiffe Bergen.", ("neun alte Schiffe",)),
    ),
    "zh": (
        ("马拉有什么？", "马拉有一只红船。", ("红船",)),
        (
            "谁看见了雾？",
            "大雾漫过山岗，小城都睡着了，只有守灯人看见它。",
            ("守灯人看见", "守灯人"),
        ),
        ("什么离开？", "春天九艘旧船离开港口。", ("九艘旧船",)),
    ),
}
"""Question, context, and all answers that count."""

XQUAD = ("en", "de", "zh")


def _says(**words: tuple[float, float]) -> dict[str, dict[str, float]]:
    return {word: {"start": start, "end": end} for word, (start, end) in words.items()}


_FOG = {word: {"start": 0.3, "end": 0.3} for word in ("fog", "niebla", "Nebel", "雾")}
_QUESTIONS = {"What": {"start": 0.9}, "Wer": {"start": 0.9}, "？": {"end": 0.9}, "?": {"end": 0.9}}
"""Words of questions, which are no answers whatever a model says of them."""

MODELS = {
    "A": _FOG
    | _QUESTIONS
    | _says(a=(0.6, 0), boat=(0, 0.6), keeper=(0.5, 0.5), old=(0.8, 0), ships=(0, 0.6))
    | _says(un=(0.6, 0), rojo=(0, 0.6), farero=(0.5, 0), vio=(0, 0.7), barcos=(0.8, 0), viejos=(0, 0.6))
    | _says(einen=(0.6, 0), Kahn=(0, 0.6), Wärter=(0.5, 0.5), alte=(0.8, 0), Schiffe=(0, 0.6), Bergen=(0, 0.9))
    | _says(一=(0.6, 0), 船=(0, 0.6), 守=(0.5, 0), 人=(0, 0.5), 旧=(0.8, 0)),
    "B": _FOG
    | _says(red=(0.7, 0), boat=(0, 0.6), nine=(0.7, 0), ships=(0, 0.6))
    | _says(barco=(0.7, 0), rojo=(0, 0.6), nueve=(0.7, 0), viejos=(0, 0.6))
    | _says(roten=(0.7, 0), Kahn=(0, 0.6), neun=(0.7, 0), Schiffe=(0, 0.6))
    | _says(红=(0.7, 0), 船=(0, 0.6), 九=(0.7, 0)),
    "C": _says(Oslo=(0.6, 0.6), keeper=(0.5, 0.5), farero=(0.5, 0), vio=(0, 0.7), Wärter=(0.5, 0.5))
    | _says(Bergen=(0.6, 0.6), 马=(0.6, 0), 拉=(0, 0.6), 山=(0.4, 0), 岗=(0, 0.4), 港=(0.6, 0), 口=(0, 0.6)),
}

# What each model answers, and its exact match and F1: by MLQA's rules, and by SQuAD's in brackets where they differ.
#    en                   es                        de                                zh
# A  a red boat      1 1  un barco rojo        1 1  einen roten Kahn    1 1 (0 4/5)   一只红船  0 2/3 (0 0)
#    keeper          1 1  farero la vio        1 1  Wärter              1 1           守灯人    1 1
#    old ships     0 4/5  barcos viejos      0 4/5  alte Schiffe Bergen 0 2/3         旧船      0 2/3 (0 0)
# B  red boat        1 1  barco rojo           1 1  roten Kahn          1 1           红船      1 1
#    fog             0 0  niebla               0 0  Nebel               0 0           雾        0 0
#    nine old ships  1 1  nueve barcos viejos  1 1  neun alte Schiffe   1 1           九艘旧船  1 1
# C  Oslo            0 0  Oslo                 0 0  Oslo                0 0           马拉      0 0
#    keeper          1 1  farero la vio        1 1  Wärter              1 1           山岗      0 0
#    Oslo            0 0  Oslo                 0 0  Bergen              0 0           港口      0 0
# `farero la vio` is `el farero la vio` without articles of Spanish. Of a Chinese answer, MLQA counts the characters.
MLQA_RESULTS = {
    "A": {
        "en": (2, 1 + 1 + 4 / 5),
        "es": (2, 1 + 1 + 4 / 5),
        "de": (2, 1 + 1 + 2 / 3),
        "zh": (1, 2 / 3 + 1 + 2 / 3),
    },
    "B": {"en": (2, 2), "es": (2, 2), "de": (2, 2), "zh": (2, 2)},
    "C": {"en": (1, 1), "es": (1, 1), "de": (1, 1), "zh": (0, 0)},
}
"""Exact matches and the sum of F1 over three questions."""

XQUAD_RESULTS = {
    "A": {"en": (2, 1 + 1 + 4 / 5), "de": (1, 4 / 5 + 1 + 2 / 3), "zh": (1, 1)},
    "B": {"en": (2, 2), "de": (2, 2), "zh": (2, 2)},
    "C": {"en": (1, 1), "de": (1, 1), "zh": (0, 0)},
}

SAID_BY_A_IN_CHINESE = {"mlqa-1": "一只红船", "mlqa-2": "守灯人", "mlqa-3": "旧船"}


def files() -> dict[str, str]:
    """MLQA's and XQuAD's test files, and SQuAD's."""
    mlqa = {
        f"mlqa/test/test-context-{lang}-question-{lang}.json": _squad("mlqa", questions)
        for lang, questions in QUESTIONS.items()
    }
    xquad = {f"xquad/xquad.{lang}.json": _squad("xquad", QUESTIONS[lang]) for lang in XQUAD}
    training = {f"squad_v1/{split}-v1.1.json": _squad("squad", QUESTIONS["en"][:1]) for split in ("train", "dev")}
    return mlqa | xquad | training


def _squad(name: str, questions: tuple) -> str:
    paragraphs = [
        {
            "context": context,
            "qas": [
                {
                    "id": f"{name}-{number}",
                    "question": question,
                    "answers": [{"text": answer, "answer_start": context.index(answer)} for answer in answers],
                }
            ],
        }
        for number, (question, context, answers) in enumerate(questions, 1)
    ]
    return json.dumps({"version": "1.1", "data": [{"title": name, "paragraphs": paragraphs}]}, ensure_ascii=False)
