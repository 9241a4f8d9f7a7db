"""Every call of create-key, grant, attach and detach may go wrong in every way: the end is right, or told as it is, and no
server is ever left without its key."""

import asyncio
from dataclasses import replace

import pytest

from cmk_admin.cloud import api
from cmk_admin.domain.errors import AzureFailure, Refused
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.domain.verbs.attach import AttachDraft
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.interface import OperationReport, WatchResult
from tests.operations.attaching import SPARE_KEY, target
from tests.operations.stories import Azure
from tests.operations.wizard_stories import (
    ATTACHED,
    MADE,
    NEW_KEY,
    SERVER,
    SINGLE,
    WIZARDS,
    Seen,
    as_before,
    as_wanted,
    backup_file,
    has_its_key,
    seen,
)

_ARM = "management.azure.com"
_READS = ("status:503", "throttle:1", "reset")
_WRITES = ("status:503", "status:500", "throttle:1", "reset", "timeout", "lost")
_CALLS = {
    ("create-key", "create"): f"POST ws-premium.vault.azure.net/keys/{NEW_KEY.name}/create",
    ("create-key", "look"): f"GET ws-premium.vault.azure.net/keys/{NEW_KEY.name}",
    ("create-key", "backup"): f"POST ws-premium.vault.azure.net/keys/{NEW_KEY.name}/backup",
    ("grant", "identity"): f"PUT {_ARM}*/userAssignedIdentities/{MADE}",
    ("grant", "look-identity"): f"GET {_ARM}*/userAssignedIdentities/{MADE}",
    ("grant", "assignment"): f"PUT {_ARM}*/roleAssignments/*",
    ("grant", "look-assignment"): f"GET {_ARM}*/roleAssignments/*",
    ("attach", "server"): f"PATCH {_ARM}*/flexibleServers/{SERVER}",
    ("attach", "look-server"): f"GET {_ARM}*/flexibleServers/{SERVER}",
    ("attach", "poll"): f"GET {_ARM}*/operationStatuses/*",
    ("attach-single", "server"): f"PUT {_ARM}*/servers/{SINGLE}/keys/*",
    ("attach-single", "look-server"): f"GET {_ARM}*/servers/{SINGLE}/keys",
    ("change", "server"): f"PATCH {_ARM}*/flexibleServers/{ATTACHED}",
    ("detach", "server"): f"PATCH {_ARM}*/flexibleServers/{ATTACHED}",
    ("detach", "services"): f"GET {_ARM}*/flexibleServers",
    ("detach", "look-assignment"): f"GET {_ARM}*/roleAssignments/*",
    ("detach", "assignment"): f"DELETE {_ARM}*/roleAssignments/*",
}
_WRITING = {"create", "identity", "assignment", "server"}
_ALIKE = ("attach-single", "change")
"""Verbs whose steps are those of attach, at another kind of server or at one that has a key."""
_TIMED_OUT = {("create-key", "create"), ("attach", "server"), ("detach", "assignment")}
_SURVEY = {
    "create-key": ("GET ws-premium.vault.azure.net/deletedkeys", f"GET {_ARM}*/permissions"),
    "grant": (f"GET {_ARM}*/permissions", f"GET {_ARM}*/resourceGroups/workshop-services"),
    "attach": (f"GET {_ARM}*/permissions", f"GET {_ARM}*/flexibleServers/{SERVER}", f"GET {_ARM}*/replicas"),
    "detach": (f"GET {_ARM}*/permissions", f"GET {_ARM}*/flexibleServers/{ATTACHED}"),
}
_EVERYDAY = {("attach", "server", "lost"), ("detach", "assignment", "lost")}
_HELD = {"attach": (SERVER, MADE), "attach-single": (SINGLE, SINGLE), "change": (ATTACHED, "ws-attached-id")}


@pytest.fixture
def azure(workshop: Azure) -> Azure:
    """The estate of the wizards."""
    return workshop


