"""Somebody else writes at the same time: what is there already by others' doing is not claimed, and what passes is waited
for."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from cmk_admin.cloud import roles
from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.domain.verbs.changes import assignment_of
from cmk_admin.domain.verbs.grant import GrantDraft
from cmk_admin.operations.backend import OpenBackend
from tests.operations.attaching import SPARE_KEY
from tests.operations.stories import Azure

POLICIES = KeyId("ws-policies.vault.azure.net", "spare-key")
CONDITION = "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})))"


@pytest.fixture
def azure(workshop: Azure) -> Azure:
    return workshop


async def _planned(backend: OpenBackend, key: KeyId = SPARE_KEY) -> Plan:
    estate = backend.estate or await backend.read()
    free = next(one for one in estate.identities if one.name == "ws-free-id")
    plan = await backend.prepare(GrantDraft(key=key, identity=free.principal_id))
    assert plan.problems == ()
    return plan


async def _given_by_another(azure: Azure, plan: Plan, condition: str | None = None) -> str:
    """The same grant, made by another person under a name of its own."""
    (step,) = plan.steps
    target = f"{step.target.rpartition('/')[0]}/{uuid4()}"
    version = "2.0" if condition else None
    mine = replace(assignment_of(target, step.after or {}), condition=condition, condition_version=version)
    async with azure.session() as session:
        return (await roles.create_assignment(session, mine)).id


def test_a_grant_that_somebody_gave_meanwhile_is_left_as_theirs(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await _planned(backend)
            theirs = await _given_by_another(azure, plan)
            done = await backend.run(plan)
        assert done.outcome is Outcome.DONE, done.log
        assert [step.state for step in done.steps] == [StepState.SKIPPED]
        assert any("under another name" in str(line) for line in done.log)
        assert not done.undoable
        async with azure.session() as session:
            assert await roles.get_assignment(session, theirs) is not None
            assert await roles.get_assignment(session, plan.steps[0].target) is None

    asyncio.run(story())


def test_a_grant_under_a_condition_is_not_taken_for_the_one_that_was_asked_for(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await _planned(backend)
            await _given_by_another(azure, plan, CONDITION)
            done = await backend.run(plan)
        assert [step.state for step in done.steps] == [StepState.FAILED], done.log

    asyncio.run(story())


def test_a_vault_that_is_being_changed_gets_its_access_policy_a_moment_later(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await _planned(backend, POLICIES)
            azure.sandbox.fault("PUT */vaults/ws-policies/accessPolicies/* status:409;times=2")
            done = await backend.run(plan)
        assert done.outcome is Outcome.DONE, done.log
        assert [one["status"] for one in azure.sent() if "/accessPolicies/" in one["path"]] == [409, 409, 200]

    asyncio.run(story())
