"""The pending entries that an entry depends on."""

from collections.abc import Mapping
from types import MappingProxyType

from xstilts.steps.entry import Entry


class Chains:
    """The pending dependencies of entries.

    Args:
        pending: the pending entries, by path.
        bundles: the paths of the bundles in which predictions are made, by the path of the prediction; a prediction
            depends on its bundle.
    """

    def __init__(self, pending: dict[str, Entry], bundles: Mapping[str, str] = MappingProxyType({})):
        self.pending, self._bundles = pending, bundles
        self._known: dict[str, frozenset[str]] = {}

    def of(self, entry: Entry) -> frozenset[str]:
        """The paths of the pending entries that an entry depends on, itself included."""
        if entry.path not in self.pending:
            return frozenset()
        if entry.path not in self._known:
            own = {entry.path, self._bundles.get(entry.path, entry.path)}
            self._known[entry.path] = frozenset(own).union(*map(self.of, entry.inputs.values()))
        return self._known[entry.path]