def _cells() -> list[object]:
    """Every call with every fault that it can meet; all but a few stand in the full matrix.

    A time-out takes ten seconds: once for each way in which a write is looked for.
    """
    cells = [
        (what, call, kind)
        for what, call in _CALLS
        for kind in (_WRITES if call in _WRITING else _READS)
        if (kind != "timeout" or (what, call) in _TIMED_OUT) and (what not in _ALIKE or kind in ("throttle:1", "lost"))
    ]
    return [
        pytest.param(*cell, marks=() if cell in _EVERYDAY else pytest.mark.full, id="-".join(cell).replace(":", "-"))
        for cell in cells
    ]


async def _planned(backend: OpenBackend, what: str) -> Plan:
    plan = await WIZARDS[what](backend)
    assert plan.problems == ()
    return plan


def _keeps(azure: Azure, what: str, now: Seen) -> None:
    """Each server serves, and whoever reports a key of the customer's has its grant."""
    assert not now.refusing
    if what in _HELD:
        assert has_its_key(azure, now, *_HELD[what])
    assert has_its_key(azure, now, ATTACHED, "ws-attached-id")


@pytest.mark.parametrize(("what", "call", "kind"), _cells())
def test_one_fault_on_any_call_does_not_change_the_end(azure: Azure, what: str, call: str, kind: str) -> None:
    async def story() -> None:
        before = await seen(azure)
        async with azure.opened() as backend:
            plan = await _planned(backend, what)
            azure.sandbox.fault(f"{_CALLS[what, call]} {kind};times=1")
            done = await backend.run(plan)
        assert {step.state for step in done.steps} == {StepState.DONE}, done.log
        assert {one.result for one in done.watch} <= {WatchResult.CONFIRMED}
        assert done.outcome is Outcome.DONE, done.log
        now = await seen(azure)
        as_wanted(azure, what, before, now)
        _keeps(azure, what, now)

    asyncio.run(story())


def _lasting() -> list[object]:
    """Faults that do not end, on each write; those that are tried again for long on the services' own only."""
    often = [(*one, kind) for one in _CALLS if one[1] in _WRITING for kind in ("status:403", "lost")]
    alike = [("change", "server", "status:403"), ("attach-single", "server", "status:403")]
    cells = [
        *(one for one in often if one not in alike),
        ("attach", "server", "reset"),
        ("detach", "assignment", "reset"),
    ]
    return [pytest.param(*one, id="-".join(one).replace(":", "-")) for one in cells]


@pytest.mark.full
@pytest.mark.parametrize(("what", "call", "kind"), _lasting())
def test_a_write_that_never_succeeds_is_told_as_it_is_and_taken_back_whole(
    azure: Azure, what: str, call: str, kind: str
) -> None:
    async def story() -> None:
        before = await seen(azure)
        async with azure.opened() as backend:
            plan = await _planned(backend, what)
            azure.sandbox.fault(f"{_CALLS[what, call]} {kind}")
            ended = await backend.run(plan)
            _keeps(azure, what, await seen(azure))
            if kind == "lost":  # it was done each time, and is found done
                assert ended.outcome is Outcome.DONE, ended.log
            else:
                assert ended.outcome in (Outcome.FAILED, Outcome.PARTIAL)
                # of what never got an answer it is not known that it failed
                wrong = StepState.FAILED if kind == "status:403" else StepState.UNKNOWN
                assert [bool(step.error) for step in ended.steps if step.state is wrong] == [True]
                assert ended.resumable
            azure.sandbox.no_faults()
            if ended.undoable:
                await _undone(backend, ended, what)
        as_before(what, before, await seen(azure))

    asyncio.run(story())


async def _undone(backend: OpenBackend, ended: OperationReport, what: str) -> None:
    """Taken back; where a backup was written, it stays."""
    back = await backend.undo(ended.operation)
    wanted = Outcome.PARTIAL if what == "create-key" and ended.outcome is Outcome.DONE else Outcome.DONE
    assert back.outcome is wanted, back.log


