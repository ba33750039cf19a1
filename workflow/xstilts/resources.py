"""The size of XLM-R's pretraining text in each language, and the groups of languages by it.

Source: CC-100 in GiB, table 6 of Conneau et al. 2020 (https://arxiv.org/abs/1911.02116), as copied in
https://github.com/mayhewsw/multilingual-data-stats.
"""

from xstilts.languages import LANGUAGES

GIB = {
    "en": 300.8, "ru": 278, "id": 148.3, "vi": 137.3, "fa": 111.6, "uk": 84.6, "th": 71.7, "ja": 69.3, "de": 66.6,
    "ro": 61.4, "hu": 58.4, "bg": 57.5, "fr": 56.8, "fi": 54.3, "ko": 54.2, "es": 53.3, "pt": 49.1, "el": 46.9,
    "zh": 46.9, "pl": 44.6, "he": 31.6, "it": 30.2, "nl": 29.3, "ar": 28, "tr": 20.9, "hi": 20.2, "lt": 13.7,
    "ta": 12.2, "ka": 9.1, "ms": 8.5, "bn": 8.4, "ml": 7.6, "az": 6.5, "kk": 6.4, "et": 6.1, "ur": 5.7, "te": 4.7,
    "tl": 3.1, "mr": 2.8, "eu": 2, "gu": 1.9, "my": 1.6, "sw": 1.6, "af": 1.3, "pa": 0.8, "jv": 0.2,
}  # fmt: skip
"""Languages that are not listed have no text in CC-100. Chinese is the simplified part."""

LOW, HIGH = 5, 50
"""Below the first number of GiB a language is low-resource, from the second on high-resource."""


def group(lang: str) -> str:
    """The group of a language: `low`, `mid` or `high`."""
    size = GIB.get(lang, 0)
    return "low" if size < LOW else "high" if size >= HIGH else "mid"


def groups() -> dict[str, tuple[str, ...]]:
    """The languages of each group."""
    return {name: tuple(lang for lang in LANGUAGES if group(lang) == name) for name in ("low", "mid", "high")}
