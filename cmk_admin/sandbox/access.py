"""Who may do what: role assignments at all scopes, groups, wildcards, and the delays Azure documents for changes."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from . import conditions
from .state import Document, World

# "Several minutes", up to ten (RBACD troubleshooting.md); the middle is taken. Azure seconds.
DELAY = 300.0
# "It can take several hours" for the data plane when a role with DataActions goes at a management group
# (RBACD troubleshooting.md). Azure seconds.
MANAGEMENT_GROUP_DELAY = 3 * 3600.0
# A managed identity's token, and the groups in it, is cached up to 24 hours
# (ED managed-identity-best-practice-recommendations.md). Azure seconds.
MANAGED_IDENTITY_GROUP_DELAY = 24 * 3600.0

ROLE_DEFINITIONS = "/providers/Microsoft.Authorization/roleDefinitions/"
MANAGEMENT_GROUPS = "/providers/microsoft.management/managementgroups/"
_PARTS = ("actions", "notActions", "dataActions", "notDataActions")


def may(
    world: World,
    principal_id: str,
    action: str,
    scope: str,
    *,
    data: bool = False,
    attributes: conditions.Attributes | None = None,
) -> bool:
    """Whether the principal may do the action at the scope now, by what has taken effect by now.

    A condition, of an assignment or in a role definition, must be certain to hold with the attributes given; one that
    cannot be evaluated grants nothing.
    """
    who = principal_id.lower()
    if attributes is None:
        return _index(world).may(world, who, action.lower(), scope.lower(), data)
    found = _index(world).held(world, who, scope.lower(), data=data)
    return any(one.grants(action, data=data, attributes=attributes) for one in found)


def permissions_at(world: World, principal_id: str, scope: str) -> list[Document]:
    """The permissions that count for the principal at the scope now, one block for each of a role that applies.

    A condition that is understood stands in its block, as Azure shows it, for it decides with the call's attributes. What
    one that is not understood guards is left out: it grants nothing. What was removed and still counts for the data
    plane holds no more actions.
    """
    index, who, at = _index(world), principal_id.lower(), scope.lower()
    now = list(index.held(world, who, at, data=False))
    found = [block for grant in now for block in grant.blocks(data=False)]
    for grant in index.held(world, who, at, data=True):
        if grant not in now:
            found += [block for block in grant.blocks(data=True) if block["dataActions"]]
    return found


def grants(
    definition: Document, action: str, *, data: bool = False, attributes: conditions.Attributes | None = None
) -> bool:
    """Whether a role definition holds the action: some block lists it and does not take it out again."""
    allowed, taken = ("dataActions", "notDataActions") if data else ("actions", "notActions")
    return any(
        _matches_any(tuple(block.get(allowed) or ()), action)
        and not _matches_any(tuple(block.get(taken) or ()), action)
        and (not block.get("condition") or conditions.holds(block["condition"], action, attributes or {}))
        for block in definition["properties"]["permissions"]
    )


def definition_of(world: World, role_definition_id: str) -> Document | None:
    """The role definition that an id names, with or without a subscription before it."""
    return world.get("roleDefinition", ROLE_DEFINITIONS + role_definition_id.rsplit("/", 1)[-1])


def scopes_above(world: World, scope: str) -> list[str]:
    """The scope and all above it, in lower case, nearest first: groups, subscription, management groups, ``/``."""
    folded = scope.lower().rstrip("/")
    if not folded:
        return ["/"]
    parts = folded.split("/")[1:]
    chain = list(accumulate(("/" + part for part in parts), str.__add__))[::-1]
    if parts[0] == "subscriptions" and len(parts) > 1:
        subscription = world.get("subscription", parts[1])
        chain += _management_groups(world, (subscription or {}).get("managementGroup"))
    elif folded.startswith(MANAGEMENT_GROUPS):
        group = world.get("managementGroup", parts[3]) if len(parts) > 3 else None
        chain += _management_groups(world, (group or {}).get("parent"))
    return [*chain, "/"]


def groups_of(world: World, principal_id: str) -> set[str]:
    """Folded object ids of all groups that hold the principal now, directly or through other groups."""
    return _containing(_parents(world.items("principal")), principal_id.lower())


def groups_counted(world: World, principal_id: str) -> set[str]:
    """Like `groups_of`, as far as changes of membership have taken effect."""
    return _index(world).groups_of(world, principal_id.lower())


def counted_from(world: World) -> Iterator[float]:
    """Readings, up to a day back, from which on changes of roles and groups count for a managed identity at a vault."""
    for key in world.ever("roleAssignment"):
        wide = key.startswith(MANAGEMENT_GROUPS)
        for at, before in world.changes("roleAssignment", key):
            # What is added above counts like any other; what is removed there lingers
            yield at + (MANAGEMENT_GROUP_DELAY if wide and before is not None else DELAY)
    for key in world.ever("roleDefinition"):
        yield from (at + DELAY for at, _ in world.changes("roleDefinition", key))
    for key in world.ever("principal"):
        for at, before in world.changes("principal", key):
            in_group = (before or {}).get("kind") == "Group"
            yield at + (MANAGED_IDENTITY_GROUP_DELAY if in_group else 0.0)


def _management_groups(world: World, name: str | None) -> list[str]:
    chain: list[str] = []
    while name and (scope := MANAGEMENT_GROUPS + name.lower()) not in chain:
        chain.append(scope)
        name = (world.get("managementGroup", name) or {}).get("parent")
    return chain


def _parents(principals: Iterable[tuple[str, Document]]) -> dict[str, list[str]]:
    parents: dict[str, list[str]] = {}
    for group_id, document in principals:
        if document.get("kind") == "Group":
            for member in document.get("members") or ():
                parents.setdefault(member.lower(), []).append(group_id)
    return parents


def _containing(parents: dict[str, list[str]], member: str) -> set[str]:
    found: set[str] = set()
    todo = [member]
    while todo:
        for group in parents.get(todo.pop(), ()):
            if group not in found:
                found.add(group)
                todo.append(group)
    return found


@lru_cache(maxsize=4096)
def _pattern(wildcard: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in wildcard.split("*")), re.IGNORECASE | re.DOTALL)


@lru_cache(maxsize=16384)
def _matches_any(wildcards: tuple[str, ...], action: str) -> bool:
    return any(_pattern(wildcard).fullmatch(action) for wildcard in wildcards)


class _Grant(NamedTuple):
    """One assignment that counts."""

    definition: Document
    condition: str | None

    def grants(self, action: str, *, data: bool, attributes: conditions.Attributes) -> bool:
        return grants(self.definition, action, data=data, attributes=attributes) and (
            not self.condition or conditions.holds(self.condition, action, attributes)
        )

    def blocks(self, *, data: bool) -> Iterator[Document]:
        """The role's permissions, of the data plane alone or all, as the caller's own are shown."""
        for block in self.definition["properties"]["permissions"]:
            guards = [text for text in (block.get("condition"), self.condition) if text]
            if not all(conditions.understood(text) for text in guards):
                continue
            shown: Document = {name: list(block.get(name) or ()) for name in _PARTS}
            if data:
                shown |= {"actions": [], "notActions": []}
            if guards:
                text = guards[0] if len(guards) == 1 else " AND ".join(f"({one})" for one in guards)
                shown |= {"condition": text, "conditionVersion": "2.0"}
            yield shown


# principal -> scope -> what is assigned there
_Table = dict[str, dict[str, list[_Grant]]]


@dataclass(slots=True)
class _Index:
    """What counts from one reading of the clock to the next at which a delay falls due."""

    made_of: tuple[int, ...]
    until: float
    assigned: _Table
    # What is removed and still counts for the data plane.
    lingering: _Table
    groups: dict[str, set[str]]
    parents: dict[str, list[str]]
    parents_of_identities: dict[str, list[str]]
    decided: dict[tuple[str, str, str, bool], bool] = field(default_factory=dict)

    def may(self, world: World, principal: str, action: str, scope: str, data: bool) -> bool:
        key = (principal, action, scope, data)
        known = self.decided.get(key)
        if known is None:
            found = self.held(world, principal, scope, data=data)
            known = self.decided[key] = any(one.grants(action, data=data, attributes={}) for one in found)
        return known

    def held(self, world: World, principal: str, scope: str, *, data: bool) -> Iterator[_Grant]:
        """What the principal holds at the scope and above it, themselves or through groups."""
        who = [principal, *self.groups_of(world, principal)]
        tables = (self.assigned, self.lingering) if data else (self.assigned,)
        held = [table[one] for table in tables for one in who if one in table]
        if held:
            for above in scopes_above(world, scope):
                for at in held:
                    yield from at.get(above, ())

    def groups_of(self, world: World, principal: str) -> set[str]:
        found = self.groups.get(principal)
        if found is None:
            document = world.get("principal", principal)
            cached = document is not None and document.get("kind") == "ManagedIdentity"
            found = _containing(self.parents_of_identities if cached else self.parents, principal)
            self.groups[principal] = found
        return found


_KINDS = ("roleAssignment", "activation", "roleDefinition", "principal", "subscription", "managementGroup")
_indexes: WeakKeyDictionary[World, _Index] = WeakKeyDictionary()


def _index(world: World) -> _Index:
    made_of = tuple(world.changed(kind) for kind in _KINDS)
    index = _indexes.get(world)
    if index is None or index.made_of != made_of or world.clock.azure() >= index.until:
        index = _indexes[world] = _build(world, made_of)
    return index


def _build(world: World, made_of: tuple[int, ...]) -> _Index:
    now = world.clock.azure()
    definitions = dict(world.items_as_of("roleDefinition", now - DELAY))
    assigned: _Table = {}
    lingering: _Table = {}

    def add(table: _Table, properties: dict[str, Any]) -> None:
        definition = definitions.get(_definition_key(properties))
        if definition is not None:
            at = table.setdefault(properties["principalId"].lower(), {})
            grant = _Grant(definition, properties.get("condition"))
            at.setdefault(properties["scope"].lower().rstrip("/") or "/", []).append(grant)

    # An activated role counts, and ceases to, at once: no delay is documented for it.
    activated = {key for key, _ in world.items("activation")}
    for key, assignment in world.items_as_of("roleAssignment", now - DELAY):
        if key not in activated:
            add(assigned, assignment["properties"])
    for key in activated:
        current = world.get("roleAssignment", key)
        if current is not None:
            add(assigned, current["properties"])
    for properties in _removed_at_management_groups(world, now):
        add(lingering, properties)
    return _Index(
        made_of=made_of,
        until=min(_due(world, now), default=float("inf")),
        assigned=assigned,
        lingering=lingering,
        groups={},
        parents=_parents(world.items_as_of("principal", now - DELAY)),
        parents_of_identities=_parents(world.items_as_of("principal", now - MANAGED_IDENTITY_GROUP_DELAY)),
    )


def _definition_key(properties: dict[str, Any]) -> str:
    return (ROLE_DEFINITIONS + str(properties["roleDefinitionId"]).rsplit("/", 1)[-1]).lower()


def _removed_at_management_groups(world: World, now: float) -> Iterator[dict[str, Any]]:
    for key in world.ever("roleAssignment"):
        changes = world.changes("roleAssignment", key)
        later = [*(document for _, document in changes[1:]), world.get("roleAssignment", key)][: len(changes)]
        for (until, before), after in zip(changes, later, strict=True):
            if before is not None and after is None and now - MANAGEMENT_GROUP_DELAY < until <= now - DELAY:
                properties = before["properties"]
                if properties["scope"].lower().startswith(MANAGEMENT_GROUPS):
                    yield properties


def _due(world: World, now: float) -> Iterator[float]:
    """Readings still to come at which a change made earlier begins to count."""
    for kind in ("roleAssignment", "roleDefinition", "principal"):
        for key in world.ever(kind):
            for until, _ in world.changes(kind, key):
                for delay in (DELAY, MANAGEMENT_GROUP_DELAY, MANAGED_IDENTITY_GROUP_DELAY):
                    if (
                        now - delay < until
                    ):  # the same comparison as World.as_of makes, so that rounding cannot part them
                        yield until + delay
