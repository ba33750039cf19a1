"""Renders the page as one self-contained HTML file."""

import base64
import hashlib
import json
from pathlib import Path

import vl_convert
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

FOLDER = Path(__file__).parent
SCRIPTS = ("base", "heat", "table", "cell", "figures")
"""The parts of the script, in order."""

_ESCAPED = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def render(document: dict) -> str:
    """The HTML of a document (`xstilts.reporting.page.document`).

    Nothing in the document can become markup: the template escapes it, the JSON contains no character that could end
    its element, and the script only creates text nodes. The content security policy of the page forbids connections and
    all scripts except its own two.
    """
    environment = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined)
    bundle = vl_convert.javascript_bundle()  # type: ignore[call-arg]  # the stub has no defaults for the arguments
    scripts = ["\n".join(_read(f"{name}.js") for name in SCRIPTS), bundle]
    return environment.get_template("page.html").render(
        document=document,
        data=embedded(document),
        style=Markup(_read("page.css")),
        scripts=[Markup(script) for script in scripts],
        hashes=" ".join(map(_hash, scripts)),
    )


def embedded(value: object) -> Markup:
    """JSON that is safe inside a `script` element."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(_ESCAPED))


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    """The hash of a script for the content security policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
