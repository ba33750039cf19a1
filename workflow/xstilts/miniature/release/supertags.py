"""CCG categories of English statements, derived from phrases and slots (Steedman 2000)."""

from xstilts.miniature.sentences import Text, Token

_VERB_PHRASE = r"S\NP"
_MODIFIER = r"(S\NP)\(S\NP)"
_FIXED = {"and": "conj", "but": "conj", "because": rf"({_MODIFIER})/S[dcl]", ".": ".", ",": ",", "not": _MODIFIER}
_HELPERS = {"was": "pss", "is": "adj"}


def categories(text: Text) -> list[str]:
    """The category of each word of a statement.

    Subjects are noun phrases. The object and the recipient are arguments of the verb. Times, places and agents of the
    passive modify the verb phrase, or the sentence if they come first.
    """
    phrases: dict[int, list[Token]] = {}
    for token in text.tokens:
        phrases.setdefault(token.phrase, []).append(token)
    begun: set[int] = set()
    found: list[str] = []
    for phrase in phrases.values():
        clause = phrase[0].clause
        if phrase[0].role == "verb":
            begun.add(clause)
            found += _verb(phrase, [other[0] for other in phrases.values() if other[0].clause == clause])
        else:
            found += [_word(phrase, place, after_verb=clause in begun) for place in range(len(phrase))]
    return found


def _verb(phrase: list[Token], beginnings: list[Token]) -> list[str]:
    """Categories of auxiliary, negation and verb, given the first words of the phrases of the clause."""
    forms = [token.word.form for token in phrase]
    helper = next((form for form in forms if form in ("was", "is", "did", "does")), "")
    passive = helper == "was"
    objects = [first.word.tag for first in beginnings if first.role == "patient" and not passive]
    prepositional = "ADP" in objects or any(first.role == "other" for first in beginnings)
    inner = _HELPERS.get(helper, "b" if helper else "dcl")
    verb = rf"S[{inner}]\NP"
    if prepositional:
        verb = f"({verb})/PP"
    if objects and "ADP" not in objects:
        verb = f"({verb})/NP"
    own = {helper: rf"(S[dcl]\NP)/(S[{inner}]\NP)", "not": _MODIFIER}
    return [own.get(form, verb) for form in forms]


def _word(phrase: list[Token], place: int, after_verb: bool) -> str:
    token = phrase[place]
    form, tag, role = token.word.form, token.word.tag, token.role
    if form.lower() in _FIXED:
        return _FIXED[form.lower()]
    if role == "then":
        return "S/S"
    if role == "quality":
        return r"S[adj]\NP"
    if tag == "ADP":
        return _preposition(place, role, after_verb)
    if tag in ("DET", "PRON"):
        return "NP" if tag == "PRON" else "NP[nb]/N"
    inner = place + 1 < len(phrase) and phrase[place + 1].word.tag != "ADP"
    return "N/N" if inner else "N"


def _preposition(place: int, role: str, after_verb: bool) -> str:
    if place:
        return r"(NP\NP)/NP"
    if role in ("other", "patient"):
        return "PP/NP"
    return f"({_MODIFIER})/NP" if after_verb else "(S/S)/NP"
