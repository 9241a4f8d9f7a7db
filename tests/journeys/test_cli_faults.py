"""Revoke and restore while one call of theirs fails in one way: the end is right, and never called done untruthfully."""

from fnmatch import fnmatchcase

import pytest

from tests.journeys.clients import Clients
from tests.support import Document, Done, Program, Sandbox

KEY = "dcc-premium/mysql-encryption-key"
REVOKE = ("revoke", KEY, "--consumer", "dcc-mysql", "--consumer", "dcc-mysql-single", "--yes", "--watch")

KINDS = ("status:503", "throttle:1", "reset", "timeout", "lost")

ARM = "management.azure.com"
VAULT = f"{ARM}/subscriptions/*/vaults/dcc-premium"
READS = {
    "sign-in": "POST login.microsoftonline.com/*/token",
    "subscriptions": f"GET {ARM}/subscriptions",
    "resource graph": f"POST {ARM}/providers/microsoft.resourcegraph/resources",
    "role definitions": f"GET {ARM}/subscriptions/*/roledefinitions",
    "assignments of the key": f"GET {VAULT}/keys/*/roleassignments",
    "assignments": f"GET {ARM}/subscriptions/*/roleassignments",
    "one assignment": f"GET {VAULT}/keys/*/roleassignments/*",
    "locks": f"GET {ARM}/subscriptions/*/locks",
    "vault": f"GET {VAULT}",
    "keys of a closed vault": f"GET {ARM}/subscriptions/*/vaults/dcc-closed/keys*",
    "keys": "GET *.vault.azure.net/keys",
    "key": "GET *.vault.azure.net/keys/*",
    "versions": "GET dcc-premium.vault.azure.net/keys/*/versions",
    "names": "POST graph.microsoft.com/v1.0/directoryobjects/getbyids",
    "members": "GET graph.microsoft.com/v1.0/groups/*/transitivemembers",
    "flexible servers": f"GET {ARM}/subscriptions/*/flexibleservers",
    "single servers": f"GET {ARM}/subscriptions/*/providers/microsoft.dbformysql/servers",
    "disk encryption sets": f"GET {ARM}/subscriptions/*/diskencryptionsets",
    "clusters": f"GET {ARM}/subscriptions/*/managedclusters",
    "server keys": f"GET {ARM}/subscriptions/*/servers/dcc-mysql-single/keys",
    "flexible server": f"GET {ARM}/subscriptions/*/flexibleservers/dcc-mysql",
    "single server": f"GET {ARM}/subscriptions/*/servers/dcc-mysql-single",
    "eligible roles": f"GET {ARM}/subscriptions/*/roleeligibilityscheduleinstances",
    "active roles": f"GET {ARM}/subscriptions/*/roleassignmentscheduleinstances",
    "permissions": f"GET {ARM}/subscriptions/*/microsoft.authorization/permissions",
    "secrets": "GET dcc-premium.vault.azure.net/secrets",
    "certificates": "GET dcc-premium.vault.azure.net/certificates",
    "activity log": f"GET {ARM}/subscriptions/*/eventtypes/management/values",
    "long-running operation": f"GET {ARM}/subscriptions/*/operationstatuses/*",
}
WRITES = {
    "remove an assignment": f"DELETE {VAULT}/keys/*/roleassignments/*",
    "create an assignment": f"PUT {VAULT}/keys/*/roleassignments/*",
    "revalidate the flexible server": f"PATCH {ARM}/subscriptions/*/flexibleservers/dcc-mysql",
    "revalidate the single server": f"PUT {ARM}/subscriptions/*/servers/dcc-mysql-single/keys/*",
}
CALLS = {**READS, **WRITES}
EVERYDAY = {("remove an assignment", "lost"), ("create an assignment", "status:503"), ("one assignment", "reset")}


def cells() -> list[object]:
    """Every call with every fault; all but a few only in the full run."""
    return [
        pytest.param(call, kind, marks=() if (call, kind) in EVERYDAY else pytest.mark.full)
        for call in CALLS
        for kind in KINDS
    ]


def scopes(sandbox: Sandbox) -> list[list[str]]:
    rows = sandbox.truth()
    return [
        next(r["role_assignment_scope"] for r in rows if r["consumer_id"].endswith("/" + server))
        for server in ("dcc-mysql", "dcc-mysql-single")
    ]


def finished(program: Program, answer: Done) -> Document:
    """The operation once it has ended well: at once, or truthfully not and then by going on with it."""
    if answer.status != 0:
        assert answer.status == 1, answer.out
        left = program.json("operations").json["operations"]
        unfinished = [o for o in left if o["resumable"]]
        assert unfinished, answer.out
        answer = program.json("resume", unfinished[0]["operation"], "--yes", "--watch")
    assert answer.status == 0, answer.out
    assert answer.json["outcome"] == "done"
    assert {w["result"] for w in answer.json["watch"]} == {"confirmed"}
    return answer.json


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("call", "kind"), cells())
def test_one_failing_call_does_not_change_the_end(sandbox: Sandbox, program: Program, call: str, kind: str) -> None:
    admin = Clients(sandbox)
    whole = scopes(sandbox)
    assignments = admin.grants(whole[0][0])
    sandbox.fault(f"{CALLS[call]} {kind};times=1")
    revoke = program.json(*REVOKE)
    if revoke.status == 1 and "error" in revoke.json:
        # It failed before anything was begun, and said so: nothing was changed, and the next try succeeds.
        assert scopes(sandbox) == whole
        revoke = program.json(*REVOKE)
    revoked = finished(program, revoke)
    assert scopes(sandbox) == [[], []]
    restored = program.json("restore", revoked["operation"], "--yes", "--watch")
    if restored.status == 1 and "error" in restored.json:
        assert scopes(sandbox) == [[], []]
        restored = program.json("restore", revoked["operation"], "--yes", "--watch")
    finished(program, restored)
    assert scopes(sandbox) == whole
    assert admin.grants(whole[0][0]) == assignments
    assert admin.server_state() == "Ready"
    assert [r for r in sandbox.requests() if r.get("fault")], "the fault was never met"


@pytest.mark.full
def test_the_list_of_calls_is_whole(sandbox: Sandbox, program: Program) -> None:
    marker = sandbox.last_request()
    revoked = finished(program, program.json(*REVOKE))
    finished(program, program.json("restore", revoked["operation"], "--yes", "--watch"))
    sent = [r for r in sandbox.requests(since=marker) if r["principal"] in (None, "administrator")]
    lines = {f"{r['method']} {r['host']}{r['path']}".lower() for r in sent}
    unlisted = [line for line in lines if not any(fnmatchcase(line, spec.lower()) for spec in CALLS.values())]
    assert not unlisted
