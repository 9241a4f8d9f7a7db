"""Rows of the keys that nobody uses and on which alone nothing is granted: nearly all the rows of a large estate."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import is_

from cmk_admin.domain import mapping, words
from cmk_admin.domain.findings import Problems
from cmk_admin.domain.kinds import Kind, Mark
from cmk_admin.domain.model import Key, Vault
from cmk_admin.domain.node import Node, mark_of, tags


@dataclass(frozen=True, slots=True)
class _Made:
    """The rows of one vault, and all that they depend on."""

    vault: Vault
    keys: tuple[Key, ...]
    apart: frozenset[str]
    since: datetime
    until: datetime | None
    """When the first of the keys expires or becomes valid after `since`; None: never."""
    rows: tuple[Node, ...]

    def holds(self, vault: Vault, keys: tuple[Key, ...], apart: frozenset[str], now: datetime) -> bool:
        return (
            self.vault is vault
            and self.since <= now
            and (self.until is None or now < self.until)
            and len(self.keys) == len(keys)
            and self.apart == apart
            and all(map(is_, self.keys, keys))
        )


class LoneKeys:
    """Makes these rows. What the one for the estate before has made is used again where a vault and its keys stayed."""

    def __init__(self, before: "LoneKeys | None" = None) -> None:
        self._before: Mapping[str, _Made] = before._made if before is not None else {}
        self._made: dict[str, _Made] = {}

    def rows(
        self, vault: Vault, keys: tuple[Key, ...], apart: frozenset[str], problems: Problems, now: datetime
    ) -> tuple[Node, ...]:
        """The rows of a vault's keys; without those whose folded names are in `apart` and those with versions."""
        known = self._before.get(vault.host) or self._made.get(vault.host)
        if known is None or not known.holds(vault, keys, apart, now):
            known = _make(vault, keys, apart, problems, now)
        self._made[vault.host] = known
        return known.rows


def _make(vault: Vault, keys: tuple[Key, ...], apart: frozenset[str], problems: Problems, now: datetime) -> _Made:
    """All in one go.

    The hay has no version: 32 digits for each of a hundred thousand keys would make every key press slower (see
    `search.words_of`).
    """
    base, url = f"key:{vault.host}/".lower(), f"https://{vault.host}/keys/".lower()
    kinds: dict[tuple[object, ...], tuple[str, str, tuple[str, ...], Mark]] = {}
    until: datetime | None = None
    found = []
    for key in keys:
        spelt = key.id.name
        name = spelt.lower()
        if key.versions or name in apart:
            continue
        what = (key.key_type, key.curve, key.size)
        known = kinds.get(what)
        if known is None:
            text, codes = words.key_type(key), problems.of_lone_key(key)
            known = kinds[what] = (text, f" {text.lower()}", codes, mark_of(codes, "enabled"))
        text, look, codes, mark = known
        if key.tags:
            look = f"{look} {tags(key.tags).lower()}"
        state = "enabled"
        if not key.enabled or key.expires is not None or key.not_before is not None:
            state = mapping.key_state(key, now)
            if state == mapping.UNKNOWN:
                mark = mark_of(codes, state)
            for moment in (key.expires, key.not_before):
                if moment is not None and moment > now and (until is None or moment < until):
                    until = moment
        found.append(Node(base + name, Kind.KEY, spelt, text, 0, mark, codes, state, url + spelt, name + look))
    return _Made(vault, keys, apart, now, until, tuple(found))
