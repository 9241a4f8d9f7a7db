"""Giving back after somebody changed what a revoke left: what was taken comes back, and what came since is kept."""

import asyncio
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cmk_admin.cloud import key_changes, keys, repairing, roles, vaults
from cmk_admin.domain.errors import Refused
from cmk_admin.domain.ids import parse_key_id
from cmk_admin.domain.model import AccessPolicy
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Json, Outcome, StepState, StepVerb
from cmk_admin.domain.verbs.changes import assignment_of, parse_policy_target
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.interface import OperationReport
from tests.operations.conftest import SPEED
from tests.operations.methods import YEARLY, plan_firewall, plan_operations, plan_rotation, rotating
from tests.operations.stories import Azure, consumer, plan_disable, plan_grants
from tests.support import serve

TAKEN = {"get", "wrapkey", "unwrapkey"}
"""What the access policy of MySQL holds in the scenario ``incident``."""

OPENING = ("unwrapKey", "decrypt")
_NONE: set[str] = set()
LOG_SECONDS = 20
"""Real seconds in which the Activity Log shows what was done: Azure's take minutes."""


@pytest.fixture
def incident(tmp_path: Path) -> Iterator[Azure]:
    running = serve(tmp_path / "incident", speed=SPEED, scenario="incident")
    yield Azure(running, tmp_path / "home")
    running.stop()


async def _plan(backend: OpenBackend) -> Plan:
    one = consumer(backend.estate or await backend.read(), "in-mysql-policies")
    return await backend.prepare_revoke(RevokeDraft(key=one.slots[0].key_id.key, consumers=(one.id,)))


async def _cut(backend: OpenBackend) -> OperationReport:
    cut = await backend.run(await _plan(backend), watch=False)
    assert [step.verb for step in cut.steps] == [StepVerb.SET_POLICY]
    assert cut.steps[0].state is StepState.DONE
    return cut


def _target(cut: OperationReport) -> tuple[str, str]:
    assert cut.plan is not None
    vault_id, object_id, _ = parse_policy_target(cut.plan.steps[0].target)
    return vault_id, object_id


async def _entry(azure: Azure, cut: OperationReport) -> AccessPolicy | None:
    vault_id, object_id = _target(cut)
    async with azure.session() as session:
        return vaults.policy_entry(await vaults.get_vault(session, vault_id), object_id, None)


async def _holds(azure: Azure, cut: OperationReport) -> tuple[set[str], set[str]] | None:
    """Permissions for keys and for secrets, folded; None: no entry."""
    entry = await _entry(azure, cut)
    return None if entry is None else ({one.lower() for one in entry.keys}, {one.lower() for one in entry.secrets})


async def _by_somebody(
    azure: Azure, cut: OperationReport, keys: tuple[str, ...] = (), secrets: tuple[str, ...] = ()
) -> None:
    """Somebody else makes the entry what these say; nothing: removes it."""
    vault_id, object_id = _target(cut)
    async with azure.session() as session:
        vault = await vaults.get_vault(session, vault_id)
        made = AccessPolicy(tenant_id=vault.tenant_id, object_id=object_id, keys=keys, secrets=secrets)
        await vaults.set_policy_entry(session, vault_id, object_id, None, made if keys or secrets else None)


@pytest.mark.parametrize("elsewhere", [False, True], ids=["the-operation", "its-file"])
def test_an_entry_made_anew_keeps_what_it_has_and_gets_back_what_was_taken(incident: Azure, elsewhere: bool) -> None:
    async def story() -> None:
        async with incident.opened() as backend:
            cut = await _cut(backend)
            assert await _holds(incident, cut) is None
        await _by_somebody(incident, cut, keys=("list",), secrets=("get",))
        home = incident.home.with_name("elsewhere") if elsewhere else None
        async with incident.opened(home=home) as backend:
            async with asyncio.timeout(LOG_SECONDS):
                said = ""
                while "administrator" not in said:
                    plan = await backend.prepare_restore(str(cut.restore_file) if elsewhere else cut.operation)
                    (said,) = [one for one in plan.findings if "was changed since" in one]
            assert "that is kept, and only what was taken is given back" in said
            back = await backend.run(plan, watch=False)
            assert back.outcome is Outcome.DONE, back.log
            assert await _holds(incident, cut) == ({*TAKEN, "list"}, {"get"})
            undo = (await backend.prepare_undo(back.operation)).steps[0]
            assert _folded((undo.after or {})["keys"]) == {"list"}
            assert _folded((undo.after or {})["secrets"]) == {"get"}
            with pytest.raises(Refused, match="in-mysql-policies uses policy-key"):
                await backend.undo(back.operation)
            assert await _holds(incident, cut) == ({*TAKEN, "list"}, {"get"})
            if not elsewhere:
                with pytest.raises(Refused, match="already given back"):
                    await backend.prepare_restore(cut.operation)

    asyncio.run(story())


