"""From texts to token ids: the workflow beside the tokenizers library alone.

python -m benchmarks encoding
"""

import random
from collections.abc import Callable
from functools import partial

import pyarrow as pa

from benchmarks import ours, report
from benchmarks.clock import by_turns
from benchmarks.data import Setup
from xstilts.config import Pretraining
from xstilts.miniature import sampling, vocabulary
from xstilts.miniature.sentences import LANGUAGES, say
from xstilts.sources.columns import SCHEMAS

LIBRARY = "tokenizers, encode_batch_fast"
REPEATED = 2.4
"""Rows for each distinct premise: three hypotheses of MultiNLI have one, but for those left out."""


def pairs(rows: int) -> list[tuple[str, str]]:
    """Pairs of texts in all languages of the miniature, about as long as those of MultiNLI."""
    rng = random.Random("encoding")

    def text(sentences: int) -> str:
        lang = rng.choice(LANGUAGES)
        return " ".join(say(sampling.sentence(rng, "train"), lang).text for _ in range(sentences))

    premises = [text(2) for _ in range(int(rows / REPEATED) + 1)]
    return [(rng.choice(premises), text(1)) for _ in range(rows)]


def programs(setup: Setup) -> dict[str, Callable[[], object]]:
    """The ways of encoding that are compared."""
    texts = pairs(setup.size(50_000, 200))
    tokenizer = vocabulary.tokenizer_of(Pretraining(sentences=setup.size(20_000, 200)))
    rows = [{"id": str(row), "text_a": first, "text_b": second} for row, (first, second) in enumerate(texts)]
    examples = pa.Table.from_pylist(rows, SCHEMAS["classification"])
    backend = tokenizer.backend_tokenizer

    def alone() -> None:
        backend.enable_truncation(128)
        backend.no_padding()
        for encoding in backend.encode_batch_fast(texts):
            _ = encoding.ids

    return {report.OURS: partial(ours.encode, "classification", examples, tokenizer), LIBRARY: alone}


def run(setup: Setup) -> report.Section:
    """Compare encoding."""
    rounds, rows = setup.size(5, 2), setup.size(50_000, 200)
    spent = by_turns(programs(setup), rounds)
    found = report.Section(
        f"Encoding {rows:,} pairs of texts of the miniature, one in {REPEATED} with a new premise. Medians of {rounds} "
        "alternating runs.",
        of_lengths=False,
    )
    sizes = dict.fromkeys(spent, rows)
    found.tables.append(report.compared(spent, sizes, "pairs"))
    found.claims.append(report.better(spent, sizes, [LIBRARY], "Encoding"))
    return found
