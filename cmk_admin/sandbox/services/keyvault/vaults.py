"""Vaults as resources: created, changed, deleted, recovered and purged through the resource manager."""

import re
from datetime import datetime, timedelta
from typing import Any

from cmk_admin.sandbox import access
from cmk_admin.sandbox.gate import forbidden
from cmk_admin.sandbox.services.envelopes import block, merged_tags
from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import AzureError, Caller

from . import attributes, model, policies

# 3 to 24 letters, digits and hyphens, a letter first, no hyphen last, as Azure's own VaultNameNotValid says.
_NAME = re.compile(r"(?=.{3,24}$)[a-zA-Z](?!.*--)[a-zA-Z0-9-]*[a-zA-Z0-9]")
_RETENTION = (7, 90)
# From this api-version on a new vault that does not say otherwise is under roles (KVD general/access-control-default.md).
_ROLES_BY_DEFAULT = "2026-02-01"
_CHANGE_MODEL = "Microsoft.Authorization/roleAssignments/write"
_FLAGS = ("enabledForDeployment", "enabledForDiskEncryption", "enabledForTemplateDeployment")


def put(world: World, caller: Caller, resource_id: str, body: dict[str, Any], version: str) -> tuple[Document, bool]:
    """Create a vault, replace what a request may replace of it, or recover it; the envelope, and whether it is new.

    version is the api-version. Raises AzureError 400, 403, 409.
    """
    name, before = resource_id.rsplit("/", 1)[-1], world.get("resource", resource_id)
    wanted = block(body, "properties")
    if before is None:
        _check_name_free(world, name, recovering=_recovers(wanted))
        if _recovers(wanted) and (gone := deleted_vault(world, name)) is not None:
            return _recover(world, gone), True
    if not body.get("location"):
        raise AzureError(400, "LocationRequired", "The location property is required for this definition.")
    if wanted.get("tenantId") is None or not block(wanted, "sku").get("name"):
        raise AzureError(400, "BadRequest", "The parameters tenantId and sku are required.")
    roles = wanted.get("enableRbacAuthorization")
    if roles is None:
        roles = version >= _ROLES_BY_DEFAULT if before is None else before["properties"]["enableRbacAuthorization"]
    if not roles and wanted.get("accessPolicies") is None:
        raise AzureError(400, "BadRequest", "The parameter accessPolicies is not specified.")
    start: dict[str, Any] = {
        **dict.fromkeys(_FLAGS, False),
        "accessPolicies": [],
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": 90,
        "vaultUri": f"https://{name.lower()}{model.SUFFIX}/",
        "provisioningState": "Succeeded",
        "publicNetworkAccess": "Enabled",
    }
    if before is not None:
        # What a replacement cannot take back, or leaves alone where it does not name it.
        kept = (
            "softDeleteRetentionInDays",
            "enablePurgeProtection",
            "vaultUri",
            "enableRbacAuthorization",
            "privateEndpointConnections",
        )
        start |= {one: before["properties"][one] for one in kept if one in before["properties"]}
    properties = _changed(world, caller, resource_id, before, start, {**wanted, "enableRbacAuthorization": roles})
    resource = {
        "id": before["id"] if before else resource_id,
        "name": before["name"] if before else name,
        "type": model.TYPE,
        "location": before["location"] if before else str(body["location"]).replace(" ", "").lower(),
        "tags": merged_tags({}, body.get("tags")),
        "properties": properties,
    }
    world.put("resource", resource_id, resource)
    return resource, before is None


def patch(world: World, caller: Caller, resource_id: str, body: dict[str, Any]) -> Document:
    """Change what a request names; the envelope. Raises AzureError 400, 403, 404."""
    before = find(world, resource_id)
    wanted = block(body, "properties")
    properties = _changed(world, caller, resource_id, before, before["properties"], wanted)
    after = {**before, "properties": properties, "tags": merged_tags(before, body.get("tags"))}
    world.put("resource", resource_id, after)
    return after


def find(world: World, resource_id: str) -> Document:
    """The vault of that id. Raises AzureError 404."""
    resource = world.get("resource", resource_id)
    if resource is None:
        parts = resource_id.split("/")
        raise AzureError(
            404,
            "ResourceNotFound",
            f"The Resource '{model.TYPE}/{parts[-1]}' under resource group '{parts[4]}' was not found. For more details "
            "please go to https://aka.ms/ARMResourceNotFoundFix",
        )
    return resource