def test_an_entry_that_changed_again_after_the_plan_is_left_alone_and_the_next_plan_knows_it(incident: Azure) -> None:
    async def story() -> None:
        async with incident.opened() as backend:
            cut = await _cut(backend)
            await _by_somebody(incident, cut, secrets=("get",))
            plan = await backend.prepare_restore(cut.operation)
            await _by_somebody(incident, cut, secrets=("get", "list"))
            stopped = await backend.run(plan, watch=False)
            assert stopped.steps[0].state is StepState.FAILED
            assert "changed since the plan was made" in (stopped.steps[0].error or "")
            assert await _holds(incident, cut) == (_NONE, {"get", "list"})
            again = await backend.run(await backend.prepare_restore(cut.operation), watch=False)
            assert again.outcome is Outcome.DONE, again.log
            assert await _holds(incident, cut) == (TAKEN, {"get", "list"})

    asyncio.run(story())


def test_an_entry_with_all_that_was_taken_and_more_is_left_as_it_is(incident: Azure) -> None:
    async def story() -> None:
        async with incident.opened() as backend:
            cut = await _cut(backend)
            await _by_somebody(incident, cut, keys=("get", "list", "wrapKey", "unwrapKey"))
            plan = await backend.prepare_restore(cut.operation)
            assert any("nothing of what was taken is missing" in one for one in plan.findings), plan.findings
            back = await backend.run(plan, watch=False)
            assert back.steps[0].state is StepState.SKIPPED
            assert await _holds(incident, cut) == ({*TAKEN, "list"}, _NONE)

    asyncio.run(story())


def test_what_somebody_removed_of_the_rest_of_an_entry_stays_removed(incident: Azure) -> None:
    """The revoke left the secrets of the entry; then all of it was removed: only its keys come back."""

    async def story() -> None:
        async with incident.opened() as backend:
            plan = await _plan(backend)
            (object_id,) = {parse_policy_target(step.target)[1] for step in plan.steps}
            vault_id = parse_policy_target(plan.steps[0].target)[0]
            async with incident.session() as session:
                vault = await vaults.get_vault(session, vault_id)
                entry = vaults.policy_entry(vault, object_id, None)
                assert entry is not None
                wider = replace(entry, secrets=("get",))
                await vaults.set_policy_entry(session, vault_id, object_id, None, wider)
            cut = await _cut(backend)
            assert await _holds(incident, cut) == (_NONE, {"get"})
            await _by_somebody(incident, cut)
            named = ("in-mysql-policies",)
            restore = await backend.prepare_restore(cut.operation, consumers=named)
            back = await backend.run(restore, watch=False)
            assert back.outcome is Outcome.DONE, back.log
            assert await _holds(incident, cut) == (TAKEN, _NONE)

    asyncio.run(story())


SAME, OTHER = ("@Resource[a] StringEquals 'b'", "@Resource[a] StringEquals 'c'")
"""Conditions; what they say is of no matter here."""


@pytest.mark.parametrize(
    ("now", "state", "said"),
    [
        (SAME, StepState.SKIPPED, "the same grant is there again under another name"),
        (None, StepState.SKIPPED, "the same grant is there again under another name"),
        (OTHER, StepState.FAILED, "on another condition"),
    ],
)
def test_a_grant_under_another_name_is_left_as_it_is_and_told(
    azure: Azure, now: str | None, state: StepState, said: str
) -> None:
    async def story() -> None:
        async with azure.opened() as backend, azure.session() as session:
            (found,) = (await plan_grants(backend)).steps
            own = assignment_of(found.target, found.before or {})
            await roles.delete_assignment(session, own.id)
            at = own.id.rsplit("/", 1)[0]
            mine = replace(own, id=f"{at}/{uuid.uuid4()}", condition=SAME, condition_version="2.0")
            await roles.create_assignment(session, mine)
            cut = await backend.run(await plan_grants(backend), watch=False)
            assert [step.target.lower() for step in cut.steps] == [mine.id.lower()]
            version = "2.0" if now else None
            theirs = replace(mine, id=f"{at}/{uuid.uuid4()}", condition=now, condition_version=version)
            await roles.create_assignment(session, theirs)
            plan = await backend.prepare_restore(cut.operation)
            assert any(said in one and "administrator" in one for one in plan.findings), plan.findings
            there = state is StepState.SKIPPED
            assert plan.steps[0].words.endswith(": it is there already") is there
            assert any("under their own names" in one for one in plan.not_restored) is not there
            back = await backend.run(plan, watch=False)
            assert back.steps[0].state is state, back.log
            assert ("under another name: made by administrator" in str(back.steps[0].activity)) is there
            assert await roles.get_assignment(session, mine.id) is None
            kept = await roles.get_assignment(session, theirs.id)
            assert kept is not None
            assert kept.condition == now

    asyncio.run(story())


