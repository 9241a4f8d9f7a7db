"""The keys of a saved estate, with fresh material: its names, versions and states, from a pool of at most 16 real pairs."""

from collections import defaultdict
from itertools import count

from .from_estate_file import Node, entries, key_parts, seconds
from .key_pairs import take
from .services.keyvault import keymaterial
from .services.keyvault.model import make_key
from .state import World

MOST_PAIRS = 16
_RSA, _EC = "RSA", "EC"
# Making a pair takes up to a second, so they are kept for the next estate that this process lays in.
_made: defaultdict[tuple[str, int | str], list[str]] = defaultdict(list)

Kind = tuple[str, int | str]
"""RSA and its bits, or EC and its curve."""


class Pool:
    """Hands out key pairs; keys with one thumbprint get one pair, as they are one key."""

    def __init__(self, kinds: set[Kind]) -> None:
        """kinds: all that will be asked for, so that each gets a pair."""
        self._unserved = set(kinds)
        self._used: defaultdict[Kind, int] = defaultdict(int)
        self._turn: defaultdict[Kind, count[int]] = defaultdict(count)
        self._twins: dict[tuple[Kind, str], str] = {}

    def pair(self, kind: Kind, thumbprint: str | None = None) -> str:
        """A private key as PEM: one of its own while there are pairs left, then in turn."""
        if thumbprint is None:
            return self._next(kind)
        if (kind, thumbprint) not in self._twins:
            self._twins[kind, thumbprint] = self._next(kind)
        return self._twins[kind, thumbprint]

    def _next(self, kind: Kind) -> str:
        self._unserved.discard(kind)
        used = self._used[kind]
        if used == 0 or sum(self._used.values()) + len(self._unserved) < MOST_PAIRS:
            self._used[kind] = used + 1
            return self._at(kind, used)
        return self._at(kind, next(self._turn[kind]) % used)

    @staticmethod
    def _at(kind: Kind, number: int) -> str:
        pairs = _made[kind]
        while len(pairs) <= number:
            pairs.append(take(1)[0] if kind == (_RSA, 2048) else _generate(kind))
        return pairs[number]


def prepare(estate: Node) -> None:
    """Make the pairs that an estate will take, most of them at once."""
    wanted = min(MOST_PAIRS, sum(len(_versions(key)) for vault in entries(estate, "vaults") for key in _keys(vault)))
    pairs = _made[_RSA, 2048]
    if len(pairs) < wanted:
        pairs.extend(take(wanted - len(pairs)))


def lay_keys(world: World, estate: Node, notes: list[str]) -> None:
    """Make all keys of the estate with their versions, the oldest first; what cannot be is told in the notes."""
    named = _named_versions(estate)
    known = {(v["name"].lower(), k["name"].lower()) for v in entries(estate, "vaults") for k in entries(v, "keys")}
    todo: list[tuple[Node, Node, list[Node]]] = []
    for vault in entries(estate, "vaults"):
        unread = [key for key in named if key[0] == vault["name"].lower() and key not in known]
        if unread:
            notes.append(
                f"The keys of {vault['name']} were not all read: {', '.join(sorted(name for _, name in unread))} "
                "of it, which services name, are made up."
            )
        for key in [*_keys(vault), *({"name": name} for _, name in unread)]:
            if str(key.get("key_type") or "RSA").split("-")[0] not in (_RSA, _EC):
                notes.append(
                    f"{vault['name']}/{key['name']} is of type {key['key_type']}, which no vault here can hold."
                )
                continue
            todo.append((vault, key, _complete(key, named.get((vault["name"].lower(), key["name"].lower()), set()))))
    pool = Pool({_kind(key) for _, key, _ in todo})
    # The newest versions first, so that it is they who have a pair of their own.
    newest = {(v["id"], k["name"]): pool.pair(_kind(k), k.get("thumbprint")) for v, k, _ in todo}
    for vault, key, versions in todo:
        for version in versions:
            own = version is versions[-1]
            pem = newest[vault["id"], key["name"]] if own else pool.pair(_kind(key))
            _make(world, vault, key, version, pem)
    total = sum(len(versions) for _, _, versions in todo)
    if total > MOST_PAIRS:
        notes.append(
            f"Its {total} key versions share {MOST_PAIRS} key pairs, so that keys may look alike that are not."
        )


def _make(world: World, vault: Node, key: Node, version: Node, pem: str) -> None:
    premium = vault.get("premium")
    kind = key.get("key_type") or ("RSA-HSM" if premium else "RSA")
    operations = version.get("key_options") or key.get("key_options")
    made = make_key(
        world,
        vault["name"],
        key["name"],
        kty=kind,
        pem=pem,
        key_ops=list(operations) if operations else None,
        enabled=version.get("enabled") is not False,
        exp=seconds(version, "expires"),
        nbf=seconds(version, "not_before"),
        tags={str(name): str(value) for name, value in (key.get("tags") or {}).items()},
        version=version.get("version"),
        created=seconds(version, "created"),
    )
    if key.get("managed"):
        document = world.get("key", f"{vault['name']}/{key['name']}")
        assert document is not None
        versions = [*document["versions"][:-1], {**made, "managed": True}]
        world.put("key", f"{vault['name']}/{key['name']}", {**document, "versions": versions})


def _keys(vault: Node) -> list[Node]:
    return entries(vault, "keys")


def _versions(key: Node) -> list[Node]:
    return entries(key, "versions") or [key]


def _complete(key: Node, named: set[str]) -> list[Node]:
    """The versions, the oldest first: those that the file lists, and those that services name; the current one last."""
    listed = list(reversed(entries(key, "versions")))
    current = str(key.get("current_version") or "").lower()
    have = {str(one.get("version") or "").lower() for one in listed}
    facts = {name: key.get(name) for name in ("created", "not_before", "expires", "enabled", "key_options")}
    more = [{**facts, "version": one} for one in sorted(named - have - {current})]
    if current and current not in have:
        listed.append({**facts, "version": current})
    elif not listed and not more:
        listed.append({**facts, "version": None})
    every = [*more, *listed]
    return sorted(every, key=lambda one: str(one.get("version") or "").lower() == current)


def _named_versions(estate: Node) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for consumer in entries(estate, "consumers"):
        for slot in entries(consumer, "slots"):
            parts = key_parts(slot["key_id"])
            if parts is not None:
                found.setdefault((parts[0], parts[1].lower()), set()).update([parts[2]] if parts[2] else [])
    return found


def _kind(key: Node) -> Kind:
    if str(key.get("key_type") or _RSA).split("-")[0] == _EC:
        curve = key.get("curve") or "P-256"
        return _EC, curve if curve in keymaterial.CURVES else "P-256"
    size = key.get("key_size") or 2048
    return _RSA, size if size in keymaterial.RSA_SIZES else 2048


def _generate(kind: Kind) -> str:
    family, detail = kind
    if isinstance(detail, int):
        return keymaterial.generate(family, size=detail)
    return keymaterial.generate(family, crv=detail)
