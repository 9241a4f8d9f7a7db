"""Disk encryption sets, and the machines that stop an hour after their key is gone and need a start when it is back."""

from typing import Any

from azure.mgmt.compute import ComputeManagementClient

from . import living
from .living import COMPUTE_VERSION
from .running import Running


def set_id(sandbox: Running, name: str = "dcc-des") -> str:
    return str(living.row(sandbox, name)["consumer_id"])


def scale_set_id(sandbox: Running) -> str:
    subscription = set_id(sandbox).split("/")[2]
    path = f"/subscriptions/{subscription}/providers/Microsoft.Compute/virtualMachineScaleSets"
    (found,) = sandbox.arm("GET", path, COMPUTE_VERSION).json()["value"]
    return str(found["id"])


def powers(sandbox: Running) -> dict[str, int]:
    view = sandbox.arm("GET", scale_set_id(sandbox) + "/instanceView", COMPUTE_VERSION).json()
    summary = {one["code"]: one["count"] for one in view["virtualMachine"]["statusesSummary"]}
    return {code.removeprefix("PowerState/"): n for code, n in summary.items() if code.startswith("PowerState/")}


def start(sandbox: Running, body: Any = None) -> dict[str, Any]:
    options = {"json": body} if body is not None else {}
    return living.finish(sandbox, sandbox.arm("POST", scale_set_id(sandbox) + "/start", COMPUTE_VERSION, **options))


def stopped(sandbox: Running) -> bool:
    return powers(sandbox) == {"deallocated": 3}


def put(sandbox: Running, name: str, active: dict[str, Any]) -> Any:
    body = sandbox.arm("GET", set_id(sandbox, name), COMPUTE_VERSION).json()
    body["properties"] = {**body["properties"], "activeKey": active}
    return sandbox.arm("PUT", body["id"], COMPUTE_VERSION, json=body)


def test_machines_stop_about_an_hour_after_the_key_is_lost(sandbox: Running) -> None:
    assert powers(sandbox) == {"running": 3}
    living.set_enabled(sandbox, "dcc-des", enabled=False)
    sandbox.advance(3000)
    living.settled(sandbox)
    assert powers(sandbox) == {"running": 3}
    assert sandbox.arm("GET", set_id(sandbox), COMPUTE_VERSION).json()["properties"]["provisioningState"] == "Succeeded"
    sandbox.advance(1200)
    assert living.until(lambda: stopped(sandbox))


def test_one_long_push_of_the_clock_stops_machines_too(sandbox: Running) -> None:
    living.take_grants(sandbox, "dcc-des")
    sandbox.advance(2 * 3600)
    assert living.until(lambda: stopped(sandbox))


def test_a_key_that_is_back_within_the_hour_stops_no_machine(sandbox: Running) -> None:
    living.set_enabled(sandbox, "dcc-des", enabled=False)
    sandbox.advance(1800)
    assert living.until(lambda: sandbox.world.get("life", set_id(sandbox))["lost"] is not None)  # type: ignore[index]
    living.set_enabled(sandbox, "dcc-des", enabled=True)
    sandbox.advance(7200)
    living.settled(sandbox)
    assert powers(sandbox) == {"running": 3}


def test_stopped_machines_start_only_once_the_key_is_back_and_only_when_told(sandbox: Running) -> None:
    living.set_enabled(sandbox, "dcc-des", enabled=False)
    sandbox.advance(5000)
    assert living.until(lambda: stopped(sandbox))
    refused = start(sandbox)
    assert refused["error"]["code"] == "KeyVaultKeyNotEnabled"
    living.set_enabled(sandbox, "dcc-des", enabled=True)
    sandbox.advance(3600)
    living.settled(sandbox)
    assert stopped(sandbox)
    assert start(sandbox, {"instanceIds": ["0"]})["status"] == "Succeeded"
    assert powers(sandbox) == {"running": 1, "deallocated": 2}
    assert start(sandbox)["status"] == "Succeeded"
    assert powers(sandbox) == {"running": 3}


def test_other_services_keys_leave_the_machines_alone(sandbox: Running) -> None:
    living.set_enabled(sandbox, "dcc-mysql", enabled=False)
    sandbox.advance(8000)
    living.settled(sandbox)
    assert powers(sandbox) == {"running": 3}


def test_each_machine_shows_its_own_power_state(sandbox: Running) -> None:
    path = scale_set_id(sandbox) + "/virtualMachines"
    machines = sandbox.arm("GET", path, COMPUTE_VERSION, params={"$expand": "instanceView"}).json()["value"]
    assert [machine["instanceId"] for machine in machines] == ["0", "1", "2"]
    codes = [status["code"] for status in machines[0]["properties"]["instanceView"]["statuses"]]
    assert codes == ["ProvisioningState/succeeded", "PowerState/running"]
    assert sandbox.arm("GET", f"{path}/1/instanceView", COMPUTE_VERSION).json()["statuses"][1]["code"] == codes[1]
    assert "power" not in sandbox.arm("GET", f"{path}/1", COMPUTE_VERSION).json()
    assert sandbox.arm("GET", f"{path}/7", COMPUTE_VERSION).status_code == 404