def test_a_version_that_somebody_enabled_again_is_said_and_left(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend, azure.session() as session:
            cut = await backend.run(await plan_disable(backend), watch=False)
            version = parse_key_id(cut.steps[0].target)
            await keys.set_enabled(session, version, True)
            plan = await backend.prepare_restore(cut.operation)
            assert any("is as it was before again" in one for one in plan.findings), plan.findings
            back = await backend.run(plan, watch=False)
            assert back.outcome is Outcome.DONE, back.log
            assert back.steps[0].state is StepState.SKIPPED
            assert (await keys.get_version(session, version)).enabled

    asyncio.run(story())


def test_operations_that_were_added_since_are_kept_beside_those_that_come_back(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            before = await plan_operations(backend)
            cut = await backend.run(before, watch=False)
            key = parse_key_id(before.steps[0].target)
            was = before.steps[0].before or {}
            async with azure.session() as session:
                left = [one for one in _texts(was["operations"]) if one not in OPENING]
                added = next(one for one in ("verify", "encrypt", "sign") if one not in left)
                await key_changes.set_operations(session, key, [*left, added])
                plan = await backend.prepare_restore(cut.operation)
                assert any("was changed since" in one and "is kept" in one for one in plan.findings), plan.findings
                back = await backend.run(plan, watch=False)
                assert back.outcome is Outcome.DONE, back.log
                assert set(await key_changes.get_operations(session, key) or ()) == {added, *_texts(was["operations"])}

    asyncio.run(story())


def _folded(value: Json) -> set[str]:
    return {one.lower() for one in _texts(value)}


def _texts(value: Json) -> list[str]:
    assert isinstance(value, list)
    return [str(one) for one in value]


def test_a_firewall_comes_back_with_the_rules_that_were_made_since(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            before = await plan_firewall(backend)
            cut = await backend.run(before, watch=False)
            vault_id = before.steps[0].target
            async with azure.session() as session:
                rules = {"ipRules": [{"value": "203.0.113.7/32"}], "defaultAction": "Deny", "bypass": "AzureServices"}
                await session.arm(
                    "PATCH",
                    vault_id,
                    api_version="2023-07-01",
                    body={"properties": {"networkAcls": rules}},
                    urgent=True,
                )
                plan = await backend.prepare_restore(cut.operation)
                assert any("the firewall was changed since" in one for one in plan.findings), plan.findings
                back = await backend.run(plan, watch=False)
                assert back.outcome is Outcome.DONE, back.log
                found = (await repairing.firewall(session, vault_id))["properties"]["networkAcls"]
                was = before.steps[0].before or {}
                assert (found["defaultAction"], found["bypass"]) == (was["default_action"], was["bypass"])
                assert found["ipRules"] == rules["ipRules"]

    asyncio.run(story())


QUARTERLY: dict[str, Json] = {
    "lifetime_actions": [{"trigger": {"timeAfterCreate": "P90D"}, "action": {"type": "Rotate"}}],
    "expiry_time": None,
}
NOTIFIES: dict[str, Json] = {
    "lifetime_actions": [{"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Notify"}}],
    "expiry_time": "P2Y",
}


@pytest.mark.parametrize("since", [QUARTERLY, NOTIFIES], ids=["rotates", "notifies"])
def test_a_rotation_policy_that_was_changed_since_is_said_and_kept(azure: Azure, since: dict[str, Json]) -> None:
    async def story() -> None:
        await rotating(azure)
        async with azure.opened() as backend:
            before = await plan_rotation(backend)
            cut = await backend.run(before, watch=False)
            (step,) = [one for one in before.steps if one.verb is StepVerb.SET_ROTATION]
            async with azure.session() as session:
                await key_changes.set_rotation(session, parse_key_id(step.target), since)
                plan = await backend.prepare_restore(cut.operation)
                (said,) = [one for one in plan.findings if "the rotation policy was changed since" in one]
                back = await backend.run(plan, watch=False)
                assert back.outcome is Outcome.DONE, back.log
                found = await key_changes.get_rotation(session, parse_key_id(step.target))
                kinds = _triggers(found)
                if since is QUARTERLY:
                    assert "left as it is" in said
                    assert kinds == {"P90D"}
                else:
                    assert "that is kept" in said
                    assert kinds == {"P30D", *_triggers(YEARLY)}
                    assert found["expiry_time"] == "P2Y"

    asyncio.run(story())


def _triggers(policy: dict[str, Json]) -> set[str]:
    """After or before when each action comes."""
    listed = policy["lifetime_actions"]
    assert isinstance(listed, list)
    triggers = [one["trigger"] for one in listed if isinstance(one, dict)]
    return {str(when) for one in triggers if isinstance(one, dict) for when in one.values()}
