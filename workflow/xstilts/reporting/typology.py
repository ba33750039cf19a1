"""Families and scripts of the languages, and how far each is from English.

Families, and branches of Indo-European, under the names of Glottolog 5 (Hammarström et al., https://glottolog.org);
scripts by ISO 15924, those in which XTREME has the language.
"""

from dataclasses import dataclass

from xstilts.languages import language

INDO_EUROPEAN = "Indo-European"
LATIN = "Latn"

STEPS = ("English", "same branch", "same family", "other family")
"""Distances from English, from none to the largest: itself, Germanic, Indo-European, everything else."""


@dataclass(frozen=True)
class Origin:
    """Where a language belongs.

    Args:
        family: the largest group that it belongs to; an isolate is a family of its own.
        branch: the group within Indo-European; empty for other families.
        script: four letters of ISO 15924.
    """

    family: str
    branch: str
    script: str

    @property
    def group(self) -> str:
        """The family, or the branch of the one that nearly half of the languages belong to."""
        return self.branch or self.family


_GROUPS = {
    (INDO_EUROPEAN, "Germanic"): "en:Latn af:Latn de:Latn nl:Latn",
    (INDO_EUROPEAN, "Italic"): "es:Latn fr:Latn ht:Latn it:Latn pt:Latn ro:Latn",
    (INDO_EUROPEAN, "Balto-Slavic"): "bg:Cyrl lt:Latn pl:Latn ru:Cyrl uk:Cyrl",
    (INDO_EUROPEAN, "Graeco-Phrygian"): "el:Grek",
    (INDO_EUROPEAN, "Indo-Iranian"): "bn:Beng fa:Arab gu:Gujr hi:Deva mr:Deva pa:Guru ur:Arab",
    ("Afro-Asiatic", ""): "ar:Arab he:Hebr",
    ("Atlantic-Congo", ""): "sw:Latn wo:Latn yo:Latn",
    ("Austroasiatic", ""): "vi:Latn",
    ("Austronesian", ""): "id:Latn jv:Latn ms:Latn tl:Latn",
    ("Basque", ""): "eu:Latn",
    ("Dravidian", ""): "ml:Mlym ta:Taml te:Telu",
    ("Japonic", ""): "ja:Jpan",
    ("Kartvelian", ""): "ka:Geor",
    ("Koreanic", ""): "ko:Kore",
    ("Quechuan", ""): "qu:Latn",
    ("Sino-Tibetan", ""): "my:Mymr zh:Hani",
    ("Tai-Kadai", ""): "th:Thai",
    ("Turkic", ""): "az:Latn kk:Cyrl tr:Latn",
    ("Uralic", ""): "et:Latn fi:Latn hu:Latn",
}

ORIGINS = {
    code: Origin(family, branch, script)
    for (family, branch), members in _GROUPS.items()
    for code, script in (member.split(":") for member in members.split())
}
"""By ISO 639-1 code: Indo-European first, beginning with English and its branch, then the families by name."""


def origin(code: str) -> Origin:
    """Where a language belongs.

    Raises:
        UserError: there is no such language.
    """
    return ORIGINS[language(code).code]


def distance(code: str) -> str:
    """How far a language is from English, one of `STEPS`."""
    if code == "en":
        return STEPS[0]
    here, english = origin(code), origin("en")
    if here.family != english.family:
        return STEPS[3]
    return STEPS[1] if here.branch == english.branch else STEPS[2]