@pytest.mark.full
@pytest.mark.parametrize("kind", ["reset", "status:403"])
def test_an_undo_keeps_grant_and_identity_while_the_server_reports_the_key(azure: Azure, kind: str) -> None:
    """The server's own change fails for good: what lets it in must stay, whatever else the undo would take."""

    async def story() -> None:
        async with azure.opened() as backend:
            done = await backend.run(await _planned(backend, "attach"))
            assert done.outcome is Outcome.DONE, done.log
            attached = await seen(azure)
            azure.sandbox.fault(f"PATCH {_ARM}*/flexibleServers/* {kind}")
            since = azure.sandbox.last_request()
            back = await backend.undo(done.operation)
            assert back.outcome in (Outcome.FAILED, Outcome.PARTIAL), back.log
            _kept(azure, attached, await seen(azure), since)
            azure.sandbox.no_faults()
            again = await backend.resume(back.operation)
            assert again.outcome is Outcome.DONE, again.log

    asyncio.run(story())


_UNDO = {
    "server": f"PATCH {_ARM}*/flexibleServers/{SERVER}",
    "look-server": f"GET {_ARM}*/flexibleServers/{SERVER}",
    "poll": f"GET {_ARM}*/operationStatuses/*",
    "services": f"GET {_ARM}*/providers/microsoft.dbformysql/flexibleservers",
    "paths": f"GET {_ARM}*/roleAssignments",
    "assignment": f"DELETE {_ARM}*/roleAssignments/*",
    "identity": f"DELETE {_ARM}*/userAssignedIdentities/{MADE}",
    "look-identity": f"GET {_ARM}*/userAssignedIdentities/{MADE}",
}


@pytest.mark.full
@pytest.mark.parametrize(
    ("call", "kind"),
    [(call, "status:503") for call in _UNDO] + [(call, "lost") for call in ("server", "assignment", "identity")],
)
def test_one_fault_on_any_call_of_an_undo_never_leaves_a_server_without_its_key(
    azure: Azure, call: str, kind: str
) -> None:
    """Where it does not come to its end it is gone on with; in between, too, the server has what it needs."""

    async def story() -> None:
        before = await seen(azure)
        async with azure.opened() as backend:
            done = await backend.run(await _planned(backend, "attach"))
            assert done.outcome is Outcome.DONE, done.log
            azure.sandbox.fault(f"{_UNDO[call]} {kind};times=1")
            back = await _tried(backend, done.operation)
            _keeps(azure, "attach", await seen(azure))
            if back is None:
                back = await backend.undo(done.operation)
            elif back.outcome is not Outcome.DONE:
                back = await backend.resume(back.operation)
            assert back.outcome is Outcome.DONE, back.log
        as_before("attach", before, await seen(azure))

    asyncio.run(story())


async def _tried(backend: OpenBackend, operation: str) -> OperationReport | None:
    """An undo; None where it was not begun, since it is not known who uses the key."""
    try:
        return await backend.undo(operation)
    except (AzureFailure, Refused):
        return None


def _kept(azure: Azure, attached: Seen, now: Seen, since: int) -> None:
    """The server keeps the key, and all that lets it use it."""
    assert (now.grants, now.identities, now.servers) == (attached.grants, attached.identities, attached.servers)
    assert has_its_key(azure, now, SERVER, MADE)
    assert not [one for one in azure.sent(since) if one["method"] == "DELETE" and "/locks/" not in one["path"]]


