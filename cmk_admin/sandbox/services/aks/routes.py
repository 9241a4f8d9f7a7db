"""Managed clusters on the wire."""

from typing import Any

from cmk_admin.sandbox import operations
from cmk_admin.sandbox.consumers import CLUSTER
from cmk_admin.sandbox.services import envelopes
from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import Answer, AzureError, Call, Routes

from . import commands, kms, model, power

_TYPE = model.TYPE
_VERSIONS = ("2020-09-01", "2026-08-01")
# No time is documented for a change of settings. Azure seconds.
UPDATE_SECONDS = 120.0
_WORK = "aks.update"


def register(routes: Routes) -> None:
    """Register the clusters' routes."""
    of_group = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{_TYPE}"
    action = f"{_TYPE}/read"
    routes.arm("GET", f"/subscriptions/{{subscription}}/providers/{_TYPE}", action=action, versions=_VERSIONS)(_list)
    routes.arm("GET", of_group, action=action, versions=_VERSIONS)(_list)
    routes.arm("GET", of_group + "/{name}", action=action, versions=_VERSIONS)(_get)
    routes.arm("PUT", of_group + "/{name}", action=f"{_TYPE}/write", versions=_VERSIONS)(_put)
    operations.register_work(_WORK, _update)
    power.register(routes, of_group + "/{name}", _TYPE, _VERSIONS)
    commands.register(routes, of_group + "/{name}", _TYPE, _VERSIONS)


async def _list(call: Call) -> Answer:
    return envelopes.listing(call, CLUSTER)


async def _get(call: Call) -> Answer:
    return _answer(envelopes.find(call, _TYPE))


def _answer(cluster: Document, status: int = 200) -> Answer:
    return Answer(cluster, status, {"ETag": cluster["eTag"]})


async def _put(call: Call) -> Answer:
    world, body = call.world, call.json()
    before = world.get("resource", envelopes.resource_id(call, _TYPE))
    if before is None:
        raise AzureError(
            400, "OperationNotAllowed", "Clusters are not created here; only those that exist are changed."
        )
    call.changes = envelopes.changed_paths(before, body)
    model.check_state(before)
    wanted = call.headers.get("If-Match")
    if wanted not in (None, "*", before["eTag"], f'"{before["eTag"]}"'):
        raise AzureError(412, "PreconditionFailed", f"The etag of the cluster is '{before['eTag']}', not '{wanted}'.")
    properties = envelopes.block(body, "properties")
    after = model.changed(world, call.who.object_id, before, body, properties)
    kms.check(world, before, after, call.query.get("api-version", ""))
    shown = model.put(world, {**after, "properties": {**after["properties"], "provisioningState": "Updating"}})
    data = {"cluster": before["id"], "after": after, "before": before}
    return operations.start(
        call, resource_id=before["id"], seconds=UPDATE_SECONDS, work=_WORK, data=data, body=shown, status=200
    )


async def _update(world: World, data: dict[str, Any]) -> None:
    try:
        before, after = data["before"], data["after"]
        if (kms.settings_of(before), before["identity"]) != (kms.settings_of(after), after["identity"]):
            kms.settle(world, after)
    except AzureError:
        model.put(world, data["before"])
        raise
    model.put(world, data["after"])
