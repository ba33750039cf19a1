"""Gold pairs of retrieval tasks: sentences that are translations of each other."""

import pyarrow as pa
import pyarrow.compute as pc

from xstilts.errors import UserError

Pair = tuple[str, str]
"""The ids of a foreign sentence and of its English translation, in that order."""


def gold_pairs(examples: pa.Table) -> set[Pair]:
    """The gold pairs of a retrieval table.

    Raises:
        UserError: the gold value of an English sentence is null; an empty list means that it has no translation.
    """
    english = examples.filter(pc.equal(examples["side"], "english"))
    if missing := english["gold"].null_count:
        raise UserError(
            f"{missing} of {len(english)} English sentences have no gold translations: only a labelled split can be "
            "scored."
        )
    rows = zip(english["id"].to_pylist(), english["gold"].to_pylist(), strict=True)
    return {(foreign, english_id) for english_id, foreign_ids in rows for foreign in foreign_ids}
