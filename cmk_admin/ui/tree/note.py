"""One row of text instead of a tree: reading, failed ..."""

from cmk_admin.domain.search import Search
from cmk_admin.domain.tree import Kind, Mark, Node


def note(text: str, secondary: str = "", mark: Mark = Mark.NONE) -> Search:
    """What the tree shows then."""
    return Search((Node(id="note", kind=Kind.NOTE, text=text, secondary=secondary, mark=mark),))
