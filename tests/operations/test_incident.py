"""After a revoke: its paths are read again, and what opens meanwhile raises an alarm; nothing unread is called closed."""

import asyncio
import re

import pytest

from cmk_admin.domain.errors import BadInput, Refused
from cmk_admin.domain.steps import StepState, StepVerb
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.interface import Incident, OperationReport, PathProof
from tests.journeys.clients import Clients
from tests.operations.stories import Azure, as_before, consumer, plan_disable, plan_grants, taken


def _states(report: OperationReport) -> set[PathProof]:
    assert report.proof is not None
    return {one.state for one in report.proof.paths}


async def _cut(backend: OpenBackend) -> OperationReport:
    return await backend.run(await plan_grants(backend), watch=False)


def _grant_again(azure: Azure, report: OperationReport) -> None:
    """What a pipeline does: the same role at the same scope, under a name of its own."""
    assert report.plan is not None
    [step] = report.plan.steps
    facts = dict(step.before or {})
    role = str(facts["role_definition_id"]).rsplit("/", 1)[-1]
    Clients(azure.sandbox).grant(str(facts["scope"]), role, str(facts["principal_id"]))


@pytest.mark.parametrize("make", [plan_grants, plan_disable])
def test_a_revoke_opens_an_incident_whose_paths_are_proven_closed(azure: Azure, make: object) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await (plan_grants if make is plan_grants else plan_disable)(backend)
            cut = await backend.run(plan, watch=False)
            assert cut.incident is Incident.OPEN
            assert _states(cut) == {PathProof.CLOSED}
            again = await backend.prove(cut.operation)
            assert again.proof is not None
            assert cut.proof is not None
            assert again.proof.closed
            assert again.proof.at > cut.proof.at
            assert [one.since for one in again.proof.paths] == [one.since for one in cut.proof.paths]
            assert again.next_proof_at is not None
            assert again.alarms == ()

    asyncio.run(story())


