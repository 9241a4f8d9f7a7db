"""The resource manager's paths of vaults."""

from cmk_admin.sandbox import operations
from cmk_admin.sandbox.services.envelopes import block
from cmk_admin.sandbox.services.readable import readable
from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import Answer, AzureError, Call, Routes

from . import vaults
from .model import TYPE

# The versions that the resource type answers to; the newest is what azure-mgmt-keyvault 14 sends.
VERSIONS = ("2015-06-01", "2026-05-15")
SUBSCRIPTION = "/subscriptions/{subscription}"
GROUP = SUBSCRIPTION + "/resourceGroups/{group}"
VAULT = GROUP + "/providers/Microsoft.KeyVault/vaults/{vault}"
_PROVIDER = SUBSCRIPTION + "/providers/Microsoft.KeyVault"
_READ = "Microsoft.KeyVault/vaults/read"
_PURGE_SECONDS = 15.0


def vault_id(call: Call) -> str:
    """The vault's ARM id, from the path's own words."""
    named = call.params
    return f"/subscriptions/{named['subscription']}/resourceGroups/{named['group']}/providers/{TYPE}/{named['vault']}"


def register(routes: Routes) -> None:
    """Put the paths into the table."""
    operations.register_work("keyvault.purge", _purge)
    _register_vault(routes)
    _register_lists(routes)
    _register_deleted(routes)


def _register_vault(routes: Routes) -> None:
    @routes.arm("GET", VAULT, action=_READ, versions=VERSIONS)
    async def get(call: Call) -> Answer:
        return Answer(vaults.find(call.world, vault_id(call)))

    @routes.arm("PUT", VAULT, action="Microsoft.KeyVault/vaults/write", versions=VERSIONS)
    async def put(call: Call) -> Answer:
        version = call.query.get("api-version", "")
        resource, new = vaults.put(call.world, call.who, vault_id(call), call.json(), version)
        return Answer(resource, 201 if new else 200)

    @routes.arm("PATCH", VAULT, action="Microsoft.KeyVault/vaults/write", versions=VERSIONS)
    async def patch(call: Call) -> Answer:
        return Answer(vaults.patch(call.world, call.who, vault_id(call), call.json()))

    @routes.arm("DELETE", VAULT, action="Microsoft.KeyVault/vaults/delete", versions=VERSIONS)
    async def delete(call: Call) -> Answer:
        return Answer(status=200 if vaults.delete(call.world, vault_id(call)) else 204)

    @routes.arm(
        "PUT",
        VAULT + "/accessPolicies/{kind}",
        action="Microsoft.KeyVault/vaults/accessPolicies/write",
        versions=VERSIONS,
    )
    async def change_policies(call: Call) -> Answer:
        kind = call.params["kind"].lower()
        if kind not in ("add", "replace", "remove"):
            raise AzureError(400, "BadRequest", f"Operation '{call.params['kind']}' is not valid for access policies.")
        wanted = block(call.json(), "properties").get("accessPolicies")
        after = vaults.change_policies(call.world, vault_id(call), kind, wanted)
        vault = vaults.find(call.world, vault_id(call))
        return Answer(
            {
                "id": f"{vault['id']}/accessPolicies/",
                "type": f"{TYPE}/accessPolicies",
                "location": vault["location"],
                "properties": {"accessPolicies": after},
            }
        )


def _register_lists(routes: Routes) -> None:
    @routes.arm("GET", _PROVIDER + "/vaults", action=None, versions=VERSIONS)
    @routes.arm("GET", GROUP + "/providers/Microsoft.KeyVault/vaults", action=None, versions=VERSIONS)
    async def listed(call: Call) -> Answer:
        return Answer({"value": readable(call, TYPE)})

    # There are no managed HSMs here, and none can be made; az asks for them whenever it lists vaults.
    @routes.arm("GET", _PROVIDER + "/managedHSMs", action=None, versions=VERSIONS)
    @routes.arm("GET", GROUP + "/providers/Microsoft.KeyVault/managedHSMs", action=None, versions=VERSIONS)
    @routes.arm("GET", _PROVIDER + "/deletedManagedHSMs", action=None, versions=VERSIONS)
    async def no_hsms(call: Call) -> Answer:
        return Answer({"value": readable(call, "Microsoft.KeyVault/managedHSMs")})

    @routes.arm(
        "POST",
        _PROVIDER + "/checkNameAvailability",
        action="Microsoft.KeyVault/checkNameAvailability/read",
        versions=VERSIONS,
    )
    async def check_name(call: Call) -> Answer:
        return Answer(vaults.name_availability(call.world, str(call.json().get("name"))))


def _register_deleted(routes: Routes) -> None:
    deleted = _PROVIDER + "/locations/{location}/deletedVaults/{vault}"

    @routes.arm("GET", _PROVIDER + "/deletedVaults", action="Microsoft.KeyVault/deletedVaults/read", versions=VERSIONS)
    async def list_deleted(call: Call) -> Answer:
        names = [document["resource"]["name"] for _, document in call.world.items("deletedVault")]
        inside = f"/subscriptions/{call.params['subscription']}/".lower()
        found = (vaults.deleted_vault(call.world, name) for name in names)
        shown = [
            vaults.deleted_envelope(one) for one in found if one and one["resource"]["id"].lower().startswith(inside)
        ]
        return Answer({"value": shown})

    @routes.arm("GET", deleted, action="Microsoft.KeyVault/locations/deletedVaults/read", versions=VERSIONS)
    async def get_deleted(call: Call) -> Answer:
        return Answer(vaults.deleted_envelope(_deleted(call)))

    @routes.arm(
        "POST", deleted + "/purge", action="Microsoft.KeyVault/locations/deletedVaults/purge/action", versions=VERSIONS
    )
    async def purge(call: Call) -> Answer:
        vault: Document = _deleted(call)["resource"]
        if vault["properties"].get("enablePurgeProtection"):
            raise AzureError(405, "MethodNotAllowed", "Operation 'DeletedVaultPurge' is not allowed.")
        return operations.start(
            call, resource_id=vault["id"], seconds=_PURGE_SECONDS, work="keyvault.purge", data={"name": vault["name"]}
        )


async def _purge(world: World, data: Document) -> None:
    vaults.purge(world, data["name"])


def _deleted(call: Call) -> Document:
    found = vaults.deleted_vault(call.world, call.params["vault"])
    inside = f"/subscriptions/{call.params['subscription']}/".lower()
    if found is None or not found["resource"]["id"].lower().startswith(inside):
        raise AzureError(404, "DeletedVaultNotFound", f"The deleted vault {call.params['vault']} was not found.")
    return found
