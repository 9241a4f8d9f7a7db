"""Disk encryption sets, disks and scale sets on the wire."""

from typing import Any

from cmk_admin.sandbox import operations
from cmk_admin.sandbox.consumers import DISK, DISK_SET, SCALE_SET
from cmk_admin.sandbox.services import envelopes
from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import Answer, AzureError, Call, Routes

from . import model, requirements

_VERSIONS = ("2019-07-01", "2026-04-01")
_SCALE_SET_VERSIONS = ("2019-03-01", "2026-04-01")
# No time is documented for any; starting machines takes some minutes as everybody who has waited knows. Azure seconds.
UPDATE_SECONDS, START_SECONDS, DEALLOCATE_SECONDS = 20.0, 120.0, 60.0
_UPDATE_WORK, _START_WORK = "compute.disk-encryption-set", "compute.start"
_DEALLOCATE_WORK = "compute.deallocate"


def register(routes: Routes) -> None:
    """Register the routes of the compute provider."""
    for kind, versions in ((DISK_SET, _VERSIONS), (DISK, _VERSIONS), (SCALE_SET, _SCALE_SET_VERSIONS)):
        _register_reads(routes, kind, versions)
    disk_set = _of_group(DISK_SET) + "/{name}"
    for method in ("PUT", "PATCH"):
        routes.arm(method, disk_set, action=f"{DISK_SET}/write", versions=_VERSIONS)(_write_disk_set)
    routes.arm("DELETE", disk_set, action=f"{DISK_SET}/delete", versions=_VERSIONS)(_delete_disk_set)
    associated = disk_set + "/associatedResources"
    routes.arm("GET", associated, action=f"{DISK_SET}/read", versions=_VERSIONS)(_associated)
    scale_set, versions = _of_group(SCALE_SET) + "/{name}", _SCALE_SET_VERSIONS
    machine = scale_set + "/virtualMachines/{instance}"
    of_machine = f"{SCALE_SET}/virtualMachines"
    routes.arm("GET", scale_set + "/instanceView", action=f"{SCALE_SET}/instanceView/read", versions=versions)(_summary)
    routes.arm("GET", scale_set + "/virtualMachines", action=f"{of_machine}/read", versions=versions)(_machines)
    routes.arm("GET", machine, action=f"{of_machine}/read", versions=versions)(_machine)
    view = machine + "/instanceView"
    routes.arm("GET", view, action=f"{of_machine}/instanceView/read", versions=versions)(_instance_view)
    routes.arm("POST", scale_set + "/start", action=f"{SCALE_SET}/start/action", versions=versions)(_start)
    routes.arm("POST", machine + "/start", action=f"{of_machine}/start/action", versions=versions)(_start)
    deallocate = "/deallocate"
    routes.arm("POST", scale_set + deallocate, action=f"{SCALE_SET}{deallocate}/action", versions=versions)(_deallocate)
    routes.arm("POST", machine + deallocate, action=f"{of_machine}{deallocate}/action", versions=versions)(_deallocate)
    operations.register_work(_UPDATE_WORK, _update)
    operations.register_work(_DEALLOCATE_WORK, _deallocate_work)
    operations.register_work(_START_WORK, _start_work)


def _of_group(kind: str) -> str:
    return f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{kind}"


def _register_reads(routes: Routes, kind: str, versions: tuple[str, str]) -> None:
    async def get(call: Call) -> Answer:
        return Answer(envelopes.find(call, kind))

    async def listing(call: Call) -> Answer:
        return envelopes.listing(call, kind)

    action = f"{kind}/read"
    routes.arm("GET", _of_group(kind) + "/{name}", action=action, versions=versions)(get)
    routes.arm("GET", _of_group(kind), action=action, versions=versions)(listing)
    routes.arm("GET", f"/subscriptions/{{subscription}}/providers/{kind}", action=action, versions=versions)(listing)


async def _write_disk_set(call: Call) -> Answer:
    world, body = call.world, call.json()
    before = world.get("resource", envelopes.resource_id(call, DISK_SET))
    if before is None and call.method == "PATCH":
        envelopes.find(call, DISK_SET)
    if before is not None:
        envelopes.refuse_busy(world, before)
    wanted = envelopes.block(body, "properties")
    active = envelopes.block(wanted, "activeKey")
    if active:
        requirements.check_request(world, call.params["subscription"], active)
    if before is None:
        made = _create(call, body, active)
        return operations.start(
            call,
            resource_id=made["id"],
            seconds=UPDATE_SECONDS,
            work=_UPDATE_WORK,
            data={"set": made["id"], "activeKey": None, "rotation": None},
            body=made,
        )
    kind = requirements.check_encryption_type(wanted.get("encryptionType", before["properties"]["encryptionType"]))
    model.note_update(world, before, active, envelopes.merged_tags(before, body.get("tags")), kind)
    rotation = wanted.get("rotationToLatestKeyVersionEnabled")
    data = {"set": before["id"], "activeKey": active or None, "rotation": rotation, "before": before["properties"]}
    return operations.start(
        call,
        resource_id=before["id"],
        seconds=UPDATE_SECONDS,
        work=_UPDATE_WORK,
        data=data,
        body=world.get("resource", before["id"]),
    )


