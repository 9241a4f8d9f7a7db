"""What must never be called done: open paths, changed targets, refused writes."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest

from cmk_admin.cloud import api, roles, vaults
from cmk_admin.domain.errors import Refused
from cmk_admin.domain.ids import KeyId, subscription_of
from cmk_admin.domain.model import RoleAssignment
from cmk_admin.domain.plan import PathState, Plan
from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.domain.verbs.changes import parse_policy_target
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.interface import WatchResult
from tests.operations.stories import Azure, Seen, as_before, plan_disable, plan_grants


async def _grant_on_subscription(azure: Azure, plan: Plan) -> None:
    """Give the plan's principal the same role once more, above the vault."""
    async with azure.session() as session:
        known = await roles.get_assignment(session, plan.steps[0].target)
        assert known is not None
        scope = f"/subscriptions/{subscription_of(known.scope)}"
        name = UUID(int=7)
        wide = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
        await roles.create_assignment(session, replace(known, id=wide, scope=scope))


def test_a_grant_above_the_vault_stays_open_and_the_outcome_is_partial(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            await _grant_on_subscription(azure, await plan_grants(backend))
            plan = await plan_grants(backend)
            assert [p.state for p in plan.open_paths] == [PathState.STAYS_OPEN]
            done = await backend.run(plan, watch=False)
            assert [s.state for s in done.steps] == [StepState.DONE]
            assert done.outcome is Outcome.PARTIAL
            assert [p.state for p in done.open_paths] == [PathState.STAYS_OPEN]
            assert "above the vault" in str(done.open_paths[0].reason)

    asyncio.run(story())


def test_a_grant_that_appears_after_the_plan_is_found_and_contradicts_the_watch(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_grants(backend)
            assert plan.open_paths == ()
            await _grant_on_subscription(azure, plan)
            done = await backend.run(plan)
            assert done.outcome is Outcome.PARTIAL
            assert len(done.open_paths) == 1
            (watch,) = done.watch
            assert (watch.result, watch.now) == (WatchResult.CONTRADICTED, "Ready")
            assert "still Ready" in str(watch.reason)

    asyncio.run(story())


def test_paths_that_cannot_be_read_again_are_unknown_and_the_outcome_is_partial(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_grants(backend)
            azure.sandbox.fault("GET management.azure.com*/roleAssignments status:403;skip=0")
            done = await backend.run(plan, watch=False)
            assert done.outcome is Outcome.PARTIAL
            assert PathState.UNKNOWN in {p.state for p in done.open_paths}

    asyncio.run(story())


def test_a_target_that_somebody_changed_is_left_alone_and_the_difference_is_said(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_grants(backend, "dcc-reports-mysql")
            vault_id, object_id, _ = parse_policy_target(plan.steps[0].target)
            async with azure.session() as session:
                entry = vaults.policy_entry(await vaults.get_vault(session, vault_id), object_id, None)
                assert entry is not None
                await vaults.set_policy_entry(session, vault_id, object_id, None, replace(entry, keys=("get", "sign")))
            before = len(azure.sent())
            seen = Seen()
            done = await backend.run(plan, watch=False, on_boundary=seen.boundaries.append)
            assert [s.state for s in done.steps] == [StepState.FAILED]
            assert "keys is get, sign instead of" in str(done.steps[0].error)
            assert done.outcome is Outcome.FAILED
            assert seen.events == [(1, "failed")]
            assert len(azure.sent()) == before

    asyncio.run(story())


def test_an_access_policy_is_taken_and_given_back_as_it_was(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_grants(backend, "dcc-reports-mysql")
            vault_id, *_ = parse_policy_target(plan.steps[0].target)
            async with azure.session() as session:
                before = await vaults.get_vault(session, vault_id)
                cut = await backend.run(plan)
                assert cut.outcome is Outcome.DONE, cut.log
                assert (await vaults.get_vault(session, vault_id)).access_policies != before.access_policies
                back = await backend.run(await backend.prepare_restore(cut.operation))
                assert back.outcome is Outcome.DONE, back.log
                after = await vaults.get_vault(session, vault_id)
                assert set(after.access_policies) == set(before.access_policies)

    asyncio.run(story())


async def _lock(azure: Azure, plan: Plan) -> None:
    async with azure.session() as session:
        vault = dict(plan.context)["vault"]
        path = f"{vault}/providers/Microsoft.Authorization/locks/keep"
        body = {"properties": {"level": "CanNotDelete"}}
        await session.arm("PUT", path, api_version=api.LOCKS, body=body)


def test_a_lock_that_appears_after_the_plan_fails_the_step_with_a_sentence(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_grants(backend)
            await _lock(azure, plan)
            done = await backend.run(plan, watch=True)
            assert done.outcome is Outcome.FAILED
            assert "A lock forbids the change" in str(done.steps[0].error)
            assert done.steps[0].request_id
            assert [w.result for w in done.watch] == [WatchResult.NOT_CONFIRMED]
            assert await as_before(azure, plan)
            assert done.resumable

    asyncio.run(story())


def test_a_plan_with_problems_is_refused_and_nothing_is_journaled(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_grants(backend, "dcc-train-mysql")
            assert plan.problems
            with pytest.raises(Refused):
                await backend.run(plan)
            assert await backend.operations() == ()

    asyncio.run(story())


def test_one_refused_step_does_not_hold_up_the_others(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_disable(backend, "dcc-des-old")
            assert len(plan.steps) >= 2
            path = plan.steps[0].target.removeprefix("https://")
            azure.sandbox.fault(f"PATCH {path}* status:403")
            done = await backend.run(plan, watch=False)
            assert [s.state for s in done.steps] == [StepState.FAILED] + [StepState.DONE] * (len(plan.steps) - 1)
            assert done.outcome is Outcome.PARTIAL
            assert done.open_paths
            azure.sandbox.no_faults()
            again = await backend.resume(done.operation, watch=False)
            assert again.outcome is Outcome.DONE
            assert again.open_paths == ()

    asyncio.run(story())


def test_the_decoy_grant_alone_never_counts_as_done(azure: Azure) -> None:
    """A plan that removes only the cluster identity's unused grant leaves the disk encryption set's own path open."""

    async def decoy(backend: OpenBackend, plan: Plan) -> RoleAssignment:
        estate = backend.estate
        assert estate is not None
        scope = plan.steps[0].before
        assert scope is not None
        (found,) = [
            one
            for one in estate.role_assignments
            if one.scope == scope["scope"] and one.id != plan.steps[0].target and one.principal_type != "User"
        ]
        return found

    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_grants(backend, "dcc-aks")
            unused = await decoy(backend, plan)
            facts = {**(plan.steps[0].before or {}), "principal_id": unused.principal_id}
            wrong = replace(plan, steps=(replace(plan.steps[0], target=unused.id, before=facts),))
            done = await backend.run(wrong, watch=False)
            assert done.outcome is Outcome.PARTIAL, done.log
            assert [s.state for s in done.steps] == [StepState.DONE]
            assert done.open_paths

    asyncio.run(story())


def test_a_version_that_appears_after_the_plan_keeps_the_outcome_partial_also_without_consumers(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            host = "dcc-standard.vault.azure.net"
            body = {"kty": "RSA", "key_size": 2048}
            async with azure.session() as session:
                await session.vault("POST", host, "/keys/lonely/create", body=body)
            await backend.read()
            plan = await backend.prepare_revoke(RevokeDraft(key=KeyId(host, "lonely")))
            assert plan.paths == ()
            async with azure.session() as session:
                await session.vault("POST", host, "/keys/lonely/create", body=body)
            done = await backend.run(plan)
            assert {s.state for s in done.steps} == {StepState.DONE}
            assert [p.via for p in done.open_paths] == ["the key itself"]
            assert done.outcome is Outcome.PARTIAL

    asyncio.run(story())
