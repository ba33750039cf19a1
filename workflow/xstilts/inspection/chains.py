"""The pending entries that an entry depends on."""

from xstilts.steps.entry import Entry


class Chains:
    """The pending dependencies of entries.

    Args:
        pending: the pending entries, by path.
    """

    def __init__(self, pending: dict[str, Entry]):
        self.pending = pending
        self._known: dict[str, frozenset[str]] = {}

    def of(self, entry: Entry) -> frozenset[str]:
        """The paths of the pending entries that an entry depends on, itself included."""
        if entry.path not in self.pending:
            return frozenset()
        if entry.path not in self._known:
            self._known[entry.path] = frozenset([entry.path]).union(*map(self.of, entry.inputs.values()))
        return self._known[entry.path]
