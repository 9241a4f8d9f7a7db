"""The heart: whatever the estate, a revoke that says *done* has closed every route, cut nobody else, and can be given back.

The sandbox is asked as each identity, not the program's analysis.
"""

import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, event, given, reject, seed, settings
from hypothesis import strategies as st

from cmk_admin.domain.errors import Refused
from cmk_admin.domain.ids import KeyId, parse_key_id
from cmk_admin.domain.plan import Answer, Plan
from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.domain.verbs.revoke import Cause, RevokeDraft
from cmk_admin.operations.backend import OpenBackend, open_backend
from cmk_admin.operations.interface import OperationReport
from cmk_admin.runtime.connection import read_connection
from tests.support import Sandbox, serve

from .estates.asking import Asker
from .estates.judging import Aim, Case, assert_planned
from .estates.making import Drawn, Node, estates

METHODS = ("grants", "grants", "grants", "disable", "operations", "firewall", "delete")
NAMED = ("service", "service", "service", "identity", "identity", "suspect", "key", "key")
EVERYDAY = 16
"""Of the seeds, one by which few examples hold many things: also identities that have a key by a group alone."""
Fault = tuple[bool, str] | None


@dataclass(frozen=True)
class Wish:
    """What is drawn besides the estate: which use is cut, how, what the draft names, and whether wide grants go too."""

    target: int
    method: str
    named: str
    remove: bool


_wishes = st.builds(Wish, st.integers(0, 40), st.sampled_from(METHODS), st.sampled_from(NAMED), st.booleans())

_WRITES = {
    "grants": ("DELETE management.azure.com*", "PUT management.azure.com*"),
    "disable": ("PATCH *.vault.azure.net*",),
    "operations": ("PATCH *.vault.azure.net*",),
    "firewall": ("PATCH management.azure.com*",),
    "delete": ("DELETE *.vault.azure.net*",),
}
_READS = ("GET management.azure.com*", "GET *.vault.azure.net*")
_TROUBLE = (
    "status:403",
    "status:403;skip=1",
    "status:503;times=2",
    "throttle:1;times=1",
    "reset;times=2",
    "reset;skip=1;times=1",
    "lost;times=1",
    "lost;skip=1;times=1",
)
_faults = st.tuples(st.booleans(), st.sampled_from(_TROUBLE))
"""Whether it is the reads or the writes of a revoke that are refused, put off, cut off, or done without an answer."""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    running = serve(tmp_path_factory.mktemp("heart"), speed=600)
    yield running
    running.stop()


def _holds(sandbox: Sandbox, drawn: Drawn, wish: Wish, fault: Fault = None) -> None:
    with tempfile.TemporaryDirectory() as home:
        asyncio.run(_story(sandbox, drawn, wish, fault, Path(home)))


async def _story(sandbox: Sandbox, drawn: Drawn, wish: Wish, fault: Fault, home: Path) -> None:
    async with Asker(sandbox, drawn) as azure:
        before, known = await azure.seen(), azure.facts()
        usable = sorted({(who, url) for (who, url, _), works in before.table.items() if works})
        if not usable:
            # Nothing to cut: another estate is drawn instead, and does not count.
            reject()
        aim = _aim(drawn.estate, wish, usable)
        backend = await open_backend(read_connection(sandbox.file), home)
        try:
            await backend.read()
            plan = await _planned(backend, aim.draft, remove=wish.remove)
            assert_planned(drawn.estate, azure.sealed, aim, plan, before)
            if plan.problems:
                event(f"{wish.method}: impossible")
                return
            for spec in _specs(plan, fault):
                sandbox.fault(spec)
            done = await backend.run(plan, watch=False)
            sandbox.no_faults()
            after = await azure.seen()
            _note(aim, plan, done)
            assert fault or done.outcome in (Outcome.DONE, Outcome.PARTIAL), done.log
            Case(drawn.estate, azure.sealed, aim, plan, before, after, done).assert_right()
            if _is_locked(plan):
                event("a lock holds up the way back, as was told")
                return
            await _given_back(backend, done)
            assert await azure.seen() == before
            assert azure.facts() == known
        finally:
            await backend.close()


def _is_locked(plan: Plan) -> bool:
    return any(one.name == "locks" and one.answer is Answer.NO for one in plan.checks)


def _note(aim: Aim, plan: Plan, done: OperationReport) -> None:
    event(f"{aim.draft.cause}, {plan.method}: {done.outcome}")
    for kind in {path.kind for path in done.open_paths}:
        event(f"{done.outcome}, left open: {kind}")


