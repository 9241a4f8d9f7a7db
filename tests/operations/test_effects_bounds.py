"""Every method by every kind of consumer at its bound: confirmed when Azure stopped it and not before, contradicted after it.

What Azure does is the sandbox's own clock, which stands still until the last write is accepted: the moment of the write is
known, and whoever gives the key back does so before a consumer looks. How long each may take is written here in Azure's
seconds, with the document that says so, and not taken from the program.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from cmk_admin.domain.ids import fold
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Outcome
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.interface import Boundary, OperationReport, WatchReport, WatchResult
from cmk_admin.sandbox import life
from tests.operations.effects import KINDS, METHODS, found, has_lost
from tests.operations.keeping_up import Somebody
from tests.operations.stories import Azure
from tests.support import serve

Act = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Loss:
    """What becomes of a kind of consumer once the vault refuses its identity."""

    documented: int
    """Azure's seconds within which it stops, by document."""
    source: str
    looks: float
    """Azure's seconds from one look at its key to the next, in the sandbox."""
    lasts: float
    """Azure's seconds for which it goes on after it noticed, in the sandbox."""


@dataclass(frozen=True, slots=True)
class Way:
    """A method: when the vault refuses."""

    documented: int
    """Azure's seconds, by document."""
    source: str | None
    """The document where it takes its time."""
    counts: float
    """Azure's seconds in the sandbox."""
    because: str = ""
    """What the plan calls it, where it adds up to a consumer's own time."""
    event: str = "done"
    """The boundary after which somebody may come: before it the program itself looks whether Azure did it."""


# fmt: off
LOSSES = {
    "mysql-flexible": Loss(600, "DBD mysql/flexible-server/security-customer-managed-key.md", 240, 0),
    "mysql-single": Loss(600, "AD mysql/single-server/concepts-data-encryption-mysql.md", 240, 0),
    "disk-encryption-set": Loss(3600, "CD virtual-machines/disk-encryption.md", 300, 3000),
    "aks-disks": Loss(3600, "CD virtual-machines/disk-encryption.md", 300, 3000),
}
WAYS = {
    "grants": Way(600, "RBACD troubleshooting.md", 300, "10 minutes for the grant"),
    "disable": Way(0, None, 0),
    "operations": Way(0, None, 0),
    "firewall": Way(900, "KVD general/network-security.md", 0, "15 minutes for the firewall"),
    "delete": Way(0, None, 0, event="accepted"),  # a deletion is done when the clock goes on
}
TOGETHER = {  # who is cut together: services, Azure's seconds in a real one, by which methods
    "mysql": (("mysql-flexible", "mysql-single"), 240, ("grants", "disable", "operations", "delete")),
    "disks": (("disk-encryption-set", "aks-disks"), 600, ("grants", "disable", "operations", "delete")),
    "vault": (tuple(LOSSES), 600, ("firewall",)),
}
# fmt: on
EVERYDAY = {("mysql", "disable"), ("disks", "grants")}
AFTER = 150.0
"""Azure's seconds: ample for a sandbox that is late with a look, and less than there are between two of them."""
LAG = 1.5
"""Real seconds that two polls, the answers to them and a busy machine take at most."""


def cells(everyday: set[tuple[str, str]]) -> list[object]:
    """A representative few every day, all in the full run."""
    return [
        pytest.param(cut, method, id=f"{cut}-{method}", marks=() if (cut, method) in everyday else pytest.mark.full)
        for cut, (_, _, methods) in TOGETHER.items()
        for method in methods
    ]


class Scene:
    """A plan whose writes fall on a clock that stands still, some time after the first consumer's last look."""

    def __init__(self, azure: Azure, backend: OpenBackend, cut: str, method: str) -> None:
        self.azure, self._backend, self._method = azure, backend, method
        services, self.speed, _ = TOGETHER[cut]
        self.way = WAYS[method]
        self.used = {one: found(backend, KINDS[one]) for one in services}
        self.first = services[0]
        self._written = self._went_on = 0.0

    async def plan(self) -> Plan:
        """What is to be done, held against the documents."""
        whom = tuple(one.id for one in self.used.values()) if self._method == "grants" else ()
        key = self.used[self.first].slots[0].key_id.key
        plan = await self._backend.prepare_revoke(RevokeDraft(key=key, method=self._method, consumers=whom))
        assert plan.problems == ()
        assert {(step.effect_seconds or 0, step.effect_source) for step in plan.steps} == {
            (self.way.documented, self.way.source)
        }
        effects = {(fold(one.consumer_id), one.service): one for one in plan.effects}
        assert set(effects) == {(fold(one.id), one.service) for one in self.used.values()}
        for (_, service), effect in effects.items():
            assert effect.within_seconds == self.within(service)
            assert effect.source == LOSSES[service].source
            assert self.way.because in effect.adds_up
            assert bool(effect.adds_up) is bool(self.way.documented)
        return plan

    def within(self, service: str) -> int:
        """Azure's seconds after the last write, by documents."""
        return LOSSES[service].documented + self.way.documented

    def look(self, service: str, after: float) -> float:
        """When a consumer looks at its key next: a cluster by the set that holds the key of its disks."""
        holder = "disk-encryption-set" if service == "aks-disks" else service
        return life.next_check(self.used[holder].id, holder, after)

    def down(self, service: str) -> float:
        """When the sandbox stops it, in Azure's seconds after the write."""
        return self.look(service, self._written + self.way.counts) + LOSSES[service].lasts - self._written

    def stand_still(self) -> None:
        """Stop the clock where the write begins to count some time after the first consumer has looked."""
        self.azure.sandbox.post("clock", {"speed": 0})
        now = self.reading()
        looks = self.look(self.first, now + self.way.counts)
        self.azure.sandbox.advance(looks + AFTER - self.way.counts - now)
        self._written = self.reading()

    def reading(self) -> float:
        return float(self.azure.sandbox.get("clock")["azure_seconds"])

    async def run(self, plan: Plan, at_once: Act, later: Act) -> OperationReport:
        """Revoke and watch. Once every write is made somebody acts at once, before the program or the clock goes on."""
        left = len(plan.steps)
        somebody = ThreadPoolExecutor(1)
        acts = []

        def crossed(boundary: Boundary) -> None:
            nonlocal left
            left -= boundary.event == self.way.event
            if boundary.event == self.way.event and not left:
                somebody.submit(asyncio.run, at_once()).result()
                self._went_on = monotonic()
                self.azure.sandbox.post("clock", {"speed": self.speed})
                acts.append(somebody.submit(asyncio.run, later()))

        with somebody:
            done = await self._backend.run(plan, on_boundary=crossed)
            for act in acts:
                await asyncio.wrap_future(act)
        return done

    async def until(self, azure_seconds: float) -> None:
        """Wait for so many of Azure's seconds after the clock went on."""
        await asyncio.sleep(azure_seconds / self.speed - (monotonic() - self._went_on))

    def answers(self, done: OperationReport) -> dict[str, WatchReport]:
        """The watch of each service."""
        rows = {(fold(w.consumer_id), w.service): w for w in done.watch}
        found = {one: rows[fold(used.id), one] for one, used in self.used.items()}
        assert {one: watch.within_seconds for one, watch in found.items()} == {one: self.within(one) for one in found}
        return found


