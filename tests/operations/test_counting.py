"""A grant that is gone may let in for as long as Azure documents: so long its path is no comfort, and no incident ends."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cmk_admin.domain.errors import Refused
from cmk_admin.domain.verbs.changes import ROLE_SECONDS
from cmk_admin.domain.verbs.changes_revoke import FIREWALL_SECONDS
from cmk_admin.domain.verbs.revoke import FIREWALL, RevokeDraft
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.interface import Boundary, Incident, OperationReport, ProvenPath, WatchResult
from tests.journeys.clients import Clients
from tests.operations.stories import Azure, consumer, plan_disable, plan_grants
from tests.support import serve

SLOW, FAST = 10, 600
MYSQL_KEY = "https://in-mixed.vault.azure.net/keys/mixed-key"
OF_ENCRYPTION = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
GROUP = "/providers/Microsoft.Management/managementGroups/incident"


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Azure]:
    """A fresh `dcc` on which ten minutes are one."""
    running = serve(tmp_path / "azure", speed=SLOW)
    yield Azure(running, tmp_path / "home")
    running.stop()


@pytest.fixture
def incident(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Azure]:
    """A fresh `incident` whose MySQL's identity holds its role at the management group too, and that counts."""
    running = serve(tmp_path / "azure", speed=request.param, scenario="incident")
    Clients(running).grant(GROUP, OF_ENCRYPTION, running.described["principals"]["in-mixed-id"]["object_id"])
    running.advance(ROLE_SECONDS + 60)
    yield Azure(running, tmp_path / "home")
    running.stop()


def paths_of(report: OperationReport) -> tuple[ProvenPath, ...]:
    assert report.proof is not None
    assert report.proof.closed
    return report.proof.paths


async def cut_everywhere(backend: OpenBackend, *, then: Callable[[], None] | None = None) -> OperationReport:
    """Revoke from the one service, at the management group too; with `then`, done after the writes, it is watched."""
    one = consumer(await backend.read(), "in-mysql-mixed")
    draft = RevokeDraft(key=one.slots[0].key_id.key, consumers=(one.id,))
    offered = (await backend.prepare_revoke(draft)).choices
    chosen = tuple(choice.id for choice in offered if choice.id.startswith("remove:"))
    assert chosen
    draft = RevokeDraft(key=draft.key, consumers=draft.consumers, choices=chosen)
    written: list[asyncio.Future[None]] = []

    def crossed(boundary: Boundary) -> None:
        if then is not None and boundary.event == "done" and boundary.step == boundary.of:
            written.append(asyncio.get_running_loop().run_in_executor(None, then))

    plan = await backend.prepare_revoke(draft)
    report = await backend.run(plan, watch=then is not None, on_boundary=crossed)
    await asyncio.gather(*written)
    return report


def test_an_incident_is_not_closed_while_the_identity_may_still_come_in_and_then_it_is(slow: Azure) -> None:
    client = Clients(slow.sandbox, "dcc-mysql-id")
    wrapped = client.wrap()

    async def story() -> None:
        async with slow.opened() as backend:
            cut = await backend.run(await plan_grants(backend), watch=False)
            [path] = paths_of(cut)
            assert path.counts_at is not None
            assert path.counting is not None
            assert (path.counts_at - path.counting.gone_at).total_seconds() == pytest.approx(ROLE_SECONDS / SLOW)
            until = f"{path.counts_at.astimezone(UTC):%H:%M:%S} UTC"
            with pytest.raises(Refused, match=f"1 path is closed, but may let in until {until} .dcc-mysql-id") as held:
                await backend.close_incident(cut.operation)
            assert held.value.code == "still-open"
            assert await asyncio.to_thread(client.unwraps, wrapped)
            [again] = paths_of(await backend.prove(cut.operation))
            assert again.counting == path.counting

            slow.sandbox.advance(ROLE_SECONDS)
            over = await backend.close_incident(cut.operation)
            assert over.incident is Incident.CLOSED
            [last] = paths_of(over)
            assert last.counting_words(datetime.now(UTC)) == ""
            assert not any("although" in line for line in over.log)
            assert not await asyncio.to_thread(client.unwraps, wrapped)

    asyncio.run(story())


def test_a_part_of_the_time_that_is_pushed_ahead_is_not_taken_for_all_of_it(slow: Azure) -> None:
    async def story() -> None:
        async with slow.opened() as backend:
            cut = await backend.run(await plan_grants(backend), watch=False)
            slow.sandbox.advance(ROLE_SECONDS / 4)
            with pytest.raises(Refused, match="may let in until"):
                await backend.close_incident(cut.operation)
            over = await backend.close_incident(cut.operation, anyway=True)
            assert over.incident is Incident.CLOSED
            assert any("although 1 path is closed, but may let in until" in line for line in over.log)

    asyncio.run(story())


