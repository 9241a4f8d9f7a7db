"""MySQL flexible servers on the wire."""

from typing import Any

from cmk_admin.sandbox import life, operations
from cmk_admin.sandbox.consumers import FLEXIBLE
from cmk_admin.sandbox.services import envelopes
from cmk_admin.sandbox.state import World
from cmk_admin.sandbox.wire import Answer, AzureError, Call, Routes

from . import model, power, settings

_VERSIONS = ("2021-05-01", "2025-06-01-preview")
_READ, _WRITE = f"{FLEXIBLE}/read", f"{FLEXIBLE}/write"
# Azure names no time for a change of key; that it takes a while is what callers must be able to bear. Azure seconds.
UPDATE_SECONDS = 30.0
_WORK = "mysql-flexible.update"
# The editions and sizes that the capabilities answer names: what servers of the scenarios run on.
_SIZES = (("Standard_D2ds_v4", 2, 3200), ("Standard_D4ds_v4", 4, 6400))


def register(routes: Routes) -> None:
    """Register the servers' routes."""
    of_subscription = f"/subscriptions/{{subscription}}/providers/{FLEXIBLE}"
    of_group = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{FLEXIBLE}"
    server = of_group + "/{name}"
    location = "/subscriptions/{subscription}/providers/Microsoft.DBforMySQL/locations/{location}"
    routes.arm("GET", of_subscription, action=_READ, versions=_VERSIONS)(_list)
    routes.arm("GET", of_group, action=_READ, versions=_VERSIONS)(_list)
    routes.arm("GET", server, action=_READ, versions=_VERSIONS)(_get)
    routes.arm("PATCH", server, action=_WRITE, versions=_VERSIONS)(_patch)
    routes.arm("GET", server + "/replicas", action=f"{FLEXIBLE}/replicas/read", versions=_VERSIONS)(_replicas)
    capabilities = "Microsoft.DBforMySQL/locations/capabilities/read"
    routes.arm("GET", location + "/capabilities", action=capabilities, versions=_VERSIONS)(_capabilities)
    operations.register_work(_WORK, _update)
    power.register(routes, server, _VERSIONS)


async def _list(call: Call) -> Answer:
    return envelopes.listing(call, FLEXIBLE)


async def _get(call: Call) -> Answer:
    return Answer(envelopes.find(call, FLEXIBLE))


async def _patch(call: Call) -> Answer:
    server = envelopes.find(call, FLEXIBLE)
    envelopes.refuse_busy(call.world, server)
    body = call.json()
    properties = envelopes.block(body, "properties")
    name = settings.changed(server, body, properties)
    if name is not None:
        raise AzureError(
            400, "InvalidParameterValue", f"Invalid value given for parameter {name}. Specify a valid parameter value."
        )
    identity = model.identities_after(call.world, call.who.object_id, server.get("identity"), body.get("identity"))
    if properties.get("dataEncryption") is not None:
        model.check_state(server)
    encryption = model.encryption_after(server, identity, properties.get("dataEncryption"))
    before = server["properties"]["state"]
    call.world.put("resource", server["id"], {**server, "tags": envelopes.merged_tags(server, body.get("tags"))})
    life.set_property(call.world, server["id"], "state", "Updating")
    data = {
        "server": server["id"],
        "identity": identity,
        "encryption": encryption,
        "changes": "dataEncryption" in properties,
        "before": before,
    }
    started = {"operation": "UpdateServerManagementOperation", "startTime": call.world.clock.now().isoformat()}
    return operations.start(call, resource_id=server["id"], seconds=UPDATE_SECONDS, work=_WORK, data=data, body=started)


async def _update(world: World, data: dict[str, Any]) -> None:
    try:
        if data["changes"]:
            model.settle(world, data["server"], data["identity"], data["encryption"])
        else:
            model.set_identity(world, data["server"], data["identity"])
            life.set_property(world, data["server"], "state", data["before"])
    except AzureError:
        life.set_property(world, data["server"], "state", data["before"])
        raise


async def _replicas(call: Call) -> Answer:
    source = envelopes.find(call, FLEXIBLE)["id"].lower()
    return envelopes.values(
        [
            server
            for _, server in call.world.items("resource")
            if server["type"] == FLEXIBLE and str(server["properties"].get("sourceServerResourceId")).lower() == source
        ]
    )


async def _capabilities(call: Call) -> Answer:
    sizes = [
        {"name": name, "vCores": cores, "supportedIops": iops, "supportedMemoryPerVCoreMB": 4096}
        for name, cores, iops in _SIZES
    ]
    storage = {
        "name": "Premium",
        "minStorageSize": 20480,
        "maxStorageSize": 16777216,
        "minBackupRetentionDays": 1,
        "maxBackupRetentionDays": 35,
    }
    edition = {
        "name": "GeneralPurpose",
        "supportedStorageEditions": [storage],
        "supportedServerVersions": [{"name": "8.0.21", "supportedSkus": sizes}],
    }
    return envelopes.values(
        [
            {
                "zone": "1",
                "supportedHAMode": ["SameZone"],
                "supportedGeoBackupRegions": [],
                "supportedFlexibleServerEditions": [edition],
            }
        ]
    )