async def nothing() -> None:
    """What somebody does who does nothing."""


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Callable[[str], Azure]]:
    """Starts the sandbox whose clock runs as fast as those who are cut need it."""
    started: list[Azure] = []

    def start(cut: str) -> Azure:
        azure = Azure(serve(tmp_path / "azure", speed=TOGETHER[cut][1]), tmp_path / "home")
        started.append(azure)
        return azure

    yield start
    for one in started:
        one.sandbox.stop()


@pytest.mark.parametrize(("cut", "method"), cells(EVERYDAY))
def test_a_loss_is_confirmed_within_the_promised_time_and_never_before_azure_has_stopped_the_service(
    scene: Callable[[str], Azure], cut: str, method: str
) -> None:
    azure = scene(cut)

    async def story() -> None:
        async with azure.opened() as backend:
            await backend.read()
            here = Scene(azure, backend, cut, method)
            plan = await here.plan()
            here.stand_still()
            done = await here.run(plan, nothing, nothing)
            assert done.outcome is Outcome.DONE, done.log
            for service, watch in here.answers(done).items():
                assert watch.result is WatchResult.CONFIRMED, watch
                assert watch.seconds is not None
                down = here.down(service)
                assert down <= watch.seconds <= down + LAG * here.speed
                assert watch.seconds <= here.within(service)
                assert await has_lost(azure, here.used[service])

    asyncio.run(story())


@pytest.mark.parametrize(("cut", "method"), cells({("mysql", "operations")}))
def test_a_loss_a_second_before_the_bound_is_confirmed_still(
    scene: Callable[[str], Azure], cut: str, method: str
) -> None:
    """Somebody kept the service up until then."""
    azure = scene(cut)

    async def story() -> None:
        async with azure.opened() as backend:
            await backend.read()
            here = Scene(azure, backend, cut, method)
            plan = await here.plan()
            somebody = Somebody(azure, plan)
            await somebody.plant()
            here.stand_still()

            bound = min(here.within(one) for one in here.used)

            async def takes_it_again() -> None:
                await here.until(bound - 1)
                await somebody.take_again()
                azure.sandbox.advance(here.way.counts + max(one.looks + one.lasts for one in LOSSES.values()))

            done = await here.run(plan, somebody.give_back, takes_it_again)
            for watch in here.answers(done).values():
                assert watch.result is WatchResult.CONFIRMED, watch
                assert watch.seconds is not None
                assert bound - 1 <= watch.seconds <= bound + LAG * here.speed

    asyncio.run(story())


@pytest.mark.parametrize(("cut", "method"), cells({("mysql", "grants")}))
def test_a_service_that_is_up_past_the_bound_is_contradicted_and_not_a_second_before_it(
    scene: Callable[[str], Azure], cut: str, method: str
) -> None:
    azure = scene(cut)

    async def story() -> None:
        async with azure.opened() as backend:
            await backend.read()
            here = Scene(azure, backend, cut, method)
            plan = await here.plan()
            somebody = Somebody(azure, plan)
            await somebody.plant()
            here.stand_still()

            done = await here.run(plan, somebody.give_back, nothing)
            assert done.outcome is Outcome.PARTIAL
            assert done.open_paths
            for service, watch in here.answers(done).items():
                assert watch.result is WatchResult.CONTRADICTED, watch
                assert watch.seconds is not None
                assert watch.seconds > here.within(service)
                minutes = here.within(service) // 60
                assert watch.reason == f"past the documented {minutes} minutes its state is still {watch.now}"
                assert not await has_lost(azure, here.used[service])

    asyncio.run(story())


def test_the_table_names_every_method_and_every_kind_that_shows_its_state() -> None:
    assert set(WAYS) == set(METHODS)
    assert set(LOSSES) == set(KINDS) - {"aks-etcd"}
    pairs = {
        (service, method)
        for services, _, methods in TOGETHER.values()
        for service, method in product(services, methods)
    }
    assert pairs == set(product(LOSSES, WAYS))
    for service, loss in LOSSES.items():
        assert loss.looks == life.CHECK_SECONDS.get(service, life.CHECK_SECONDS["disk-encryption-set"])
        assert loss.looks + loss.lasts <= loss.documented
