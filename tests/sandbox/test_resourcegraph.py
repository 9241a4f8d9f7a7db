"""Resource Graph over the wire: what it holds, for whom, how late, in which pages, and what it refuses."""

from typing import Any

import pytest
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions

from . import living
from .running import Running

VERSION, NEWER = "2021-03-01", "2022-10-01"


def ask(sandbox: Running, query: str, *, version: str = VERSION, as_: str = "administrator", **body: Any) -> Any:
    path = "/providers/Microsoft.ResourceGraph/resources"
    return sandbox.arm("POST", path, version, as_=as_, json={"query": query, **body})


def names(answer: Any) -> set[str]:
    assert answer.status_code == 200, answer.text
    return {row["name"] for row in answer.json()["data"]}


def subscription(sandbox: Running, name: str) -> str:
    query = f"resourcecontainers | where type == 'microsoft.resources/subscriptions' and name == '{name}'"
    (row,) = ask(sandbox, query).json()["data"]
    return str(row["subscriptionId"])


VAULTS = "resources | where type =~ 'Microsoft.KeyVault/vaults' | project id, name"


def test_an_account_finds_only_what_it_may_read(sandbox: Running) -> None:
    everything = {"dcc-premium", "dcc-closed", "dcc-standard", "dcc-lab", "dcc-partner"}
    assert names(ask(sandbox, VAULTS)) == everything
    assert names(ask(sandbox, VAULTS, as_="reader")) == everything - {"dcc-partner"}
    containers = "resourcecontainers | where type == 'microsoft.resources/subscriptions' | project id, name"
    assert names(ask(sandbox, containers, as_="reader")) == {"dcc-production", "dcc-shared"}


def test_an_account_that_may_read_nothing_is_told_so(sandbox: Running) -> None:
    answer = ask(sandbox, VAULTS, as_="dcc-mysql-id")
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["code"] == "NoValidSubscriptionsInQueryRequest"


