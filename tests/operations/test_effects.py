"""Every kind of consumer by every method: what the plan says of it is what Azure's clock shows, to the second it counts."""

import asyncio
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from cmk_admin.domain.ids import fold
from cmk_admin.domain.model import Consumer
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.services import service as facts_of
from cmk_admin.domain.steps import Outcome
from cmk_admin.operations.interface import WatchResult
from tests.operations.conftest import SPEED
from tests.operations.effects import (
    KINDS,
    METHODS,
    Identity,
    Kind,
    asking,
    becomes,
    found,
    has_lost,
    laid,
    plan_for,
    signal,
)
from tests.operations.stories import Azure
from tests.support import serve

EVERYDAY = {("mysql-flexible", "grants"), ("disk-encryption-set", "disable"), ("aks-etcd", "operations")}
CELLS = [
    pytest.param(
        KINDS[kind], method, id=f"{kind}-{method}", marks=() if (kind, method) in EVERYDAY else pytest.mark.full
    )
    for kind, method in product(KINDS, METHODS)
]
BY_ITSELF = {("aks-etcd", "disable"), ("aks-etcd", "operations")}
"""A cluster's role, Key Vault Crypto User, may update keys: it could take these back by itself, which is an open path."""
LEAST = {"grants": 300.0}
"""Azure's seconds for which the sandbox lets an identity unwrap at least after the write; else it refuses at once."""
SLACK = 20.0
"""Azure's seconds that a test may take between two pushes at the speed of our own clock."""
UNDOCUMENTED = 3600.0
"""Azure's seconds that are waited for where no time is documented."""
BACK_SPEED = 60
"""Slow enough that what the program itself takes does not count for much in a measured time."""


@pytest.fixture
def azures(tmp_path: Path) -> Iterator[dict[str, Azure]]:
    """The sandbox that a kind of consumer stands in, started when it is asked for."""
    started: dict[str, Azure] = {}

    class Started(dict[str, Azure]):
        def __missing__(self, scenario: str) -> Azure:
            running = serve(tmp_path / scenario, speed=SPEED, scenario=scenario)
            self[scenario] = started[scenario] = Azure(running, tmp_path / f"home-{scenario}")
            return self[scenario]

    yield Started()
    for one in started.values():
        one.sandbox.stop()


def bound_of(plan: Plan, used: Consumer) -> int | None:
    """Azure's seconds after the last write by which the plan says that a consumer has lost its data."""
    (effect,) = [e for e in plan.effects if fold(e.consumer_id) == fold(used.id) and e.service == used.service]
    (watch,) = [w for w in plan.watches if fold(w.consumer_id) == fold(used.id) and w.service == used.service]
    assert effect.within_seconds == watch.within_seconds
    return effect.within_seconds


async def is_back(azure: Azure, used: Consumer) -> bool:
    return not await has_lost(azure, used)


async def not_before(azure: Azure, kind: Kind, used: Consumer, identity: Identity, method: str) -> float:
    """Just before the earliest moment nothing has stopped yet; Azure's seconds that were pushed."""
    least = LEAST.get(method, 0.0)
    pushed = 0.0
    if least:
        pushed = least - SLACK
        azure.sandbox.advance(pushed)
        assert await identity.refused() == "", "the grant counts for a while yet"
    else:
        assert await identity.refused()
    if kind.least:
        azure.sandbox.advance(kind.least - SLACK)
        pushed += kind.least - SLACK
    if least or kind.least:
        await asyncio.sleep(0.3)
        assert not await has_lost(azure, used)
    return pushed


@pytest.mark.parametrize(("kind", "method"), CELLS)
def test_a_consumer_loses_its_data_when_the_plan_says_and_is_back_when_it_says(
    azures: dict[str, Azure], kind: Kind, method: str
) -> None:
    azure = azures[kind.scenario]

    async def cut() -> tuple[str, Consumer]:
        async with azure.opened() as backend:
            await backend.read()
            used = found(backend, kind)
            async with asking(azure, kind, used) as identity:
                plan = await plan_for(backend, kind, method)
                bound = bound_of(plan, used)
                documented = facts_of(kind.service).lost_seconds
                assert (bound is None) is (documented is None)
                assert bound is None or documented is None or bound >= documented
                done = await backend.run(plan, watch=False)
                itself = (kind.service, method) in BY_ITSELF
                assert bool(plan.open_paths) is itself
                assert done.outcome is (Outcome.PARTIAL if itself else Outcome.DONE), done.log
                assert {w.result for w in done.watch} <= {WatchResult.NOT_CONFIRMED}, "nothing is claimed yet"
                pushed = await not_before(azure, kind, used, identity, method)
                azure.sandbox.advance((UNDOCUMENTED if bound is None else bound) - pushed)
                assert await becomes(lambda: has_lost(azure, used))
                assert await identity.refused()
            return done.operation, used

    async def given_back(operation: str, used: Consumer) -> None:
        azure.sandbox.post("clock", {"speed": BACK_SPEED if facts_of(kind.service).back_seconds else SPEED})
        async with azure.opened() as backend:
            restore = await backend.prepare_restore(operation)
            back = await backend.run(restore)
            answers = {(fold(w.consumer_id), w.service): w for w in back.watch}
            watch = answers[fold(used.id), used.service]
            if kind.service == "aks-etcd":
                # Azure shows no state of it: whether it is back is not claimed, and Kubernetes itself is asked instead
                assert watch.result is WatchResult.NOT_CONFIRMED
                assert "shows no state" in str(watch.reason)
                azure.sandbox.advance(UNDOCUMENTED)
                assert await becomes(lambda: is_back(azure, used))
            else:
                assert back.outcome is Outcome.DONE, back.log
                assert watch.result is WatchResult.CONFIRMED
                assert (await signal(azure, used)).lost is False
                documented = facts_of(kind.service).back_seconds
                if documented is not None:
                    writes = max((step.effect_seconds or 0 for step in restore.steps), default=0)
                    assert watch.seconds is not None
                    assert watch.seconds <= documented + writes
            assert not await has_lost(azure, used)
            async with asking(azure, kind, used) as identity:
                assert await identity.refused() == ""

    async def story() -> None:
        await laid(azure, kind)
        await given_back(*await cut())

    asyncio.run(story())
