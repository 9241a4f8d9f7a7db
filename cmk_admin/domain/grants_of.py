"""Which of many grants may be a principal's: its own, its groups', and those of whoever may be a group that holds it."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from cmk_admin.domain.ids import same
from cmk_admin.domain.index import Index, gather

Grant = TypeVar("Grant")
_Numbered = tuple[tuple[int, Grant], ...]
_ByHolder = tuple[Mapping[str, _Numbered[Grant]], _Numbered[Grant], Callable[[Grant], str]]
"""Grants by the folded id of their holder, and those whose holder may be a group of anybody; each with its place."""

Holder = Callable[[Grant], tuple[str, str | None]]
"""Who holds a grant: an object id, and what kind of principal that is, where the grant says so."""


def reaching(
    index: Index,
    name: str,
    principal_id: str | None,
    grants: Callable[[], tuple[Grant, ...]],
    holder: Holder[Grant],
) -> tuple[Grant, ...]:
    """Those of the grants that may be the principal's, in their order; all of them where nobody in particular is meant.

    Gathered once for each `name` of an index, since many are asked about at one key.
    """
    if principal_id is None:
        return grants()
    by_holder, doubtful, who = index.remember(name, True, lambda: _by_holder(index, grants(), holder))
    mine = {principal_id.lower(), *index.group_ids_of(principal_id)}
    found = [one for each in mine for one in by_holder.get(each, ())]
    found += [one for one in doubtful if who(one[1]) not in mine]
    return tuple(grant for _, grant in sorted(found, key=lambda one: one[0]))


class LetIn(NamedTuple):
    """Somebody who has a grant."""

    principal_id: str
    group_id: str | None
    """The group by which; None: the grant is their own."""
    unknown: str | None
    """Why it is not known whether they have it; None: it is."""


def let_in(index: Index, holder: str, kind: str | None, principal_id: str | None) -> Iterator[LetIn]:
    """How a holder's grant (`kind` of principal, where the grant says so) lets the principal in; None: everybody whom it does.

    A group whose members could not be read stands for itself besides those who are known.
    """
    if principal_id is not None and same(holder, principal_id):
        yield LetIn(principal_id, None, None)
        return
    members, unknown = members_of(index, holder, kind)
    if principal_id is not None:
        if holder.lower() in index.group_ids_of(principal_id):
            yield LetIn(principal_id, holder, None)
        elif unknown and not index.is_outside(holder, principal_id):
            yield LetIn(principal_id, holder, unknown)
    elif members is not None:
        yield from (LetIn(member, holder, None) for member in members)
    elif unknown:
        yield from (LetIn(member, holder, None) for member in known_members_of(index, holder))
        yield LetIn(holder, holder, unknown)
    else:
        yield LetIn(holder, None, None)


def members_of(index: Index, object_id: str, kind: str | None) -> tuple[tuple[str, ...] | None, str | None]:
    """The members of a group, or why they are not known; (None, None) for what is not a group."""
    principal = index.principal(object_id)
    kind = kind or (principal.kind if principal else None)
    if kind is not None and not kind.lower().endswith("group"):
        return None, None
    if principal is not None and principal.members is not None:
        return principal.members, None
    if kind is not None:
        return None, "the members of this group could not be read"
    if index.identity(object_id) or same(object_id, index.estate.account.object_id):
        return None, None
    return None, "it could not be read who or what this is; it may be a group"


def known_members_of(index: Index, group_id: str) -> tuple[str, ...]:
    """Some of the members of a group that could not be read as a whole."""
    group = index.principal(group_id)
    return group.known_members if group else ()


def _by_holder(index: Index, grants: tuple[Grant, ...], holder: Holder[Grant]) -> _ByHolder[Grant]:
    def who(grant: Grant) -> str:
        return holder(grant)[0].lower()

    numbered = list(enumerate(grants))
    doubtful = tuple(one for one in numbered if members_of(index, *holder(one[1]))[1])
    return gather((who(one[1]), one) for one in numbered), doubtful, who