def test_a_query_can_be_kept_to_subscriptions_and_management_groups(sandbox: Running) -> None:
    partner = subscription(sandbox, "dcc-partner")
    assert names(ask(sandbox, VAULTS, subscriptions=[partner])) == {"dcc-partner"}
    assert len(names(ask(sandbox, VAULTS, managementGroups=["dcc"]))) == 5
    hidden = ask(sandbox, VAULTS, as_="reader", subscriptions=[partner])
    assert hidden.json()["error"]["details"][0]["code"] == "NoValidSubscriptionsInQueryRequest"
    refused = ask(sandbox, VAULTS, as_="reader", managementGroups=["dcc"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "AccessDenied")


def test_the_documented_queries_find_the_consumers(sandbox: Running) -> None:
    mysql = """resources
        | where type in~ ('microsoft.dbformysql/flexibleservers','microsoft.dbforpostgresql/flexibleservers')
        | where tostring(properties.dataEncryption.type) =~ 'AzureKeyVault'
        | project id, type, state=tostring(properties.state), key=tostring(properties.dataEncryption.primaryKeyURI),
          uami=tostring(properties.dataEncryption.primaryUserAssignedIdentityId)"""
    found = {row["id"].rsplit("/", 1)[-1]: row for row in ask(sandbox, mysql).json()["data"]}
    truth = [row for row in sandbox.control("GET", "truth") if row["service"] == "mysql-flexible"]
    assert len(found) == len(truth)
    for row in truth:
        seen = found[row["consumer_id"].rsplit("/", 1)[-1]]
        assert (seen["key"], seen["uami"], seen["state"]) == (row["key_id"], row["identity"]["resource_id"], "Ready")
    clusters = """resources | where type =~ 'microsoft.containerservice/managedclusters'
        | project id, des=tostring(properties.diskEncryptionSetID),
          kms=tobool(properties.securityProfile.azureKeyVaultKms.enabled),
          nodeRg=tostring(properties.nodeResourceGroup), ident=identity"""
    (cluster,) = ask(sandbox, clusters).json()["data"]
    assert (cluster["des"].rsplit("/", 1)[-1], cluster["kms"]) == ("dcc-des", None)
    disks = """resources | where type =~ 'microsoft.compute/disks' and isnotempty(properties.encryption.diskEncryptionSetId)
        | summarize n=count() by des=tolower(tostring(properties.encryption.diskEncryptionSetId))"""
    (line,) = ask(sandbox, disks).json()["data"]
    assert line["n"] == 2


def test_role_assignments_join_their_definitions_at_and_below_what_is_asked(sandbox: Running) -> None:
    query = """authorizationresources | where type =~ 'microsoft.authorization/roleassignments'
        | extend rd=tolower(properties.roleDefinitionId)
        | join kind=leftouter (authorizationresources | where type =~ 'microsoft.authorization/roledefinitions'
            | project rd=tolower(id), roleName=tostring(properties.roleName)) on rd
        | project id, name, scope=tostring(properties.scope), principalId=tostring(properties.principalId), roleName"""
    partner = subscription(sandbox, "dcc-partner")
    below = ask(sandbox, query, subscriptions=[partner]).json()["data"]
    assert len(below) == 2
    assert all(row["scope"].startswith("/subscriptions/") for row in below)
    options = {"authorizationScopeFilter": "AtScopeAboveAndBelow"}
    everything = ask(sandbox, query, version=NEWER, subscriptions=[partner], options=options).json()["data"]
    (above,) = [row for row in everything if row not in below]
    assert above["scope"].endswith("/managementGroups/dcc")
    too_old = ask(sandbox, query, subscriptions=[partner], options=options)
    assert too_old.status_code == 400


def test_types_are_in_lower_case_and_locations_plain(sandbox: Running) -> None:
    (row,) = ask(sandbox, "Resources | where name == 'dcc-mysql'").json()["data"]
    assert row["type"] == "microsoft.dbformysql/flexibleservers"
    assert (row["location"], row["resourceGroup"]) == ("westeurope", "dcc-services")
    assert row["managedBy"] == row["kind"] == ""
    assert row["plan"] is None


def test_a_change_shows_a_minute_later(sandbox: Running) -> None:
    path = living.row(sandbox, "dcc-mysql")["consumer_id"]
    body = {"tags": {"seen": "late"}}
    assert sandbox.arm("PATCH", path, living.FLEXIBLE_VERSION, json=body).status_code == 202
    query = "resources | where tags.seen == 'late' | project id, name"
    assert names(ask(sandbox, query)) == set()
    sandbox.advance(61)
    assert names(ask(sandbox, query)) == {"dcc-mysql"}


def test_pages_follow_the_skip_token(sandbox: Running) -> None:
    query = "resources | project id, name | order by id asc"
    seen: list[str] = []
    options: dict[str, Any] = {"$top": 10}
    while True:
        page = ask(sandbox, query, options=options).json()
        seen += [row["id"] for row in page["data"]]
        if "$skipToken" not in page:
            break
        assert page["resultTruncated"] == "true"
        options["$skipToken"] = page["$skipToken"]
    assert len(seen) == len(set(seen)) == page["totalRecords"]
    assert page["resultTruncated"] == "false"
    foreign = ask(sandbox, VAULTS, options=options)
    assert foreign.status_code == 400


def test_what_holds_no_id_cannot_be_paged_through(sandbox: Running) -> None:
    page = ask(sandbox, "resources | project name", options={"$top": 1}).json()
    assert page["resultTruncated"] == "true"
    assert "$skipToken" not in page


def test_a_table_is_answered_where_it_is_asked_for(sandbox: Running) -> None:
    table = ask(sandbox, "resources | summarize n=count() by type", options={"resultFormat": "table"}).json()["data"]
    assert table["columns"] == [{"name": "type", "type": "string"}, {"name": "n", "type": "integer"}]
    assert all(len(line) == 2 for line in table["rows"])


@pytest.mark.parametrize(
    "query",
    [
        "healthresources",
        "resources | mv-expand x",
        "resources | where nothing == 1",
        "(",
        "resources | where " + "(" * 9999,
    ],
)
def test_a_query_that_is_not_understood_is_refused_as_azure_refuses_it(sandbox: Running, query: str) -> None:
    answer = ask(sandbox, query)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["details"][0]["code"]) == ("BadRequest", "InvalidQuery")
    assert len(error["details"]) == 2


@pytest.mark.parametrize(
    "options", ["all", [1], {"$top": 0}, {"$top": 1001}, {"$top": "5"}, {"$skipToken": "!"}, {"resultFormat": "graph"}]
)
def test_options_out_of_range_are_refused(sandbox: Running, options: Any) -> None:
    assert ask(sandbox, VAULTS, options=options).status_code == 400


def test_facets_are_refused_and_not_ignored(sandbox: Running) -> None:
    answer = ask(sandbox, VAULTS, facets=[{"expression": "location"}])
    assert (answer.status_code, answer.json()["error"]["details"][0]["code"]) == (400, "InvalidFacets")


def test_the_sixteenth_query_in_five_seconds_is_throttled(sandbox: Running) -> None:
    answers = [ask(sandbox, "resources | count") for _ in range(16)]
    assert [answer.status_code for answer in answers] == [200] * 15 + [429]
    assert [answer.headers["x-ms-user-quota-remaining"] for answer in answers[:15]] == [
        str(n) for n in range(14, -1, -1)
    ]
    assert int(answers[15].headers["Retry-After"]) >= 1
    assert ask(sandbox, "resources | count", as_="reader").status_code == 200


def test_the_real_sdk_asks(sandbox: Running) -> None:
    with ResourceGraphClient(sandbox.credential(), **sandbox.options) as client:
        options = QueryRequestOptions(top=2, result_format="objectArray")
        answer = client.resources(QueryRequest(query=VAULTS, options=options))
    assert (answer.count, answer.total_records, answer.result_truncated) == (2, 5, "true")
    assert answer.skip_token
