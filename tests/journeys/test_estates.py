"""The heart: whatever the estate, a revoke that says *done* has closed every route, cut nobody else, and can be given back.

The sandbox is asked as each identity, not the program's analysis.
"""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, event, given, reject, seed, settings
from hypothesis import strategies as st

from cmk_admin.domain.errors import Refused
from cmk_admin.domain.ids import KeyId, parse_key_id
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Outcome
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.backend import OpenBackend, open_backend
from cmk_admin.runtime.connection import read_connection
from tests.support import Sandbox, serve

from .estates.asking import Sealed, facts, lay, running, table
from .estates.judging import Aim, Case, Seen
from .estates.making import Drawn, Node, estates

LONG = 2 * 86400.0
"""Azure's seconds: more than any propagation that is documented."""
METHODS = ("grants", "grants", "grants", "disable", "operations", "firewall", "delete")
NAMED = ("service", "service", "identity", "key")
PARTS = 10


@dataclass(frozen=True)
class Wish:
    """What is drawn besides the estate: which use is cut, how, what the draft names, and whether wide grants go too."""

    target: int
    method: str
    named: str
    remove: bool


_wishes = st.builds(Wish, st.integers(0, 40), st.sampled_from(METHODS), st.sampled_from(NAMED), st.booleans())


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    running = serve(tmp_path_factory.mktemp("heart"), speed=600)
    yield running
    running.stop()


def _holds(sandbox: Sandbox, drawn: Drawn, wish: Wish) -> None:
    with tempfile.TemporaryDirectory() as home:
        asyncio.run(_story(sandbox, drawn, wish, Path(home)))


async def _story(sandbox: Sandbox, drawn: Drawn, wish: Wish, home: Path) -> None:
    estate = drawn.estate
    sealed = lay(sandbox, drawn)
    before = await _seen(sandbox, sealed, estate)
    usable = sorted({(who, url) for (who, url, _), works in before.table.items() if works})
    if not usable:
        # Nothing to cut: another estate is drawn instead, and does not count.
        reject()
    aim = _aim(estate, wish, usable)
    known = facts(sandbox, sealed, estate)
    backend = await open_backend(read_connection(sandbox.file), home)
    try:
        await backend.read()
        plan = await _planned(backend, aim.draft, remove=wish.remove)
        if plan.problems:
            event(f"{wish.method}: impossible")
            event(f"why not: {wish.method}: {plan.problems[0][:60]}")
            return
        done = await backend.run(plan, watch=False)
        after = await _seen(sandbox, sealed, estate)
        event(f"{wish.method}: {done.outcome}")
        for kind in {path.kind for path in done.open_paths}:
            event(f"{done.outcome}, left open: {kind}")
        assert done.outcome in (Outcome.DONE, Outcome.PARTIAL), done.log
        Case(estate, sealed, aim, plan, before, after, done).assert_right()
        back = await backend.run(await backend.prepare_restore(done.operation), watch=False)
        assert back.outcome is Outcome.DONE, back.log
        assert await _seen(sandbox, sealed, estate) == before
        assert facts(sandbox, sealed, estate) == known
        with pytest.raises(Refused) as refusal:
            await backend.prepare_restore(done.operation)
        assert refusal.value.code == "already-given-back"
    finally:
        await backend.close()


async def _seen(sandbox: Sandbox, sealed: list[Sealed], estate: Node) -> Seen:
    """When all that was changed counts, and every service has asked for its key."""
    sandbox.advance(LONG)
    asked = await table(sandbox, sealed, estate)
    return Seen(asked, running(sandbox, estate))


def _aim(estate: Node, wish: Wish, usable: list[tuple[str, str]]) -> Aim:
    """Which key is cut, and from whom; a service is named where there is one that uses a key at all."""
    who, url = usable[wish.target % len(usable)]
    whom = frozenset({who})
    draft = RevokeDraft(key=parse_key_id(url).key, method=wish.method)
    used = sorted({slot["key_id"] for one in estate["consumers"] for slot in one["slots"]})
    if wish.named != "identity" and used:
        draft = replace(draft, key=parse_key_id(used[wish.target % len(used)]).key)
        whom = _users(estate["consumers"], draft.key)
    if wish.named == "service" and used:
        servers = [one for one in estate["consumers"] if _users([one], draft.key)]
        server = servers[wish.target % len(servers)]
        draft, whom = replace(draft, consumers=(server["id"],)), _users([server], draft.key)
    elif wish.named == "identity" or (wish.method == "grants" and not used):
        draft, whom = replace(draft, principals=(who,)), frozenset({who})
    event(f"{wish.method} of {'a service' if draft.consumers else 'an identity' if draft.principals else 'a key'}")
    named = draft.consumers or draft.principals or wish.method == "grants"
    return Aim(draft, whom if named else None)


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


@settings(max_examples=20, derandomize=True, **_settings)  # type: ignore[arg-type]
@given(drawn=estates(), wish=_wishes)
def test_what_is_called_done_is_closed_and_is_given_back(sandbox: Sandbox, drawn: Drawn, wish: Wish) -> None:
    _holds(sandbox, drawn, wish)


def _more(sandbox: Sandbox) -> Callable[[], None]:
    """As many examples of a part as a test has time for."""

    @settings(max_examples=25, phases=[Phase.generate], **_settings)  # type: ignore[arg-type]
    @given(drawn=estates(), wish=_wishes)
    def holds(drawn: Drawn, wish: Wish) -> None:
        _holds(sandbox, drawn, wish)

    return holds


@pytest.mark.full
@pytest.mark.parametrize("part", range(PARTS))
def test_in_any_estate_what_is_called_done_is_closed(sandbox: Sandbox, part: int) -> None:
    seed(part)(_more(sandbox))()
