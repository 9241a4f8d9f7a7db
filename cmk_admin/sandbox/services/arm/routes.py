"""Metadata, subscriptions, resource groups and the generic lists, as ARM answers them without any provider."""

import re

from cmk_admin.sandbox import hosts
from cmk_admin.sandbox.state import Document
from cmk_admin.sandbox.wire import Answer, AzureError, Call, Routes

from . import filters, locks, management_groups, model, providers
from .paging import page

# Microsoft.Resources has answered the same paths since 2014; az asks for 2015-11-01 to 2022-12-01.
VERSIONS = ("2014-04-01", "2026-12-31")
_SUBSCRIPTION = "/subscriptions/{subscription}"
_GROUP = _SUBSCRIPTION + "/resourceGroups/{group}"
_WRITE_GROUP = "Microsoft.Resources/subscriptions/resourceGroups/write"
# 1 to 90 letters, digits and _ ( ) - . without a dot at the end (learn, resource-name-rules).
_GROUP_NAME = re.compile(r"[\w().-]{0,89}[\w()-]")


def register(routes: Routes) -> None:
    """Register the resource manager's own routes."""
    routes.arm("GET", "/metadata/endpoints", action=None, versions=VERSIONS)(_metadata)
    routes.arm("GET", "/tenants", action=None, versions=VERSIONS)(_tenants)
    routes.arm("GET", "/subscriptions", action=None, versions=VERSIONS)(_subscriptions)
    routes.arm("GET", _SUBSCRIPTION, action=None, versions=VERSIONS)(_subscription)
    routes.arm("GET", _SUBSCRIPTION + "/locations", action=None, versions=VERSIONS)(_locations)
    routes.arm("GET", _SUBSCRIPTION + "/resources", action=None, versions=VERSIONS)(_resources)
    routes.arm("GET", _GROUP + "/resources", action=None, versions=VERSIONS)(_resources_of_group)
    routes.arm("GET", _SUBSCRIPTION + "/resourceGroups", action=None, versions=VERSIONS)(_groups)
    routes.arm("GET", _GROUP, action=model.READ_GROUP, versions=VERSIONS)(_group)
    routes.arm("HEAD", _GROUP, action=model.READ_GROUP, versions=VERSIONS)(_group_exists)
    routes.arm("PUT", _GROUP, action=_WRITE_GROUP, versions=VERSIONS)(_put_group)
    routes.arm("PATCH", _GROUP, action=_WRITE_GROUP, versions=VERSIONS)(_patch_group)
    providers.register(routes)
    management_groups.register(routes)
    locks.register(routes)