def test_a_set_names_what_hangs_on_it(sandbox: Running) -> None:
    found = sandbox.arm("GET", set_id(sandbox) + "/associatedResources", COMPUTE_VERSION).json()["value"]
    assert len(found) == 5
    assert all("/providers/Microsoft.Compute/disks/" in one for one in found)


def test_rotation_needs_a_key_that_the_sets_identity_can_use(sandbox: Running) -> None:
    old = sandbox.arm("GET", set_id(sandbox, "dcc-des-old"), COMPUTE_VERSION).json()["properties"]["activeKey"]
    versions = sandbox.vault("GET", "dcc-lab", "/keys/rotated-key/versions").json()["value"]
    assert len(versions) == 3
    current = sandbox.vault("GET", "dcc-lab", "/keys/rotated-key").json()["key"]["kid"]
    begun = put(sandbox, "dcc-des-old", {**old, "keyUrl": current})
    during = sandbox.arm("GET", set_id(sandbox, "dcc-des-old"), COMPUTE_VERSION).json()["properties"]
    assert during["previousKeys"] == [old]
    assert {"primary", "previous"} <= {one["slot"] for one in sandbox.control("GET", "truth")}
    # The DEK was wrapped by the version that is disabled; the set still has it in its memory.
    assert living.finish(sandbox, begun)["status"] == "Succeeded"
    assert living.row(sandbox, "dcc-des-old")["problems"] == []

    foreign = living.row(sandbox, "dcc-mysql")["key_id"]
    failed = living.finish(sandbox, put(sandbox, "dcc-des-old", {"keyUrl": foreign}))
    assert failed["error"]["code"] == "KeyVaultAccessForbidden"
    assert living.row(sandbox, "dcc-des-old")["key_id"] == current


def test_a_key_without_version_and_a_source_vault_of_another_subscription_are_refused(sandbox: Running) -> None:
    active = sandbox.arm("GET", set_id(sandbox), COMPUTE_VERSION).json()["properties"]["activeKey"]
    bare = {**active, "keyUrl": active["keyUrl"].rsplit("/", 1)[0]}
    elsewhere = {**active, "sourceVault": {"id": "/subscriptions/other/x"}}
    for wrong in (bare, elsewhere, {"keyUrl": 5}, {**active, "sourceVault": "x"}):
        answer = put(sandbox, "dcc-des", wrong)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidParameter")


def test_the_rotation_flag_is_kept(sandbox: Running) -> None:
    body = {"properties": {"rotationToLatestKeyVersionEnabled": True}}
    begun = sandbox.arm("PATCH", set_id(sandbox), COMPUTE_VERSION, json=body)
    assert living.finish(sandbox, begun)["status"] == "Succeeded"
    properties = sandbox.arm("GET", set_id(sandbox), COMPUTE_VERSION).json()["properties"]
    assert properties["rotationToLatestKeyVersionEnabled"] is True
    assert "previousKeys" not in properties


def test_a_new_set_gets_an_identity_of_its_own(sandbox: Running) -> None:
    made_at = set_id(sandbox) + "-new"
    active = sandbox.arm("GET", set_id(sandbox), COMPUTE_VERSION).json()["properties"]["activeKey"]
    body = {"location": "westeurope", "identity": {"type": "SystemAssigned"}, "properties": {"activeKey": active}}
    begun = sandbox.arm("PUT", made_at, COMPUTE_VERSION, json=body)
    assert living.finish(sandbox, begun)["status"] == "Succeeded"
    made = sandbox.arm("GET", made_at, COMPUTE_VERSION).json()
    assert made["properties"]["provisioningState"] == "Succeeded"
    assert sandbox.world.get("principal", made["identity"]["principalId"]) is not None
    assert living.row(sandbox, "dcc-des-new")["role_assignment_scope"] == []


def test_the_real_sdk_reads_sets_disks_and_power(sandbox: Running) -> None:
    _, _, subscription, _, group, *_ = set_id(sandbox).split("/")
    with ComputeManagementClient(sandbox.credential(), subscription, **sandbox.options) as client:
        disk_set = client.disk_encryption_sets.get(group, "dcc-des")
        assert disk_set.active_key is not None
        assert disk_set.active_key.key_url == living.row(sandbox, "dcc-des")["key_id"]
        assert len(list(client.disk_encryption_sets.list_associated_resources(group, "dcc-des"))) == 5
        assert len(list(client.disks.list())) == 2
        (scale_set,) = client.virtual_machine_scale_sets.list_all()
        _, _, _, _, nodes, *_ = str(scale_set.id).split("/")
        view = client.virtual_machine_scale_sets.get_instance_view(nodes, str(scale_set.name))
        assert {status.code for status in view.virtual_machine.statuses_summary} == {  # type: ignore[union-attr]
            "ProvisioningState/succeeded",
            "PowerState/running",
        }
