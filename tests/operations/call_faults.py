"""A revoke and its restore of which one call fails in one way: what is told then is true, and going on ends right."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.error import HTTPError

from cmk_admin.domain.ids import fold
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Outcome, Step, StepState, StepVerb
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.executors import EXECUTORS, Seen
from cmk_admin.operations.interface import OperationReport, PathProof
from tests.operations.effects import KINDS, Identity, Kind, asking
from tests.operations.effects import found as consumer_of
from tests.operations.methods import METHODS, rotating
from tests.operations.stories import Azure, consumer
from tests.support import Document, Sandbox

FAULTS = ("status:503;times=4", "throttle:1", "reset;times=4", "lost", "delay:1500", "status:401;times=2", "status:403")
"""How a call that reads fails: so often that the tries below the engine do not hide it, or else once."""
AFTER_LOST = ("status:503;times=4", "lost", "status:403")
"""The same where the call before it was a write whose answer was lost."""
AT_REST = {StepState.DONE, StepState.SKIPPED}
_REQUESTS = "/roleassignmentschedulerequests/"
_TELL_NOTHING = {StepVerb.REVALIDATE, StepVerb.START_NODES, StepVerb.ACTIVATE_ROLE}
"""What shows nothing, or is whole already, or is the account's own to see."""
_SETTLED = 900.0
"""Azure's seconds after which a grant that was taken or given counts everywhere."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a run: METHOD and GLOB, and how many before it look the same."""

    what: str
    glob: str
    before: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A way to revoke, as whom, and the calls that its steps make besides their writes."""

    plan: Callable[[OpenBackend], Awaitable[Plan]]
    revoke: tuple[Call, ...]
    restore: tuple[Call, ...]
    lost: dict[str, tuple[str, Call]]
    """By turn, METHOD and GLOB of the write of which the answer is lost, and the look that then tells what came of it."""
    kind: Kind = KINDS["mysql-flexible"]
    principal: str | None = None
    cuts: bool = True
    """Whether the identity itself loses the key."""


async def plan_policy(backend: OpenBackend) -> Plan:
    """Take an identity's entry out of a vault's access policies."""
    one = consumer(backend.estate or await backend.read(), "in-mysql-policies")
    return await backend.prepare_revoke(RevokeDraft(key=one.slots[0].key_id.key, consumers=(one.id,)))


async def plan_eligibility(backend: OpenBackend) -> Plan:
    """Take from an account that it may activate a role."""
    estate = backend.estate or await backend.read()
    who = next(one.principal_id for one in estate.role_eligibilities if one.scope.endswith("/in-main"))
    key = consumer(estate, "in-mysql-own").slots[0].key_id.key
    return await backend.prepare_revoke(RevokeDraft(key=key, principals=(who,), method="grants"))


async def plan_activated(backend: OpenBackend) -> Plan:
    """Disable a key by a role that is activated for it and is to be approved."""
    one = consumer(backend.estate or await backend.read(), "in-mysql-own")
    draft = RevokeDraft(key=one.slots[0].key_id.key, method="disable")
    [role] = [one.id for one in (await backend.prepare_revoke(draft)).choices if one.id.startswith("activate:")]
    return await backend.prepare_revoke(replace(draft, choices=(role,)))


_VERSION = "GET *.vault.azure.net/keys/*/[0-9a-f]*[0-9a-f]"
_POLICY = "GET *.vault.azure.net/keys/*/rotationpolicy"
_KEY = "GET dcc-premium.vault.azure.net/keys/mysql-encryption-key"
_VAULT = "GET management.azure.com*/vaults/dcc-premium"
_GRANT = "GET management.azure.com*/roleAssignments/*"
_SERVER = "GET management.azure.com*/flexibleServers/dcc-mysql"
_POLL = "GET management.azure.com*perationStatuses/*"
_ENTRIES = "GET management.azure.com*/vaults/in-policies"
_ELIGIBLE = "GET management.azure.com*/vaults/in-main/providers/*/roleEligibilityScheduleInstances"
_ACTIVE = "GET management.azure.com*/vaults/in-main/providers/*/roleAssignmentScheduleInstances"
_REQUEST = "GET management.azure.com*/roleAssignmentScheduleRequests/*"

CASES = {
    "operations": Case(
        plan=METHODS["operations"],
        revoke=(Call("look", _VERSION), Call("proof", "GET *.vault.azure.net/keys/*/versions")),
        restore=(
            Call("look", _VERSION),
            Call("settings", _SERVER, 1),
            Call("server keys", "GET management.azure.com*/servers/*/keys"),
            Call("poll", _POLL),
        ),
        lost={
            "revoke": ("PATCH dcc-premium.vault.azure.net*", Call("settle", _VERSION, 1)),
            "restore": ("PATCH dcc-premium.vault.azure.net*", Call("settle", _VERSION, 1)),
        },
    ),
    "firewall": Case(
        plan=METHODS["firewall"],
        revoke=(Call("look", _VAULT), Call("look again", _VAULT, 1), Call("proof", _VAULT, 2)),
        restore=(Call("look", _VAULT), Call("look again", _VAULT, 1)),
        lost={
            "revoke": ("PATCH management.azure.com*/vaults/*", Call("settle", _VAULT, 1)),
            "restore": ("PATCH management.azure.com*/vaults/*", Call("settle", _VAULT, 1)),
        },
    ),
    "delete": Case(
        plan=METHODS["delete"],
        revoke=(Call("look", _KEY), Call("proof", _KEY, 1)),
        restore=(Call("look", _KEY), Call("wait", _KEY, 1)),
        lost={
            "revoke": ("DELETE dcc-premium.vault.azure.net*", Call("settle", _KEY, 1)),
            "restore": ("POST dcc-premium.vault.azure.net*/recover", Call("settle", _KEY, 1)),
        },
    ),
    "stop": Case(
        plan=METHODS["stop"],
        revoke=(
            Call("look", _GRANT),
            Call("signal or look", _SERVER, 1),
            Call("poll", _POLL),
            Call("look again", _SERVER, 2),
        ),
        restore=(
            Call("look", _GRANT),
            Call("state", _SERVER, 2),
            Call("poll", _POLL),
            Call("look again", _SERVER, 3),
        ),
        lost={
            "revoke": ("POST management.azure.com*/stop", Call("settle", _SERVER, 2)),
            "restore": ("POST management.azure.com*/start", Call("settle", _SERVER, 3)),
        },
    ),
    "rotation": Case(
        plan=METHODS["rotation"],
        revoke=(Call("look", _VERSION), Call("look at the policy", _POLICY)),
        restore=(Call("look", _VERSION), Call("look at the policy", _POLICY)),
        lost={
            "revoke": ("PUT *.vault.azure.net*/rotationpolicy", Call("settle", _POLICY, 1)),
            "restore": ("PUT *.vault.azure.net*/rotationpolicy", Call("settle", _POLICY, 1)),
        },
    ),
    "staged": Case(
        plan=METHODS["staged"],
        revoke=(Call("look", _GRANT), Call("look in the second stage", _GRANT, 1)),
        restore=(Call("look", _GRANT),),
        lost={
            "revoke": ("DELETE management.azure.com*/roleAssignments/*", Call("settle", _GRANT, 1)),
            "restore": ("PUT management.azure.com*/roleAssignments/*", Call("settle", _GRANT, 2)),
        },
    ),
    "policy": Case(
        plan=plan_policy,
        kind=Kind("mysql-flexible", "in-mysql-policies", "in-policies-id", "incident"),
        revoke=(Call("look", _ENTRIES), Call("proof", _ENTRIES, 1)),
        restore=(Call("look", _ENTRIES),),
        lost={
            "revoke": ("PUT management.azure.com*/accessPolicies/*", Call("settle", _ENTRIES, 1)),
            "restore": ("PUT management.azure.com*/accessPolicies/*", Call("settle", _ENTRIES, 1)),
        },
    ),
    "eligibility": Case(
        plan=plan_eligibility,
        kind=Kind("mysql-flexible", "in-mysql-own", "in-own-id", "incident"),
        cuts=False,
        revoke=(Call("look", _ELIGIBLE), Call("look again", _ELIGIBLE, 1)),
        restore=(Call("look", _ELIGIBLE), Call("look again", _ELIGIBLE, 1)),
        lost={
            "revoke": ("PUT management.azure.com*/roleEligibilityScheduleRequests/*", Call("settle", _ELIGIBLE, 1)),
            "restore": ("PUT management.azure.com*/roleEligibilityScheduleRequests/*", Call("settle", _ELIGIBLE, 1)),
        },
    ),
    "activated": Case(
        plan=plan_activated,
        kind=Kind("mysql-flexible", "in-mysql-own", "in-own-id", "incident"),
        principal="responder",
        revoke=(
            Call("look at the role", _ACTIVE),
            Call("look at the request", _REQUEST),
            Call("wait for the role", _ACTIVE, 1),
            Call("wait for the approval", _REQUEST, 1),
            Call("look with the role", _VERSION),
        ),
        restore=(),
        lost={
            "revoke": ("PUT management.azure.com*/roleAssignmentScheduleRequests/*", Call("settle", _ACTIVE, 1)),
        },
    ),
}


READ_BESIDES = (
    # the proof, which reads the ways to the key and whoever uses it
    "GET management.azure.com*/roleAssignments",
    "GET management.azure.com*/locks",
    "GET management.azure.com*/vaults/*",
    "GET management.azure.com*/roleEligibilityScheduleInstances",
    "GET management.azure.com*/roleAssignmentScheduleInstances",
    "GET management.azure.com/subscriptions/*/providers/microsoft.*",
    "GET management.azure.com*/servers/*/keys",
    "GET *.vault.azure.net/keys/*",
    "* graph.microsoft.com/*",
    # the services' signals, and Azure's log
    "GET management.azure.com*/flexibleServers/*",
    "GET management.azure.com*/servers/dcc-mysql-single",
    "GET management.azure.com*/associatedResources",
    "GET management.azure.com*/managedClusters/*",
    "GET management.azure.com*/virtualMachineScaleSets*",
    "GET management.azure.com*/eventtypes/management/values",
    "POST login.microsoftonline.com/*",
)
"""What a run reads besides its steps; its faults are those of `tests.journeys.test_cli_faults` and `test_faults`."""


@dataclass(frozen=True, slots=True)
class Witness:
    """The identity that is to lose the key, who is asked what it may really do."""

    identity: Identity
    principal: str
    sandbox: Sandbox

    async def tells(self, *, cut: bool) -> None:
        """The vault is asked as the identity, once everything counts."""
        self.sandbox.advance(_SETTLED)
        assert bool(await self.identity.refused()) is cut


@dataclass(frozen=True, slots=True)
class Story:
    """One cell: `specs` are planted for the turn, before its first call."""

    azure: Azure
    what: str
    turn: str
    specs: tuple[str, ...] = ()
    sent: list[Document] = field(default_factory=list)
    """What the program asked for while it ran the turn's plan."""

    async def live(self) -> None:
        """To its end, on a sandbox that is laid anew."""
        case, sandbox = CASES[self.what], self.azure.sandbox
        await asyncio.to_thread(sandbox.post, "reset")
        if self.what == "rotation":
            await rotating(self.azure)
        async with self.azure.opened(case.principal) as backend:
            await backend.read()
            used = consumer_of(backend, case.kind)
            async with asking(self.azure, case.kind, used) as identity:
                witness = Witness(identity, fold(str(used.slots[0].principal_id)), sandbox)
                plan = await case.plan(backend)
                assert not plan.problems
                done = await self._run(backend, plan, witness, faulty=self.turn == "revoke")
                await self._stand(done, Seen.AFTER)
                await witness.tells(cut=case.cuts)
                if self.turn == "restore":
                    restore = await backend.prepare_restore(done.operation)
                    await self._run(backend, restore, witness, faulty=True)
                    await self._stand(done, Seen.BEFORE)
                    await witness.tells(cut=False)

    async def _run(self, backend: OpenBackend, plan: Plan, witness: Witness, *, faulty: bool) -> OperationReport:
        """Run a plan; with the faults, and then go on with it as long as something is left to be done."""
        approving = asyncio.create_task(approve(self.azure.sandbox)) if self.what == "activated" else None
        try:
            for spec in self.specs if faulty else ():
                self.azure.sandbox.fault(spec)
            since = self.azure.sandbox.last_request()
            done = await backend.run(plan, watch=False)
            if faulty:
                self.sent.extend(self.azure.sandbox.requests(since))
                await self._told_true(done, witness)
                met = [one["applied"] for one in self.azure.sandbox.get("faults")]
                assert all(met), f"a fault was never met: {self.specs}"
                self.azure.sandbox.no_faults()
            if {one.state for one in done.steps} - AT_REST:
                assert done.resumable, done
                done = await backend.resume(done.operation, watch=False)
        finally:
            if approving is not None:
                approving.cancel()
                await asyncio.gather(approving, return_exceptions=True)
        assert {one.state for one in done.steps} <= AT_REST, done.log
        return done

    async def _stand(self, done: OperationReport, wanted: Seen) -> None:
        """What a revoke changed stands as wanted."""
        assert done.plan is not None
        steps = zip(done.plan.steps, done.steps, strict=True)
        changed = [step for step, row in steps if row.state is StepState.DONE and step.verb not in _TELL_NOTHING]
        for step in changed:
            assert await self._stands(step) is wanted, step

    async def _stands(self, step: Step) -> Seen:
        """An eye of its own on a step's target."""
        async with self.azure.session() as session:
            return (await EXECUTORS[step.verb].look(session, step)).seen

    async def _told_true(self, done: OperationReport, witness: Witness) -> None:
        """What is told done is so, what is told not done is not, and no path is told closed that is open."""
        assert done.plan is not None
        for step, row in zip(done.plan.steps, done.steps, strict=True):
            if step.verb in _TELL_NOTHING:
                continue
            now = await self._stands(step)
            if row.state is StepState.DONE:
                assert now is Seen.AFTER, (row, done.log)
            elif row.state in (StepState.PLANNED, StepState.FAILED):
                assert now is Seen.BEFORE, (row, done.log)
        if {one.state for one in done.steps} - AT_REST:
            assert done.outcome in (Outcome.PARTIAL, Outcome.FAILED)
            assert any(one.error for one in done.steps), done
        if self.turn == "revoke" and CASES[self.what].cuts and done.outcome is Outcome.DONE:
            await witness.tells(cut=True)
        mine = [one for one in done.proof.paths if fold(one.path.principal) == witness.principal] if done.proof else []
        if self.turn == "revoke" and mine and all(one.state is PathProof.CLOSED for one in mine):
            await witness.tells(cut=True)


