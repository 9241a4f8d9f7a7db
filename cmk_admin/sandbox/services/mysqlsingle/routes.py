"""MySQL single servers on the wire: read, and their server keys in full."""

from typing import Any
from urllib.parse import unquote

from cmk_admin.sandbox import operations
from cmk_admin.sandbox.consumers import CHILD, SINGLE, SINGLE_KEY
from cmk_admin.sandbox.services import envelopes
from cmk_admin.sandbox.state import World
from cmk_admin.sandbox.wire import Answer, AzureError, Call, Routes

from . import model

_VERSIONS = ("2017-12-01", "2020-01-01")
_READ = f"{SINGLE}/read"
# As for flexible servers: no time is documented. Azure seconds.
UPDATE_SECONDS = 30.0
_PUT_WORK, _DELETE_WORK = "mysql-single.put-key", "mysql-single.delete-key"


def register(routes: Routes) -> None:
    """Register the servers' routes."""
    of_subscription = f"/subscriptions/{{subscription}}/providers/{SINGLE}"
    of_group = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{SINGLE}"
    server = of_group + "/{name}"
    key = server + "/keys/{key}"
    routes.arm("GET", of_subscription, action=_READ, versions=_VERSIONS)(_list)
    routes.arm("GET", of_group, action=_READ, versions=_VERSIONS)(_list)
    routes.arm("GET", server, action=_READ, versions=_VERSIONS)(_get)
    routes.arm("GET", server + "/keys", action=f"{SINGLE_KEY}/read", versions=_VERSIONS)(_list_keys)
    routes.arm("GET", key, action=f"{SINGLE_KEY}/read", versions=_VERSIONS)(_get_key)
    routes.arm("PUT", key, action=f"{SINGLE_KEY}/write", versions=_VERSIONS)(_put_key)
    routes.arm("DELETE", key, action=f"{SINGLE_KEY}/delete", versions=_VERSIONS)(_delete_key)
    operations.register_work(_PUT_WORK, _put_work)
    operations.register_work(_DELETE_WORK, _delete_work)


async def _list(call: Call) -> Answer:
    return envelopes.listing(call, SINGLE)


async def _get(call: Call) -> Answer:
    return Answer(envelopes.find(call, SINGLE))


async def _list_keys(call: Call) -> Answer:
    return envelopes.values(model.keys_of(call.world, envelopes.find(call, SINGLE)["id"]))


async def _get_key(call: Call) -> Answer:
    server = envelopes.find(call, SINGLE)
    key = call.world.get(CHILD, f"{server['id']}/keys/{call.params['key']}")
    if key is None:
        raise AzureError(
            404,
            "ResourceNotFound",
            f"The requested resource of type '{SINGLE_KEY}' with name '{call.params['key']}' was not found.",
        )
    return Answer(key)


async def _put_key(call: Call) -> Answer:
    server = envelopes.find(call, SINGLE)
    envelopes.refuse_busy(call.world, server)
    model.check_server(server)
    properties = envelopes.block(call.json(), "properties")
    if str(properties.get("serverKeyType")).lower() != "azurekeyvault":
        raise AzureError(400, "InvalidKeyType", "The create server key type is not supported.")
    uri = properties.get("uri")
    if not isinstance(uri, str):
        raise AzureError(400, "InvalidKeyUri", "The create server key request has no Key Vault uri.")
    wanted = model.key_name(uri)
    if unquote(call.params["key"]).lower() != wanted.lower():
        raise AzureError(
            400,
            "InvalidKeyName",
            f"The server key name '{call.params['key']}' is not valid. It must be '{wanted}': vault, key and version.",
        )
    data = {"server": server["id"], "uri": uri}
    started = {"operation": "UpsertServerKeyManagementOperation", "startTime": call.world.clock.now().isoformat()}
    return operations.start(
        call, resource_id=server["id"], seconds=UPDATE_SECONDS, work=_PUT_WORK, data=data, body=started
    )


async def _delete_key(call: Call) -> Answer:
    server = envelopes.find(call, SINGLE)
    envelopes.refuse_busy(call.world, server)
    if call.world.get(CHILD, f"{server['id']}/keys/{call.params['key']}") is None:
        return Answer(status=204)
    data = {"server": server["id"], "name": call.params["key"]}
    return operations.start(call, resource_id=server["id"], seconds=UPDATE_SECONDS, work=_DELETE_WORK, data=data)


async def _put_work(world: World, data: dict[str, Any]) -> None:
    model.settle(world, data["server"], data["uri"])


async def _delete_work(world: World, data: dict[str, Any]) -> None:
    model.remove_key(world, data["server"], data["name"])
