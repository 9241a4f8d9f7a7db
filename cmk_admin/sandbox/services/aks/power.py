"""Stopping and starting clusters: control plane and nodes together, as Azure documents it (AKSD start-stop-cluster.md)."""

from typing import Any

from cmk_admin.sandbox import life, operations
from cmk_admin.sandbox.consumers import SCALE_SET
from cmk_admin.sandbox.services import envelopes
from cmk_admin.sandbox.services.compute import model as compute
from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import Answer, AzureError, Call, Routes

from . import model

# Azure names no times. Azure seconds.
STOP_SECONDS, START_SECONDS = 120.0, 180.0
_STOP, _START = "aks.stop", "aks.start"
# A start that found no key leaves the cluster stopped, and may be tried again.
_AT_REST = ("Succeeded", "Failed")


def register(routes: Routes, cluster: str, kind: str, versions: tuple[str, str]) -> None:
    """Register the two actions below a cluster's template."""
    routes.arm("POST", cluster + "/stop", action=f"{kind}/stop/action", versions=versions)(_stop)
    routes.arm("POST", cluster + "/start", action=f"{kind}/start/action", versions=versions)(_start)
    operations.register_work(_STOP, _stop_work)
    operations.register_work(_START, _start_work)


async def _stop(call: Call) -> Answer:
    return _begin(call, wanted="Running", shown="Stopping", seconds=STOP_SECONDS, work=_STOP)


async def _start(call: Call) -> Answer:
    return _begin(call, wanted="Stopped", shown="Starting", seconds=START_SECONDS, work=_START)


def _begin(call: Call, *, wanted: str, shown: str, seconds: float, work: str) -> Answer:
    """Accept the action. Raises AzureError 409 in another power state, or while something is under way."""
    cluster = envelopes.find(call, model.TYPE)
    properties = cluster["properties"]
    state, power = properties["provisioningState"], properties["powerState"]["code"]
    if power != wanted or state not in _AT_REST:
        raise AzureError(
            409,
            "OperationNotAllowed",
            f"managed cluster is in Provisioning State({state}) and Power State({power}), the operation cannot be performed "
            f"until it is Succeeded and {wanted}.",
        )
    model.put(call.world, {**cluster, "properties": {**properties, "provisioningState": shown}})
    return operations.start(
        call, resource_id=cluster["id"], seconds=seconds, work=work, data={"cluster": cluster["id"]}
    )


async def _stop_work(world: World, data: dict[str, Any]) -> None:
    cluster = world.get("resource", data["cluster"])
    if cluster is None:
        return
    for scale_set in _scale_sets(world, cluster):
        compute.deallocate(world, scale_set["id"], None)
    _show(world, cluster, "Succeeded", "Stopped")
    life.rest(world, cluster["id"])


async def _start_work(world: World, data: dict[str, Any]) -> None:
    cluster = world.get("resource", data["cluster"])
    if cluster is None:
        return
    try:
        refusal = life.wake(world, cluster["id"])
        if refusal is not None:
            raise refusal
        for scale_set in _scale_sets(world, cluster):
            compute.start(world, scale_set["id"], None)
    except AzureError:
        _show(world, cluster, "Failed", "Stopped")
        raise
    _show(world, cluster, "Succeeded", "Running")


def _show(world: World, cluster: Document, state: str, power: str) -> None:
    pools = [{**pool, "powerState": {"code": power}} for pool in cluster["properties"]["agentPoolProfiles"]]
    shown = {"provisioningState": state, "powerState": {"code": power}, "agentPoolProfiles": pools}
    model.put(world, {**cluster, "properties": {**cluster["properties"], **shown}})


def _scale_sets(world: World, cluster: Document) -> list[Document]:
    """The scale sets in a cluster's node resource group."""
    parts = cluster["id"].split("/")
    prefix = f"/subscriptions/{parts[2]}/resourceGroups/{cluster['properties']['nodeResourceGroup']}/".lower()
    return [
        resource
        for key, resource in world.items("resource")
        if key.startswith(prefix) and resource["type"] == SCALE_SET
    ]
