"""Managed identities: the resource, and the principal that stands behind it in the directory."""

import secrets
import uuid
from typing import Any

from cmk_admin.sandbox.state import Document, World

TYPE = "Microsoft.ManagedIdentity/userAssignedIdentities"


def identity_id(subscription: str, group: str, name: str) -> str:
    """The ARM id of a user-assigned identity."""
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{TYPE}/{name}"


def make_identity(
    world: World,
    *,
    subscription: str,
    group: str,
    name: str,
    location: str = "westeurope",
    tags: dict[str, str] | None = None,
    object_id: str | None = None,
    client_id: str | None = None,
) -> Document:
    """Make a user-assigned identity with a principal of its own, or give an existing one new tags; the ARM envelope.

    An identity made again under the name of a deleted one is another principal, as in Azure.
    """
    resource_id = identity_id(subscription, group, name)
    existing = world.get("resource", resource_id)
    if existing is not None:
        resource = existing if tags is None else {**existing, "tags": tags}
    else:
        principal = make_principal(
            world, name, kind="ManagedIdentity", resource_id=resource_id, object_id=object_id, client_id=client_id
        )
        resource = {
            "id": resource_id,
            "name": name,
            "type": TYPE,
            "location": location,
            "tags": tags or {},
            "properties": {
                "tenantId": world.tenant_id,
                "principalId": principal["objectId"],
                "clientId": principal["clientId"],
            },
        }
    world.put("resource", resource_id, resource)
    return resource


def delete_identity(world: World, resource_id: str) -> None:
    """Delete a user-assigned identity and its principal; its role assignments stay behind, as in Azure."""
    resource = world.get("resource", resource_id)
    if resource is not None:
        world.delete("resource", resource_id)
        world.delete("principal", resource["properties"]["principalId"])


def make_system_identity(
    world: World, resource_id: str, name: str, *, object_id: str | None = None, client_id: str | None = None
) -> tuple[str, str]:
    """The (principalId, tenantId) of a resource's system-assigned identity, which is made where there is none."""
    principal = system_principal(world, resource_id)
    if principal is None:
        principal = make_principal(
            world, name, kind="ManagedIdentity", resource_id=resource_id, object_id=object_id, client_id=client_id
        )
    return str(principal["objectId"]), world.tenant_id


def system_principal(world: World, resource_id: str) -> Document | None:
    """The principal of a resource's system-assigned identity."""
    wanted = resource_id.lower()
    for _, principal in world.items("principal"):
        if (principal.get("resourceId") or "").lower() == wanted and principal["kind"] == "ManagedIdentity":
            return principal
    return None


def make_principal(
    world: World,
    name: str,
    *,
    kind: str,
    resource_id: str | None = None,
    object_id: str | None = None,
    client_id: str | None = None,
    members: list[str] | None = None,
) -> Document:
    """Make a principal of the directory: kind User, ServicePrincipal, ManagedIdentity or Group; ids are drawn where absent.

    All but groups get a client id and a secret, so that a test can ask as them.
    """
    principal: dict[str, Any] = {
        "objectId": object_id or str(uuid.uuid4()),
        "clientId": None if kind == "Group" else client_id or str(uuid.uuid4()),
        "secret": None if kind == "Group" else secrets.token_urlsafe(30),
        "displayName": name,
        "kind": kind,
        "members": list(members or ()) if kind == "Group" else [],
        "resourceId": resource_id,
    }
    world.put("principal", principal["objectId"], principal)
    return principal
