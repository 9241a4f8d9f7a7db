"""The filter over a tree, fast enough to answer every key press."""

from collections.abc import Iterator

from cmk_admin.domain.tree import Node


class Search:
    """A tree prepared for filtering; make one for each tree.

    Every word that was typed must be found in a row or in one of the rows above it. A row is shown where it matches or
    something under it does; what hangs under a row that matches is shown too. Case does not matter; a key id may be
    pasted in any spelling.
    """

    def __init__(self, roots: tuple[Node, ...]) -> None:
        raise NotImplementedError

    def find(self, text: str) -> "Found":
        """What to show for what was typed. Typing on narrows what was found before."""
        raise NotImplementedError


class Found:
    """The tree as the filter leaves it, worked out as far as it is asked for."""

    text: str
    everything: bool
    """True where nothing was typed."""

    @property
    def roots(self) -> tuple[Node, ...]:
        """The top rows that stay, with all of their children (ask `children` for those that stay)."""
        raise NotImplementedError

    def children(self, node: Node) -> tuple[Node, ...]:
        """Which children of a shown row stay."""
        raise NotImplementedError

    def first(self) -> Node | None:
        """The first row that itself matches: what Enter selects."""
        raise NotImplementedError

    def matches(self) -> Iterator[Node]:
        """Rows that match with a word of their own, top down."""
        raise NotImplementedError
