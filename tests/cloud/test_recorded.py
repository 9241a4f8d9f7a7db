"""Answers in the shapes that Azure really sends lose nothing on their way into the estate."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cmk_admin.cloud import parse
from cmk_admin.cloud.consumers import CONSUMERS
from cmk_admin.cloud.consumers.related import Related
from cmk_admin.cloud.names import PUBLIC
from cmk_admin.cloud.pipeline import TokenPolicy, Tokens
from cmk_admin.cloud.session import Session
from cmk_admin.domain.ids import KeyId, fold
from cmk_admin.domain.model import Consumer

from .conftest import Run

FOLDER = Path(__file__).parent / "recorded"
VAULT_ID = (
    "/subscriptions/0b1f6471-1bf0-4dda-aec3-111122223333/resourceGroups/Keys-RG"
    "/providers/Microsoft.KeyVault/vaults/Contoso-Keys"
)
WHAT_COUNTS = re.compile(
    r"https://[^/]+/keys/.+|/subscriptions/.+|/providers/.+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I
)
"""Key ids, resource ids and object ids."""


def recorded(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text())


def texts(document: Any, *, but: tuple[str, ...] = ()) -> Iterator[str]:
    """All texts of an answer that identify something, but those under some names."""
    if isinstance(document, dict):
        for name, value in document.items():
            if name not in but:
                if WHAT_COUNTS.fullmatch(name):
                    yield name
                yield from texts(value, but=but)
    elif isinstance(document, list):
        for value in document:
            yield from texts(value, but=but)
    elif isinstance(document, str) and WHAT_COUNTS.fullmatch(document):
        yield document


def lost(document: Any, made: Any, *, but: tuple[str, ...] = ()) -> list[str]:
    """What identifies something in the answer and stands nowhere in what was made of it."""
    # A key id is kept in its parts
    kept = re.sub(
        r"KeyId\(host='([^']*)', name='([^']*)', version=(?:'([^']*)'|None)\)", r"https://\1/keys/\2/\3", repr(made)
    ).lower()
    return [text for text in texts(document, but=but) if fold(text) not in kept]


def consumers(session: Session, run: Run[Any], service: str, document: Any, related: Related | None = None) -> Consumer:
    found = run(CONSUMERS[service].consumers_of(session, [document], related or Related(), False))
    assert len(found) == 1
    consumer: Consumer = found[0]
    return consumer


def test_vaults_keep_ids_policies_and_hosts() -> None:
    document = recorded("vaults")
    vaults = [parse.vault(each) for each in document["value"]]
    assert lost(document["value"], vaults) == []
    new, old = vaults
    assert (new.host, new.premium, new.rbac, new.purge_protection) == ("contoso-keys.vault.azure.net", True, True, True)
    assert (new.default_deny, new.trusted_bypass, new.soft_delete_days) == (True, True, 90)
    # Left out or null: an old vault with access policies, whose deleted keys are kept for the 90 days of the documents
    assert (old.host, old.premium, old.rbac, old.purge_protection) == (
        "fabrikam-old.vault.azure.net",
        False,
        False,
        False,
    )
    assert (old.soft_delete_days, old.default_deny, old.public_access) == (90, False, True)
    assert old.access_policies[0].keys == ("Get", "WrapKey", "UnwrapKey")
    assert old.access_policies[1].application_id == "bbbbbbbb-0000-4000-8000-000000000002"
    assert dict(new.tags) == {"owner": "payments", "cost-centre": "42"}


def test_a_key_list_keeps_names_dates_and_tags() -> None:
    listed = [parse.key_from_vault(each, VAULT_ID) for each in recorded("keys")["value"]]
    assert lost(recorded("keys")["value"], listed) == []
    mysql, certificate = listed
    assert mysql is not None
    assert certificate is not None
    assert mysql.id == KeyId("contoso-keys.vault.azure.net", "Mysql-CMK")
    assert (mysql.enabled, mysql.recovery_level, mysql.hsm_platform) == (True, "Recoverable", "2")
    assert mysql.expires is not None
    assert mysql.expires.year == 2026
    assert (certificate.enabled, certificate.expires) == (False, None)


def test_a_key_keeps_type_size_operations_and_version() -> None:
    key = parse.key_from_vault(recorded("key"), VAULT_ID)
    assert key is not None
    assert (key.key_type, key.operations) == ("RSA-HSM", ("unwrapKey", "wrapKey"))
    assert (key.current_version or "").lower() == "78deebed173b48e48f55abf87ed4cf71"


def test_the_next_page_of_a_vault_may_name_its_port() -> None:
    link = recorded("keys")["nextLink"]
    policy = TokenPolicy(PUBLIC, Tokens(None))  # type: ignore[arg-type]  # nobody is asked for a token here
    assert policy._scope_of(link, link[: link.find("/", 8)]) == PUBLIC.vault_scope


def test_role_assignments_keep_scopes_principals_and_definitions() -> None:
    document = recorded("role_assignments")
    assignments = [parse.role_assignment(each) for each in document["value"]]
    assert lost(document, assignments) == []
    key, group, root = assignments
    assert key.role_definition_id.startswith("/providers/")
    assert key.created_on is not None
    assert key.created_on.microsecond == 123456
    assert (group.scope, group.principal_type) == (
        "/providers/Microsoft.Management/managementGroups/contoso-root",
        "Group",
    )
    assert group.condition is not None
    assert (group.condition_version, group.created_by) == ("2.0", None)
    assert root.scope == "/"


def test_a_role_definition_keeps_what_it_allows() -> None:
    definition = parse.role_definition(recorded("role_definition"))
    assert lost(recorded("role_definition"), definition) == []
    assert "Microsoft.KeyVault/vaults/keys/unwrap/action" in definition.data_actions


def test_a_disk_encryption_set_keeps_its_keys_and_its_own_identity(looking: Session, run: Run[Any]) -> None:
    document = recorded("disk_encryption_set")
    found = consumers(looking, run, "disk-encryption-set", document)
    # The vault's resource id is learned from the vault itself
    assert lost(document, found, but=("sourceVault", "tenantId")) == []
    assert [slot.slot for slot in found.slots] == ["primary", "previous"]
    assert {slot.principal_id for slot in found.slots} == {"cccccccc-0000-4000-8000-000000000004"}


def test_a_cluster_finds_its_set_whatever_the_case_of_its_id(looking: Session, run: Run[Any]) -> None:
    related = Related()
    disk_set = consumers(looking, run, "disk-encryption-set", recorded("disk_encryption_set"))
    related.add(disk_set)
    document = recorded("managed_cluster")
    cluster = consumers(looking, run, "aks-disks", document, related)
    assert related.problems == []
    assert fold(cluster.id) == fold(document["id"])
    assert cluster.slots[0].key_id == disk_set.slots[0].key_id
    assert (cluster.holder_id, cluster.state) == (disk_set.id, "Running")
    etcd = consumers(looking, run, "aks-etcd", document, related)
    assert str(etcd.slots[0].key_id) == document["properties"]["securityProfile"]["azureKeyVaultKms"]["keyId"]
    assert etcd.slots[0].principal_id == "cccccccc-0000-4000-8000-000000000005"


def test_a_server_keeps_both_keys_and_both_identities(looking: Session, run: Run[Any]) -> None:
    document = recorded("mysql_flexible_server")
    server = consumers(looking, run, "mysql-flexible", document)
    # A client id names an application, which the directory tells too
    assert lost(document, server, but=("clientId",)) == []
    assert [(slot.slot, slot.identity_name) for slot in server.slots] == [
        ("primary", "orders-id"),
        ("geo", "orders-geo-id"),
    ]
    # A state that the SDK's own list lacks
    assert (server.state, server.location) == ("Inaccessible", "westeurope")


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.json")))
def test_no_answer_holds_anything_that_looks_like_a_real_account(name: str) -> None:
    text = (FOLDER / f"{name}.json").read_text()
    people = re.findall(r"[\w.]+@[\w.]+", text)
    assert all(person.endswith(".example") for person in people)
