"""The page as one HTML file that needs nothing else."""

import base64
import hashlib
import json
from pathlib import Path

import vl_convert
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

FOLDER = Path(__file__).parent
SCRIPTS = ("base", "heat", "table", "cell", "figures")
"""Parts of one script, in this order."""

_ESCAPED = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def render(document: dict) -> str:
    """The page of a document (`xstilts.reporting.page.document`).

    Nothing in the document can become markup: the template escapes, the JSON has no character that could end its
    element, and the script makes text of it. The page itself forbids connections and all scripts but its own two.
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
    """The hash by which a content security policy knows a script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
