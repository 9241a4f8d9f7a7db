"""Which assignments a list at a scope holds, by the filters that the resource manager knows."""

import re
from dataclasses import dataclass

from cmk_admin.sandbox import access
from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import AzureError

_PRINCIPAL = re.compile(r"principalId\s+eq\s+'?(?P<id>[0-9a-fA-F-]{32,36})'?", re.IGNORECASE)
_ASSIGNED = re.compile(r"assignedTo\('(?P<id>[^']+)'\)", re.IGNORECASE)


@dataclass(slots=True, frozen=True)
class Filter:
    """A ``$filter`` that was understood."""

    at_scope: bool = False
    principal: str | None = None
    assigned_to: str | None = None
    as_target: bool = False


def parse(text: str | None) -> Filter:
    """The filter of a list of assignments. Raises AzureError 400 for one that Azure does not support either."""
    at_scope = as_target = False
    principal = assigned_to = None
    for part in re.split(r"\s+and\s+", (text or "").strip(), flags=re.IGNORECASE) if text else ():
        plain = part.strip()
        if plain.lower() == "atscope()":
            at_scope = True
        elif plain.lower() == "astarget()":
            as_target = True
        elif match := _PRINCIPAL.fullmatch(plain):
            principal = match["id"]
        elif match := _ASSIGNED.fullmatch(plain):
            assigned_to = match["id"]
        else:
            raise AzureError(
                400,
                "UnsupportedFilter",
                f"The filter '{text}' is not supported. Supported filters are 'atScope()', 'principalId eq' and "
                "'assignedTo()'.",
            )
    return Filter(at_scope, principal, assigned_to, as_target)


def listed(world: World, kind: str, scope: str, wanted: Filter, caller_id: str) -> list[Document]:
    """The assignments of a kind (any whose properties have scope and principalId) that a list at a scope holds.

    At the scope and above it always, below it unless ``atScope()`` says otherwise; ``assignedTo()`` goes through groups,
    ``principalId eq`` does not (RBACD role-assignments-list-rest.md). Below means below in the id: a management group's
    list does not go down into its subscriptions.
    """
    above = set(access.scopes_above(world, scope))
    below = scope.lower().rstrip("/") + "/"
    who = _principals(world, wanted, caller_id)
    found: list[Document] = []
    for _, document in world.items(kind):
        at = document["properties"]["scope"].lower().rstrip("/") or "/"
        inside = at in above or (not wanted.at_scope and scope != "/" and at.startswith(below))
        if inside and (who is None or document["properties"]["principalId"].lower() in who):
            found.append(document)
    return found


def _principals(world: World, wanted: Filter, caller_id: str) -> set[str] | None:
    sets = [{wanted.principal.lower()}] if wanted.principal is not None else []
    targets = (wanted.assigned_to, caller_id if wanted.as_target else None)
    sets += [{one.lower(), *access.groups_of(world, one)} for one in targets if one is not None]
    return set.intersection(*sets) if sets else None
