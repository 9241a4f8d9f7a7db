"""A small estate for tests of the sandbox's core: two principals, two subscriptions, a group, one vault-shaped resource."""

from typing import Any

from cmk_admin.sandbox.services.authorization.model import make_assignment, make_built_in_roles
from cmk_admin.sandbox.services.identity.model import make_identity, make_principal
from cmk_admin.sandbox.state import World

TENANT = "11111111-2222-4333-8444-555555555555"
ONE = "aaaaaaaa-0000-4000-8000-000000000001"
TWO = "aaaaaaaa-0000-4000-8000-000000000002"
GROUP = f"/subscriptions/{ONE}/resourceGroups/keys"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/small"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/worker"


def lay(world: World) -> None:
    """administrator owns the tenant's management group; reader reads one group of subscription ONE; nobody reads nothing."""
    world.put("meta", "world", {"tenant_id": TENANT, "scenario": "small", "seed": 1})
    make_built_in_roles(world)
    world.put("managementGroup", TENANT, {"name": TENANT, "displayName": "Tenant Root Group", "parent": None})
    world.put("managementGroup", "health", {"name": "health", "displayName": "Health", "parent": TENANT})
    for subscription, name, group in ((ONE, "one", "health"), (TWO, "two", TENANT)):
        document = {"subscriptionId": subscription, "displayName": name, "tenantId": TENANT, "managementGroup": group}
        world.put("subscription", subscription, document)
    for name in ("keys", "other"):
        _resource(world, f"/subscriptions/{ONE}/resourceGroups/{name}", name, "Microsoft.Resources/resourceGroups", {})
    vault = {
        "tenantId": TENANT,
        "sku": {"family": "A", "name": "premium"},
        "vaultUri": "https://small.vault.azure.net/",
        "enableRbacAuthorization": True,
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": 90,
        "enablePurgeProtection": True,
        "accessPolicies": [],
        "publicNetworkAccess": "Enabled",
        "networkAcls": {"bypass": "AzureServices", "defaultAction": "Allow", "ipRules": [], "virtualNetworkRules": []},
    }
    _resource(world, VAULT, "small", "Microsoft.KeyVault/vaults", vault)
    administrator = make_principal(world, "administrator", kind="User")["objectId"]
    reader = make_principal(world, "reader", kind="User")["objectId"]
    make_principal(world, "nobody", kind="ServicePrincipal")
    team = make_principal(world, "team", kind="Group", members=[reader])["objectId"]
    make_principal(world, "everybody", kind="Group", members=[team, administrator])
    make_identity(world, subscription=ONE, group="keys", name="worker")
    root = f"/providers/Microsoft.Management/managementGroups/{TENANT}"
    make_assignment(world, scope=root, role="Owner", principal_id=administrator)
    make_assignment(world, scope=root, role="Key Vault Crypto Officer", principal_id=administrator)
    make_assignment(world, scope=GROUP, role="Reader", principal_id=reader)


def _resource(world: World, resource_id: str, name: str, kind: str, properties: dict[str, Any]) -> None:
    envelope = {"id": resource_id, "name": name, "type": kind, "location": "westeurope", "tags": {}}
    world.put("resource", resource_id, {**envelope, "properties": properties or {"provisioningState": "Succeeded"}})
