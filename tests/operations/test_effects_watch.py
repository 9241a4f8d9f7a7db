"""The watch at its boundaries: confirmed until the documented time is over, contradicted after it, and never by a guess."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from uuid import UUID

import pytest

from cmk_admin.cloud import api, roles
from cmk_admin.domain.ids import KeyId, fold, subscription_of
from cmk_admin.domain.model import Consumer
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.operations.interface import Boundary, OperationReport, WatchReport, WatchResult
from cmk_admin.sandbox.life import CHECK_SECONDS
from tests.operations.conftest import SPEED
from tests.operations.effects import KINDS, Kind, asking, becomes, found, has_lost, laid, plan_for, signal
from tests.operations.stories import Azure
from tests.support import serve

MINUTES = 600.0
"""Microsoft's ten minutes of MySQL, in Azure's seconds."""
SLOW = 120
"""Ten minutes are five seconds."""
MARGIN = 60.0
"""Azure's seconds that two polls and the way there and back take at most at that speed."""
MYSQL = KINDS["mysql-flexible"]
OTHERS = [kind for kind in KINDS.values() if kind.service != "aks-etcd"]
_EVERYDAY = {"mysql-flexible"}


def by_kind(kinds: list[Kind]) -> list[object]:
    """One kind every day, all in the full run."""
    marks = {True: (), False: (pytest.mark.full,)}
    return [pytest.param(one, id=one.service, marks=marks[one.service in _EVERYDAY]) for one in kinds]


def answer_of(report: OperationReport, used: Consumer) -> WatchReport:
    return next(w for w in report.watch if fold(w.consumer_id) == fold(used.id) and w.service == used.service)


async def enable(azure: Azure, key: KeyId, wanted: bool) -> None:
    """What somebody else does to a key version."""
    async with azure.session() as session:
        path = f"/keys/{key.name}/{key.version}"
        await session.vault("PATCH", key.host, path, body={"attributes": {"enabled": wanted}}, urgent=True)


def slow_sandbox(tmp_path: Path) -> Azure:
    return Azure(serve(tmp_path / "slow", speed=SLOW), tmp_path / "home")


@pytest.mark.full
@pytest.mark.parametrize(
    ("lost_at", "result", "between"),
    [
        pytest.param(MINUTES - 60, WatchResult.CONFIRMED, (MINUTES - 70, MINUTES), id="well-before"),
        pytest.param(MINUTES - 1, WatchResult.CONFIRMED, (MINUTES - 10, MINUTES + MARGIN), id="a-second-before"),
        pytest.param(MINUTES, WatchResult.CONFIRMED, (MINUTES - 10, MINUTES + MARGIN), id="at-the-bound"),
        pytest.param(None, WatchResult.CONTRADICTED, (MINUTES, MINUTES + 2 * MARGIN), id="not-within-the-margin"),
    ],
)
def test_a_server_is_confirmed_until_its_ten_minutes_are_over_and_contradicted_after(
    tmp_path: Path, lost_at: float | None, result: WatchResult, between: tuple[float, float]
) -> None:
    azure = slow_sandbox(tmp_path)

    async def story() -> None:
        async with azure.opened() as backend:
            await backend.read()
            used = found(backend, MYSQL)
            plan = await plan_for(backend, MYSQL, "disable")
            key = used.slots[0].key_id
            tasks: list[asyncio.Task[None]] = []

            async def kept_up_until_then() -> None:
                """Somebody enables the key again, and takes it back at the moment that the test is about."""
                began = monotonic()
                await enable(azure, key, True)
                if lost_at is not None:
                    await asyncio.sleep(lost_at / SLOW - (monotonic() - began))
                    await enable(azure, key, False)
                    await asyncio.to_thread(azure.sandbox.advance, CHECK_SECONDS[MYSQL.service])

            def accepted(crossed: Boundary) -> None:
                if crossed.event == "accepted":
                    tasks.append(asyncio.get_running_loop().create_task(kept_up_until_then()))

            done = await backend.run(plan, on_boundary=accepted)
            await asyncio.gather(*tasks)
            watch = answer_of(done, used)
            assert (watch.before, watch.result) == ("Ready", result), watch
            assert watch.within_seconds == MINUTES
            assert watch.seconds is not None
            assert between[0] <= watch.seconds <= between[1]
            if result is WatchResult.CONTRADICTED:
                assert watch.reason == "past the documented 10 minutes its state is still Ready"
                assert done.outcome is Outcome.PARTIAL
            else:
                assert (watch.now, watch.reason) == ("Inaccessible", None)
                assert done.outcome is Outcome.DONE

    try:
        asyncio.run(story())
    finally:
        azure.sandbox.stop()


