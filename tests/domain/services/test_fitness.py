"""What a service would say of a key: every requirement, what the documents disagree about, and what is not known."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.model import Key, KeyVersion, Vault
from cmk_admin.domain.problems import Problem
from cmk_admin.domain.services import aks_etcd, disk_encryption_set, mysql_flexible, mysql_single
from cmk_admin.domain.services.facts import Service
from cmk_admin.domain.services.fitness import fits, is_fit
from cmk_admin.domain.surroundings import Target
from tests.domain import estates

NOW = estates.NOW
FLEXIBLE, SINGLE = mysql_flexible.SERVICE, mysql_single.SERVICE
DISKS, ETCD = disk_encryption_set.SERVICE, aks_etcd.SERVICE
ALL = {one.name: one for one in (FLEXIBLE, SINGLE, DISKS, ETCD)}
LATER, BEFORE = NOW + timedelta(days=30), NOW - timedelta(days=30)


def key_for(service: Service, **facts: Any) -> Key:
    plain = replace(estates.key(estates.PREMIUM, "one"), operations=service.needs.operations, versions=None)
    return replace(plain, **facts)


def judged(service: Service, vault: Vault = estates.PREMIUM, *, location: str = "", **facts: Any) -> dict[str, Problem]:
    target = None
    if location:
        target = Target(id="/t", service=service.name, name="t", location=location, subscription_id=estates.SUB)
    return {one.code: one for one in fits(service, key_for(service, **facts), vault, now=NOW, target=target)}


def blocks(service: Service, vault: Vault = estates.PREMIUM, *, location: str = "", **facts: Any) -> dict[str, bool]:
    return {code: one.blocks for code, one in judged(service, vault, location=location, **facts).items()}


@pytest.mark.parametrize("service", ALL.values(), ids=ALL)
def test_a_key_that_is_as_a_service_asks_is_taken_without_a_word(service: Service) -> None:
    assert blocks(service, location="West Europe") == {}


@pytest.mark.parametrize("service", ALL.values(), ids=ALL)
@pytest.mark.parametrize("kind", ["EC", "EC-HSM", "oct-HSM"])
def test_only_rsa_keys_are_taken(service: Service, kind: str) -> None:
    found = judged(service, key_type=kind, size=256)
    assert {code: one.blocks for code, one in found.items()} == {"key-type": True}
    assert found["key-type"].field == "key_type"


@pytest.mark.parametrize("service", ALL.values(), ids=ALL)
def test_a_single_server_takes_2048_bits_and_the_others_all_sizes(service: Service) -> None:
    refused = {size for size in (2048, 3072, 4096) if blocks(service, size=size)}
    assert refused == ({3072, 4096} if service is SINGLE else set())


def test_the_operations_that_a_service_calls_must_be_allowed() -> None:
    assert blocks(FLEXIBLE, operations=("encrypt", "decrypt")) == {"key-operations": True}
    assert blocks(FLEXIBLE, operations=("wrapKey",)) == {"key-operations": True}
    assert blocks(ETCD, operations=("wrapKey", "unwrapKey")) == {"key-operations": True}
    assert blocks(ETCD, operations=("decrypt", "encrypt", "wrapKey", "unwrapKey")) == {}
    assert "unwrapKey" in judged(DISKS, operations=("wrapKey",))["key-operations"].sentence


@pytest.mark.parametrize("service", ALL.values(), ids=ALL)
def test_a_key_that_key_vault_lets_nobody_wrap_with_is_taken_by_none(service: Service) -> None:
    assert blocks(service, enabled=False) == {"key-disabled": True}
    assert blocks(service, not_before=LATER) == {"not-yet-valid": True}
    assert blocks(service, expires=BEFORE) == {"expired": True}
    assert blocks(service, not_before=BEFORE) == {}


def test_an_expiry_to_come_is_refused_where_it_is_documented_and_else_warned_of_in_the_documents_words() -> None:
    found = {name: blocks(service, expires=LATER).get("has-expiry") for name, service in ALL.items()}
    assert found == {"mysql-flexible": False, "mysql-single": True, "disk-encryption-set": False, "aks-etcd": False}
    assert "machines with its disks are shut down" in judged(DISKS, expires=LATER)["has-expiry"].sentence


def test_a_vault_without_purge_protection_is_refused_but_where_it_is_only_advised() -> None:
    bare = replace(estates.PREMIUM, purge_protection=False)
    found = {name: blocks(service, bare)["no-purge-protection"] for name, service in ALL.items()}
    assert found == {"mysql-flexible": True, "mysql-single": True, "disk-encryption-set": True, "aks-etcd": False}


@pytest.mark.parametrize("days", [7, 30, 89])
def test_databases_ask_for_the_full_retention(days: int) -> None:
    short = replace(estates.PREMIUM, soft_delete_days=days)
    found = {name: blocks(service, short).get("retention") for name, service in ALL.items()}
    assert found == {"mysql-flexible": True, "mysql-single": True, "disk-encryption-set": None, "aks-etcd": None}


def test_another_region_is_refused_warned_of_or_nothing() -> None:
    found = {name: blocks(service, location="North Europe").get("region") for name, service in ALL.items()}
    assert found == {"mysql-flexible": False, "mysql-single": False, "disk-encryption-set": True, "aks-etcd": False}


@pytest.mark.parametrize("service", ALL.values(), ids=ALL)
def test_a_firewall_must_let_trusted_services_in(service: Service) -> None:
    shuts: tuple[dict[str, Any], ...] = ({"default_deny": True}, {"public_access": False})
    for shut in shuts:
        assert blocks(service, replace(estates.PREMIUM, trusted_bypass=False, **shut)) == {"firewall": True}
        warned = {"firewall": False} if service is ETCD else {}
        assert blocks(service, replace(estates.PREMIUM, trusted_bypass=True, **shut)) == warned
    assert blocks(service, replace(estates.PREMIUM, trusted_bypass=False)) == {}


def test_a_vault_of_another_tenant_is_refused() -> None:
    key = key_for(DISKS)
    assert [one.code for one in fits(DISKS, key, estates.PREMIUM, now=NOW, tenant_id="u")] == ["tenant"]
    assert fits(DISKS, key, estates.PREMIUM, now=NOW, tenant_id="T") == ()


def test_the_version_that_would_be_used_is_the_one_that_is_judged() -> None:
    own = KeyId(estates.PREMIUM.host, "one")
    versions = (
        KeyVersion(id=replace(own, version=estates.NEW), enabled=True),
        KeyVersion(id=replace(own, version=estates.OLD), enabled=False),
    )
    key = key_for(FLEXIBLE, versions=versions)
    assert fits(FLEXIBLE, key, estates.PREMIUM, now=NOW) == ()
    old = fits(FLEXIBLE, key, estates.PREMIUM, now=NOW, version=estates.OLD.upper())
    assert [one.code for one in old] == ["key-disabled"]
    other = fits(FLEXIBLE, key, estates.PREMIUM, now=NOW, version="f" * 32)
    assert [(one.code, one.blocks) for one in other] == [("no-version-unknown", False)]


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"key_type": None}, "key-type-unknown"),
        ({"size": None}, "key-size-unknown"),
        ({"operations": None}, "key-operations-unknown"),
        ({"enabled": None}, "key-state-unknown"),
        ({"current_version": None}, "no-version-unknown"),
    ],
)
def test_what_is_not_known_of_a_key_is_said_and_neither_refused_nor_fine(facts: dict[str, Any], code: str) -> None:
    problems = fits(SINGLE, key_for(SINGLE, **facts), estates.PREMIUM, now=NOW)
    assert [(one.code, one.blocks) for one in problems] == [(code, False)]
    assert is_fit(problems)


def test_a_retention_that_is_not_known_is_said() -> None:
    unread = replace(estates.PREMIUM, soft_delete_days=None)
    assert blocks(FLEXIBLE, unread) == {"retention-unknown": False}
    assert blocks(DISKS, unread) == {}


@pytest.mark.parametrize("service", ALL.values(), ids=ALL)
def test_all_that_is_wrong_is_said_at_once_in_one_sentence_each(service: Service) -> None:
    worst = replace(
        estates.PREMIUM, purge_protection=False, soft_delete_days=7, default_deny=True, trusted_bypass=False
    )
    found = judged(
        service,
        worst,
        location="northeurope",
        size=1024,
        operations=(),
        enabled=False,
        not_before=LATER,
        expires=BEFORE,
    )
    assert {"key-size", "key-operations", "key-disabled", "not-yet-valid", "expired", "firewall"} <= found.keys()
    for one in found.values():
        assert one.sentence.endswith(".")
        assert one.sentence[:-1].count(". ") == 0
        assert one.field
