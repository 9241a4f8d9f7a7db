"""MySQL servers lose their key, stop, and come back only when their key is back and they are told to try it again."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from azure.mgmt.mysqlflexibleservers import MySQLManagementClient
from azure.mgmt.mysqlflexibleservers.models import DataEncryption, ServerForUpdate

from . import living
from .living import FLEXIBLE_VERSION, SINGLE_KEYS_VERSION, SINGLE_VERSION
from .running import Running


def encryption_of(sandbox: Running, consumer: str) -> dict[str, Any]:
    return dict(living.flexible(sandbox, consumer)["dataEncryption"])


def revalidate(sandbox: Running, consumer: str) -> dict[str, Any]:
    body = {"properties": {"dataEncryption": encryption_of(sandbox, consumer)}}
    return living.finish(sandbox, patch(sandbox, consumer, body))


def patch(sandbox: Running, consumer: str, body: dict[str, Any]) -> Any:
    return sandbox.arm("PATCH", living.row(sandbox, consumer)["consumer_id"], FLEXIBLE_VERSION, json=body)


def lose(sandbox: Running, consumer: str) -> list[dict[str, Any]]:
    taken = living.take_grants(sandbox, consumer)
    sandbox.advance(600)
    assert living.until(lambda: living.flexible(sandbox, consumer)["state"] == "Inaccessible")
    return taken


def test_a_server_is_ready_until_the_removal_counts_and_inaccessible_within_ten_minutes(sandbox: Running) -> None:
    living.take_grants(sandbox, "dcc-mysql")
    sandbox.advance(290)
    living.settled(sandbox)
    assert living.flexible(sandbox, "dcc-mysql")["state"] == "Ready"
    sandbox.advance(310)
    assert living.until(lambda: living.flexible(sandbox, "dcc-mysql")["state"] == "Inaccessible")
    assert living.single(sandbox, "dcc-mysql-single")["userVisibleState"] == "Ready"


def test_access_alone_does_not_bring_a_server_back(sandbox: Running) -> None:
    living.give_grants(sandbox, lose(sandbox, "dcc-mysql"))
    sandbox.advance(3600)
    living.settled(sandbox)
    assert living.flexible(sandbox, "dcc-mysql")["state"] == "Inaccessible"
    assert revalidate(sandbox, "dcc-mysql")["status"] == "Succeeded"
    assert living.flexible(sandbox, "dcc-mysql")["state"] == "Ready"


def test_revalidation_without_access_fails_with_the_reason_and_leaves_the_server_as_it_was(sandbox: Running) -> None:
    lose(sandbox, "dcc-mysql")
    failed = revalidate(sandbox, "dcc-mysql")
    assert failed["status"] == "Failed"
    assert failed["error"]["code"] == "AzureKeyVaultMissingPermissions"
    assert living.flexible(sandbox, "dcc-mysql")["state"] == "Inaccessible"


def test_a_disabled_key_stops_every_server_that_uses_it_without_the_delay_of_roles(sandbox: Running) -> None:
    living.set_enabled(sandbox, "dcc-mysql", enabled=False)
    sandbox.advance(240)
    assert living.until(lambda: living.flexible(sandbox, "dcc-mysql")["state"] == "Inaccessible")
    assert living.until(lambda: living.single(sandbox, "dcc-mysql-single")["userVisibleState"] == "Inaccessible")
    failed = revalidate(sandbox, "dcc-mysql")
    assert failed["error"]["code"] == "AzureKeyVaultKeyDisabled"
    living.set_enabled(sandbox, "dcc-mysql", enabled=True)
    assert revalidate(sandbox, "dcc-mysql")["status"] == "Succeeded"


def test_an_expired_key_stops_nobody(sandbox: Running) -> None:
    facts = living.row(sandbox, "dcc-mysql")
    past = {"attributes": {"exp": int(datetime.now(UTC).timestamp()) - 60}}
    path = f"/keys/{facts['key_name']}/{facts['version']}"
    assert sandbox.vault("PATCH", facts["vault"], path, json=past).status_code == 200
    sandbox.advance(3600)
    living.settled(sandbox)
    assert living.flexible(sandbox, "dcc-mysql")["state"] == "Ready"
    assert living.row(sandbox, "dcc-mysql")["state"] == "expired"


def delete_key(sandbox: Running) -> None:
    assert sandbox.vault("DELETE", "dcc-premium", "/keys/mysql-encryption-key").status_code == 200


def delete_identity(sandbox: Running) -> None:
    identity = living.row(sandbox, "dcc-mysql")["identity"]["resource_id"]
    assert sandbox.arm("DELETE", identity, "2023-01-31").status_code == 200


def shut_the_firewall(sandbox: Running) -> None:
    vault = vault_of(sandbox, "dcc-mysql")
    rules = {"properties": {"networkAcls": {"defaultAction": "Deny", "bypass": "None"}}}
    assert sandbox.arm("PATCH", vault, "2023-07-01", json=rules).status_code == 200


def delete_vault(sandbox: Running) -> None:
    assert sandbox.arm("DELETE", vault_of(sandbox, "dcc-mysql"), "2023-07-01").status_code == 200


def vault_of(sandbox: Running, consumer: str) -> str:
    return str(living.row(sandbox, consumer)["role_assignment_scope"][0]).split("/keys/", 1)[0]


@pytest.mark.parametrize("cut", [delete_key, delete_identity, shut_the_firewall, delete_vault])
def test_every_documented_way_to_lose_a_key_stops_the_server(sandbox: Running, cut: Callable[[Running], None]) -> None:
    server = living.row(sandbox, "dcc-mysql")["consumer_id"]
    cut(sandbox)
    sandbox.advance(240)

    def state() -> str:
        return str(sandbox.arm("GET", server, FLEXIBLE_VERSION).json()["properties"]["state"])

    assert living.until(lambda: state() == "Inaccessible")


def test_a_server_that_fell_short_of_the_documents_before_is_revalidated_all_the_same(sandbox: Running) -> None:
    # No purge protection: its owners run it so.
    assert revalidate(sandbox, "dcc-reports-mysql")["status"] == "Succeeded"


def test_an_access_policy_taken_away_stops_the_server(sandbox: Running) -> None:
    facts = living.row(sandbox, "dcc-reports-mysql")
    vault = facts["role_assignment_scope"][0].removeprefix("access-policy:")
    entry = {"tenantId": sandbox.connection["tenant_id"], "objectId": facts["identity"]["object_id"]}
    permissions = {"keys": ["get", "list", "wrapKey", "unwrapKey"]}
    body = {"properties": {"accessPolicies": [{**entry, "permissions": permissions}]}}
    assert sandbox.arm("PUT", f"{vault}/accessPolicies/remove", "2023-07-01", json=body).status_code == 200
    sandbox.advance(240)
    assert living.until(lambda: living.flexible(sandbox, "dcc-reports-mysql")["state"] == "Inaccessible")


def test_a_server_without_its_key_refuses_connections(sandbox: Running) -> None:
    server = living.row(sandbox, "dcc-mysql")["consumer_id"]

    def accepted() -> dict[str, bool]:
        return {one["consumer_id"]: one["accepted"] for one in sandbox.control("GET", "connections")}

    assert all(accepted().values())
    lose(sandbox, "dcc-mysql")
    assert [consumer for consumer, open_ in accepted().items() if not open_] == [server]


def test_consumers_live_on_after_a_restart(start_sandbox: Callable[..., Running], tmp_path: Path) -> None:
    first = start_sandbox("dcc", state=tmp_path / "kept")
    living.take_grants(first, "dcc-mysql")
    first.close()
    second = start_sandbox("dcc", state=tmp_path / "kept")
    second.advance(600)
    assert living.until(lambda: living.flexible(second, "dcc-mysql")["state"] == "Inaccessible")
    second.close()
    third = start_sandbox("dcc", state=tmp_path / "kept")
    assert living.flexible(third, "dcc-mysql")["state"] == "Inaccessible"


def test_removing_only_the_decoy_stops_nobody(sandbox: Running) -> None:
    facts = living.row(sandbox, "dcc-des")
    (scope,) = facts["role_assignment_scope"]
    decoy = sandbox.principal("dcc-aks-id")["object_id"]
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments"
    found = sandbox.arm("GET", path, "2022-04-01", params={"$filter": f"principalId eq '{decoy}'"}).json()["value"]
    (grant,) = [one for one in found if one["properties"]["scope"] == scope]
    assert sandbox.arm("DELETE", grant["id"], "2022-04-01").status_code == 200
    sandbox.advance(8000)
    living.settled(sandbox)
    assert living.row(sandbox, "dcc-des")["problems"] == []
    assert sandbox.world.get("life", facts["consumer_id"])["lost"] is None  # type: ignore[index]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"properties": {"dataEncryption": {"type": "Sometimes"}}}, 400, "InvalidParameterValue"),
        ({"properties": {"dataEncryption": {"type": "AzureKeyVault"}}}, 400, "InvalidParameterValue"),
        ({"properties": {"version": "9"}}, 400, "InvalidParameterValue"),
        ({"identity": {"type": "SystemAssigned"}}, 400, "InvalidParameterValue"),
        (
            {"identity": {"type": "UserAssigned", "userAssignedIdentities": {"/no/such": {}}}},
            403,
            "LinkedAuthorizationFailed",
        ),
        ({"tags": ["a"]}, 400, "InvalidTagValueFormat"),
        ({"properties": []}, 400, "InvalidRequestContent"),
    ],
)
def test_a_patch_that_makes_no_sense_is_refused_and_changes_nothing(
    sandbox: Running, body: dict[str, Any], status: int, code: str
) -> None:
    before = living.flexible(sandbox, "dcc-mysql")
    answer = patch(sandbox, "dcc-mysql", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert living.flexible(sandbox, "dcc-mysql") == before


def test_settings_sent_back_as_they_are_stand_in_no_key_s_way(sandbox: Running) -> None:
    server = sandbox.world.get("resource", living.row(sandbox, "dcc-mysql")["consumer_id"])
    assert server is not None
    facts = server["properties"]
    same = {name: facts[name] for name in ("storage", "backup", "network")}
    unset = {"highAvailability": {"mode": "Disabled", "standbyAvailabilityZone": ""}}
    body = {"sku": server["sku"], "properties": {**same, **unset, "dataEncryption": facts["dataEncryption"]}}
    assert patch(sandbox, "dcc-mysql", body).status_code == 202
    sandbox.advance(60)
    living.settled(sandbox)
    larger = {**facts["storage"], "storageSizeGB": 4096}
    answer = patch(sandbox, "dcc-mysql", {"properties": {**same, "storage": larger}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidParameterValue")


def test_an_identity_that_is_not_there_cannot_be_assigned(sandbox: Running) -> None:
    absent = living.row(sandbox, "dcc-mysql")["identity"]["resource_id"] + "x"
    answer = patch(sandbox, "dcc-mysql", {"identity": {"type": "UserAssigned", "userAssignedIdentities": {absent: {}}}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "FailedIdentityOperation")


def test_a_key_needs_an_identity_that_the_server_carries(sandbox: Running) -> None:
    other = living.row(sandbox, "dcc-archive-mysql")["identity"]["resource_id"]
    wanted = {**encryption_of(sandbox, "dcc-mysql"), "primaryUserAssignedIdentityId": other}
    answer = patch(sandbox, "dcc-mysql", {"properties": {"dataEncryption": wanted}})
    assert answer.json()["error"]["code"] == "AzureKeyVaultNoServerIdentity"


def test_a_server_takes_another_key_with_the_identity_that_may_use_it(sandbox: Running) -> None:
    archive = living.row(sandbox, "dcc-archive-mysql")
    identity = archive["identity"]["resource_id"]
    body = {
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}},
        "properties": {
            "dataEncryption": {
                "type": "AzureKeyVault",
                "primaryUserAssignedIdentityId": identity,
                "primaryKeyURI": archive["key_id"],
            }
        },
    }
    assert living.finish(sandbox, patch(sandbox, "dcc-mysql", body))["status"] == "Succeeded"
    now = living.row(sandbox, "dcc-mysql")
    assert (now["key_name"], now["identity"]["name"]) == ("archive-encryption-key", "dcc-archive-id")
    living.set_enabled(sandbox, "dcc-mysql-single", enabled=False)
    sandbox.advance(600)
    assert living.until(lambda: living.single(sandbox, "dcc-mysql-single")["userVisibleState"] == "Inaccessible")
    assert living.flexible(sandbox, "dcc-mysql")["state"] == "Ready"


def test_a_server_given_back_to_the_platform_uses_no_key(sandbox: Running) -> None:
    begun = patch(sandbox, "dcc-mysql", {"properties": {"dataEncryption": {"type": "SystemManaged"}}})
    consumer = living.row(sandbox, "dcc-mysql")["consumer_id"]
    assert living.finish(sandbox, begun)["status"] == "Succeeded"
    assert all(one["consumer_id"] != consumer for one in sandbox.control("GET", "truth"))
    properties = sandbox.arm("GET", consumer, FLEXIBLE_VERSION).json()["properties"]
    assert (properties["state"], "dataEncryption" in properties) == ("Ready", False)


def test_a_busy_server_takes_no_second_change(sandbox: Running) -> None:
    body = {"properties": {"dataEncryption": encryption_of(sandbox, "dcc-mysql")}}
    assert patch(sandbox, "dcc-mysql", body).status_code == 202
    assert living.flexible(sandbox, "dcc-mysql")["state"] == "Updating"
    second = patch(sandbox, "dcc-mysql", body)
    assert (second.status_code, second.json()["error"]["code"]) == (409, "ServerIsBusy")


def test_reader_may_look_and_not_touch(sandbox: Running) -> None:
    consumer = living.row(sandbox, "dcc-mysql")["consumer_id"]
    assert sandbox.arm("GET", consumer, FLEXIBLE_VERSION, as_="reader").status_code == 200
    refused = sandbox.arm("PATCH", consumer, FLEXIBLE_VERSION, as_="reader", json={"tags": {}})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "AuthorizationFailed")


def test_what_az_asks_before_a_change_is_answered(sandbox: Running) -> None:
    consumer = living.row(sandbox, "dcc-mysql")["consumer_id"]
    subscription = consumer.split("/")[2]
    place = f"/subscriptions/{subscription}/providers/Microsoft.DBforMySQL/locations/westeurope/capabilities"
    capabilities = sandbox.arm("GET", place, "2025-06-01-preview")
    assert capabilities.json()["value"][0]["supportedFlexibleServerEditions"][0]["name"] == "GeneralPurpose"
    assert sandbox.arm("GET", consumer + "/replicas", "2025-06-01-preview").json() == {"value": []}
    of_group = consumer.rsplit("/", 1)[0]
    of_subscription = f"/subscriptions/{subscription}/providers/Microsoft.DBforMySQL/flexibleServers"
    for path in (of_group, of_subscription):
        names = {server["name"] for server in sandbox.arm("GET", path, FLEXIBLE_VERSION).json()["value"]}
        assert names == {"dcc-mysql", "dcc-archive-mysql"}


def test_an_unknown_server_and_an_unknown_version_get_azures_errors(sandbox: Running) -> None:
    consumer = living.row(sandbox, "dcc-mysql")["consumer_id"]
    absent = sandbox.arm("GET", consumer + "x", FLEXIBLE_VERSION)
    assert (absent.status_code, absent.json()["error"]["code"]) == (404, "ResourceNotFound")
    old = sandbox.arm("GET", consumer, "2015-01-01")
    assert (old.status_code, old.json()["error"]["code"]) == (400, "NoRegisteredProviderFound")


@pytest.mark.scenario("dcc", speed=600)
def test_the_real_sdk_revalidates_a_server(sandbox: Running) -> None:
    facts = living.row(sandbox, "dcc-mysql")
    _, _, subscription, _, group, *_ = facts["consumer_id"].split("/")
    with MySQLManagementClient(sandbox.credential(), subscription, **sandbox.options) as client:
        server = client.servers.get(group, "dcc-mysql")
        assert server.data_encryption is not None
        assert server.data_encryption.primary_key_uri == facts["key_id"]
        encryption = DataEncryption(
            type="AzureKeyVault",
            primary_key_uri=facts["key_id"],
            primary_user_assigned_identity_id=facts["identity"]["resource_id"],
        )
        update = ServerForUpdate(data_encryption=encryption)
        assert client.servers.begin_update(group, "dcc-mysql", update).result(30).state == "Ready"


def keys_of(sandbox: Running) -> tuple[str, dict[str, Any]]:
    path = living.row(sandbox, "dcc-mysql-single")["consumer_id"] + "/keys"
    (key,) = sandbox.arm("GET", path, SINGLE_KEYS_VERSION).json()["value"]
    return path, key


def put_key(sandbox: Running, path: str, name: str, uri: str) -> Any:
    body = {"properties": {"serverKeyType": "AzureKeyVault", "uri": uri}}
    return sandbox.arm("PUT", f"{path}/{name}", SINGLE_KEYS_VERSION, json=body)


def test_a_single_server_comes_back_when_the_same_key_is_put_again(sandbox: Running) -> None:
    taken = living.take_grants(sandbox, "dcc-mysql-single")
    sandbox.advance(600)
    assert living.until(lambda: living.single(sandbox, "dcc-mysql-single")["userVisibleState"] == "Inaccessible")
    path, key = keys_of(sandbox)
    failed = living.finish(sandbox, put_key(sandbox, path, key["name"], key["properties"]["uri"]))
    assert failed["error"]["code"] == "AzureKeyVaultMissingPermissions"
    living.give_grants(sandbox, taken)
    sandbox.advance(301)
    living.settled(sandbox)
    assert living.single(sandbox, "dcc-mysql-single")["userVisibleState"] == "Inaccessible"
    begun = put_key(sandbox, path, key["name"], key["properties"]["uri"])
    assert living.finish(sandbox, begun)["status"] == "Succeeded"
    assert living.single(sandbox, "dcc-mysql-single")["userVisibleState"] == "Ready"
    assert living.flexible(sandbox, "dcc-mysql")["state"] == "Ready"


def test_a_server_key_is_named_after_vault_key_and_version(sandbox: Running) -> None:
    path, key = keys_of(sandbox)
    facts = living.row(sandbox, "dcc-mysql-single")
    assert key["name"] == f"dcc-premium_mysql-encryption-key_{facts['version']}"
    wrong = put_key(sandbox, path, "mine", key["properties"]["uri"])
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "InvalidKeyName")
    for uri in ("https://dcc-premium.vault.azure.net/keys/mysql-encryption-key", "http://elsewhere/keys/a/b", "x"):
        assert put_key(sandbox, path, key["name"], uri).json()["error"]["code"] == "InvalidKeyUri"
    assert sandbox.arm("GET", f"{path}/{key['name']}", SINGLE_KEYS_VERSION).json() == key


def test_a_server_key_can_be_taken_away(sandbox: Running) -> None:
    path, key = keys_of(sandbox)
    begun = sandbox.arm("DELETE", f"{path}/{key['name']}", SINGLE_KEYS_VERSION)
    assert living.finish(sandbox, begun)["status"] == "Succeeded"
    assert sandbox.arm("GET", path, SINGLE_KEYS_VERSION).json() == {"value": []}
    server = sandbox.arm("GET", path.removesuffix("/keys"), SINGLE_VERSION).json()
    assert server["properties"]["byokEnforcement"] == "Disabled"