def test_an_undo_that_a_lock_stops_keeps_grant_and_identity_and_is_gone_on_with_later(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend, azure.session() as session:
            plan = await _planned(backend, "attach")
            done = await backend.run(plan)
            assert done.outcome is Outcome.DONE, done.log
            attached = await seen(azure)
            lock = f"{plan.steps[-1].target}/providers/Microsoft.Authorization/locks/frozen"
            body = {"properties": {"level": "ReadOnly"}}
            await session.arm("PUT", lock, api_version=api.LOCKS, body=body, urgent=True)
            since = azure.sandbox.last_request()
            back = await backend.undo(done.operation)
            assert back.outcome is Outcome.FAILED, back.log
            assert "lock" in str(back.steps[0].error)
            _kept(azure, attached, await seen(azure), since)
            await session.arm("DELETE", lock, api_version=api.LOCKS, urgent=True)
            again = await backend.resume(back.operation)
            assert again.outcome is Outcome.DONE, again.log

    asyncio.run(story())


def test_an_undo_takes_no_grant_while_it_is_not_known_who_uses_the_key(azure: Azure) -> None:
    """Somebody attaches a server to the key meanwhile, and the list of servers does not answer."""

    async def story() -> None:
        async with azure.opened() as backend:
            granted = await backend.run(await _planned(backend, "grant"))
            assert granted.outcome is Outcome.DONE, granted.log
            azure.sandbox.fault(f"GET {_ARM}*/providers/microsoft.dbformysql/flexibleservers status:403")
            since = azure.sandbox.last_request()
            with pytest.raises(Refused, match="Not all services could be read"):
                await backend.undo(granted.operation)
            assert not azure.sent(since)
            azure.sandbox.no_faults()
            back = await backend.undo(granted.operation)
            assert back.outcome is Outcome.DONE, back.log

    asyncio.run(story())


def test_an_undo_takes_no_grant_from_a_server_that_got_the_key_after_it_was_planned(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            granted = await backend.run(await _planned(backend, "grant"))
            undo = await backend.prepare_undo(granted.operation)
            assert not undo.problems
            azure.sandbox.advance(120)  # the Resource Graph knows the new identity by then
            estate, server = await backend.read(), await target(backend, "mysql-flexible", SERVER)
            [made] = [one for one in estate.identities if one.name == MADE]
            draft = AttachDraft(key=SPARE_KEY, consumer=server.id, service="mysql-flexible", identity=made.resource_id)
            attached = await backend.run(await backend.prepare(draft))
            assert attached.outcome is Outcome.DONE, attached.log
            before, since = await seen(azure), azure.sandbox.last_request()
            back = await backend.run(undo)
            assert back.outcome is Outcome.FAILED, back.log
            assert SERVER in str(back.steps[0].error)
            _kept(azure, before, await seen(azure), since)

    asyncio.run(story())


@pytest.mark.full
@pytest.mark.parametrize("kind", ["status:503", "status:403"])
@pytest.mark.parametrize(("what", "call"), [(what, call) for what, calls in _SURVEY.items() for call in calls])
def test_what_could_not_be_read_before_the_plan_is_said_or_read_again(
    azure: Azure, what: str, call: str, kind: str
) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            await backend.read()
            azure.sandbox.fault(f"{call} {kind}")
            try:
                plan = await WIZARDS[what](backend)
            except AzureFailure:
                return  # nothing is planned on what could not be read
            assert plan.warnings or plan.problems, "something was not read, and nobody is told"
        assert not azure.sent()

    asyncio.run(story())


def test_a_backup_that_cannot_be_written_leaves_the_key_and_says_so(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await _planned(backend, "create-key")
            azure.sandbox.fault(f"POST ws-premium.vault.azure.net/keys/{NEW_KEY.name}/backup status:403")
            ended = await backend.run(plan)
            assert ended.outcome is Outcome.PARTIAL
            assert [step.state for step in ended.steps] == [StepState.DONE, StepState.FAILED]
            assert backup_file(azure) is None
            azure.sandbox.no_faults()
            again = await backend.resume(ended.operation)
            assert again.outcome is Outcome.DONE
            assert backup_file(azure)

    asyncio.run(story())


@pytest.mark.full
def test_an_identity_that_azure_does_not_know_yet_is_waited_for(azure: Azure) -> None:
    """Where its type is not said Azure looks for the principal, and does not find one that was made a moment ago."""

    async def story() -> None:
        async with azure.opened() as backend:
            plan = await _planned(backend, "grant")
            made, given = plan.steps
            untyped = replace(given, after={**dict(given.after or {}), "principal_type": None})
            done = await backend.run(replace(plan, steps=(made, untyped)))
            assert done.outcome is Outcome.DONE, done.log
        answers = [one["status"] for one in azure.sent() if "/roleAssignments/" in one["path"]]
        assert answers[-1] == 201
        assert set(answers[:-1]) == {400}

    asyncio.run(story())
