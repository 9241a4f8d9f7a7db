"""Sentences and planned paths that several ways share."""

from collections.abc import Iterable, Sequence

from cmk_admin.domain import words
from cmk_admin.domain.access import AccessPath, PathKind, paths
from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Consumer, Key
from cmk_admin.domain.plan import PathState, PlannedPath
from cmk_admin.domain.verbs import cuts
from cmk_admin.domain.verbs.cuts import Lot
from cmk_admin.domain.verbs.ways.asked import Asked, identities_of


def planned(
    index: Index,
    path: AccessPath,
    *,
    number: int | None,
    reason: str | None = None,
    also: tuple[str, ...] = (),
    kind: str = "use",
) -> PlannedPath:
    """`number`: of the step that closes it; 0: all of them together do; None: none does."""
    state = PathState.WILL_CLOSE
    if number is None:
        state = PathState.UNKNOWN if path.unknown else PathState.STAYS_OPEN
    condition = f"; the grant has the condition {path.condition}" if path.condition and reason else ""
    return PlannedPath(
        via=words.via(index, path),
        scope=path.scope,
        principal=path.principal_id,
        principal_name=index.name_of(path.principal_id),
        state=state,
        also_cuts=also,
        reason=f"{reason}{condition}" if reason else None,
        step=number or None,
        kind="eligible" if path.kind is PathKind.ELIGIBLE and kind == "use" else kind,
        condition=path.condition,
    )


def shut_for_everybody(asked: Asked, keys: Sequence[KeyId]) -> tuple[tuple[PlannedPath, ...], tuple[Lot, ...]]:
    """The paths and consumers of keys that are shut as a whole, the wanted ones first."""
    index = asked.index
    uses = [use for key in keys for use in index.uses_of_key(key)]
    lots = lots_of(asked, [use.consumer for use in uses])
    bystanders = {cuts.named_as(lot.consumer) for lot in lots if not lot.wanted}
    also: dict[str, dict[str, None]] = {}
    for use in uses:
        if use.slot.principal_id and cuts.named_as(use.consumer) in bystanders:
            also.setdefault(use.slot.principal_id, {})[use.consumer.id] = None
    found = []
    for key in keys:
        who = identities_of(index.uses_of_key(key))
        if key.folded == asked.key.folded:
            who = {**dict(asked.identities(key)), **who}
        for principal, actions in who.items():
            also_cuts = tuple(also.get(principal, ()))
            found += [planned(index, path, number=0, also=also_cuts) for path in paths(index, key, principal, actions)]
    return tuple(found), lots


def lots_of(asked: Asked, consumers: Iterable[Consumer]) -> tuple[Lot, ...]:
    """What becomes of consumers whose key is shut as a whole, the wanted ones first."""
    hit = cuts.with_dependants(asked.index, consumers)
    lots = [Lot(consumer=one, wanted=cuts.named_as(one) in asked.wanted, whole=True) for one in hit]
    return tuple(sorted(lots, key=lambda lot: not lot.wanted))


def others(lots: Iterable[Lot]) -> str:
    """Who else is hit, in a sentence; empty: nobody."""
    names = [lot.consumer.name for lot in lots if not lot.wanted]
    return f"Also cuts {listed(names)}." if names else ""


def shared_keys(asked: Asked) -> tuple[str, ...]:
    """Sentences: which other keys of the named consumers are left alone, since somebody else uses them."""
    return tuple(
        f"{key.name} of {key.vault_name} is a key of the same service too, and is not touched: "
        f"{listed([one.name for one in asked.others_of(key)])} would be cut as well."
        for key in asked.keys[1:]
        if key not in asked.own_keys
    )


def read_key(asked: Asked, key: KeyId) -> tuple[Key | None, str | None]:
    """A key whose versions are known, or why it cannot be said what to do with it."""
    vault, found = asked.index.vault_of(key), asked.index.key(key)
    if vault is None:
        return None, unseen(key)
    if found is None:
        return None, f"{key.name} was not read in {vault.name}."
    if found.versions is None:
        return None, f"The versions of {found.id.name} were not read, so it cannot be said which there are."
    return found, None


def managed(asked: Asked) -> tuple[str, ...]:
    """A problem where the key is a certificate's: shutting it is the certificate's end too."""
    found = asked.index.key(asked.key)
    if found is None or not found.managed:
        return ()
    return (
        f"{asked.key.name} stands behind a certificate, which alone may change it: whoever uses the certificate would be "
        "cut as well. Change the certificate instead, or remove grants.",
    )


def unseen(key: KeyId) -> str:
    return f"The vault {key.host} is not visible to this account."


def listed(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``, ``a, b, c and 4 more``; a name that comes twice, once."""
    once = list(dict.fromkeys(names))
    shown = once if len(once) <= 4 else [*once[:3], f"{len(once) - 3} more"]
    return words.listed(shown)


def known_uses(asked: Asked, key: KeyId) -> frozenset[str]:
    """The folded versions of a key that somebody is known to use."""
    found = asked.index.key(key)
    used = asked.index.uses_of_key(key)
    versions = {use.slot.key_id.version.lower() for use in used if use.slot.key_id.version}
    if found and found.current_version and any(use.slot.key_id.version is None for use in used):
        versions.add(found.current_version.lower())
    return frozenset(versions)