async def approve(sandbox: Sandbox) -> None:
    """Approve whatever waits for an approval, once it was asked how it stands; until this is cancelled."""
    since = sandbox.last_request()
    while True:
        sent = await asyncio.to_thread(sandbox.requests, since)
        looks = [one for one in sent if one["method"] == "GET" and _REQUESTS in one["path"].lower()]
        if len(looks) > 1:  # the first is before the request
            with contextlib.suppress(HTTPError):  # nothing waits
                await asyncio.to_thread(sandbox.post, "approvals", {"request": None, "decision": "approve"})
        await asyncio.sleep(0.2)


async def live_all(pool: list[Sandbox], folder: Path, what: str, turn: str, cells: Sequence[tuple[str, ...]]) -> None:
    """Each cell on a sandbox of its own, side by side. Raises AssertionError that names every cell that went wrong."""
    stories = [
        Story(Azure(sandbox, folder / str(n)), what, turn, specs)
        for n, (sandbox, specs) in enumerate(zip(pool, cells, strict=True))
    ]
    ended = await asyncio.gather(*(one.live() for one in stories), return_exceptions=True)
    wrong = {one.specs: error for one, error in zip(stories, ended, strict=True) if error is not None}
    for error in wrong.values():
        if not isinstance(error, AssertionError):
            raise error
    assert not wrong, "\n".join(f"{specs}: {error}" for specs, error in wrong.items())
