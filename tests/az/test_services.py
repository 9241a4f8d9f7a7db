"""The services of the estate in the hands of az: a database server and a disk encryption set get another key."""

from collections.abc import Callable
from typing import Any

from tests.az.runner import Az
from tests.az.test_grants import SPREADS, USER
from tests.support import Program, Sandbox

MYSQL_VERSION = "2023-12-30"
AKS_VERSION = "2024-09-01"
DISK_VERSION = "2023-10-02"
SERVICES = "dcc-services"
PREMIUM = ("--vault-name", "dcc-premium")

Read = Callable[[str, str], Any]


def key_made(az: Az, name: str, *options: str) -> str:
    """The id of a new HSM key of the estate's vault."""
    made = az("keyvault", "key", "create", *PREMIUM, "--name", name, "--kty", "RSA-HSM", *options)
    return str(made["key"]["kid"])


def test_az_gives_a_mysql_server_another_key_and_identity(az: Az, read: Read, azure: Sandbox) -> None:
    named = ("--name", "dcc-mysql", "--resource-group", SERVICES)
    before = az("mysql", "flexible-server", "show", *named)
    assert before["dataEncryption"]["primaryKeyUri"].split("/")[4] == "mysql-encryption-key"
    kid = key_made(az, "az-tests-mysql", "--ops", "wrapKey", "unwrapKey")
    identity = az("identity", "create", "--name", "az-tests-mysql", "--resource-group", SERVICES)
    vault = az("keyvault", "show", "--name", "dcc-premium")["id"]
    grant = ("role", "assignment", "create", "--role", USER, "--scope", f"{vault}/keys/az-tests-mysql")
    az(*grant, "--assignee-object-id", identity["principalId"], "--assignee-principal-type", "ServicePrincipal")
    early = az.refused("mysql", "flexible-server", "update", *named, "--key", kid, "--identity", identity["id"])
    assert "AzureKeyVaultMissingPermissions" in early
    azure.advance(SPREADS)
    az("mysql", "flexible-server", "update", *named, "--key", kid, "--identity", identity["id"])
    held = read(before["id"], MYSQL_VERSION)
    assert held["properties"]["state"] == "Ready"
    assert held["properties"]["dataEncryption"]["primaryKeyURI"] == kid
    assert held["properties"]["dataEncryption"]["primaryUserAssignedIdentityId"].lower() == identity["id"].lower()
    assert identity["id"].lower() in [one.lower() for one in held["identity"]["userAssignedIdentities"]]
    assert connection(azure, before["id"])["accepted"] is True
    az("keyvault", "key", "set-attributes", *PREMIUM, "--name", "az-tests-mysql", "--enabled", "false")
    azure.advance(600)
    assert connection(azure, before["id"])["accepted"] is False
    assert az("mysql", "flexible-server", "show", *named)["state"] == "Inaccessible"
    az("keyvault", "key", "set-attributes", *PREMIUM, "--name", "az-tests-mysql", "--enabled", "true")
    az("mysql", "flexible-server", "update", *named, "--key", kid, "--identity", identity["id"])
    assert connection(azure, before["id"])["accepted"] is True


def test_what_the_program_attaches_is_what_az_shows(az: Az, program: Program) -> None:
    kid = key_made(az, "az-tests-attached", "--ops", "wrapKey", "unwrapKey")
    done = program.json(
        *("attach", "dcc-premium/az-tests-attached", "--consumer", "dcc-mysql"),
        *("--create-identity", f"{SERVICES}/az-tests-attached", "--yes"),
    )
    assert done.status == 0, done.out + done.err
    shown = az("mysql", "flexible-server", "show", "--name", "dcc-mysql", "--resource-group", SERVICES)
    identity = az("identity", "show", "--name", "az-tests-attached", "--resource-group", SERVICES)
    assert shown["state"] == "Ready"
    assert shown["dataEncryption"]["primaryKeyUri"] == kid
    assert shown["dataEncryption"]["primaryUserAssignedIdentityId"].lower() == identity["id"].lower()
    (given,) = az("role", "assignment", "list", "--assignee", identity["principalId"], "--all")
    assert (given["roleDefinitionName"], given["scope"].rsplit("/", 1)[-1]) == (USER, "az-tests-attached")


def connection(azure: Sandbox, server_id: str) -> Any:
    """What clients of a database server meet."""
    return next(one for one in azure.get("connections") if one["consumer_id"].lower() == server_id.lower())


def test_az_shows_the_cluster_as_aks_has_it(az: Az, read: Read) -> None:
    shown = az("aks", "show", "--name", "dcc-aks", "--resource-group", SERVICES)
    held = read(shown["id"], AKS_VERSION)
    assert shown["diskEncryptionSetId"] == held["properties"]["diskEncryptionSetID"]
    assert shown["powerState"]["code"] == held["properties"]["powerState"]["code"] == "Running"
    assert list(shown["identity"]["userAssignedIdentities"]) == list(held["identity"]["userAssignedIdentities"])


def test_az_gives_a_disk_encryption_set_a_new_version(az: Az, read: Read) -> None:
    named = ("--name", "dcc-des", "--resource-group", SERVICES)
    shown = az("disk-encryption-set", "show", *named)
    assert shown["id"] in [one["id"] for one in az("disk-encryption-set", "list")]
    old = shown["activeKey"]["keyUrl"]
    assert old == read(shown["id"], DISK_VERSION)["properties"]["activeKey"]["keyUrl"]
    new = az("keyvault", "key", "rotate", *PREMIUM, "--name", "aks-encryption-key")["key"]["kid"]
    assert new != old
    vault = az("keyvault", "show", "--name", "dcc-premium")["id"]
    az("disk-encryption-set", "update", *named, "--key-url", new, "--source-vault", vault)
    held = read(shown["id"], DISK_VERSION)["properties"]
    assert held["activeKey"]["keyUrl"] == new
    assert held["activeKey"]["sourceVault"]["id"].lower() == vault.lower()