async def plant(azure: Azure, plan: Plan, used: Consumer) -> None:
    """Give the consumer's identity the same role once more, above the vault."""
    principal = used.slots[0].principal_id
    async with azure.session() as session:
        for step in plan.steps:
            known = await roles.get_assignment(session, step.target)
            if known is not None and known.principal_id == principal:
                scope = f"/subscriptions/{subscription_of(known.scope)}"
                wide = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{UUID(int=11)}"
                await roles.create_assignment(session, replace(known, id=wide, scope=scope))
                return
    raise AssertionError("the plan takes no grant of it")


@pytest.mark.parametrize("kind", by_kind(OTHERS))
def test_a_consumer_that_a_grant_of_somebody_else_keeps_up_is_contradicted(azure: Azure, kind: Kind) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            await backend.read()
            used = found(backend, kind)
            plan = await plan_for(backend, kind, "grants")
            async with asking(azure, kind, used) as identity:
                await plant(azure, plan, used)
                done = await backend.run(plan)
                watch = answer_of(done, used)
                assert watch.result is WatchResult.CONTRADICTED, watch
                assert watch.seconds is not None
                assert watch.within_seconds is not None
                assert watch.seconds > watch.within_seconds
                assert f"still {watch.now}" in str(watch.reason)
                assert done.outcome is Outcome.PARTIAL
                assert done.open_paths
                assert await identity.refused() == ""
                assert not await has_lost(azure, used)

    asyncio.run(story())


def test_a_consumer_without_a_documented_time_is_never_confirmed_but_shows_its_reading(workshop: Azure) -> None:
    kind = KINDS["aks-etcd"]

    async def story() -> None:
        await laid(workshop, kind)
        workshop.sandbox.post("clock", {"speed": SPEED})
        async with workshop.opened() as backend:
            await backend.read()
            used = found(backend, kind)
            plan = await plan_for(backend, kind, "disable")
            (effect,) = [one for one in plan.effects if one.service == kind.service]
            assert effect.within_seconds is None
            assert "documents no time" in effect.stops
            done = await backend.run(plan)
            watch = answer_of(done, used)
            assert (watch.result, watch.now, watch.within_seconds) == (WatchResult.NOT_CONFIRMED, "Running", None)
            assert "Azure shows no state" in str(watch.reason)
            assert done.outcome is Outcome.PARTIAL

    asyncio.run(story())


@pytest.mark.parametrize("kind", by_kind(list(KINDS.values())))
def test_an_expiry_that_somebody_sets_stops_no_unwrapping_which_is_why_it_is_no_method(
    azure: Azure, workshop: Azure, kind: Kind
) -> None:
    here = {"dcc": azure, "workshop": workshop}[kind.scenario]

    async def story() -> None:
        await laid(here, kind)
        async with here.opened() as backend:
            await backend.read()
            used = found(backend, kind)
            plan = await plan_for(backend, kind, "disable")
            (expiry,) = [one for one in plan.methods if one.name == "expiry"]
            assert not expiry.possible
            assert "still unwraps and decrypts" in str(expiry.reason)
            key = used.slots[0].key_id
            async with asking(here, kind, used) as identity:
                past = int((datetime.now(UTC) - timedelta(days=1)).timestamp())
                async with here.session() as session:
                    path = f"/keys/{key.name}/{key.version}"
                    await session.vault("PATCH", key.host, path, body={"attributes": {"exp": past}}, urgent=True)
                here.sandbox.advance(7200)
                await asyncio.sleep(0.3)
                assert await identity.refused() == ""
                assert not await has_lost(here, used)

    asyncio.run(story())


