"""Invented texts in several scripts, and tables of examples that are perturbed."""

import pyarrow as pa

from xstilts import tasks
from xstilts.languages import facts
from xstilts.perturbations import load
from xstilts.perturbations.texts import Perturbed
from xstilts.sources.columns import SCHEMAS

TEXTS = {
    "ar": "في الصباح الباكر فتح الصيّادُ نافذةَ البيت القديم ورأى سفينةً بيضاء تقترب ببطء من الميناء الصغير.",
    "de": "Am Morgen öffnete die Fischerin das Fenster des alten Hauses und sah, wie ein Schiff langsam näher kam.",
    "en": "In the early morning the fisher opened the window of the old house and saw a ship that slowly came nearer.",
    "hi": "सुबह होते ही मछुआरे ने पुराने घर की खिड़की खोली और देखा कि एक सफ़ेद जहाज़ धीरे-धीरे बंदरगाह की ओर आ रहा है।",
    "ja": "朝早く漁師は古い家の窓を開けて、白い船がゆっくりと小さな港に近づいてくるのを見ました。",
    "ko": "이른 아침 어부는 낡은 집의 창문을 열고 하얀 배 한 척이 작은 항구로 천천히 다가오는 것을 보았습니다.",
    "ru": "Рано утром рыбак открыл окно старого дома и увидел, как белый корабль медленно подходит к маленькой гавани.",
    "ta": "அதிகாலையில் மீனவர் பழைய வீட்டின் சன்னலைத் திறந்து ஒரு வெள்ளைக் கப்பல் மெதுவாகத் துறைமுகத்தை நெருங்குவதைக் கண்டார்.",
    "th": "เช้าตรู่ชาวประมงเปิดหน้าต่างบ้านหลังเก่าแล้วเห็นเรือสีขาวลำหนึ่งค่อยๆแล่นเข้ามาใกล้ท่าเรือเล็กๆ",
    "zh": "清晨，渔夫打开旧房子的窗户，看见一艘白色的船慢慢地驶近小港口。",
}
"""A sentence in each language, with about the same content."""

_OF_KIND = {
    "classification": lambda text, row: {"text_a": text, "text_b": text, "label": None},
    "multiple_choice": lambda text, row: {"prompt": text, "choices": [text, text[::2]], "label": "0"},
    "tagging": lambda text, row: {"words": text.split(), "tags": [f"{row}-{n}" for n in range(len(text.split()))]},
    "span": lambda text, row: {"question": text, "context": f"Ja, {text}", "answers": [{"start": 4, "text": text}]},
    "retrieval": lambda text, row: {"side": ("foreign", "english")[row % 2], "text": text, "gold": None},
}


def table(kind: str, *texts: str) -> pa.Table:
    """Examples of a kind, each with one of the texts in all its columns; their ids are their positions."""
    rows = [{"id": str(row), **_OF_KIND[kind](text, row)} for row, text in enumerate(texts)]
    return pa.Table.from_pylist(rows, SCHEMAS[kind])


def perturbed(name: str, task: str, **examples: pa.Table) -> dict[str, Perturbed]:
    """The perturbed examples of a shipped task, by language."""
    perturbation = load(name)
    return perturbation.apply(examples, tasks.load(task), facts(examples, *perturbation.language_facts))


def one(name: str, task: str, lang: str, examples: pa.Table) -> pa.Table:
    """The perturbed examples of one language."""
    return perturbed(name, task, **{lang: examples})[lang].table


def texts_of(table: pa.Table, field: str) -> list:
    return table[field].to_pylist()
