"""What a consumer lacks: each thing by itself, since when and by whom, and what cannot be known."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cmk_admin.domain.activity import Event
from cmk_admin.domain.diagnosis import Lack, is_lost, lacks
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import AccessPolicy, Consumer, Estate, Source, Vault
from cmk_admin.domain.surroundings import CarriedIdentity, Surroundings, Target
from tests.domain import estates

NOW = estates.NOW
MYSQL_IDENTITY = f"{estates.GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/dcc-mysql-id"
KEY = "https://dcc-premium.vault.azure.net/keys/mysql-encryption-key"


def estate(*, grants: bool = True, vault: dict[str, Any] | None = None, **key: Any) -> Estate:
    """The small estate, whose MySQL server names its identity's own id."""
    base = estates.dcc()
    slot = replace(estates.MYSQL.slots[0], identity_resource_id=MYSQL_IDENTITY, identity_name="dcc-mysql-id")
    server = replace(estates.MYSQL, slots=(slot,), state="Inaccessible")
    premium = replace(estates.PREMIUM, **(vault or {}))
    return replace(
        base,
        vaults=(premium, estates.STANDARD),
        keys=(replace(estates.MYSQL_KEY, **key), estates.AKS_KEY, estates.SOFT_KEY),
        consumers=(server, *base.consumers[1:]),
        role_assignments=tuple(one for one in base.role_assignments if grants or one.principal_id != estates.MYSQL_ID),
    )


def around(**facts: Any) -> Surroundings:
    return Surroundings(now=NOW, **facts)


def found(made: Estate, seen: Surroundings | None = None, consumer: Consumer = estates.MYSQL) -> dict[str, Lack]:
    index = Index(made)
    mine = index.consumer(consumer.id)
    assert mine is not None
    return {one.code: one for one in lacks(index, mine, seen or around(events=()))}


def event(operation: str, resource_id: str, *, minutes: int, principal: str | None = None, **more: Any) -> Event:
    return Event(
        at=NOW - timedelta(minutes=minutes),
        operation=operation.lower(),
        words=more.pop("words", operation),
        resource_id=resource_id,
        caller="somebody@example.com",
        caller_id=estates.ME,
        principal_id=principal,
    )


def removed(scope: str, *, minutes: int, principal: str | None) -> Event:
    at = f"{scope}/providers/Microsoft.Authorization/roleAssignments/40000000-0000-0000-0000-000000000001"
    operation = "Microsoft.Authorization/roleAssignments/delete"
    return event(operation, at, minutes=minutes, principal=principal, words="Delete role assignment")


def test_nothing_is_missing_where_all_is_right() -> None:
    assert found(estate()) == {}


@pytest.mark.parametrize(("word", "lost"), [("Inaccessible", True), ("Ready", False), ("Stopping", None), (None, None)])
def test_the_consumers_own_word_says_whether_it_is_lost(word: str | None, lost: bool | None) -> None:
    assert is_lost(replace(estates.MYSQL, state=word), around()) is lost


def test_what_a_consumer_shows_just_now_counts_before_its_state() -> None:
    running = replace(estates.AKS, state="Running")
    assert is_lost(running, around()) is False
    assert is_lost(running, around(signal="0 of 3 run", signal_lost=True)) is True
    assert is_lost(running, around(signal="1 of 3 run", signal_lost=None)) is None


def test_a_grant_that_was_removed_is_told_with_who_removed_it_and_when() -> None:
    events = (
        removed(estates.PREMIUM.id, minutes=5, principal=estates.AKS_ID),
        removed(estates.MYSQL_SCOPE, minutes=20, principal=estates.MYSQL_ID.upper()),
        removed(estates.MYSQL_SCOPE, minutes=90, principal=estates.MYSQL_ID),
    )
    (lack,) = found(estate(grants=False), around(events=events)).values()
    assert lack.code == "permission"
    assert lack.missing == ("get", "wrapKey", "unwrapKey")
    assert "since 2026-03-01 11:40:00 UTC, by administrator (“Delete role assignment”" in lack.sentence


