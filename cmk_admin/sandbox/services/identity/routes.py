"""The resource manager's paths of managed identities."""

from cmk_admin.sandbox.services.envelopes import merged_tags
from cmk_admin.sandbox.services.readable import readable
from cmk_admin.sandbox.state import Document
from cmk_admin.sandbox.wire import Answer, AzureError, Call, Routes

from . import model

# The newest is what azure-mgmt-msi 7.1 sends (2024-11-30) and az (2025-05-31-preview).
_VERSIONS = ("2015-08-31-preview", "2025-05-31")
_SUBSCRIPTION = "/subscriptions/{subscription}"
_GROUP = _SUBSCRIPTION + "/resourceGroups/{group}"
_COLLECTION = f"/providers/{model.TYPE}"
_IDENTITY = _GROUP + _COLLECTION + "/{name}"
_READ = f"{model.TYPE}/read"


def register(routes: Routes) -> None:
    """Put the paths into the table."""

    @routes.arm("GET", _IDENTITY, action=_READ, versions=_VERSIONS)
    async def get(call: Call) -> Answer:
        return Answer(_find(call))

    @routes.arm("PUT", _IDENTITY, action=f"{model.TYPE}/write", versions=_VERSIONS)
    async def put(call: Call) -> Answer:
        body, named = call.json(), call.params
        before = call.world.get("resource", _id(call))
        new = before is None
        if new and not body.get("location"):
            raise AzureError(400, "LocationRequired", "The location property is required for this definition.")
        resource = model.make_identity(
            call.world,
            subscription=named["subscription"],
            group=named["group"],
            name=named["name"],
            location=str(body.get("location") or "").replace(" ", "").lower(),
            tags=merged_tags(before or {}, body.get("tags")),
        )
        return Answer(resource, 201 if new else 200)

    @routes.arm("PATCH", _IDENTITY, action=f"{model.TYPE}/write", versions=_VERSIONS)
    async def patch(call: Call) -> Answer:
        before = _find(call)
        resource = {**before, "tags": merged_tags(before, call.json().get("tags"))}
        call.world.put("resource", resource["id"], resource)
        return Answer(resource)

    @routes.arm("DELETE", _IDENTITY, action=f"{model.TYPE}/delete", versions=_VERSIONS)
    async def delete(call: Call) -> Answer:
        there = call.world.get("resource", _id(call)) is not None
        model.delete_identity(call.world, _id(call))
        return Answer(status=200 if there else 204)

    @routes.arm("GET", _SUBSCRIPTION + _COLLECTION, action=None, versions=_VERSIONS)
    @routes.arm("GET", _GROUP + _COLLECTION, action=None, versions=_VERSIONS)
    async def listed(call: Call) -> Answer:
        return Answer({"value": readable(call, model.TYPE)})

    @routes.arm(
        "GET",
        "/{*scope}/providers/Microsoft.ManagedIdentity/identities/default",
        action="Microsoft.ManagedIdentity/identities/read",
        versions=_VERSIONS,
    )
    async def system_assigned(call: Call) -> Answer:
        scope = "/" + call.params["scope"]
        resource, principal = call.world.get("resource", scope), model.system_principal(call.world, scope)
        if resource is None or principal is None:
            raise AzureError(
                404, "ResourceNotFound", f"The resource '{scope}' has no system-assigned identity, or was not found."
            )
        return Answer(
            {
                "id": f"{resource['id']}/providers/Microsoft.ManagedIdentity/identities/default",
                "name": "default",
                "type": "Microsoft.ManagedIdentity/identities",
                "location": resource.get("location"),
                "tags": resource.get("tags") or {},
                "properties": {
                    "tenantId": call.world.tenant_id,
                    "principalId": principal["objectId"],
                    "clientId": principal["clientId"],
                    "clientSecretUrl": (
                        f"https://control-{resource.get('location')}.identity.azure.net{resource['id']}/credentials"
                        f"?tid={call.world.tenant_id}&oid={principal['objectId']}&aid={principal['clientId']}"
                    ),
                },
            }
        )


def _id(call: Call) -> str:
    return model.identity_id(call.params["subscription"], call.params["group"], call.params["name"])


def _find(call: Call) -> Document:
    resource = call.world.get("resource", _id(call))
    if resource is None:
        named = call.params
        raise AzureError(
            404,
            "ResourceNotFound",
            f"The Resource '{model.TYPE}/{named['name']}' under resource group '{named['group']}' was not found. For more "
            "details please go to https://aka.ms/ARMResourceNotFoundFix",
        )
    return resource
