"""What confirms nothing: no documented time, a loss before, a stopped server, and a signal that we are refused."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest

from cmk_admin.cloud import api
from cmk_admin.domain.ids import KeyId, fold
from cmk_admin.domain.model import Consumer
from cmk_admin.domain.steps import Outcome, StepState, StepVerb
from cmk_admin.operations.interface import Boundary, OperationReport, WatchReport, WatchResult
from cmk_admin.operations.watch import UNDOCUMENTED_SECONDS
from tests.operations.conftest import SPEED
from tests.operations.effects import KINDS, Kind, asking, becomes, found, has_lost, laid, plan_for, signal
from tests.operations.keeping_up import Somebody
from tests.operations.stories import Azure

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


def test_a_service_whose_signal_is_not_known_is_not_waited_for_and_confirms_nothing(azure: Azure) -> None:
    """A plan may name one that a newer program has written."""

    async def story() -> None:
        async with azure.opened() as backend:
            await backend.read()
            used = found(backend, MYSQL)
            plan = await plan_for(backend, MYSQL, "grants")
            odd = tuple(replace(one, service="storage-account", within_seconds=None) for one in plan.watches)
            began = monotonic()
            done = await backend.run(replace(plan, watches=odd))
            assert monotonic() - began < UNDOCUMENTED_SECONDS / SPEED
            (watch,) = done.watch
            assert (watch.result, watch.reason) == (
                WatchResult.NOT_CONFIRMED,
                "no signal is known for a storage-account",
            )
            assert done.outcome is Outcome.PARTIAL
            azure.sandbox.advance(600)
            assert await becomes(lambda: has_lost(azure, used)), "the cut was made all the same"

    asyncio.run(story())


@pytest.mark.full
def test_a_server_that_is_not_back_past_the_bound_contradicts_what_was_promised(azure: Azure) -> None:
    """Somebody takes the key away again as soon as it was given back."""

    async def story() -> None:
        async with azure.opened() as backend:
            await backend.read()
            promised, unpromised = found(backend, MYSQL), found(backend, KINDS["mysql-single"])
            plan = await plan_for(backend, MYSQL, "disable")
            done = await backend.run(plan)
            assert done.outcome is Outcome.DONE, done.log
            restore = await backend.prepare_restore(done.operation)
            somebody = Somebody(azure, plan)
            with ThreadPoolExecutor(1) as other:

                def given(crossed: Boundary) -> None:
                    if crossed.event == "done" and restore.steps[crossed.step - 1].verb is StepVerb.SET_ENABLED:
                        other.submit(asyncio.run, somebody.take_again()).result()

                back = await backend.run(restore, on_boundary=given)
            assert back.outcome is Outcome.PARTIAL
            watch = answer_of(back, promised)
            assert (watch.result, watch.within_seconds, watch.now) == (WatchResult.CONTRADICTED, 600, "Inaccessible")
            assert watch.reason == "past the documented 10 minutes its state is still Inaccessible"
            assert watch.seconds is not None
            assert watch.seconds > 600
            watch = answer_of(back, unpromised)
            assert (watch.result, watch.within_seconds, watch.now) == (WatchResult.NOT_CONFIRMED, None, "Inaccessible")
            assert "Microsoft documents no time for it" in str(watch.reason)
            assert await has_lost(azure, promised)

    asyncio.run(story())