def test_what_was_granted_and_removed_again_counts_from_the_second_removal(slow: Azure) -> None:
    async def story() -> None:
        async with slow.opened() as backend:
            plan = await plan_grants(backend)
            cut = await backend.run(plan, watch=False)
            slow.sandbox.advance(ROLE_SECONDS)
            facts = dict(plan.steps[0].before or {})
            scope, principal = str(facts["scope"]), str(facts["principal_id"])
            admin, role = Clients(slow.sandbox), str(facts["role_definition_id"]).rsplit("/", 1)[-1]
            await asyncio.to_thread(admin.grant, scope, role, principal)
            await backend.prove(cut.operation)
            there = await asyncio.to_thread(admin.grants, scope)
            [name] = [name for name, (who, _, _) in there.items() if who == principal]
            removed = datetime.now(UTC)
            await asyncio.to_thread(admin.remove_grant, scope, name)
            with pytest.raises(Refused, match="may let in until"):
                await backend.close_incident(cut.operation)
            [path] = paths_of(await backend.prove(cut.operation))
            assert path.counting is not None
            assert path.counting.gone_at >= removed
            assert (path.counting.settled_at - removed).total_seconds() >= ROLE_SECONDS / SLOW

    asyncio.run(story())


def test_a_firewall_counts_within_its_documented_time_and_a_disabled_key_at_once(slow: Azure) -> None:
    async def story() -> None:
        async with slow.opened() as backend:
            disabled = await backend.run(await plan_disable(backend), watch=False)
            assert {path.counting for path in paths_of(disabled)} == {None}
            assert (await backend.close_incident(disabled.operation)).incident is Incident.CLOSED

            one = consumer(await backend.read(), "dcc-mysql")
            plan = await backend.prepare_revoke(RevokeDraft(key=one.slots[0].key_id.key, method=FIREWALL))
            shut = await backend.run(plan, watch=False)
            assert shut.proof is not None
            waits = {
                (path.counts_at - path.counting.gone_at).total_seconds()
                for path in shut.proof.paths
                if path.counting is not None and path.counts_at is not None
            }
            assert waits == {FIREWALL_SECONDS / SLOW}

    asyncio.run(story())


@pytest.mark.parametrize("incident", [SLOW], indirect=True)
def test_where_azure_documents_no_time_a_day_must_pass(incident: Azure) -> None:
    client = Clients(incident.sandbox, "in-mixed-id")
    wrapped = client.wrap(MYSQL_KEY)

    async def story() -> None:
        async with incident.opened() as backend:
            cut = await cut_everywhere(backend)
            slow = [path for path in paths_of(cut) if path.counting is not None and path.counts_at is None]
            assert slow
            said = {path.counting_words(datetime.now(UTC)) for path in slow}
            assert said == {"the grant is gone; Azure may take several hours until it counts"}
            incident.sandbox.advance(2 * ROLE_SECONDS)
            with pytest.raises(Refused, match="Azure may take several hours until it counts"):
                await backend.close_incident(cut.operation)
            assert await asyncio.to_thread(client.unwraps, wrapped, MYSQL_KEY)
            incident.sandbox.advance(86400)
            assert (await backend.close_incident(cut.operation)).incident is Incident.CLOSED
            assert not await asyncio.to_thread(client.unwraps, wrapped, MYSQL_KEY)

    asyncio.run(story())


@pytest.mark.parametrize("incident", [FAST], indirect=True)
def test_where_azure_documents_no_time_a_service_that_was_seen_refused_is_enough(incident: Azure) -> None:
    async def story() -> None:
        async with incident.opened() as backend:
            cut = await cut_everywhere(backend, then=lambda: incident.sandbox.advance(4 * 3600))
            assert [watch.result for watch in cut.watch] == [WatchResult.CONFIRMED]
            slow = [path for path in paths_of(cut) if path.counting is not None and path.counts_at is None]
            assert not all(path.counts(datetime.now(UTC)) for path in slow), "Azure's day is not over"
            incident.sandbox.advance(ROLE_SECONDS)  # of the other grant
            over = await backend.close_incident(cut.operation)
            assert over.incident is Incident.CLOSED
            assert not any("although" in line for line in over.log)

    asyncio.run(story())
