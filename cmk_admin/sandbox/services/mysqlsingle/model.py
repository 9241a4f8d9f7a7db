"""MySQL single servers: retired in Azure, but still there in some estates, with keys that are resources of their own."""

from typing import Any
from urllib.parse import urlsplit

from cmk_admin.sandbox import life
from cmk_admin.sandbox.consumers import CHILD, SINGLE, SINGLE_KEY, slots_of
from cmk_admin.sandbox.services.identity.model import make_system_identity
from cmk_admin.sandbox.services.mysql import requirements
from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import AzureError

# AD mysql/single-server/concepts-data-encryption-mysql.md
_TIERS = ("GeneralPurpose", "MemoryOptimized")


def server_id(subscription: str, group: str, name: str) -> str:
    """The ARM id of a single server."""
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{SINGLE}/{name}"


def make_server(
    world: World,
    *,
    subscription: str,
    group: str,
    name: str,
    location: str = "westeurope",
    tags: dict[str, str] | None = None,
    object_id: str | None = None,
    client_id: str | None = None,
    tier: str = "GeneralPurpose",
) -> Document:
    """Make a server that runs, with a system-assigned identity; the ARM envelope."""
    resource_id = server_id(subscription, group, name)
    principal, tenant = make_system_identity(world, resource_id, name, object_id=object_id, client_id=client_id)
    properties: dict[str, Any] = {
        "administratorLogin": "dbadmin",
        "storageProfile": {
            "storageMB": 102400,
            "backupRetentionDays": 7,
            "geoRedundantBackup": "Disabled",
            "storageAutogrow": "Enabled",
        },
        "version": "8.0",
        "sslEnforcement": "Enabled",
        "minimalTlsVersion": "TLS1_2",
        "userVisibleState": "Ready",
        "byokEnforcement": "Disabled",
        "fullyQualifiedDomainName": f"{name}.mysql.database.azure.com",
        "masterServerId": "",
        "replicationRole": "",
        "replicaCapacity": 5,
        "privateEndpointConnections": [],
        "publicNetworkAccess": "Enabled",
        "infrastructureEncryption": "Disabled",
    }
    server: Document = {
        "identity": {"type": "SystemAssigned", "principalId": principal, "tenantId": tenant},
        "sku": {"name": f"{'B' if tier == 'Basic' else 'GP'}_Gen5_2", "tier": tier, "family": "Gen5", "capacity": 2},
        "properties": properties,
        "location": location,
        "tags": tags or {},
        "id": resource_id,
        "name": name,
        "type": SINGLE,
    }
    world.put("resource", resource_id, server)
    return server


def key_name(key_url: str) -> str:
    """The name that a server key must have: vault, key and version joined by underscores. Raises AzureError 400."""
    parts = urlsplit(key_url)
    path = parts.path.strip("/").split("/")
    host = parts.hostname or ""
    if parts.scheme != "https" or not host.endswith(".vault.azure.net") or len(path) != 3 or path[0].lower() != "keys":
        raise AzureError(400, "InvalidKeyUri", f"The provided Key Vault uri '{key_url}' is not valid.")
    return f"{host.split('.', 1)[0]}_{path[1]}_{path[2]}"


def put_key(world: World, server: Document, key_url: str) -> Document:
    """Record a server key, without asking the vault; the ARM envelope. A server has one key of the customer's at a time."""
    name = key_name(key_url)
    for other in keys_of(world, server["id"]):
        if other["name"].lower() != name.lower():
            world.delete(CHILD, other["id"])
    key: Document = {
        "kind": "azurekeyvault",
        "properties": {
            "serverKeyType": "AzureKeyVault",
            "uri": key_url,
            "creationDate": world.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z",
        },
        "id": f"{server['id']}/keys/{name}",
        "name": name,
        "type": SINGLE_KEY,
    }
    world.put(CHILD, key["id"], key)
    enforce(world, server, on=True)
    return key


def keys_of(world: World, resource_id: str) -> list[Document]:
    """A server's keys."""
    prefix = f"{resource_id}/keys/".lower()
    return [key for key_id, key in world.items(CHILD) if key_id.startswith(prefix)]


def settle(world: World, resource_id: str, key_url: str) -> None:
    """Give a server this key, or revalidate the one it has: the end of a PUT.

    A key that the server has already is tried, and not judged anew. Raises AzureError 400 with the reason where the key
    does not serve; then the server is as before.
    """
    server = world.get("resource", resource_id)
    if server is None:
        raise AzureError(404, "ResourceNotFound", f"The Resource '{resource_id}' was not found.")
    before = keys_of(world, resource_id)
    had = {key["properties"]["uri"].lower().rstrip("/") for key in before}
    put_key(world, server, key_url)
    wanted = list(slots_of(world, server))
    try:
        for slot in wanted:
            if slot.key_url.lower().rstrip("/") not in had:
                requirements.check(world, slot, requirements.SINGLE)
        life.attach(world, wanted)
    except AzureError as refusal:
        for key in keys_of(world, resource_id):
            world.delete(CHILD, key["id"])
        for key in before:
            world.put(CHILD, key["id"], key)
        enforce(world, server, on=bool(before))
        raise requirements.refused(key_url, refusal) from refusal
    life.set_property(world, resource_id, "userVisibleState", "Ready")


def check_server(server: Document) -> None:
    """Raise AzureError where a server can take no key: 400 for its tier, 409 for its state."""
    tier, state = server["sku"]["tier"], server["properties"]["userVisibleState"]
    if tier not in _TIERS:
        raise AzureError(
            400,
            "OperationNotSupported",
            f"Data encryption with a customer-managed key is not supported on server '{server['name']}' of tier '{tier}'. "
            f"The tiers that support it are {' and '.join(_TIERS)}.",
        )
    if state not in ("Ready", "Inaccessible"):
        raise AzureError(409, "ServerIsNotReady", f"The server '{server['name']}' is in state '{state}', not Ready.")


def remove_key(world: World, resource_id: str, name: str) -> None:
    """Take a server's key away: it is encrypted by the platform again. Raises AzureError where it is without its key."""
    if life.lost(world, resource_id):
        raise AzureError(409, "ServerIsNotReady", "The server is not accessible. Restore access to its key first.")
    server = world.get("resource", resource_id)
    world.delete(CHILD, f"{resource_id}/keys/{name}")
    life.detach(world, resource_id)
    if server is not None:
        enforce(world, server, on=False)


def enforce(world: World, server: Document, *, on: bool) -> None:
    """Note whether a key of the customer's is in force."""
    life.set_property(world, server["id"], "byokEnforcement", "Enabled" if on else "Disabled")