def test_a_grant_that_somebody_makes_again_raises_an_alarm_that_says_who(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            cut = await _cut(backend)
            await asyncio.to_thread(_grant_again, azure, cut)
            proven = await backend.prove(cut.operation)
            assert PathProof.OPEN in _states(proven)
            [alarm] = proven.alarms
            assert alarm.kind == "re-granted"
            who = r"administrator granted dcc-mysql-id Key Vault Crypto Service Encryption User"
            assert re.fullmatch(rf"{who} on key \S+ of dcc-premium again at \d\d:\d\d:\d\d UTC\.", alarm.text)
            assert proven.proof is not None
            assert "it is there again" in [one.reason for one in proven.proof.paths]
            assert (await backend.prove(cut.operation)).alarms == (alarm,)  # once

    asyncio.run(story())


def test_a_new_version_and_one_that_is_enabled_again_raise_alarms(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            cut = await backend.run(await plan_disable(backend), watch=False)
            keys = Clients(azure.sandbox).keys()
            made = await asyncio.to_thread(keys.rotate_key, "mysql-encryption-key")
            proven = await backend.prove(cut.operation)
            assert PathProof.OPEN in _states(proven)
            [alarm] = proven.alarms
            assert alarm.kind == "new-version"
            assert str(made.properties.version) in alarm.text
            assert cut.plan is not None
            version = cut.plan.steps[0].target.rsplit("/", 1)[-1]
            await asyncio.to_thread(keys.update_key_properties, "mysql-encryption-key", version, enabled=True)
            assert [one.kind for one in (await backend.prove(cut.operation)).alarms] == ["enabled-again", "new-version"]

    asyncio.run(story())


def test_a_restore_that_gave_nothing_back_silences_no_alarm(azure: Azure) -> None:
    """What is meant to be open again raises none; what a restore only tried to open is not."""

    async def story() -> None:
        async with azure.opened() as backend:
            cut = await backend.run(await plan_disable(backend), watch=False)
            restore = await backend.prepare_restore(cut.operation)
            azure.sandbox.fault("PATCH *.vault.azure.net* status:403")
            back = await backend.run(restore, watch=False)
            assert {StepState.DONE, StepState.SKIPPED}.isdisjoint(step.state for step in back.steps), back.log
            azure.sandbox.no_faults()
            assert cut.plan is not None
            version = cut.plan.steps[0].target.rsplit("/", 1)[-1]
            keys = Clients(azure.sandbox).keys()
            await asyncio.to_thread(keys.update_key_properties, "mysql-encryption-key", version, enabled=True)
            proven = await backend.prove(cut.operation)
            assert PathProof.OPEN in _states(proven)
            assert [one.kind for one in proven.alarms] == ["enabled-again"]

    asyncio.run(story())


def test_what_cannot_be_read_is_unknown_and_said_once(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            cut = await backend.run(await plan_disable(backend), watch=False)
            azure.sandbox.fault("GET *dcc-premium* status:403")
            for _ in range(2):
                proven = await backend.prove(cut.operation)
                assert proven.proof is not None
                assert not proven.proof.closed
                assert PathProof.UNKNOWN in _states(proven)
                assert PathProof.OPEN not in _states(proven)
                assert [one.kind for one in proven.alarms] == ["unreadable"]
            azure.sandbox.no_faults()
            assert _states(await backend.prove(cut.operation)) == {PathProof.CLOSED}

    asyncio.run(story())


def test_a_network_that_is_away_is_one_alarm_and_names_what_is_not_known(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            cut = await _cut(backend)
            for _ in range(2):
                azure.sandbox.fault("* * reset")
                for _ in range(2):
                    proven = await backend.prove(cut.operation)
                    assert _states(proven) == {PathProof.UNKNOWN}
                    [alarm] = proven.alarms
                    assert alarm.text.startswith("It cannot be read now whether 1 path is still closed: ")
                    assert alarm.text.endswith(". That does not say that it is open.")
                    assert ".." not in alarm.text
                azure.sandbox.no_faults()
                assert _states(await backend.prove(cut.operation)) == {PathProof.CLOSED}

    asyncio.run(story())


def test_closing_reads_once_more_so_that_what_was_given_back_is_not_called_closed(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            cut = await _cut(backend)
            assert cut.proof is not None
            await backend.run(await backend.prepare_restore(cut.operation), watch=False)
            over = await backend.close_incident(cut.operation)
            assert (over.incident, _states(over)) == (Incident.CLOSED, {PathProof.OPEN})
            assert over.proof is not None
            assert over.proof.at > cut.proof.at
            assert [one.reason for one in over.proof.paths] == ["it was given back"]
            assert over.alarms == ()

    asyncio.run(story())


def test_the_guard_reads_on_a_schedule_and_ends_with_the_incident(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend, azure.opened() as beside:
            cut = await _cut(backend)
            alarmed, closed = asyncio.Event(), asyncio.Event()

            def heard(report: OperationReport) -> None:
                assert report.operation == cut.operation
                if report.alarms:
                    alarmed.set()
                if report.incident is Incident.CLOSED:
                    closed.set()

            guarding = asyncio.create_task(beside.guard(heard))
            await asyncio.to_thread(_grant_again, azure, cut)
            await asyncio.wait_for(alarmed.wait(), 30)
            with pytest.raises(Refused, match="1 path is open"):
                await backend.close_incident(cut.operation)
            assert not closed.is_set()
            over = await backend.close_incident(cut.operation, anyway=True)
            assert (over.incident, over.next_proof_at) == (Incident.CLOSED, None)
            await asyncio.wait_for(closed.wait(), 30)
            guarding.cancel()
            await asyncio.gather(guarding, return_exceptions=True)

    asyncio.run(story())


def test_closing_the_connection_ends_the_guard_quietly(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            await _cut(backend)
            guarding = asyncio.create_task(backend.guard(lambda report: None))
            await asyncio.sleep(0.1)
        await asyncio.wait_for(guarding, 10)

    asyncio.run(story())


def test_giving_everything_back_closes_the_incident(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            cut = await _cut(backend)
            restore = await backend.prepare_restore(cut.operation)
            assert [one.name for one in restore.checks] == ["identity-clean"]
            assert restore.not_restored
            await backend.run(restore, watch=False)
            after = await backend.operation(cut.operation)
            assert after.incident is Incident.CLOSED
            with pytest.raises(BadInput, match="opened no incident"):
                await backend.close_incident(after.answered_by or "")

    asyncio.run(story())


def test_a_revoke_that_found_everything_so_is_no_incident(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_grants(backend)
            await backend.run(plan, watch=False)
            again = await backend.run(plan, watch=False)
            assert [one.state for one in again.steps] == [StepState.SKIPPED]
            assert again.incident is None

    asyncio.run(story())


def test_a_restore_says_what_was_made_again_since_and_leaves_it(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            cut = await _cut(backend)
            await asyncio.to_thread(_grant_again, azure, cut)
            plan = await backend.prepare_restore(cut.operation)
            assert any("there again" in one and "administrator" in one for one in plan.findings), plan.findings
            back = await backend.run(plan, watch=False)
            assert [one.state for one in back.steps if one.verb == StepVerb.CREATE_ASSIGNMENT] == [StepState.SKIPPED]

    asyncio.run(story())


def test_one_service_is_given_back_and_the_rest_stays_revoked_until_it_is_given_back_too(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            estate = await backend.read()
            one, other = consumer(estate, "dcc-mysql"), consumer(estate, "dcc-mysql-single")
            plan = await backend.prepare_revoke(RevokeDraft(key=one.slots[0].key_id.key, consumers=(one.id, other.id)))
            cut = await backend.run(plan, watch=False)
            assert not cut.partly_given_back
            with pytest.raises(BadInput, match="none of the services"):
                await backend.prepare_restore(cut.operation, consumers=("dcc-aks",))
            part = await backend.prepare_restore(cut.operation, consumers=("dcc-mysql",))
            assert len([s for s in part.steps if s.verb is StepVerb.CREATE_ASSIGNMENT]) == 1
            assert any("Stays revoked" in sentence for sentence in part.warnings)
            assert {w.consumer_id for w in part.watches} == {one.id}
            await backend.run(part, watch=False)
            halfway = await backend.prove(cut.operation)
            assert halfway.incident is Incident.OPEN
            assert (halfway.answered_by, halfway.undoable) == (None, True)
            assert halfway.partly_given_back
            assert halfway.alarms == ()
            assert not await as_before(azure, plan)

            rest = await backend.prepare_restore(cut.operation)
            assert len([s for s in rest.steps if s.verb is StepVerb.CREATE_ASSIGNMENT]) == 1
            await backend.run(rest, watch=False)
            assert await as_before(azure, plan)
            assert (await backend.operation(cut.operation)).incident is Incident.CLOSED
            with pytest.raises(Refused):
                await backend.prepare_restore(cut.operation)

    asyncio.run(story())


def test_the_file_lies_where_it_is_wanted_and_another_person_restores_from_it(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = azure.home.with_name("shared")
    shared.mkdir(mode=0o755)
    monkeypatch.setenv("CMK_ADMIN_RESTORE_DIR", str(shared))
    admin, other = Clients(azure.sandbox), Clients(azure.sandbox, "dcc-aks-id")
    owner = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
    for subscription in azure.sandbox.described["subscriptions"][:1]:
        admin.grant(f"/subscriptions/{subscription}", owner, other.object_id)
    azure.sandbox.advance(600)

    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_grants(backend)
            cut = await backend.run(plan, watch=False)
            file = cut.restore_file
            assert file is not None
            assert file.parent == shared
            assert shared.stat().st_mode & 0o777 == 0o755
            assert file.stat().st_mode & 0o777 == 0o600
            secrets = [who["secret"] for who in azure.sandbox.described["principals"].values()]
            assert not any(secret in file.read_text() for secret in secrets)
        elsewhere = azure.home.with_name("elsewhere")
        async with azure.opened("dcc-aks-id", home=elsewhere) as stranger:
            assert await taken(azure, plan)
            back = await stranger.run(await stranger.prepare_restore(str(file)), watch=False)
            assert back.steps[0].state is StepState.DONE, back.log
        assert await as_before(azure, plan)

    asyncio.run(story())


def test_a_place_that_takes_no_file_holds_up_no_revoke(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    azure.home.mkdir(parents=True, exist_ok=True)
    blocked = azure.home.with_name("blocked")
    blocked.write_text("a file where a folder should be")
    monkeypatch.setenv("CMK_ADMIN_RESTORE_DIR", str(blocked))

    async def story() -> None:
        async with azure.opened() as backend:
            cut = await _cut(backend)
            assert cut.restore_file is not None
            assert cut.restore_file.parent == backend.info.folder / "rollback"
            assert any("could not be written to" in line for line in cut.log)

    asyncio.run(story())
