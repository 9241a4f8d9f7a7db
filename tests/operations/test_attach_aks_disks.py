"""A key for disks: the set is made and its own identity uses the key; the storage class stands in the cluster."""

import asyncio

import pytest

from cmk_admin.cloud.consumers import disk_encryption_set
from cmk_admin.cloud.inventory import read_estate
from cmk_admin.cloud.session import Session
from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.steps import Outcome, StepState, StepVerb
from cmk_admin.domain.verbs import attach_aks_disks
from cmk_admin.domain.verbs.new_resource import NewDiskSet
from tests.operations.attaching import (
    DISK_KEY,
    PREMIUM,
    SPARE_KEY,
    attached,
    clients_as,
    disks_draft,
    kubernetes,
    plan_of,
    target,
)
from tests.operations.stories import Azure

ELSEWHERE = KeyId("ws-elsewhere.vault.azure.net", "spare-key")
POLICIES = KeyId("ws-policies.vault.azure.net", "spare-key")
NORTH = KeyId("ws-north.vault.azure.net", "spare-key")


@pytest.fixture
def azure(workshop: Azure) -> Azure:
    """The estate of the wizards."""
    return workshop


def test_a_set_is_made_uses_its_key_stands_in_a_storage_class_and_is_taken_back(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend, azure.session() as session:
            draft = await disks_draft(backend, storage_class="encrypted", apply_storage_class=True)
            plan = await backend.prepare(draft)
            assert plan.problems == ()
            assert any("only when a cluster is made" in one for one in plan.warnings)
            words = [step.words for step in plan.steps]
            assert words == [
                "Create disk encryption set new-des with key spare-key",
                "Give role Key Vault Crypto Service Encryption User on key spare-key of ws-premium to new-des",
                "Give role Reader on disk encryption set new-des to ws-aks-id",
                "Make storage class encrypted in cluster ws-aks, on disk encryption set new-des",
            ]
            yaml = attach_aks_disks.storage_class(draft)
            assert yaml is not None
            assert yaml in plan.steps[-1].request
            done = await backend.run(plan)
            assert done.outcome is Outcome.DONE, done.log

            assert draft.new_disk_set is not None
            made = await disk_encryption_set.get(session, draft.new_disk_set.id)
            assert made is not None
            vault_id = made["properties"]["activeKey"]["sourceVault"]["id"]
            assert vault_id.endswith("/vaults/ws-premium")
            assert made["identity"]["type"] == "SystemAssigned"
            await asyncio.to_thread(unwraps, azure, "new-des", f"https://{PREMIUM}/keys/spare-key")
            parameters = kubernetes(azure)["storage_classes"]["encrypted"]["parameters"]
            assert parameters["diskEncryptionSetID"] == draft.new_disk_set.id

            undo = await backend.prepare_undo(done.operation)
            assert undo.problems == ()
            back = await backend.run(undo)
            assert back.outcome is Outcome.DONE, back.log
            assert await disk_encryption_set.get(session, draft.new_disk_set.id) is None
            assert "encrypted" not in kubernetes(azure)["storage_classes"]
            assert clients_as(azure, "administrator").grants(f"{vault_id}/keys/spare-key") == {}

    def unwraps(azure: Azure, principal: str, key: str) -> None:
        """The set's own identity uses its key, and no other of the vault."""
        mine = clients_as(azure, principal)
        wrapped = clients_as(azure, "administrator").wrap(key)
        mine.await_unwraps(wrapped, wanted=True, key_id=key)
        other = f"https://{PREMIUM}/keys/used-key"
        assert not mine.unwraps(clients_as(azure, "administrator").wrap(other), other)

    asyncio.run(story())


def test_a_set_that_is_picked_gets_the_key_and_its_other_users_are_named(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend, azure.session() as session:
            picked = await target(backend, "disk-encryption-set", "ws-des")
            draft = await disks_draft(backend, new_disk_set=None, disk_set=picked.id)
            plan = await backend.prepare(draft)
            assert plan.problems == ()
            assert any("every disk on it changes" in one for one in plan.warnings)
            assert any(f"Keep {picked.key} enabled" in one for one in plan.warnings)
            done = await backend.run(plan)
            assert done.outcome is Outcome.DONE, done.log
            now = disk_encryption_set.shown(await disk_encryption_set.get(session, picked.id) or {})
            assert now.key is not None
            assert now.key.key == SPARE_KEY
            back = await backend.run(await backend.prepare_undo(done.operation))
            assert back.outcome is Outcome.DONE, back.log
            then = disk_encryption_set.shown(await disk_encryption_set.get(session, picked.id) or {})
            assert then.key == picked.key

    asyncio.run(story())


def test_a_vault_with_access_policies_lets_the_set_in_and_forgets_it_again(azure: Azure) -> None:
    async def entries(session: Session) -> set[str]:
        estate = await read_estate(session)
        vault = next(one for one in estate.vaults if one.host == POLICIES.host)
        return {one.object_id for one in vault.access_policies}

    async def story() -> None:
        async with azure.session() as session:
            before = await entries(session)
            async with azure.opened() as backend:
                done = await attached(backend, await disks_draft(backend, key=POLICIES))
                assert done.outcome is Outcome.DONE, done.log
            azure.sandbox.advance(120)
            assert len(await entries(session)) == len(before) + 1
            async with azure.opened() as later:
                back = await later.undo(done.operation)
                assert back.outcome is Outcome.DONE, back.log
            azure.sandbox.advance(120)
            assert await entries(session) == before

    asyncio.run(story())


def test_a_key_of_another_subscription_is_taken_without_naming_its_vault(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend, azure.session() as session:
            draft = await disks_draft(backend, key=ELSEWHERE)
            done = await attached(backend, draft)
            assert done.outcome is Outcome.DONE, done.log
            assert draft.new_disk_set is not None
            made = await disk_encryption_set.get(session, draft.new_disk_set.id)
            assert made is not None
            assert set(made["properties"]["activeKey"]) == {"keyUrl"}

    asyncio.run(story())


def test_what_azure_would_refuse_is_refused_before_anything_is_sent(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            base = await disks_draft(backend)
            new = base.new_disk_set
            assert new is not None
            stopped = (await target(backend, "aks-disks", "ws-aks-stopped")).id
            cases: list[tuple[dict[str, object], str]] = [
                ({"key": NORTH}, "takes only keys of its own region"),
                ({"new_disk_set": None}, "Choose a disk encryption set"),
                ({"new_disk_set": named(new, name="ws-des")}, "pick it instead"),
                ({"new_disk_set": named(new, name="no good")}, "not a name for a disk encryption set"),
                ({"new_disk_set": named(new, location="northeurope")}, "disks take a set of their region"),
                ({"storage_class": "Not Good"}, "cannot be the name of a storage class"),
                ({"storage_class": "managed-csi"}, "AKS brings itself"),
                ({"apply_storage_class": True}, "Name the storage class"),
                ({"consumer": stopped, "storage_class": "enc", "apply_storage_class": True}, "start it first"),
            ]
            for chosen, said in cases:
                plan = await backend.prepare(await disks_draft(backend, **chosen))
                assert any(said in one for one in plan.problems), (chosen, plan.problems)
        assert azure.sent() == []
        async with azure.opened("operator") as backend:
            plan = await backend.prepare(await disks_draft(backend))
            assert any("may not assign roles" in one for one in plan.problems), plan.problems

    def named(new: NewDiskSet, **changed: str) -> NewDiskSet:
        facts = {"subscription_id": new.subscription_id, "group": new.group, "name": new.name, "location": new.location}
        return NewDiskSet(**{**facts, **changed})

    asyncio.run(story())


def test_a_storage_class_of_the_name_that_says_something_else_is_left_alone(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            picked = await target(backend, "disk-encryption-set", "ws-des")
            facts = {"key": DISK_KEY, "new_disk_set": None, "storage_class": "enc", "apply_storage_class": True}
            first = await attached(backend, await disks_draft(backend, disk_set=picked.id, **facts))
            assert first.outcome is Outcome.DONE, first.log
            again = await backend.run(plan_of(first))
            assert {step.state for step in again.steps} == {StepState.SKIPPED}
            held = kubernetes(azure)["storage_classes"]["enc"]
            second = await attached(backend, await disks_draft(backend, storage_class="enc", apply_storage_class=True))
            assert second.steps[-1].state is StepState.FAILED
            assert plan_of(second).steps[-1].verb is StepVerb.APPLY_STORAGE_CLASS
            assert "left alone" in (second.steps[-1].error or "")
            assert kubernetes(azure)["storage_classes"]["enc"] == held

    asyncio.run(story())
