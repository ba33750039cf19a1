"""The languages of XTREME (Hu et al. 2020) and XTREME-R (Ruder et al. 2021): one row for each, and nothing else.

Families, and branches of Indo-European, under the names of Glottolog 5 (Hammarström et al., https://glottolog.org);
scripts by ISO 15924, those in which XTREME has the language.

No fingerprint covers this module. A job that uses a fact of a language has its value in its spec (`facts`), so that a
new row, or another order of rows, changes no name.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from xstilts.errors import UserError, nearest


@dataclass(frozen=True)
class Language:
    """What is known of a language.

    Args:
        code: ISO 639-1, as everywhere in XTREME.
        iso3: ISO 639-3, as in the file names of LASER's Tatoeba set.
        name: English name; in lower case, the first part of a TyDiQA question id.
        family: the largest group that it belongs to; an isolate is a family of its own.
        branch: the group within Indo-European; empty for other families.
        script: four letters of ISO 15924.
    """

    code: str
    iso3: str
    name: str
    family: str
    branch: str
    script: str


LANGUAGES = {
    row[0]: Language(*row)
    for row in (
        ("af", "afr", "Afrikaans", "Indo-European", "Germanic", "Latn"),
        ("ar", "ara", "Arabic", "Afro-Asiatic", "", "Arab"),
        ("az", "aze", "Azerbaijani", "Turkic", "", "Latn"),
        ("bg", "bul", "Bulgarian", "Indo-European", "Balto-Slavic", "Cyrl"),
        ("bn", "ben", "Bengali", "Indo-European", "Indo-Iranian", "Beng"),
        ("de", "deu", "German", "Indo-European", "Germanic", "Latn"),
        ("el", "ell", "Greek", "Indo-European", "Graeco-Phrygian", "Grek"),
        ("en", "eng", "English", "Indo-European", "Germanic", "Latn"),
        ("es", "spa", "Spanish", "Indo-European", "Italic", "Latn"),
        ("et", "est", "Estonian", "Uralic", "", "Latn"),
        ("eu", "eus", "Basque", "Basque", "", "Latn"),
        ("fa", "pes", "Persian", "Indo-European", "Indo-Iranian", "Arab"),
        ("fi", "fin", "Finnish", "Uralic", "", "Latn"),
        ("fr", "fra", "French", "Indo-European", "Italic", "Latn"),
        ("gu", "guj", "Gujarati", "Indo-European", "Indo-Iranian", "Gujr"),
        ("he", "heb", "Hebrew", "Afro-Asiatic", "", "Hebr"),
        ("hi", "hin", "Hindi", "Indo-European", "Indo-Iranian", "Deva"),
        ("ht", "hat", "Haitian", "Indo-European", "Italic", "Latn"),
        ("hu", "hun", "Hungarian", "Uralic", "", "Latn"),
        ("id", "ind", "Indonesian", "Austronesian", "", "Latn"),
        ("it", "ita", "Italian", "Indo-European", "Italic", "Latn"),
        ("ja", "jpn", "Japanese", "Japonic", "", "Jpan"),
        ("jv", "jav", "Javanese", "Austronesian", "", "Latn"),
        ("ka", "kat", "Georgian", "Kartvelian", "", "Geor"),
        ("kk", "kaz", "Kazakh", "Turkic", "", "Cyrl"),
        ("ko", "kor", "Korean", "Koreanic", "", "Kore"),
        ("lt", "lit", "Lithuanian", "Indo-European", "Balto-Slavic", "Latn"),
        ("ml", "mal", "Malayalam", "Dravidian", "", "Mlym"),
        ("mr", "mar", "Marathi", "Indo-European", "Indo-Iranian", "Deva"),
        ("ms", "zsm", "Malay", "Austronesian", "", "Latn"),
        ("my", "mya", "Burmese", "Sino-Tibetan", "", "Mymr"),
        ("nl", "nld", "Dutch", "Indo-European", "Germanic", "Latn"),
        ("pa", "pan", "Punjabi", "Indo-European", "Indo-Iranian", "Guru"),
        ("pl", "pol", "Polish", "Indo-European", "Balto-Slavic", "Latn"),
        ("pt", "por", "Portuguese", "Indo-European", "Italic", "Latn"),
        ("qu", "que", "Quechua", "Quechuan", "", "Latn"),
        ("ro", "ron", "Romanian", "Indo-European", "Italic", "Latn"),
        ("ru", "rus", "Russian", "Indo-European", "Balto-Slavic", "Cyrl"),
        ("sw", "swh", "Swahili", "Atlantic-Congo", "", "Latn"),
        ("ta", "tam", "Tamil", "Dravidian", "", "Taml"),
        ("te", "tel", "Telugu", "Dravidian", "", "Telu"),
        ("th", "tha", "Thai", "Tai-Kadai", "", "Thai"),
        ("tl", "tgl", "Tagalog", "Austronesian", "", "Latn"),
        ("tr", "tur", "Turkish", "Turkic", "", "Latn"),
        ("uk", "ukr", "Ukrainian", "Indo-European", "Balto-Slavic", "Cyrl"),
        ("ur", "urd", "Urdu", "Indo-European", "Indo-Iranian", "Arab"),
        ("vi", "vie", "Vietnamese", "Austroasiatic", "", "Latn"),
        ("wo", "wol", "Wolof", "Atlantic-Congo", "", "Latn"),
        ("yo", "yor", "Yoruba", "Atlantic-Congo", "", "Latn"),
        ("zh", "cmn", "Chinese", "Sino-Tibetan", "", "Hani"),
    )
}


def language(code: str) -> Language:
    """The language of that code.

    Raises:
        UserError: there is none.
    """
    if code not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise UserError(f"unknown language {code!r}; the languages are {known}.{nearest(code, LANGUAGES)}")
    return LANGUAGES[code]


def facts(codes: Iterable[str], *names: str) -> dict[str, dict[str, str]]:
    """What a job uses of some languages, for its spec.

    Args:
        names: fields of `Language`.

    Returns:
        By code, each fact by its name.

    Raises:
        UserError: an unknown language.
    """
    return {code: {name: getattr(language(code), name) for name in names} for code in codes}