def test_a_removal_above_the_key_counts_and_one_elsewhere_does_not() -> None:
    missing = estate(grants=False)
    above = removed(f"/subscriptions/{estates.SUB}", minutes=7, principal=estates.MYSQL_ID)
    assert "11:53:00" in found(missing, around(events=(above,)))["permission"].sentence
    beside = removed(estates.AKS_SCOPE, minutes=7, principal=estates.MYSQL_ID)
    assert "does not say" in found(missing, around(events=(beside,)))["permission"].sentence


def test_where_the_log_is_silent_or_could_not_be_read_that_is_said() -> None:
    missing = estate(grants=False)
    assert "the Activity Log does not say" in found(missing, around(events=()))["permission"].sentence
    assert "the Activity Log could not be read" in found(missing, around(events=None))["permission"].sentence


def test_a_role_that_lets_it_do_less_than_the_service_needs_is_not_enough() -> None:
    some = replace(estates.ENCRYPTION_USER, data_actions=("Microsoft.KeyVault/vaults/keys/unwrap/action",))
    made = replace(estate(), role_definitions=(some, *estates.ROLES[1:]))
    assert found(made)["permission"].missing == ("get", "wrapKey")


def test_a_grant_that_may_be_there_is_a_doubt_and_no_lack() -> None:
    made = replace(estate(grants=False), unread_assignments=frozenset({f"/subscriptions/{estates.SUB}"}))
    (lack,) = found(made).values()
    assert (lack.code, lack.blocks, lack.given_back) == ("permission-unknown", False, False)


def test_an_access_policy_that_lacks_something_is_told_by_what_it_lacks() -> None:
    policy = AccessPolicy(tenant_id="t", object_id=estates.MYSQL_ID, keys=("get", "unwrapKey"))
    events = (
        event(
            "Microsoft.KeyVault/vaults/accessPolicies/write", f"{estates.PREMIUM.id}/accessPolicies/replace", minutes=3
        ),
    )
    made = estate(vault={"rbac": False, "access_policies": (policy,)})
    lack = found(made, around(events=events))["permission"]
    assert lack.missing == ("wrapKey",)
    assert "11:57:00" in lack.sentence
    assert "may have been another change" in lack.sentence


def test_a_policy_that_counts_only_with_an_application_lets_no_service_in() -> None:
    policy = AccessPolicy(tenant_id="t", object_id=estates.MYSQL_ID, application_id="a", keys=("all",))
    assert "permission" in found(estate(vault={"rbac": False, "access_policies": (policy,)}))


def test_a_disabled_version_is_told_and_that_the_log_does_not_hold_it() -> None:
    versions = tuple(replace(one, enabled=False) for one in estates.MYSQL_KEY.versions or ())
    lack = found(estate(versions=versions, updated=NOW - timedelta(hours=1)))["version-disabled"]
    assert lack.given_back
    assert "changed last at 2026-03-01 11:00:00 UTC" in lack.sentence
    assert "holds nothing of what is done in a vault itself" in lack.sentence


def test_another_version_that_is_disabled_does_not_matter() -> None:
    versions = estates.MYSQL_KEY.versions or ()
    assert found(estate(versions=(versions[0], replace(versions[1], enabled=False)))) == {}


def test_dates_do_not_stop_a_service_by_themselves() -> None:
    versions = estates.MYSQL_KEY.versions or ()
    past, later = NOW - timedelta(days=1), NOW + timedelta(days=1)
    lack = found(estate(versions=(replace(versions[0], expires=past), versions[1])))["expired"]
    assert not lack.blocks
    lack = found(estate(versions=(replace(versions[0], not_before=later), versions[1])))["not-yet-valid"]
    assert not lack.blocks


def test_an_operation_that_the_key_no_longer_allows_is_told() -> None:
    assert "unwrapKey" in found(estate(operations=("wrapKey",)))["operations"].sentence


def without_key(**vault: Any) -> Estate:
    made = estate(vault=vault)
    return replace(made, keys=tuple(one for one in made.keys if one.id != estates.MYSQL_KEY.id))


