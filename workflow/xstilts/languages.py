"""The languages of XTREME (Hu et al. 2020), XTREME-R (Ruder et al. 2021) and AmericasNLI (Ebrahimi et al. 2022).

Families, and the branches of Indo-European, are named as in Glottolog 5 (Hammarström et al., https://glottolog.org).
Scripts are given by ISO 15924, as the language is written in XTREME.

No fingerprint covers this module. A job that uses a fact about a language has the value in its spec (`facts`), so that
adding or reordering rows invalidates nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from xstilts.errors import UserError, nearest


@dataclass(frozen=True)
class Language:
    """The names and the classification of a language.

    Args:
        code: ISO 639-1, as everywhere in XTREME; of the languages of AmericasNLI, the code that it uses.
        iso3: ISO 639-3, as in the file names of LASER's Tatoeba set. Aymara and Guarani are macrolanguages; Nahuatl and
            Otomi are groups, with codes of ISO 639-5.
        name: English name; in lower case, the prefix of TyDiQA question ids.
        family: top-level family; an isolate is its own family.
        branch: branch of Indo-European; empty for other families.
        script: four-letter code of ISO 15924.
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
        ("aym", "aym", "Aymara", "Aymaran", "", "Latn"),
        ("bg", "bul", "Bulgarian", "Indo-European", "Balto-Slavic", "Cyrl"),
        ("bn", "ben", "Bengali", "Indo-European", "Indo-Iranian", "Beng"),
        ("bzd", "bzd", "Bribri", "Chibchan", "", "Latn"),
        ("cni", "cni", "Asháninka", "Arawakan", "", "Latn"),
        ("de", "deu", "German", "Indo-European", "Germanic", "Latn"),
        ("el", "ell", "Greek", "Indo-European", "Graeco-Phrygian", "Grek"),
        ("en", "eng", "English", "Indo-European", "Germanic", "Latn"),
        ("es", "spa", "Spanish", "Indo-European", "Italic", "Latn"),
        ("et", "est", "Estonian", "Uralic", "", "Latn"),
        ("eu", "eus", "Basque", "Basque", "", "Latn"),
        ("fa", "pes", "Persian", "Indo-European", "Indo-Iranian", "Arab"),
        ("fi", "fin", "Finnish", "Uralic", "", "Latn"),
        ("fr", "fra", "French", "Indo-European", "Italic", "Latn"),
        ("gn", "grn", "Guarani", "Tupian", "", "Latn"),
        ("gu", "guj", "Gujarati", "Indo-European", "Indo-Iranian", "Gujr"),
        ("hch", "hch", "Wixarika", "Uto-Aztecan", "", "Latn"),
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
        ("nah", "nah", "Nahuatl", "Uto-Aztecan", "", "Latn"),
        ("nl", "nld", "Dutch", "Indo-European", "Germanic", "Latn"),
        ("oto", "oto", "Otomi", "Otomanguean", "", "Latn"),
        ("pa", "pan", "Punjabi", "Indo-European", "Indo-Iranian", "Guru"),
        ("pl", "pol", "Polish", "Indo-European", "Balto-Slavic", "Latn"),
        ("pt", "por", "Portuguese", "Indo-European", "Italic", "Latn"),
        ("qu", "que", "Quechua", "Quechuan", "", "Latn"),
        ("quy", "quy", "Ayacucho Quechua", "Quechuan", "", "Latn"),
        ("ro", "ron", "Romanian", "Indo-European", "Italic", "Latn"),
        ("ru", "rus", "Russian", "Indo-European", "Balto-Slavic", "Cyrl"),
        ("shp", "shp", "Shipibo-Konibo", "Pano-Tacanan", "", "Latn"),
        ("sw", "swh", "Swahili", "Atlantic-Congo", "", "Latn"),
        ("ta", "tam", "Tamil", "Dravidian", "", "Taml"),
        ("tar", "tar", "Rarámuri", "Uto-Aztecan", "", "Latn"),
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
    """The language with this code.

    Raises:
        UserError: the code is unknown.
    """
    if code not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise UserError(f"unknown language {code!r}; the languages are {known}.{nearest(code, LANGUAGES)}")
    return LANGUAGES[code]


def facts(codes: Iterable[str], *names: str) -> dict[str, dict[str, str]]:
    """Facts about languages, in the form in which they enter the spec of a job.

    Args:
        codes: language codes.
        names: fields of `Language`.

    Returns:
        For each code, the value of each field.

    Raises:
        UserError: a code is unknown.
    """
    return {code: {name: getattr(language(code), name) for name in names} for code in codes}