def _specs(plan: Plan, fault: Fault) -> list[str]:
    if fault is None:
        return []
    reads, trouble = fault
    return [f"{calls} {trouble}" for calls in (_READS if reads else _WRITES[plan.method or "grants"])]


async def _given_back(backend: OpenBackend, done: OperationReport) -> None:
    """All of it, once."""
    plan = await backend.prepare_restore(done.operation)
    if plan.problems:
        assert not any(step.state in (StepState.DONE, StepState.UNKNOWN) for step in done.steps), plan.problems
        return
    back = await backend.run(plan, watch=False)
    assert back.outcome is Outcome.DONE, back.log
    with pytest.raises(Refused) as refusal:
        await backend.prepare_restore(done.operation)
    assert refusal.value.code == "already-given-back"


def _aim(estate: Node, wish: Wish, usable: list[tuple[str, str]]) -> Aim:
    """Which key is cut, and from whom; a service is named where there is one that uses a key at all."""
    who, url = usable[wish.target % len(usable)]
    whom = frozenset({who})
    draft = RevokeDraft(key=parse_key_id(url).key, method=wish.method)
    used = sorted({slot["key_id"] for one in estate["consumers"] for slot in one["slots"]})
    if wish.named in ("service", "key") and used:
        draft = replace(draft, key=parse_key_id(used[wish.target % len(used)]).key)
        whom = _users(estate["consumers"], draft.key)
    if wish.named == "service" and used:
        servers = [one for one in estate["consumers"] if _users([one], draft.key)]
        server = servers[wish.target % len(servers)]
        draft, whom = replace(draft, consumers=(server["id"],)), _users([server], draft.key)
    elif wish.named == "suspect":
        draft, whom = replace(draft, principals=(who,), cause=Cause.OPERATOR, method=None), frozenset({who})
    elif wish.named == "identity" or (wish.method == "grants" and not used):
        draft, whom = replace(draft, principals=(who,)), frozenset({who})
    event(f"{draft.method} of {'a service' if draft.consumers else 'an identity' if draft.principals else 'a key'}")
    shuts = draft.method not in ("grants", None)
    return Aim(draft, whom if draft.consumers or draft.principals or not shuts else None, shuts)


def _users(consumers: list[Node], key: KeyId) -> frozenset[str]:
    slots = (slot for one in consumers for slot in one["slots"])
    return frozenset(slot["identity"]["object_id"] for slot in slots if parse_key_id(slot["key_id"]).key == key)


async def _planned(backend: OpenBackend, draft: RevokeDraft, *, remove: bool) -> Plan:
    """The plan; with every grant that it offers to remove as well, where that is drawn."""
    plan = await backend.prepare_revoke(draft)
    wide = tuple(one.id for one in plan.choices if one.id.startswith("remove:") and one.possible)
    if not remove or not wide:
        return plan
    event("with grants that reach further")
    return await backend.prepare_revoke(replace(draft, choices=wide))


_settings = {"deadline": None, "print_blob": True, "suppress_health_check": list(HealthCheck), "database": None}


@seed(EVERYDAY)
@settings(max_examples=12, phases=[Phase.generate], **_settings)  # type: ignore[arg-type]
@given(drawn=estates(), wish=_wishes)
def test_what_is_called_done_is_closed_and_is_given_back(sandbox: Sandbox, drawn: Drawn, wish: Wish) -> None:
    _holds(sandbox, drawn, wish)


# Many small parts: a test has a time limit.
@pytest.mark.full
@pytest.mark.parametrize("part", range(10))
def test_in_any_estate_what_is_called_done_is_closed(sandbox: Sandbox, part: int) -> None:
    @seed(part)
    @settings(max_examples=12, phases=[Phase.generate], **_settings)  # type: ignore[arg-type]
    @given(drawn=estates(), wish=_wishes)
    def holds(drawn: Drawn, wish: Wish) -> None:
        _holds(sandbox, drawn, wish)

    holds()


@pytest.mark.full
@pytest.mark.parametrize("part", range(8))
def test_whatever_goes_wrong_the_account_is_true(sandbox: Sandbox, part: int) -> None:
    @seed(part)
    @settings(max_examples=8, phases=[Phase.generate], **_settings)  # type: ignore[arg-type]
    @given(drawn=estates(), wish=_wishes, fault=_faults)
    def holds(drawn: Drawn, wish: Wish, fault: Fault) -> None:
        _holds(sandbox, drawn, wish, fault)

    holds()
