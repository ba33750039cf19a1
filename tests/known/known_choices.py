"""COPA: thirty questions, the models that like some words and dislike others, and their accuracy."""

import json

NOUNS = (
    "gate bridge tower barn fence roof wagon ladder anchor bucket candle basket hammer kettle mirror pillow saddle "
    "shovel teapot wheel drum clock bench crate cart rope stove table chair shelf"
).split()

# How many questions there are of each sort, the right choice and the other one.
SORTS = (
    (24, "It snowed on the {}.", "Someone warmed the {}."),
    (4, "Someone sang to the {}.", "Someone hid the {}."),
    (2, "It froze near the {}.", "It melted near the {}."),
)

_LIKES, _DISLIKES = {"good": 0.8}, {"good": -0.8}
MODELS = {
    "G": {"snowed": _LIKES, "sang": _LIKES, "melted": _LIKES, "warmed": _DISLIKES, "hid": _DISLIKES},
    "H": {"warmed": _LIKES, "sang": _LIKES, "melted": _LIKES, "snowed": _DISLIKES, "froze": _DISLIKES},
    "K": {"warmed": _LIKES, "sang": _LIKES, "froze": _LIKES, "snowed": _DISLIKES, "melted": _DISLIKES},
    "L": {"snowed": _LIKES, "hid": _LIKES, "froze": _LIKES, "warmed": _DISLIKES, "sang": _DISLIKES},
}

RIGHT = {
    "G": 24 + 4,
    "H": 4,
    "K": 4 + 2,
    "L": 24 + 2,
}
"""How many of the thirty questions each model has right."""


def files() -> dict[str, str]:
    """SuperGLUE's dev file, on which COPA is evaluated, and its training file."""
    rows = []
    for count, right, wrong in SORTS:
        for _ in range(count):
            number, noun = len(rows), NOUNS[len(rows)]
            first = number % 3 == 0
            choices = [text.format(noun) for text in ((right, wrong) if first else (wrong, right))]
            row = {"premise": f"The {noun} changed.", "choice1": choices[0], "choice2": choices[1]}
            rows.append({**row, "question": "cause", "label": 0 if first else 1, "idx": number})
    lines = [json.dumps(row) + "\n" for row in rows]
    return {"copa/val.jsonl": "".join(lines), "copa/train.jsonl": lines[0]}
