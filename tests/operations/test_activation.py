"""A role of one's own is activated as a step: at once, after an approval, or not at all; and what is asked for a revoke."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from cmk_admin.cloud import pim
from cmk_admin.cloud.session import Session
from cmk_admin.domain.ids import KeyId, fold
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Estate
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Outcome, Step, StepState
from cmk_admin.domain.surroundings import Surroundings
from cmk_admin.domain.verbs import changes, readiness
from cmk_admin.domain.verbs.changes_roles import activate, remove_eligibility, request_name
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations import surveying
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.executors import EXECUTORS, Seen
from cmk_admin.operations.interface import OperationReport
from cmk_admin.runtime.connection import read_connection
from tests.operations.stories import Azure
from tests.support import serve

OWN = KeyId("in-main.vault.azure.net", "own-key")
MIXED = KeyId("in-mixed.vault.azure.net", "mixed-key")
ROTATING = KeyId("in-main.vault.azure.net", "rotating-key")
ADMINISTRATOR_OF_ACCESS, OFFICER = "User Access Administrator", "Key Vault Crypto Officer"


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Azure]:
    running = serve(tmp_path / "azure", speed=600, scenario="incident")
    yield Azure(running, tmp_path / "home")
    running.stop()


@asynccontextmanager
async def signed_in(azure: Azure, principal: str) -> AsyncIterator[Session]:
    """A session beside the backend's."""
    session = await Session.open(read_connection(azure.sandbox.file), principal=principal)
    try:
        yield session
    finally:
        await session.close()


async def surveyed(azure: Azure, index: Index, draft: RevokeDraft, principal: str = "administrator") -> Surroundings:
    async with signed_in(azure, principal) as session:
        return await surveying.survey(session, index, draft)


def activation(estate: Estate, role: str, reason: str = "leak") -> Step:
    index = Index(estate)
    for one in estate.role_eligibilities:
        found = index.role(one.role_definition_id)
        if found is not None and found.name == role:
            return activate(index, one, reason, "INC-1")
    raise LookupError(role)


def plan_of(*steps: Step) -> Plan:
    context = (("key", str(OWN)),)
    return Plan(verb="revoke", title="Cut", subject=str(OWN), steps=steps, context=context)


def removal(estate: Estate, server: str) -> Step:
    """The removal of the grant by which a server uses its key."""
    (consumer,) = [one for one in estate.consumers if one.name == server]
    (grant,) = Index(estate).assignments_of(str(consumer.slots[0].principal_id))
    return changes.remove_assignment(Index(estate), grant)