def change_policies(world: World, resource_id: str, kind: str, wanted: Any) -> list[policies.Policy]:
    """Add, replace or remove access policies; all entries afterwards. Raises AzureError 400, 404."""
    vault = find(world, resource_id)
    after = policies.changed(vault["properties"]["accessPolicies"], kind, policies.checked(wanted))
    world.put("resource", resource_id, {**vault, "properties": {**vault["properties"], "accessPolicies": after}})
    return after


def delete(world: World, resource_id: str) -> bool:
    """Delete a vault, to be recovered within its retention; whether there was one.

    Role assignments at the vault and its keys go for good (KVD general/soft-delete-overview.md).
    """
    vault = world.get("resource", resource_id)
    if vault is None:
        return False
    now = world.clock.now()
    purge = now + timedelta(days=attributes.retention_days(vault))
    world.delete("resource", resource_id)
    world.put(
        "deletedVault",
        vault["name"],
        {"resource": vault, "deletionDate": _date(now), "scheduledPurgeDate": _date(purge)},
    )
    inside = vault["id"].lower() + "/"
    for key, assignment in world.items("roleAssignment"):
        if (assignment["properties"]["scope"].lower() + "/").startswith(inside):
            world.delete("roleAssignment", key)
    return True


def deleted_vault(world: World, name: str) -> Document | None:
    """The deleted vault of that name; one whose retention has ended is gone."""
    document = world.get("deletedVault", name)
    if document is not None and datetime.fromisoformat(document["scheduledPurgeDate"]) <= world.clock.now():
        purge(world, name)
        return None
    return document


def purge(world: World, name: str) -> None:
    """Destroy a deleted vault with its keys."""
    world.delete("deletedVault", name)
    for key in model.key_names(world, name):
        world.delete("key", f"{name}/{key}")


def deleted_envelope(document: Document) -> dict[str, Any]:
    """A deleted vault as the resource manager shows it."""
    vault = document["resource"]
    subscription = vault["id"].split("/")[2]
    properties: dict[str, Any] = {
        "vaultId": vault["id"],
        "location": vault["location"],
        "tags": vault["tags"],
        "deletionDate": document["deletionDate"],
        "scheduledPurgeDate": document["scheduledPurgeDate"],
    }
    if vault["properties"].get("enablePurgeProtection"):
        properties["purgeProtectionEnabled"] = True
    where = f"/subscriptions/{subscription}/providers/Microsoft.KeyVault/locations/{vault['location']}"
    return {
        "id": f"{where}/deletedVaults/{vault['name']}",
        "name": vault["name"],
        "type": "Microsoft.KeyVault/deletedVaults",
        "properties": properties,
    }


def name_availability(world: World, name: str) -> dict[str, Any]:
    """Whether a name may be taken, and if not, why."""
    try:
        _check_name_free(world, name, recovering=False)
    except AzureError as error:
        reason = "AccountNameInvalid" if error.code == "VaultNameNotValid" else "AlreadyExists"
        return {"nameAvailable": False, "reason": reason, "message": error.message}
    return {"nameAvailable": True}


def _recovers(wanted: dict[str, Any]) -> bool:
    return str(wanted.get("createMode") or "").lower() == "recover"


def _recover(world: World, gone: Document) -> Document:
    vault = gone["resource"]
    world.delete("deletedVault", vault["name"])
    world.put("resource", vault["id"], vault)
    return vault  # type: ignore[no-any-return]


def _check_name_free(world: World, name: str, *, recovering: bool) -> None:
    if not _NAME.fullmatch(name):
        raise AzureError(
            400,
            "VaultNameNotValid",
            f"The vault name '{name}' is invalid. A vault's name must be between 3-24 alphanumeric characters. The name "
            "must begin with a letter, end with a letter or digit, and not contain consecutive hyphens. Follow this link "
            "for more information: https://go.microsoft.com/fwlink/?linkid=2147742",
        )
    if model.vault_resource(world, name) is not None:
        raise AzureError(
            409,
            "VaultAlreadyExists",
            f"The vault name '{name}' is already in use. Vault names are globally unique so it is possible that the name "
            "is already taken. For more information follow this link https://go.microsoft.com/fwlink/?linkid=2147740.",
        )
    if deleted_vault(world, name) is not None and not recovering:
        raise AzureError(
            409,
            "ConflictError",
            "A vault with the same name already exists in deleted state. You need to either recover or purge existing key "
            "vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete.",
        )


