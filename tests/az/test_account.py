"""Signing in, the account, the resource graph and the Activity Log."""

import json
from typing import Any

from tests.az.runner import Az
from tests.sandbox.running import Client
from tests.support import Sandbox

GRAPH = "https://management.azure.com/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01"


def test_az_signs_in_as_an_application_and_lists_the_subscriptions(
    az: Az, azure: Sandbox, signed_in: list[Any]
) -> None:
    wanted = set(azure.described["subscriptions"])
    assert {one["id"] for one in signed_in} == {one["id"] for one in az("account", "list")} == wanted
    assert {one["tenantId"] for one in signed_in} == {azure.described["tenant_id"]}
    who = az("account", "show")["user"]
    assert who == {"name": azure.described["principals"]["administrator"]["client_id"], "type": "servicePrincipal"}


def test_az_asks_the_resource_graph(az: Az, client: Client, azure: Sandbox) -> None:
    query = "resources | where type =~ 'microsoft.dbformysql/flexibleservers' | project id, name"
    found = az("rest", "--method", "post", "--url", GRAPH, "--body", json.dumps({"query": query}))
    listed = [
        server["name"]
        for subscription in azure.described["subscriptions"]
        for server in client.arm(
            "GET", f"/subscriptions/{subscription}/providers/Microsoft.DBforMySQL/flexibleServers", "2023-12-30"
        ).json()["value"]
    ]
    assert sorted(one["name"] for one in found["data"]) == sorted(listed) != []


def test_az_finds_in_the_activity_log_what_az_did(az: Az, azure: Sandbox) -> None:
    made = az("group", "create", "--name", "az-tests-logged", "--location", "westeurope")
    azure.advance(60)
    (event,) = az("monitor", "activity-log", "list", "--resource-group", "az-tests-logged", "--offset", "1h")
    assert event["resourceId"].lower() == made["id"].lower()
    assert event["operationName"]["value"] == "Microsoft.Resources/subscriptions/resourceGroups/write"
    assert event["caller"] == azure.described["principals"]["administrator"]["object_id"]
