"""The languages of XTREME (Hu et al. 2020) and XTREME-R (Ruder et al. 2021), by ISO 639-1 code."""

from dataclasses import dataclass

from xstilts.errors import UserError, nearest


@dataclass(frozen=True)
class Language:
    """A language under the names that data sets give it.

    Args:
        code: ISO 639-1, as everywhere in XTREME.
        iso3: ISO 639-3, as in the file names of LASER's Tatoeba set.
        name: English name; in lower case, the first part of a TyDiQA question id.
    """

    code: str
    iso3: str
    name: str


LANGUAGES = {
    code: Language(code, iso3, name)
    for code, iso3, name in (
        ("af", "afr", "Afrikaans"),
        ("ar", "ara", "Arabic"),
        ("az", "aze", "Azerbaijani"),
        ("bg", "bul", "Bulgarian"),
        ("bn", "ben", "Bengali"),
        ("de", "deu", "German"),
        ("el", "ell", "Greek"),
        ("en", "eng", "English"),
        ("es", "spa", "Spanish"),
        ("et", "est", "Estonian"),
        ("eu", "eus", "Basque"),
        ("fa", "pes", "Persian"),
        ("fi", "fin", "Finnish"),
        ("fr", "fra", "French"),
        ("gu", "guj", "Gujarati"),
        ("he", "heb", "Hebrew"),
        ("hi", "hin", "Hindi"),
        ("ht", "hat", "Haitian"),
        ("hu", "hun", "Hungarian"),
        ("id", "ind", "Indonesian"),
        ("it", "ita", "Italian"),
        ("ja", "jpn", "Japanese"),
        ("jv", "jav", "Javanese"),
        ("ka", "kat", "Georgian"),
        ("kk", "kaz", "Kazakh"),
        ("ko", "kor", "Korean"),
        ("lt", "lit", "Lithuanian"),
        ("ml", "mal", "Malayalam"),
        ("mr", "mar", "Marathi"),
        ("ms", "zsm", "Malay"),
        ("my", "mya", "Burmese"),
        ("nl", "nld", "Dutch"),
        ("pa", "pan", "Punjabi"),
        ("pl", "pol", "Polish"),
        ("pt", "por", "Portuguese"),
        ("qu", "que", "Quechua"),
        ("ro", "ron", "Romanian"),
        ("ru", "rus", "Russian"),
        ("sw", "swh", "Swahili"),
        ("ta", "tam", "Tamil"),
        ("te", "tel", "Telugu"),
        ("th", "tha", "Thai"),
        ("tl", "tgl", "Tagalog"),
        ("tr", "tur", "Turkish"),
        ("uk", "ukr", "Ukrainian"),
        ("ur", "urd", "Urdu"),
        ("vi", "vie", "Vietnamese"),
        ("wo", "wol", "Wolof"),
        ("yo", "yor", "Yoruba"),
        ("zh", "cmn", "Chinese"),
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
