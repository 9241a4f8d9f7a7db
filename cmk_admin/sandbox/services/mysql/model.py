"""MySQL flexible servers: what one looks like, and what becomes of it when its identity or key changes."""

import re
from typing import Any

from cmk_admin.sandbox import access, life
from cmk_admin.sandbox.consumers import FLEXIBLE, slots_of
from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import AzureError

from . import requirements

# A key's id on a vault's host, versioned: versionless ids are not documented for MySQL (DBD mysql/flexible-server).
_KEY_URL = re.compile(
    r"https://[a-z0-9-]+\.vault\.azure\.net(:443)?/keys/[0-9a-z-]{1,127}/[0-9a-f]{32}/?", re.IGNORECASE
)
_SLOTS = (
    ("primaryKeyURI", "primaryUserAssignedIdentityId"),
    ("geoBackupKeyURI", "geoBackupUserAssignedIdentityId"),
)


def server_id(subscription: str, group: str, name: str) -> str:
    """The ARM id of a flexible server."""
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{FLEXIBLE}/{name}"


def make_server(
    world: World,
    *,
    subscription: str,
    group: str,
    name: str,
    identity: Document | None = None,
    key_url: str | None = None,
    location: str = "West Europe",
    tags: dict[str, str] | None = None,
    tier: str = "GeneralPurpose",
    state: str = "Ready",
    geo_backup: bool = False,
    replica_of: str | None = None,
) -> Document:
    """Make a server, with a user-assigned identity and a key where given; replica_of is its source's ARM id. The ARM envelope."""
    properties: dict[str, Any] = {
        "administratorLogin": "dbadmin",
        "version": "8.0.21",
        "state": state,
        "fullyQualifiedDomainName": f"{name}.mysql.database.azure.com",
        "availabilityZone": "1",
        "replicationRole": "Replica" if replica_of else "None",
        "replicaCapacity": 0 if replica_of else 10,
        "storage": {
            "storageSizeGB": 128,
            "iops": 700,
            "autoGrow": "Enabled",
            "autoIoScaling": "Enabled",
            "logOnDisk": "Disabled",
            "storageSku": "Premium_LRS",
        },
        "backup": {"backupRetentionDays": 7, "geoRedundantBackup": "Enabled" if geo_backup else "Disabled"},
        "highAvailability": {"mode": "Disabled", "state": "NotEnabled", "standbyAvailabilityZone": ""},
        "network": {"publicNetworkAccess": "Enabled"},
        "maintenanceWindow": {"customWindow": "Disabled", "dayOfWeek": 0, "startHour": 0, "startMinute": 0},
        "privateEndpointConnections": [],
    }
    if replica_of is not None:
        properties["sourceServerResourceId"] = replica_of
    server: Document = {
        "sku": {"name": "Standard_B2s" if tier == "Burstable" else "Standard_D2ds_v4", "tier": tier},
        "properties": properties,
        "location": location,
        "tags": tags or {},
        "id": server_id(subscription, group, name),
        "name": name,
        "type": FLEXIBLE,
    }
    if identity is not None:
        server["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {identity["id"]: carried(identity)}}
        if key_url is not None:
            properties["dataEncryption"] = {
                "primaryUserAssignedIdentityId": identity["id"],
                "primaryKeyURI": key_url,
                "type": "AzureKeyVault",
            }
    world.put("resource", server["id"], server)
    return server


def carried(identity: Document) -> dict[str, str]:
    """A user-assigned identity as the resource that carries it shows it."""
    properties = identity["properties"]
    return {"principalId": properties["principalId"], "clientId": properties["clientId"]}


def identities_after(world: World, caller_id: str, before: Document | None, wanted: Any) -> Document | None:
    """A resource's identity block after a PATCH asked for `wanted`; null in it takes an identity away.

    Raises AzureError: not understood, no such identity, or the caller may not assign it.
    """
    if wanted is None:
        return before
    if not isinstance(wanted, dict) or str(wanted.get("type", "")).lower() not in ("userassigned", "none"):
        raise AzureError(
            400, "InvalidParameterValue", "Invalid value given for parameter identity. Specify a valid value."
        )
    now: dict[str, Any] = dict((before or {}).get("userAssignedIdentities") or {})
    for identity_id, facts in (wanted.get("userAssignedIdentities") or {}).items():
        present = next((one for one in now if one.lower() == identity_id.lower()), None)
        if facts is None:
            now.pop(present or "", None)
        elif present is None:
            now[identity_id] = carried(assignable(world, caller_id, identity_id))
    if str(wanted["type"]).lower() == "none" or not now:
        return None
    return {"type": "UserAssigned", "userAssignedIdentities": now}


def assignable(world: World, caller_id: str, identity_id: str) -> Document:
    """The user-assigned identity of that id. Raises AzureError where there is none or the caller may not assign it."""
    identity = world.get("resource", identity_id)
    action = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"
    if not access.may(world, caller_id, action, identity_id):
        raise AzureError(
            403,
            "LinkedAuthorizationFailed",
            f"The client '{caller_id}' with object id '{caller_id}' has permission to perform action on the resource; "
            f"however, it does not have permission to perform action(s) '{action}' on the linked scope(s) '{identity_id}'.",
        )
    if identity is None or "principalId" not in identity["properties"]:
        raise AzureError(
            400,
            "FailedIdentityOperation",
            f"Identity operation failed with error 'Resource '{identity_id}' was not found.'.",
        )
    return identity


def encryption_after(server: Document, identity: Document | None, wanted: Any) -> Document | None:
    """The dataEncryption block after a PATCH asked for `wanted`, checked as far as the request alone can tell.

    Raises AzureError 400 for a type, key id or identity that cannot be.
    """
    if wanted is None:
        before: Document | None = server["properties"].get("dataEncryption")
        return before
    if not isinstance(wanted, dict):
        raise _invalid("dataEncryption")
    kind = str(wanted.get("type", "")).lower()
    if kind == "systemmanaged":
        return {"type": "SystemManaged"}
    if kind != "azurekeyvault":
        raise _invalid("dataEncryption.type")
    after: dict[str, Any] = {"type": "AzureKeyVault"}
    copied = str(server["properties"]["backup"]["geoRedundantBackup"]).lower() == "enabled"
    held = {one.lower() for one in ((identity or {}).get("userAssignedIdentities") or {})}
    for key, principal in _SLOTS:
        # Backups in the paired region need a key there (DBD mysql/flexible-server/security-customer-managed-key.md).
        if key.startswith("geo") and not wanted.get(key) and not copied:
            continue
        if not isinstance(wanted.get(key), str) or not _KEY_URL.fullmatch(wanted[key]):
            raise _invalid(f"dataEncryption.{key}")
        if str(wanted.get(principal) or "").lower() not in held:
            raise AzureError(
                400, "AzureKeyVaultNoServerIdentity", "The server identity is not correctly configured for this server."
            )
        after |= {principal: wanted[principal], key: wanted[key]}
    return after


def settle(world: World, resource_id: str, identity: Document | None, encryption: Document | None) -> None:
    """Give a server this identity and key: the end of a PATCH. The key is tried as the identity; then the server is Ready.

    A key that the server has already is tried, and not judged anew. Raises AzureError 400 with the reason where a key does
    not serve, 409 where the server is without its key and is to be given back to the platform; then it is as before.
    """
    server = world.get("resource", resource_id)
    if server is None:
        raise AzureError(404, "ResourceNotFound", f"The Resource '{resource_id}' was not found.")
    properties = {name: value for name, value in server["properties"].items() if name != "dataEncryption"}
    after: Document = {name: value for name, value in server.items() if name != "identity"}
    after["properties"] = {**properties, "state": "Ready"}
    if identity is not None:
        after["identity"] = identity
    if encryption is not None and encryption["type"] == "AzureKeyVault":
        after["properties"]["dataEncryption"] = encryption
        _take_keys(world, server, after)
    else:
        refuse_without_key(world, server)
        life.detach(world, resource_id)
    world.put("resource", resource_id, after)


def _take_keys(world: World, before: Document, after: Document) -> None:
    had = {slot.slot: slot.key_url.lower().rstrip("/") for slot in slots_of(world, before)}
    wanted = list(slots_of(world, after))
    for slot in wanted:
        if slot.key_url.lower().rstrip("/") != had.get(slot.slot):
            requirements.check(world, slot, requirements.FLEXIBLE)
    try:
        life.attach(world, wanted)
    except AzureError as refusal:
        raise requirements.refused(wanted[0].key_url, refusal) from refusal


def refuse_without_key(world: World, server: Document) -> None:
    """Raise AzureError 409 where a server is without its key: nobody can unwrap what it would be encrypted with anew.

    Documented for single servers: on one that is not accessible, encryption cannot be changed to the service's own key.
    """
    if life.lost(world, server["id"]):
        raise AzureError(
            409,
            "ServerIsNotReady",
            f"The server '{server['name']}' is not accessible. Restore access to its key and revalidate it first.",
        )


def check_state(server: Document) -> None:
    """Raise AzureError 409 where a server is in no state to be given a key, or to have its key revalidated."""
    state = server["properties"]["state"]
    if state not in ("Ready", "Inaccessible"):
        raise AzureError(
            409,
            "ServerIsNotReady",
            f"The operation cannot be done on server '{server['name']}' in state '{state}'. The server must be Ready.",
        )


def set_identity(world: World, resource_id: str, identity: Document | None) -> None:
    """Give a server this identity block and nothing else."""
    server = world.get("resource", resource_id)
    if server is not None:
        after = {name: value for name, value in server.items() if name != "identity"}
        world.put("resource", resource_id, after if identity is None else {**after, "identity": identity})


def _invalid(parameter: str) -> AzureError:
    return AzureError(
        400, "InvalidParameterValue", f"Invalid value given for parameter {parameter}. Specify a valid parameter value."
    )