async def _metadata(call: Call) -> Answer:
    login = f"https://{hosts.LOGIN[0]}"
    audiences = ["https://management.core.windows.net/", f"https://{hosts.ARM}/"]
    if call.query["api-version"] < "2019-05-01":
        return Answer(
            {
                "galleryEndpoint": "https://gallery.azure.com/",
                "graphEndpoint": "https://graph.windows.net/",
                "portalEndpoint": "https://portal.azure.com/",
                "authentication": {"loginEndpoint": f"{login}/", "audiences": audiences},
            }
        )
    cloud = {
        "name": "AzureCloud",
        "portal": "https://portal.azure.com",
        "authentication": {
            "loginEndpoint": login,
            "audiences": audiences,
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "resourceManager": f"https://{hosts.ARM}/",
        "media": "https://rest.media.azure.net",
        "graph": "https://graph.windows.net/",
        "graphAudience": "https://graph.windows.net/",
        "microsoftGraphResourceId": f"https://{hosts.GRAPH}/",
        "activeDirectoryDataLake": "https://datalake.azure.net/",
        "batch": "https://batch.core.windows.net/",
        "sqlManagement": "https://management.core.windows.net:8443/",
        "suffixes": {
            "keyVaultDns": "vault.azure.net",
            "mhsmDns": "managedhsm.azure.net",
            "storage": "core.windows.net",
            "sqlServerHostname": "database.windows.net",
            "mysqlServerEndpoint": "mysql.database.azure.com",
            "postgresqlServerEndpoint": "postgres.database.azure.com",
            "acrLoginServer": "azurecr.io",
        },
    }
    return Answer([cloud])


async def _tenants(call: Call) -> Answer:
    tenant = call.world.tenant_id
    return Answer({"value": [{"id": f"/tenants/{tenant}", "tenantId": tenant, "tenantCategory": "Home"}]})


async def _subscriptions(call: Call) -> Answer:
    seen = [
        model.subscription(document)
        for _, document in call.world.items("subscription")
        if model.sees_subscription(call.world, call.who, document["subscriptionId"])
    ]
    answer = page(call, seen)
    answer.body["count"] = {"type": "Total", "value": len(seen)}
    return answer


async def _subscription(call: Call) -> Answer:
    model.check_subscription(call.world, call.who, call.params["subscription"])
    document = call.world.get("subscription", call.params["subscription"])
    assert document is not None  # looked up before every handler
    return Answer(model.subscription(document))


async def _locations(call: Call) -> Answer:
    subscription = call.params["subscription"]
    model.check_subscription(call.world, call.who, subscription)
    found = {str(resource.get("location") or "").lower() for _, resource in call.world.items("resource")} - {""}
    return Answer(
        {
            "value": [
                {
                    "id": f"/subscriptions/{subscription}/locations/{name}",
                    "name": name,
                    "displayName": name,
                    "type": "Region",
                }
                for name in sorted(found)
            ]
        }
    )


async def _resources(call: Call) -> Answer:
    model.check_subscription(call.world, call.who, call.params["subscription"])
    return _list(call, f"/subscriptions/{call.params['subscription']}")


async def _resources_of_group(call: Call) -> Answer:
    return _list(call, f"/subscriptions/{call.params['subscription']}/resourceGroups/{call.params['group']}")


def _list(call: Call, scope: str) -> Answer:
    passes = filters.parse(call.query.get("$filter"))
    return page(call, [r for r in model.resources(call.world, call.who, scope) if passes(r)])


async def _groups(call: Call) -> Answer:
    model.check_subscription(call.world, call.who, call.params["subscription"])
    passes = filters.parse(call.query.get("$filter"))
    return page(call, [g for g in model.groups(call.world, call.who, call.params["subscription"]) if passes(g)])


async def _group(call: Call) -> Answer:
    return Answer(_group_at(call))


async def _group_exists(call: Call) -> Answer:
    return Answer(status=204 if call.world.get("resource", call.path) is not None else 404)


async def _put_group(call: Call) -> Answer:
    name, body = call.params["group"], call.json()
    if not _GROUP_NAME.fullmatch(name):
        raise AzureError(400, "InvalidResourceGroup", f"The provided resource group name '{name}' is invalid.")
    location = body.get("location")
    if not isinstance(location, str) or not location:
        raise AzureError(400, "LocationRequired", "The location property is required for this definition.")
    existing = call.world.get("resource", call.path)
    if existing is not None and existing["location"].lower() != location.lower():
        raise AzureError(
            409,
            "InvalidResourceGroupLocation",
            f"Invalid resource group location '{location}'. The Resource group already exists in location "
            f"'{existing['location']}'.",
        )
    group = existing or {
        "id": f"/subscriptions/{call.params['subscription']}/resourceGroups/{name}",
        "name": name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": location,
        "properties": {"provisioningState": "Succeeded"},
    }
    group = {**group, "tags": body.get("tags") or {}}
    call.world.put("resource", group["id"], group)
    return Answer(group, 200 if existing else 201)


async def _patch_group(call: Call) -> Answer:
    group = _group_at(call)
    changed = {**group, "tags": call.json().get("tags", group.get("tags")) or {}}
    call.world.put("resource", group["id"], changed)
    return Answer(changed)


def _group_at(call: Call) -> Document:
    group = call.world.get("resource", call.path)
    if group is None:
        name = call.params["group"]
        raise AzureError(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")
    return group
