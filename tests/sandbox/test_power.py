"""Stopping and starting: what is stopped asks for no key, and what starts asks before it runs."""

from datetime import UTC, datetime, timedelta
from typing import Any

from azure.mgmt.containerservice import ContainerServiceClient

from . import living
from .living import AKS_VERSION, COMPUTE_VERSION, FLEXIBLE_VERSION
from .running import Running


def act(sandbox: Running, consumer: str, action: str, version: str = FLEXIBLE_VERSION) -> Any:
    return sandbox.arm("POST", f"{living.row(sandbox, consumer)['consumer_id']}/{action}", version)


def state(sandbox: Running, consumer: str = "dcc-mysql") -> str:
    return str(living.flexible(sandbox, consumer)["state"])


def takes_connections(sandbox: Running, consumer: str = "dcc-mysql") -> bool:
    found = sandbox.control("GET", "connections")
    (one,) = [one for one in found if one["consumer_id"].endswith(f"/{consumer}")]
    return bool(one["accepted"])


def cluster(sandbox: Running) -> dict[str, Any]:
    answer = sandbox.arm("GET", living.row(sandbox, "dcc-aks")["consumer_id"], AKS_VERSION)
    return dict(answer.json()["properties"])


def scale_set(sandbox: Running) -> str:
    subscription = living.row(sandbox, "dcc-aks")["consumer_id"].split("/")[2]
    path = f"/subscriptions/{subscription}/providers/Microsoft.Compute/virtualMachineScaleSets"
    (found,) = sandbox.arm("GET", path, COMPUTE_VERSION).json()["value"]
    return str(found["id"])


def powers(sandbox: Running) -> dict[str, int]:
    view = sandbox.arm("GET", f"{scale_set(sandbox)}/instanceView", COMPUTE_VERSION).json()
    counted = {one["code"]: one["count"] for one in view["virtualMachine"]["statusesSummary"]}
    return {code.removeprefix("PowerState/"): n for code, n in counted.items() if code.startswith("PowerState/")}


def test_a_server_stops_and_starts_with_every_state_in_between(sandbox: Running) -> None:
    stopping = act(sandbox, "dcc-mysql", "stop")
    assert (stopping.status_code, state(sandbox)) == (202, "Stopping")
    assert living.finish(sandbox, stopping)["status"] == "Succeeded"
    assert (state(sandbox), takes_connections(sandbox)) == ("Stopped", False)
    starting = act(sandbox, "dcc-mysql", "start")
    assert (starting.status_code, state(sandbox)) == (202, "Starting")
    assert living.finish(sandbox, starting)["status"] == "Succeeded"
    assert (state(sandbox), takes_connections(sandbox)) == ("Ready", True)


def test_a_stopped_server_is_no_witness_of_a_lost_key_and_does_not_start_without_it(sandbox: Running) -> None:
    living.finish(sandbox, act(sandbox, "dcc-mysql", "stop"))
    taken = living.take_grants(sandbox, "dcc-mysql")
    sandbox.advance(3600)
    living.settled(sandbox)
    assert state(sandbox) == "Stopped"
    failed = living.finish(sandbox, act(sandbox, "dcc-mysql", "start"))
    assert (failed["status"], failed["error"]["code"]) == ("Failed", "AzureKeyVaultMissingPermissions")
    assert state(sandbox) == "Inaccessible"
    living.give_grants(sandbox, taken)
    sandbox.advance(600)
    encryption = {"properties": {"dataEncryption": living.flexible(sandbox, "dcc-mysql")["dataEncryption"]}}
    server = living.row(sandbox, "dcc-mysql")["consumer_id"]
    answer = sandbox.arm("PATCH", server, FLEXIBLE_VERSION, json=encryption)
    assert living.finish(sandbox, answer)["status"] == "Succeeded"
    assert (state(sandbox), takes_connections(sandbox)) == ("Ready", True)


def test_a_server_is_stopped_only_when_ready_and_started_only_when_stopped(sandbox: Running) -> None:
    refused = act(sandbox, "dcc-mysql", "start")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "ServerUnavailableForOperation")
    assert "currently in state 'Ready'" in refused.json()["error"]["message"]
    stopping = act(sandbox, "dcc-mysql", "stop")
    assert act(sandbox, "dcc-mysql", "stop").status_code == 409
    living.finish(sandbox, stopping)
    assert act(sandbox, "dcc-mysql", "stop").status_code == 409


