"""A key for a cluster's secrets in etcd: one path of the cluster changes, nothing of it is lost, and it can be taken back."""

import asyncio
import re

import pytest

from cmk_admin.cloud import api
from cmk_admin.cloud.consumers import CONSUMERS
from cmk_admin.domain import mapping
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.index import Index
from cmk_admin.domain.steps import Outcome, StepState, StepVerb
from cmk_admin.domain.verbs.detach import DetachDraft
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.interface import WatchResult
from tests.operations.attaching import (
    ETCD_KEY,
    attached,
    changed_paths,
    clients_as,
    cluster,
    encrypted_by,
    etcd_draft,
    plan_of,
    put_cluster,
    target,
)
from tests.operations.stories import Azure
from tests.support import Document

KMS = "properties.securityProfile.azureKeyVaultKms"
OBJECTS = "properties.securityProfile.kubernetesResourceObjectEncryptionProfile"
UNKNOWN: Document = {
    "properties": {"futureProfile": {"levels": [1, {"deep": None}], "ratio": 0.1}, "securityProfile": {"later": "yes"}},
    "somethingNew": {"kept": True},
}


@pytest.fixture
def azure(workshop: Azure) -> Azure:
    """The estate of the wizards."""
    return workshop


def key_of(found: set[str | None]) -> str:
    """The one key that encrypts every secret."""
    (only,) = found
    assert only is not None
    return only


def test_an_attach_changes_one_path_of_a_cluster_with_unknown_fields_encrypts_every_secret_and_is_undone(
    azure: Azure,
) -> None:
    async def story() -> None:
        async with azure.opened() as backend, azure.session() as session:
            draft = await etcd_draft(backend, rewrite_secrets=True)
            present = await cluster(session, draft.consumer)
            properties = {**present["properties"], **UNKNOWN["properties"], "aadProfile": {"managed": True}}
            await put_cluster(session, {**present, "properties": properties, "somethingNew": UNKNOWN["somethingNew"]})
            before = await cluster(session, draft.consumer)
            assert before["properties"]["futureProfile"] == UNKNOWN["properties"]["futureProfile"]
            assert encrypted_by(azure) == {None}
            since = azure.sandbox.last_request()
            done = await attached(backend, draft)
            assert done.outcome is Outcome.DONE, done.log
            after = await cluster(session, draft.consumer)
            assert set(changed_paths(before, after)) == {"eTag", KMS}
            written = {one["path"].rsplit("/", 2)[-2:][0] for one in azure.sandbox.writes(since)}
            assert written == {"roleAssignments", "managedClusters", "ws-aks"}, "the grant, the cluster, its command"
            puts = [one["changes"] for one in azure.sandbox.writes(since) if "changes" in one]
            assert puts
            assert all(one == [KMS] for one in puts), "whatever else was sent is as it was read, tries included"
            kms = after["properties"]["securityProfile"]["azureKeyVaultKms"]
            assert kms == {"enabled": True, "keyId": kms["keyId"], "keyVaultNetworkAccess": "Public"}
            assert re.fullmatch(f"{ETCD_KEY}/[0-9a-f]{{32}}", kms["keyId"])
            assert key_of(encrypted_by(azure)) == kms["keyId"]
            (grant,) = [step for step in plan_of(done).steps if step.verb is StepVerb.CREATE_ASSIGNMENT]
            assert "AKS asks to keep it granted" in (grant.undo_words or ""), (
                "the preview promises no more than undo does"
            )
            assert str((grant.after or {})["scope"]).endswith("/keys/etcd-key")
            await as_the_sandbox_tells_it(backend)
            undo = await backend.prepare_undo(done.operation)
            assert undo.problems == ()
            assert [step.verb for step in undo.steps] == [StepVerb.SET_CONSUMER_KEY, StepVerb.REWRITE_SECRETS]
            (kept,) = undo.left
            assert "stays: AKS asks to keep the key of secrets in etcd alive and granted" in kept
            back = await backend.run(undo)
            assert back.outcome is Outcome.PARTIAL
            assert {step.state for step in back.steps} == {StepState.DONE}
            assert encrypted_by(azure) == {None}
            assert set(changed_paths(before, await cluster(session, draft.consumer))) == {"eTag", KMS}
            assert len(clients_as(azure, "administrator").grants(str((grant.after or {})["scope"]))) == 1

    async def as_the_sandbox_tells_it(backend: OpenBackend) -> None:
        estate = await backend.refresh_key(str(ETCD_KEY))
        (mine,) = [one for one in estate.consumers if one.service == "aks-etcd"]
        (truth,) = [one for one in azure.sandbox.truth() if one["service"] == "aks-etcd"]
        (row,) = [one for one in mapping.rows(Index(estate)) if one.service == "aks-etcd"]
        (slot,) = mine.slots
        assert (mine.id, slot.slot, str(slot.key_id)) == (truth["consumer_id"], "primary", truth["key_id"])
        assert list(row.role_assignment_scope or ()) == truth["role_assignment_scope"]
        assert (row.key_type, list(row.key_options or ())) == (truth["key_type"], truth["key_options"])
        assert list(row.problems) == truth["problems"]
        assert truth["identity"] == {
            "name": row.identity_name,
            "object_id": row.identity_object_id,
            "resource_id": row.identity_resource_id,
        }

    asyncio.run(story())


