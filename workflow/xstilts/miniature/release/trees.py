"""CoNLL-U with dependencies: words depend on the head of their phrase, phrases on the verb."""

from dataclasses import dataclass

from xstilts.miniature.sentences import Text, Token

_RELATIONS = {
    role: relation
    for relation, roles in {
        "nsubj": "agent",
        "obj": "patient",
        "obl": "other source goal place time institution question",
        "advmod": "then negation",
        "aux": "helper particle participle",
        "compound": "before",
        "case": "last",
        "cop": "is",
        "punct": "punct comma",
    }.items()
    for role in roles.split()
}
"""The relation of a phrase to the verb, by role."""
_INNER = {
    tag: relation
    for relation, tags in {
        "det": "DET",
        "case": "ADP PRON",
        "amod": "ADJ",
        "nummod": "NUM",
        "flat": "PROPN",
        "punct": "PUNCT",
        "aux": "AUX",
        "mark": "PART SCONJ",
        "advmod": "ADV",
        "cc": "CCONJ",
        "compound": "NOUN VERB",
    }.items()
    for tag in tags.split()
}
"""The relation of a word to the head of its phrase, by tag."""


@dataclass(frozen=True)
class _Node:
    """A syntactic word: its surface word, its form and its tag."""

    token: Token
    form: str
    tag: str


def conllu(text: Text, name: str) -> list[str]:
    """The lines of a sentence; a contraction precedes its syntactic words."""
    nodes = [
        _Node(token, form, tag)
        for token in text.tokens
        for form, tag in token.parts or ((token.word.form, token.word.tag),)
    ]
    heads = _heads(nodes)
    roots = _roots(nodes, heads)
    lines = [f"# sent_id = miniature-{name}", f"# text = {text.text}"]
    previous = None
    for number, node in enumerate(nodes, 1):
        if node.token.parts and node.token is not previous:
            lines.append(f"{number}-{number + len(node.token.parts) - 1}\t{node.token.word.form}" + "\t_" * 8)
        head, relation = _attached(node, number, heads, roots)
        lines.append(f"{number}\t{node.form}\t_\t{node.tag}\t_\t_\t{head}\t{relation}\t_\t_")
        previous = node.token
    return [*lines, ""]


def _heads(nodes: list[_Node]) -> dict[int, int]:
    """The head of each phrase: its last verb or noun, else the first word of a name, else its first word."""
    heads: dict[int, int] = {}
    for phrase in dict.fromkeys(node.token.phrase for node in nodes):
        own = [number for number, node in enumerate(nodes, 1) if node.token.phrase == phrase]
        tags = {number: nodes[number - 1].tag for number in own}
        verbs = [number for number in own if tags[number] == "VERB"]
        nouns = [number for number in own if tags[number] == "NOUN"]
        names = [number for number in own if tags[number] in ("PROPN", "PRON", "NUM", "ADJ")]
        others = [number for number in own if tags[number] != "PUNCT"] or own
        heads[phrase] = (verbs[-1:] or nouns[-1:] or names[:1] or others[:1])[0]
    return heads


def _roots(nodes: list[_Node], heads: dict[int, int]) -> dict[int, int]:
    """The head of each clause: its predicative adjective, its participle or its verb."""
    roots: dict[int, int] = {}
    for role in ("quality", "participle", "verb"):
        for node in nodes:
            if node.token.role == role and (role != "verb" or nodes[heads[node.token.phrase] - 1].tag == "VERB"):
                roots.setdefault(node.token.clause, heads[node.token.phrase])
    return roots


def _attached(node: _Node, number: int, heads: dict[int, int], roots: dict[int, int]) -> tuple[int, str]:
    """The head of a word and its relation to it."""
    head, root = heads[node.token.phrase], roots[node.token.clause]
    if number == root:
        return (0, "root") if node.token.clause == 0 else (roots[0], "conj")
    if number != head:
        return head, _INNER[node.tag]
    relation = _RELATIONS.get(node.token.role, _INNER[node.tag])
    return root, "cop" if node.tag == "AUX" and node.token.role == "verb" else relation
