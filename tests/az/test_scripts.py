"""The scripts of revoke and restore plans, run by the real az: the end state is the one that the program itself reaches."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.az.conftest import PROGRAM
from tests.az.runner import Az, in_shell
from tests.sandbox.running import Client
from tests.support import Program, Sandbox

VAULT_VERSION, ASSIGNMENTS_VERSION, SERVER_VERSION = "2026-02-01", "2022-04-01", "2024-12-30"
OPEN = {"bypass": "AzureServices", "defaultAction": "Allow", "ipRules": [], "virtualNetworkRules": []}
"""What a vault without a firewall is the same as."""
SPREADS = 700
"""Azure's seconds until what was given back counts everywhere."""

CASES = {
    "grants": ("dcc-premium/mysql-encryption-key", "--consumer", "dcc-mysql"),
    "disable": ("dcc-premium/mysql-encryption-key",),
    "operations": ("dcc-premium/mysql-encryption-key", "--method", "operations"),
    "firewall": ("dcc-premium/mysql-encryption-key", "--method", "firewall"),
    "delete": ("dcc-premium/mysql-encryption-key", "--method", "delete"),
    "policies": ("dcc-standard/*", "--method", "grants"),
}


def state(azure: Sandbox, client: Client, key: str) -> dict[str, Any]:
    """What a revoke may change: grants over the vault, its firewall and policies, its key's versions."""
    vault_name, _, name = key.partition("/")
    vaults = [v for s in azure.described["subscriptions"] for v in _vaults(client, s)]
    vault = next(v for v in vaults if v["name"] == vault_name)
    grants = client.arm("GET", f"{vault['id']}/providers/Microsoft.Authorization/roleAssignments", ASSIGNMENTS_VERSION)
    versions = client.vault("GET", vault_name, f"/keys/{name}/versions")
    found = versions.json().get("value") if versions.status_code == 200 else versions.status_code
    shown = {}
    for each in found if isinstance(found, list) else ():
        whole = client.vault("GET", vault_name, "/keys/" + each["kid"].split("/keys/")[1]).json()
        shown[each["kid"]] = (whole["attributes"]["enabled"], sorted(whole["key"]["key_ops"]))
    return {
        "grants": {
            g["name"]: {k: v for k, v in g["properties"].items() if not k.startswith(("created", "updated"))}
            for g in grants.json()["value"]
        },
        "network": vault["properties"].get("networkAcls") or OPEN,
        "policies": sorted(vault["properties"].get("accessPolicies") or [], key=str),
        "versions": shown or found,
    }


def _vaults(client: Client, subscription: str) -> list[Any]:
    path = f"/subscriptions/{subscription}/providers/Microsoft.KeyVault/vaults"
    answer = client.arm("GET", path, VAULT_VERSION)
    return list(answer.json()["value"]) if answer.status_code == 200 else []


def run_script(azure: Sandbox, file: Path, *, status: int = 0) -> None:
    """As its reader runs it: az stands on the path, and nothing is asked."""
    assert PROGRAM is not None
    path = f"{Path(PROGRAM).absolute().parent}{os.pathsep}{os.environ['PATH']}"
    done = in_shell(azure.file, "bash", str(file), "--yes", more={"PATH": path, "PAUSE": "2"})
    assert done.returncode == status, done.stdout + done.stderr


@pytest.mark.parametrize("case", CASES)
def test_the_scripts_reach_the_end_states_of_the_program(
    az: Az, azure: Sandbox, client: Client, program: Program, *, tmp_path: Path, case: str
) -> None:
    key, *how = CASES[case]
    if key.endswith("/*"):
        vault = key.removesuffix("/*")
        key = f"{vault}/" + next(r for r in azure.truth() if r["vault"] == vault)["key_name"]
    before = state(azure, client, key)
    cut, back = tmp_path / "cut.sh", tmp_path / "back.sh"

    revoked = program.json("revoke", key, *how, "--yes", "--script", str(cut))
    assert revoked.json["steps"], revoked.err
    operation = revoked.json["operation"]
    gone = state(azure, client, key)
    assert gone != before
    given_back = program.json("restore", operation, "--yes", "--script", str(back))
    assert given_back.json["steps"], given_back.err
    azure.advance(SPREADS)
    assert state(azure, client, key) == before

    run_script(azure, cut)
    assert state(azure, client, key) == gone
    run_script(azure, back)
    azure.advance(SPREADS)
    assert state(azure, client, key) == before
