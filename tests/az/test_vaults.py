"""Vaults made, shown, given policies and deleted by az, as the resource manager then answers them."""

from collections.abc import Callable
from typing import Any

from tests.az.conftest import GROUP
from tests.az.runner import Az
from tests.support import Sandbox

VERSION = "2023-07-01"
Read = Callable[[str, str], Any]


def test_az_lists_and_shows_the_vaults_of_the_estate(az: Az, read: Read) -> None:
    listed = {one["name"]: one["id"] for one in az("keyvault", "list")}
    assert {"dcc-premium", "dcc-closed"} <= set(listed)
    shown = az("keyvault", "show", "--name", "dcc-premium")
    answered = read(listed["dcc-premium"], VERSION)
    assert shown["id"] == answered["id"]
    facts = ("enableRbacAuthorization", "enablePurgeProtection", "softDeleteRetentionInDays", "vaultUri", "sku")
    for name in facts:
        assert shown["properties"][name] == answered["properties"][name]


def test_az_makes_a_premium_vault_with_purge_protection(az: Az, read: Read) -> None:
    made = az(
        *("keyvault", "create", "--name", "az-tests-premium", "--resource-group", GROUP, "--location", "westeurope"),
        *("--sku", "premium", "--enable-purge-protection", "true", "--retention-days", "90"),
    )
    facts = read(made["id"], VERSION)["properties"]
    assert (facts["sku"]["name"], facts["enablePurgeProtection"]) == ("premium", True)
    assert (facts["enableRbacAuthorization"], facts["softDeleteRetentionInDays"]) == (True, 90)
    assert "az-tests-premium" in az.refused("keyvault", "create", "--name", "az-tests-premium", "-g", "dcc-keys")


def test_az_gives_and_takes_access_policies(az: Az, read: Read, azure: Sandbox) -> None:
    identity = azure.described["principals"]["dcc-mysql-id"]["object_id"]
    made = az(
        *("keyvault", "create", "--name", "az-tests-policies", "--resource-group", GROUP, "--location", "westeurope"),
        *("--enable-rbac-authorization", "false", "--no-self-perms", "true"),
    )
    entry = ("--name", "az-tests-policies", "--object-id", identity)
    az("keyvault", "set-policy", *entry, "--key-permissions", "get", "wrapKey", "unwrapKey")
    (policy,) = read(made["id"], VERSION)["properties"]["accessPolicies"]
    assert policy["objectId"] == identity
    assert sorted(policy["permissions"]["keys"], key=str.lower) == ["get", "unwrapKey", "wrapKey"]
    az("keyvault", "delete-policy", *entry)
    assert read(made["id"], VERSION)["properties"]["accessPolicies"] == []


def test_az_deletes_a_vault_and_finds_it_among_the_deleted(az: Az, read: Read) -> None:
    made = az(
        *("keyvault", "create", "--name", "az-tests-deleted", "--resource-group", GROUP, "--location", "westeurope"),
        *("--retention-days", "7"),
    )
    az("keyvault", "delete", "--name", "az-tests-deleted")
    assert read(made["id"], VERSION) is None
    (found,) = (one for one in az("keyvault", "list-deleted") if one["name"] == "az-tests-deleted")
    kept = read(found["id"], VERSION)["properties"]
    assert kept["vaultId"] == made["id"]
    assert not kept.get("purgeProtectionEnabled")
    az("keyvault", "purge", "--name", "az-tests-deleted")
    assert read(found["id"], VERSION) is None