def _changed(  # noqa: PLR0917 - who changes what, from which start, to what
    world: World,
    caller: Caller,
    resource_id: str,
    before: Document | None,
    start: dict[str, Any],
    wanted: dict[str, Any],
) -> dict[str, Any]:
    """Properties with the wanted ones laid over a start, where every one of them is allowed. Raises AzureError 400, 403."""
    after = dict(start)
    roles = wanted.get("enableRbacAuthorization")
    if roles is not None:
        if (
            before is not None
            and bool(roles) != bool(before["properties"].get("enableRbacAuthorization"))
            and not access.may(world, caller.object_id, _CHANGE_MODEL, resource_id)
        ):
            raise AzureError(
                403, "InsufficientPermissions", "Caller is not allowed to change permission model."
            ) from forbidden(caller, _CHANGE_MODEL, resource_id)
        after["enableRbacAuthorization"] = bool(roles)
    if wanted.get("enableSoftDelete") is False:
        raise _irreversible("enableSoftDelete", "soft delete")
    if wanted.get("enablePurgeProtection") is False and start.get("enablePurgeProtection"):
        raise _irreversible("enablePurgeProtection", "purge protection")
    if wanted.get("enablePurgeProtection"):
        after["enablePurgeProtection"] = True
    days = wanted.get("softDeleteRetentionInDays")
    if days is not None:
        _check_retention(days, None if before is None else start["softDeleteRetentionInDays"])
        after["softDeleteRetentionInDays"] = days
    if wanted.get("accessPolicies") is not None:
        after["accessPolicies"] = policies.checked(wanted["accessPolicies"])
    if wanted.get("sku") is not None:
        after["sku"] = {
            "family": "A",
            "name": _one_of("sku.name", block(wanted, "sku").get("name"), "standard", "premium"),
        }
    if wanted.get("tenantId") is not None:
        if str(wanted["tenantId"]).lower() != world.tenant_id.lower():
            raise AzureError(400, "BadRequest", f"The tenant '{wanted['tenantId']}' is not the subscription's tenant.")
        after["tenantId"] = world.tenant_id
    if wanted.get("publicNetworkAccess") is not None:
        after["publicNetworkAccess"] = _one_of(
            "publicNetworkAccess", wanted["publicNetworkAccess"], "Enabled", "Disabled", "SecuredByPerimeter"
        )
    if wanted.get("networkAcls") is not None:
        after["networkAcls"] = _network_rules(block(wanted, "networkAcls"))
    after |= {flag: bool(wanted[flag]) for flag in _FLAGS if wanted.get(flag) is not None}
    return after


def _check_retention(days: Any, fixed: int | None) -> None:
    if isinstance(days, bool) or not isinstance(days, int) or not _RETENTION[0] <= days <= _RETENTION[1]:
        raise AzureError(400, "BadRequest", "softDeleteRetentionInDays should be >= 7 and <= 90.")
    if fixed is not None and days != fixed:
        raise AzureError(
            400, "BadRequest", "The property softDeleteRetentionInDays has been set already and it can't be modified."
        )


def _irreversible(name: str, words: str) -> AzureError:
    return AzureError(
        400,
        "BadRequest",
        f'The property "{name}" cannot be set to false. Enabling the {words} for a vault is an irreversible action.',
    )


def _network_rules(wanted: dict[str, Any]) -> dict[str, Any]:
    rules, networks = wanted.get("ipRules") or [], wanted.get("virtualNetworkRules") or []
    if not isinstance(rules, list) or not all(
        isinstance(rule, dict) and attributes.is_address_range(rule.get("value")) for rule in rules
    ):
        raise AzureError(400, "BadRequest", "An invalid value was provided for 'networkAcls.ipRules'.")
    if not isinstance(networks, list) or not all(isinstance(rule, dict) and rule.get("id") for rule in networks):
        raise AzureError(400, "BadRequest", "An invalid value was provided for 'networkAcls.virtualNetworkRules'.")
    return {
        "bypass": _one_of("networkAcls.bypass", wanted.get("bypass") or "AzureServices", "AzureServices", "None"),
        "defaultAction": _one_of("networkAcls.defaultAction", wanted.get("defaultAction") or "Allow", "Allow", "Deny"),
        "ipRules": [{"value": _range(rule["value"])} for rule in rules],
        "virtualNetworkRules": networks,
    }


def _range(value: str) -> str:
    return value if "/" in value else f"{value}/32"


def _one_of(name: str, value: Any, *known: str) -> str:
    for one in known:
        if str(value).lower() == one.lower():
            return one
    raise AzureError(400, "BadRequest", f"An invalid value was provided for '{name}'.")


def _date(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