def test_a_deleted_key_is_told_with_when_and_a_purged_one_with_what_is_left() -> None:
    host = estates.PREMIUM.host
    deleted = around(events=(), asked_deleted=frozenset({host}), soft_deleted={KEY: NOW - timedelta(hours=2)})
    lack = found(without_key(), deleted)["key-deleted"]
    assert lack.given_back
    assert "2026-03-01 10:00:00 UTC" in lack.sentence
    gone = found(without_key(), around(events=(), asked_deleted=frozenset({host})))["key-gone"]
    assert not gone.given_back
    assert "restore a backup" in gone.instead


def test_a_key_that_could_not_be_looked_for_is_not_called_gone() -> None:
    assert "key-unknown" in found(without_key())
    unread = around(events=(), asked_deleted=frozenset({estates.PREMIUM.host}))
    assert "key-unknown" in found(without_key(keys_from=Source.UNREAD), unread)


@pytest.mark.parametrize("shut", [{"default_deny": True}, {"public_access": False}])
def test_a_firewall_that_keeps_trusted_services_out_is_told(shut: dict[str, bool]) -> None:
    events = (event("Microsoft.KeyVault/vaults/write", estates.PREMIUM.id, minutes=30),)
    lack = found(estate(vault={**shut, "trusted_bypass": False}), around(events=events))["firewall"]
    assert "11:30:00" in lack.sentence
    assert found(estate(vault={**shut, "trusted_bypass": True})) == {}
    assert found(estate(vault={"trusted_bypass": False})) == {}


def test_a_vault_that_is_deleted_is_told_apart_from_one_that_is_not_visible() -> None:
    gone = replace(estate(), vaults=(estates.STANDARD,))
    events = (event("Microsoft.KeyVault/vaults/delete", estates.PREMIUM.id, minutes=60),)
    lack = found(gone, around(events=events, deleted_vaults=frozenset({"dcc-premium"})))["vault-deleted"]
    assert "11:00:00" in lack.sentence
    assert "role assignments do not come back" in lack.instead
    assert list(found(gone, around(deleted_vaults=frozenset()))) == ["vault-unseen"]
    assert list(found(gone, around())) == ["vault-unseen"]


def test_an_identity_that_is_gone_made_again_or_no_longer_carried_is_told() -> None:
    where = MYSQL_IDENTITY.lower()
    events = (event("Microsoft.ManagedIdentity/userAssignedIdentities/delete", MYSQL_IDENTITY, minutes=10),)
    gone = found(estate(), around(events=events, identities={where: None}))["identity-gone"]
    assert "11:50:00" in gone.sentence
    again = found(estate(), around(events=events, identities={where: estates.TEAM}))
    assert list(again) == ["identity-replaced"]
    bare = Target(id=estates.MYSQL.id, service="mysql-flexible", name="m", location="w", subscription_id=estates.SUB)
    assert list(found(estate(), around(targets={estates.MYSQL.id.lower(): bare}))) == ["identity-not-carried"]
    carries = replace(bare, identities=(CarriedIdentity(resource_id=MYSQL_IDENTITY.upper(), principal_id="x"),))
    assert found(estate(), around(targets={estates.MYSQL.id.lower(): carries})) == {}


def test_a_cluster_lacks_what_its_disk_encryption_set_lacks() -> None:
    made = estate()
    cut = replace(
        made, role_assignments=tuple(one for one in made.role_assignments if one.principal_id != estates.DES_ID)
    )
    for one in (estates.AKS, estates.DES):
        assert list(found(cut, consumer=one)) == ["permission"]


def test_every_sentence_is_one_without_its_full_stop() -> None:
    broken: Vault = replace(estates.PREMIUM, default_deny=True, trusted_bypass=False)
    versions = tuple(replace(one, enabled=False) for one in estates.MYSQL_KEY.versions or ())
    made = estate(grants=False, versions=versions, operations=())
    all_of_it = found(replace(made, vaults=(broken, estates.STANDARD)))
    assert set(all_of_it) == {"permission", "version-disabled", "operations", "firewall"}
    for one in all_of_it.values():
        assert not one.sentence.endswith(".")
        assert one.given_back or one.instead
