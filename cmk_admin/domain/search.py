"""The filter over a tree, fast enough to answer every key press."""

from collections.abc import Iterator

from cmk_admin.domain.tree import Node

Words = tuple[str, ...]

KNOWN = 64
"""So many answers are kept: more than anybody takes back."""


def words_of(text: str) -> Words:
    """What to look for: lower-case words; an id of a key is taken apart, so that any spelling of it finds the key.

    Its version is left out: not every version is read, and those that are stand under their key.
    """
    found: list[str] = []
    for word in text.lower().split():
        bare = word.removeprefix("https://").replace(":443", "").rstrip("/")
        place, mark, rest = bare.partition("/keys/")
        found += [place, rest.partition("/")[0]] if mark else [bare or word]
    return tuple(dict.fromkeys(filter(None, found)))


class Search:
    """A tree prepared for filtering; make one for each tree, best on the background thread.

    Every word that was typed must be found in a row or in one of the rows above it. A row is shown where it matches or
    something under it does; what hangs under a row that matches is shown too. Case does not matter; a key id may be
    pasted in any spelling.
    """

    def __init__(self, roots: tuple[Node, ...]) -> None:
        self._roots = roots
        self._under: dict[str, str] = {}
        self._inner: dict[str, tuple[Node, ...]] = {}
        for node in roots:
            self._gather(node)
        self._last: tuple[Words, tuple[Node, ...]] = ((), roots)
        self._known: dict[str, Found] = {}

    def find(self, text: str) -> "Found":
        """What to show for what was typed. Typing on narrows what was found before, taking back finds it again."""
        known = self._known.get(text)
        if known is None:
            if len(self._known) >= KNOWN:
                self._known.clear()
            known = self._known[text] = self._find(text)
        self._last = (known.words, known.roots)
        return known

    def _find(self, text: str) -> "Found":
        wanted = words_of(text)
        words, roots = self._last
        if not all(any(word in one for one in wanted) for word in words):
            roots = self._roots
        return Found(text, wanted, roots, self._under, self._inner)

    def _gather(self, node: Node) -> str:
        """Join what can be looked for under a row, one line a row: one look then answers for all of them."""
        parts = []
        for child in node.children:
            parts.append(child.hay)
            if child.children:
                parts.append(self._gather(child))
        self._inner[node.id] = tuple([child for child in node.children if child.children])
        joined = self._under[node.id] = "\n".join(parts)
        return joined


class Found:
    """The tree as the filter leaves it, worked out as far as it is asked for."""

    def __init__(
        self,
        text: str,
        words: Words,
        roots: tuple[Node, ...],
        under: dict[str, str],
        inner: dict[str, tuple[Node, ...]],
    ) -> None:
        self.text = text
        self.everything = not words
        """True where nothing was typed."""
        self.words = words
        self._under, self._inner = under, inner
        # What is still to be found under a row that is shown; a row that is not in it is shown whole
        self._left: dict[str, Words] = {}
        self.roots = roots if self.everything else self._shown(roots, words)
        """The top rows that stay, with all of their children (ask `children` for those that stay)."""

    def children(self, node: Node) -> tuple[Node, ...]:
        """Which children of a shown row stay."""
        left = self._left.get(node.id)
        return self._shown(node.children, left) if left else node.children

    def first(self) -> Node | None:
        """The first row that itself matches: what Enter selects."""
        return next(self.matches(), None)

    def matches(self) -> Iterator[Node]:
        """Rows that match with a word of their own, top down; nothing where nothing was typed."""
        yield from self._matches(self.roots)

    def _matches(self, shown: tuple[Node, ...]) -> Iterator[Node]:
        if self.everything:
            return
        for node in shown:
            if node.id in self._left:
                yield from self._matches(self.children(node))
            else:
                yield node

    def _shown(self, nodes: tuple[Node, ...], words: Words) -> tuple[Node, ...]:
        if len(words) == 1:
            return self._shown_for(nodes, words[0])
        found = []
        for node in nodes:
            hay = node.hay
            left = tuple([word for word in words if word not in hay])
            if not left:
                found.append(node)
            elif node.children and self._below(node, left):
                self._left[node.id] = left
                found.append(node)
        return tuple(found)

    def _shown_for(self, nodes: tuple[Node, ...], word: str) -> tuple[Node, ...]:
        """The same for one word, which is what nearly every key press asks for."""
        left = (word,)
        found = []
        for node in nodes:
            if word in node.hay:
                found.append(node)
            elif node.children and word in self._under[node.id]:
                self._left[node.id] = left
                found.append(node)
        return tuple(found)

    def _below(self, node: Node, left: Words) -> bool:
        """Whether anything under a row has all the words that are left, in one row or in one below the other."""
        under = self._under[node.id]
        if not all(word in under for word in left):
            return False
        if len(left) == 1 or _in_one_row(under, left):
            return True
        for child in self._inner[node.id]:
            hay = child.hay
            still = tuple([word for word in left if word not in hay])
            if not still or self._below(child, still):
                return True
        return False


def _in_one_row(under: str, words: Words) -> bool:
    """Whether one line has all the words: only the lines with the longest of them, as a rule the rarest, are looked at."""
    rarest = max(reversed(words), key=len)
    at = under.find(rarest)
    while at >= 0:
        end = under.find("\n", at)
        row = under[under.rfind("\n", 0, at) + 1 : end if end >= 0 else None]
        if all(word in row for word in words):
            return True
        at = under.find(rarest, end) if end >= 0 else -1
    return False