def test_the_new_engine_is_asked_for_once_and_never_switched_off(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend, azure.session() as session:
            draft = await etcd_draft(backend, engine="new", network="Private")
            before = await cluster(session, draft.consumer)
            plan = await backend.prepare(draft)
            assert any("cannot be switched off again" in one for one in plan.warnings)
            (change,) = [step for step in plan.steps if step.verb is StepVerb.SET_CONSUMER_KEY]
            assert change.undo_words is None
            roles = [step.words for step in plan.steps if step.verb is StepVerb.CREATE_ASSIGNMENT]
            assert [one.split(" to ")[0] for one in roles] == [
                "Give role Key Vault Crypto User on key etcd-key of ws-premium",
                "Give role Key Vault Contributor on vault ws-premium",
            ]
            done = await backend.run(plan)
            assert done.outcome is Outcome.DONE, done.log
            after = await cluster(session, draft.consumer)
            assert set(changed_paths(before, after)) == {"eTag", KMS, OBJECTS}
            kms = after["properties"]["securityProfile"]["azureKeyVaultKms"]
            assert (kms["keyId"], kms["keyVaultNetworkAccess"]) == (str(ETCD_KEY), "Private")
            assert kms["keyVaultResourceId"].endswith("/vaults/ws-premium")
            undo = await backend.prepare_undo(done.operation)
            assert any("cannot be taken back" in one for one in undo.problems)
            assert len([one for one in undo.problems if "stays: AKS asks" in one]) == 2, "on the key and on its vault"
            back = await backend.prepare(DetachDraft(consumer=draft.consumer, service="aks-etcd"))
            assert any("cannot be switched off again" in one for one in back.problems)
            again = await backend.prepare(await etcd_draft(backend, engine="legacy"))
            assert any("no way back" in one for one in again.problems)

    asyncio.run(story())


def test_a_change_by_somebody_else_is_kept_and_a_detach_keeps_the_grant(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend, azure.session() as session:
            draft = await etcd_draft(backend)
            plan = await backend.prepare(draft)
            await put_cluster(session, {**await cluster(session, draft.consumer), "tags": {"since": "the plan"}})
            done = await backend.run(plan)
            assert done.outcome is Outcome.DONE, done.log
            assert (await cluster(session, draft.consumer))["tags"] == {"since": "the plan"}
            stale = await backend.run(plan)
            assert {step.state for step in stale.steps} == {StepState.SKIPPED}
            off = await backend.prepare(DetachDraft(consumer=draft.consumer, service="aks-etcd"))
            assert off.problems == ()
            assert any("still need" in one and "keep it enabled" in one for one in off.warnings)
            assert [step.verb for step in off.steps] == [StepVerb.SET_CONSUMER_KEY, StepVerb.REWRITE_SECRETS]
            assert (await backend.run(off)).outcome is Outcome.DONE
            assert encrypted_by(azure) == {None}
            dropping = DetachDraft(consumer=draft.consumer, service="aks-etcd", drop_grant=True)
            refused = await backend.prepare(dropping)
            assert any("alive and granted" in one for one in refused.problems)
            late = await backend.run(off)
            assert late.steps[0].state is StepState.SKIPPED

    asyncio.run(story())


def test_a_write_under_an_etag_that_is_old_changes_nothing_and_says_who_was_first(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            draft = await etcd_draft(backend)
            plan = await backend.prepare(draft)
            azure.sandbox.fault("PUT *managedClusters/ws-aks status:412;times=1")
            done = await backend.run(plan)
            last = done.steps[-1]
            assert last.state is StepState.FAILED
            assert "changed by somebody else" in (last.error or "")
            assert encrypted_by(azure) == {None}

    asyncio.run(story())


def test_a_revoke_of_the_key_is_not_confirmed_since_azure_shows_nothing(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            draft = await etcd_draft(backend, rewrite_secrets=True)
            await attached(backend, draft)
            await backend.refresh_key(str(ETCD_KEY))
            plan = await backend.prepare_revoke(RevokeDraft(key=ETCD_KEY, consumers=(draft.consumer,)))
            assert plan.problems == ()
            cut = await backend.run(plan)
            assert {one.state for one in cut.steps} == {StepState.DONE}
            (watch,) = cut.watch
            assert watch.result is WatchResult.NOT_CONFIRMED
            assert "no state" in (watch.reason or "")

    asyncio.run(story())


REFUSED = {
    ("ws-aks-stopped", ""): "start it first",
    ("ws-aks-system", ""): "no user-assigned identity",
    ("ws-aks-old", "engine=new"): "needs 1.33",
    ("ws-aks", "engine=newest"): "is no engine",
    ("ws-aks", "network=Tunnel"): "no way to a vault",
}


def test_what_azure_would_refuse_is_refused_before_the_write_and_at_it(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend, azure.session() as session:
            for (name, chosen), said in REFUSED.items():
                field, _, value = chosen.partition("=")
                plan = await backend.prepare(await etcd_draft(backend, name, **({field: value} if field else {})))
                assert any(said in one for one in plan.problems), (name, plan.problems)
            stopped = await target(backend, "aks-etcd", "ws-aks-stopped")
            set_key = CONSUMERS["aks-etcd"].set_key
            assert set_key is not None
            with pytest.raises(AzureFailure, match="must run to be changed") as refused:
                await set_key(session, stopped.id, {**stopped.settings, "key": f"{ETCD_KEY}/{'0' * 32}"}, stopped)
            assert refused.value.kind is FailureKind.CONFLICT
        assert azure.sent() == []

    asyncio.run(story())


def test_an_old_cluster_that_is_being_changed_is_waited_for_and_takes_the_legacy_engine(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend, azure.session() as session:
            plan = await backend.prepare(await etcd_draft(backend, "ws-aks-old"))
            assert any("rewritten" in one or "written again" in one for one in plan.warnings)
            (change,) = [step for step in plan.steps if step.verb is StepVerb.SET_CONSUMER_KEY]
            document = {**await cluster(session, change.target), "tags": {"busy": "yes"}}
            await session.arm("PUT", change.target, api_version=api.MANAGED_CLUSTERS, body=document, urgent=True)
            assert (await target(backend, "aks-etcd", "ws-aks-old")).busy
            done = await backend.run(plan)
            assert done.outcome is Outcome.DONE, done.log
            after = await cluster(session, change.target)
            assert after["tags"] == {"busy": "yes"}
            assert after["properties"]["securityProfile"]["azureKeyVaultKms"]["keyId"].startswith(str(ETCD_KEY))

    asyncio.run(story())