def test_an_activated_role_lets_the_next_stage_do_what_was_refused(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        estate = await backend.read()
        cut = removal(estate, "in-mysql-own")
        refused = await backend.run(plan_of(cut), watch=False)
        assert refused.steps[0].state is StepState.FAILED
        done = await backend.run(
            plan_of(activation(estate, ADMINISTRATOR_OF_ACCESS), replace(cut, stage=1)), watch=False
        )
        assert [step.state for step in done.steps] == [StepState.DONE, StepState.DONE], done.log

    azure.run(story, "responder")


def test_an_activation_that_is_to_be_approved_is_watched_while_other_steps_run(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        estate = await backend.read()
        first = activation(estate, ADMINISTRATOR_OF_ACCESS)
        reports: list[OperationReport] = []
        running = asyncio.create_task(
            backend.run(plan_of(activation(estate, OFFICER), first), watch=False, on_report=reports.append)
        )
        await _until(lambda: bool(reports) and reports[-1].steps[1].state is StepState.DONE)
        assert reports[-1].steps[0].state is StepState.ACCEPTED
        azure.sandbox.post("approvals", {"request": None, "decision": "approve"})
        done = await running
        assert [step.state for step in done.steps] == [StepState.DONE, StepState.DONE], done.log

    azure.run(story, "responder")


def test_an_activation_that_is_denied_fails_with_the_reason(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        step = activation(await backend.read(), OFFICER)
        running = asyncio.create_task(backend.run(plan_of(step), watch=False))
        await _until(lambda: any("roleassignmentschedulerequests" in one["path"].lower() for one in azure.sent()))
        azure.sandbox.post("approvals", {"request": None, "decision": "deny"})
        done = await running
        assert done.outcome is Outcome.FAILED
        assert "denied" in str(done.steps[0].error)

    azure.run(story, "responder")


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not is_so():  # noqa: ASYNC110 - it is the sandbox, in a process of its own, that is waited for
            await asyncio.sleep(0.05)


def test_a_role_that_is_active_already_is_left_as_it_is(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        step = activation(await backend.read(), ADMINISTRATOR_OF_ACCESS)
        await backend.run(plan_of(step), watch=False)
        sent = len(azure.sent())
        done = await backend.run(plan_of(step), watch=False)
        assert done.steps[0].state is StepState.SKIPPED
        assert len(azure.sent()) == sent

    azure.run(story, "responder")


def test_an_activation_that_is_over_is_asked_for_again_under_another_name(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        step = activation(await backend.read(), ADMINISTRATOR_OF_ACCESS)
        await backend.run(plan_of(step), watch=False)
        azure.sandbox.advance(3700)
        await backend.read()
        done = await backend.run(plan_of(step), watch=False)
        assert done.steps[0].state is StepState.DONE, done.log
        names = [one["path"].rsplit("/", 1)[-1] for one in azure.sent()]
        assert names == [request_name(dict(step.after or {})), request_name(dict(step.after or {}), 1)]

    azure.run(story, "responder")


def test_an_answer_that_is_lost_is_not_asked_for_twice(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        step = activation(await backend.read(), ADMINISTRATOR_OF_ACCESS)
        azure.sandbox.fault("PUT *roleAssignmentScheduleRequests* lost;times=1")
        done = await backend.run(plan_of(step), watch=False)
        assert done.steps[0].state is StepState.DONE, done.log
        assert len(azure.sent()) == 1

    azure.run(story, "responder")


def test_the_token_from_before_an_activation_is_not_used_after_it(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        step = activation(await backend.read(), ADMINISTRATOR_OF_ACCESS)
        await backend.run(plan_of(step), watch=False)
        async with signed_in(azure, "responder") as session:
            assert session.token_until() is not None
            assert (await EXECUTORS[step.verb].look(session, step)).seen is Seen.AFTER
            assert session.token_until() is None

    azure.run(story, "responder")


def test_who_may_activate_a_role_loses_that_and_gets_it_back(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        estate = await backend.read()
        one = next(each for each in estate.role_eligibilities if each.scope.endswith("in-keys"))
        step = remove_eligibility(Index(estate), one)
        done = await backend.run(plan_of(step), watch=False)
        assert done.steps[0].state is StepState.DONE, done.log
        assert await _eligible(azure, one.scope) == []
        back = changes.inverse(step)
        assert back is not None
        undone = await backend.run(plan_of(back), watch=False)
        assert undone.steps[0].state is StepState.DONE, undone.log
        assert await _eligible(azure, one.scope) == [one.principal_id]

    azure.run(story)


async def _eligible(azure: Azure, scope: str) -> list[str]:
    async with azure.session() as session:
        found = await pim.eligibilities_at(session, scope)
    return [one.principal_id for one in found if fold(one.scope) == fold(scope)]


def test_what_a_revoke_must_know_is_read_side_by_side(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        index = Index(await backend.read())
        around = await surveyed(azure, index, RevokeDraft(key=MIXED))
        vault = index.vault_of(MIXED)
        assert vault is not None
        held = around.contents[fold(vault.id)]
        assert (held.secrets, held.certificates) == (2, 1)
        assert around.answering == {MIXED.host: None}
        assert around.regions == {MIXED.host: "westeurope"}
        assert around.rotations[str(MIXED)] is None
        assert around.token_until is not None
        assert around.token_until > around.now
        assert around.rights_at(vault.id) is not None
        assert around.unread == ()
        rotating = await surveyed(azure, index, RevokeDraft(key=ROTATING))
        assert "P30D" in str(rotating.rotations[str(ROTATING)])
        copied = await surveyed(azure, index, RevokeDraft(key=OWN))
        assert set(copied.answering) == {OWN.host, "in-twin.vault.azure.net"}

    azure.run(story)


def test_what_may_not_be_read_is_not_known_and_holds_nothing_up(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        index = Index(await backend.read())
        around = await surveyed(azure, index, RevokeDraft(key=OWN), "responder")
        assert around.answering[OWN.host] is None
        vault = index.vault_of(OWN)
        assert vault is not None
        assert (around.contents[fold(vault.id)].secrets, around.rotations) == (None, {})
        step = removal(index.estate, "in-mysql-own")
        assert readiness.blocked(index, around, [step], OWN) != ()
        offered = [index.role(one.role_definition_id) for one in readiness.activations(index, around, [step])]
        assert [role.name if role else None for role in offered] == [ADMINISTRATOR_OF_ACCESS]

    azure.run(story, "responder")


@pytest.mark.full
def test_a_vault_that_does_not_answer_holds_a_revoke_up_for_five_seconds_at_most(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        index = Index(await backend.read())
        azure.sandbox.fault("GET in-mixed.vault.azure.net* delay:20000")
        began = asyncio.get_running_loop().time()
        around = await surveyed(azure, index, RevokeDraft(key=MIXED))
        assert asyncio.get_running_loop().time() - began < 7
        assert around.answering == {}
        assert around.unread
        vault = index.vault_of(MIXED)
        assert vault is not None
        assert around.rights_at(vault.id) is not None

    azure.run(story)


def test_a_vault_in_failover_is_seen_by_the_region_that_answers(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        index = Index(await backend.read())
        azure.sandbox.post("failover", {"vault": "in-main", "region": "northeurope"})
        around = await surveyed(azure, index, RevokeDraft(key=OWN))
        assert around.regions[OWN.host] == "northeurope"
        key = index.key(OWN)
        assert key is not None
        disable = [changes.set_enabled(version, False) for version in key.versions or ()]
        assert "failover" in readiness.blocked(index, around, disable, OWN)[0]

    azure.run(story)