def test_a_cluster_stops_with_its_machines_and_starts_with_them(sandbox: Running) -> None:
    stopping = act(sandbox, "dcc-aks", "stop", AKS_VERSION)
    assert (stopping.status_code, cluster(sandbox)["provisioningState"]) == (202, "Stopping")
    assert living.finish(sandbox, stopping)["status"] == "Succeeded"
    assert (cluster(sandbox)["powerState"], cluster(sandbox)["provisioningState"]) == ({"code": "Stopped"}, "Succeeded")
    assert powers(sandbox) == {"deallocated": 3}
    refused = act(sandbox, "dcc-aks", "stop", AKS_VERSION)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "OperationNotAllowed")
    assert living.finish(sandbox, act(sandbox, "dcc-aks", "start", AKS_VERSION))["status"] == "Succeeded"
    assert cluster(sandbox)["powerState"] == {"code": "Running"}
    assert powers(sandbox) == {"running": 3}


def test_a_cluster_does_not_start_while_its_disks_key_refuses(sandbox: Running) -> None:
    living.finish(sandbox, act(sandbox, "dcc-aks", "stop", AKS_VERSION))
    living.set_enabled(sandbox, "dcc-des", enabled=False)
    failed = living.finish(sandbox, act(sandbox, "dcc-aks", "start", AKS_VERSION))
    assert (failed["status"], failed["error"]["code"]) == ("Failed", "KeyVaultKeyNotEnabled")
    assert (cluster(sandbox)["powerState"], cluster(sandbox)["provisioningState"]) == ({"code": "Stopped"}, "Failed")
    living.set_enabled(sandbox, "dcc-des", enabled=True)
    assert living.finish(sandbox, act(sandbox, "dcc-aks", "start", AKS_VERSION))["status"] == "Succeeded"
    assert powers(sandbox) == {"running": 3}


def test_machines_are_deallocated_one_or_all(sandbox: Running) -> None:
    one = sandbox.arm("POST", f"{scale_set(sandbox)}/virtualMachines/0/deallocate", COMPUTE_VERSION)
    assert one.status_code == 202
    living.finish(sandbox, one)
    assert powers(sandbox) == {"deallocated": 1, "running": 2}
    living.finish(sandbox, sandbox.arm("POST", f"{scale_set(sandbox)}/deallocate", COMPUTE_VERSION))
    assert powers(sandbox) == {"deallocated": 3}


def test_microsofts_client_stops_a_cluster(sandbox: Running) -> None:
    group, name = (living.row(sandbox, "dcc-aks")["consumer_id"].split("/")[part] for part in (4, 8))
    subscription = living.row(sandbox, "dcc-aks")["consumer_id"].split("/")[2]
    with ContainerServiceClient(sandbox.credential(), subscription, **sandbox.options) as client:
        poller = client.managed_clusters.begin_stop(group, name)
        sandbox.advance(300)
        poller.result()
    assert cluster(sandbox)["powerState"] == {"code": "Stopped"}


def test_the_activity_log_tells_a_stop_under_its_answers_correlation(sandbox: Running) -> None:
    stopping = act(sandbox, "dcc-mysql", "stop")
    living.finish(sandbox, stopping)
    sandbox.advance(60)
    server = living.row(sandbox, "dcc-mysql")["consumer_id"]
    path = f"/subscriptions/{server.split('/')[2]}/providers/Microsoft.Insights/eventtypes/management/values"
    correlation = stopping.headers["x-ms-correlation-request-id"]
    start = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    since = f"eventTimestamp ge '{start}' and correlationId eq '{correlation}'"
    answer = sandbox.arm("GET", path, "2015-04-01", params={"$filter": since})
    assert answer.status_code == 200, answer.text
    events = answer.json()["value"]
    assert {one["operationName"]["value"] for one in events} == {"Microsoft.DBforMySQL/flexibleServers/stop/action"}
    assert [one["status"]["value"] for one in events] == ["Succeeded", "Accepted"]
    assert all(one["caller"] and one["eventTimestamp"] for one in events)