@pytest.mark.parametrize("kind", by_kind(OTHERS))
def test_a_consumer_that_somebody_elses_act_stopped_before_confirms_nothing(azure: Azure, kind: Kind) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            await backend.read()
            used = found(backend, kind)
            plan = await plan_for(backend, kind, "grants")
            await enable(azure, used.slots[0].key_id, False)
            azure.sandbox.advance(4000)
            assert await becomes(lambda: has_lost(azure, used))
            done = await backend.run(plan)
            watch = answer_of(done, used)
            assert (watch.result, watch.reason) == (WatchResult.NOT_CONFIRMED, "was already lost before")
            assert done.outcome is Outcome.PARTIAL

    asyncio.run(story())


def test_a_server_that_its_owners_stop_meanwhile_confirms_nothing(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            await backend.read()
            used = found(backend, MYSQL)
            plan = await plan_for(backend, MYSQL, "grants")
            async with azure.session() as session:
                reply = await session.arm("POST", f"{used.id}/stop", api_version=api.MYSQL_FLEXIBLE, urgent=True)
                started = session.long_running(reply)
                assert started is not None
                await session.wait(started, within=30)
            assert (await signal(azure, used)).word == "Stopped"
            done = await backend.run(plan)
            watch = answer_of(done, used)
            assert (watch.result, watch.now) == (WatchResult.NOT_CONFIRMED, "Stopped")
            assert "says neither" in str(watch.reason)
            assert done.outcome is Outcome.PARTIAL

    asyncio.run(story())


def test_a_firewall_that_hides_the_vault_from_us_confirms_nothing(azure: Azure) -> None:
    """It lets the services through: that we are refused says nothing about them."""

    async def story() -> None:
        async with azure.opened() as backend:
            await backend.read()
            used = found(backend, MYSQL)
            plan = await plan_for(backend, MYSQL, "disable")
            vault = dict(plan.context)["vault"]
            async with asking(azure, MYSQL, used), azure.session() as session:
                network = {"networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices", "ipRules": []}}
                body = {"properties": network}
                await session.arm("PATCH", vault, api_version=api.VAULTS, body=body, urgent=True)
                azure.sandbox.advance(900)
                done = await backend.run(plan)
                assert {step.state for step in done.steps} == {StepState.FAILED}
                watch = answer_of(done, used)
                assert (watch.result, watch.reason) == (
                    WatchResult.NOT_CONFIRMED,
                    "nothing was changed by this operation",
                )
                assert done.outcome is Outcome.FAILED
                azure.sandbox.advance(1200)
                await asyncio.sleep(0.3)
                assert not await has_lost(azure, used)

    asyncio.run(story())


@pytest.mark.parametrize("kind", by_kind(OTHERS))
def test_a_signal_that_we_are_refused_confirms_nothing(azure: Azure, kind: Kind) -> None:
    """The consumer is lost in truth, and seen so by nobody."""
    reads = {
        "mysql-flexible": "GET management.azure.com*/flexibleServers/dcc-mysql status:403;skip=1",
        "mysql-single": "GET management.azure.com*/servers/dcc-mysql-single status:403;skip=1",
        "disk-encryption-set": "GET management.azure.com*/virtualMachines* status:403;skip=1",
        "aks-disks": "GET management.azure.com*/virtualMachines* status:403;skip=2",
    }

    async def story() -> None:
        async with azure.opened() as backend:
            await backend.read()
            used = found(backend, kind)
            plan = await plan_for(backend, kind, "grants")
            azure.sandbox.fault(reads[kind.service])
            done = await backend.run(plan)
            watch = answer_of(done, used)
            assert watch.result is WatchResult.NOT_CONFIRMED, watch
            assert "could not be read" in str(watch.reason)
            assert done.outcome is Outcome.PARTIAL
            azure.sandbox.no_faults()
            azure.sandbox.advance(4000)
            assert await becomes(lambda: has_lost(azure, used))

    asyncio.run(story())
