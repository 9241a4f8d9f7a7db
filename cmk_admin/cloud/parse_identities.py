"""The managed identities that Azure's JSON shows. Pure; whatever is missing becomes None, never a guess."""

from collections.abc import Mapping

from cmk_admin.cloud import parse
from cmk_admin.domain.ids import fold, last
from cmk_admin.domain.model import Identity


def user_assigned_identity(document: parse.Document) -> Identity | None:
    """A user-assigned identity from its ARM envelope. None while Azure has not made its principal yet."""
    principal = parse.text(parse.inside(document, "properties", "principalId"))
    if principal is None:
        return None
    resource_id = str(document["id"])
    return Identity(
        principal_id=principal,
        name=str(document.get("name") or last(resource_id)),
        resource_id=resource_id,
        client_id=parse.text(parse.inside(document, "properties", "clientId")),
    )


def identities_of(document: parse.Document) -> list[Identity]:
    """All identities that a resource's envelope shows: its own, and the user-assigned ones with their principals."""
    found: list[Identity] = []
    shown = document.get("identity")
    if not isinstance(shown, Mapping):
        return found
    resource_id = str(document["id"])
    own = parse.text(shown.get("principalId"))
    if own:
        name = str(document.get("name") or last(resource_id))
        found.append(Identity(principal_id=own, name=name, resource_id=resource_id, system_assigned=True))
    assigned = shown.get("userAssignedIdentities")
    for identity_id, facts in assigned.items() if isinstance(assigned, Mapping) else ():
        principal = parse.text(parse.inside(facts, "principalId"))
        if principal:
            client = parse.text(parse.inside(facts, "clientId"))
            found.append(
                Identity(principal_id=principal, name=last(identity_id), resource_id=identity_id, client_id=client)
            )
    return found


def identity_at(document: parse.Document, identity_id: str | None) -> Identity | None:
    """The identity that a resource uses: the user-assigned one of that id, or (without an id) the resource's own."""
    for identity in identities_of(document):
        if identity_id is None:
            if identity.system_assigned:
                return identity
        elif not identity.system_assigned and fold(identity.resource_id or "") == fold(identity_id):
            return identity
    return None