def _create(call: Call, body: Document, active: Document) -> Document:
    if not active:
        raise AzureError(400, "InvalidParameter", "Required parameter 'activeKey' is missing (null).")
    identity = str(envelopes.block(body, "identity").get("type", ""))
    if identity.lower() != "systemassigned":
        raise AzureError(400, "InvalidParameter", "The value of parameter identity.type is invalid.")
    if not isinstance(body.get("location"), str):
        raise AzureError(400, "LocationRequired", "The location property is required for this definition.")
    requirements.check_place(call.world, body["location"], active["keyUrl"])
    requirements.check_material(call.world, active["keyUrl"])
    wanted = envelopes.block(body, "properties")
    made = model.make_disk_set(
        call.world,
        subscription=call.params["subscription"],
        group=call.params["group"],
        name=call.params["name"],
        key_url=active["keyUrl"],
        source_vault=(active.get("sourceVault") or {}).get("id"),
        location=body["location"],
        tags=envelopes.merged_tags({}, body.get("tags")),
        encryption_type=requirements.check_encryption_type(wanted.get("encryptionType")),
        rotation=bool(wanted.get("rotationToLatestKeyVersionEnabled")),
    )
    return model.note_update(call.world, made, {}, made["tags"], made["properties"]["encryptionType"])


async def _update(world: World, data: dict[str, Any]) -> None:
    model.finish_update(world, data["set"], data["activeKey"], data["rotation"], data.get("before"))


async def _delete_disk_set(call: Call) -> Answer:
    disk_set = call.world.get("resource", envelopes.resource_id(call, DISK_SET))
    if disk_set is None:
        return Answer(status=204)
    envelopes.refuse_busy(call.world, disk_set)
    model.delete(call.world, disk_set)
    return Answer(status=200)


async def _associated(call: Call) -> Answer:
    return envelopes.values(model.associated(call.world, envelopes.find(call, DISK_SET)["id"]))


async def _summary(call: Call) -> Answer:
    return Answer(model.summary(model.machines_of(call.world, envelopes.find(call, SCALE_SET)["id"])))


async def _machines(call: Call) -> Answer:
    expand = call.query.get("$expand", "").lower() == "instanceview"
    machines = model.machines_of(call.world, envelopes.find(call, SCALE_SET)["id"])
    return envelopes.values([model.envelope(machine, expand=expand) for machine in machines])


async def _machine(call: Call) -> Answer:
    return Answer(model.envelope(_find_machine(call), expand=call.query.get("$expand", "").lower() == "instanceview"))


async def _instance_view(call: Call) -> Answer:
    return Answer(model.instance_view(_find_machine(call)))


def _find_machine(call: Call) -> Document:
    scale_set = envelopes.find(call, SCALE_SET)
    for machine in model.machines_of(call.world, scale_set["id"]):
        if machine["instanceId"] == call.params["instance"]:
            return machine
    raise AzureError(404, "NotFound", f"The entity {call.params['instance']} was not found in the scale set.")


async def _start(call: Call) -> Answer:
    scale_set, wanted = _named_machines(call)
    data = {"scaleSet": scale_set["id"], "instances": wanted}
    return operations.start(call, resource_id=scale_set["id"], seconds=START_SECONDS, work=_START_WORK, data=data)


async def _deallocate(call: Call) -> Answer:
    scale_set, wanted = _named_machines(call)
    data = {"scaleSet": scale_set["id"], "instances": wanted}
    return operations.start(
        call, resource_id=scale_set["id"], seconds=DEALLOCATE_SECONDS, work=_DEALLOCATE_WORK, data=data
    )


def _named_machines(call: Call) -> tuple[Document, list[str] | None]:
    """The path's scale set, and the instance ids that path or body name; None: all. Raises AzureError 400."""
    scale_set = envelopes.find(call, SCALE_SET)
    wanted: list[str] | None = None
    if "instance" in call.params:
        wanted = [_find_machine(call)["instanceId"]]
    elif call.body:
        named = call.json().get("instanceIds")
        if named is not None and (not isinstance(named, list) or any(not isinstance(one, str) for one in named)):
            raise AzureError(400, "InvalidParameter", "The value of parameter instanceIds is invalid.")
        wanted = None if named in (None, ["*"]) else named
    return scale_set, wanted


async def _start_work(world: World, data: dict[str, Any]) -> None:
    model.start(world, data["scaleSet"], data["instances"])


async def _deallocate_work(world: World, data: dict[str, Any]) -> None:
    model.deallocate(world, data["scaleSet"], data["instances"])
