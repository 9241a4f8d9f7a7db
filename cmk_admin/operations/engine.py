"""Runs any plan: stages in order, the steps of a stage side by side, everything journaled before and after."""

import asyncio
import itertools
from collections.abc import Coroutine
from time import monotonic
from typing import Any

from cmk_admin.domain import words
from cmk_admin.domain.errors import AzureFailure
from cmk_admin.domain.ids import fold
from cmk_admin.domain.index import Index
from cmk_admin.domain.steps import AT_REST, MAY_HAVE_ACTED, Outcome, Step, StepState, StepVerb
from cmk_admin.domain.verbs import rotating
from cmk_admin.domain.verbs.restore import takes_away
from cmk_admin.domain.verbs.undo import would_cut
from cmk_admin.operations.answered import none_comes_late, still_under_way
from cmk_admin.operations.evidence import attach
from cmk_admin.operations.interface import Unkept
from cmk_admin.operations.line import Line
from cmk_admin.operations.paths import read_keys_of
from cmk_admin.operations.proof import prove_run
from cmk_admin.operations.proof_meanwhile import prove_meanwhile
from cmk_admin.operations.ready import Ready
from cmk_admin.operations.regranted import all_count
from cmk_admin.operations.reports import consumer_name, ended, unkept
from cmk_admin.operations.state import OperationState
from cmk_admin.operations.stepper import Stepper
from cmk_admin.operations.watch import BEFORE_SECONDS, Watcher
from cmk_admin.runtime.awake import awake
from cmk_admin.store.connection import StoreError

_CAREFUL = ("undo", "detach")
"""Verbs that may take nothing from anybody: to cut a service off is what a revoke is for."""
_ROTATION_PAUSE = 30.0
"""Azure's seconds between looks at a service that still names the key that it was given another one for."""
_LEAST_ROTATION_REAL = 15.0
"""Real seconds for which it is looked at, however fast Azure's clock runs."""
_LEAST_GRACE = 0.075
"""Real seconds that a revoke's signals get at least after its looks."""
_HEALS = (StepVerb.REVALIDATE, StepVerb.START_NODES)


class Engine:
    """One run, or the going on with one. Holds no lock: its caller does."""

    def __init__(self, state: OperationState) -> None:
        self._state = state
        self._line = Line(state)
        self._watcher = Watcher(state, self._heal, self._line)
        first = min((step.stage for step in state.plan.steps), default=0)
        self._ready = Ready(n for n, step in enumerate(state.plan.steps, start=1) if step.stage == first)
        self._urgent = state.plan.verb == "revoke"
        self._decided = self._gates_before_left() if state.row.outcome is Outcome.PARTIAL else frozenset()
        """Gates at which an earlier run stopped: a person chose to go on."""
        self._held: str | None = None
        """Why a gate let no further stage begin."""

    async def run(self) -> None:
        """Run or go on to the end; the outcome is in the journal then. Raises Unkept where that cannot be written.

        The machine does not fall asleep meanwhile, where it can be kept awake.
        """
        state = self._state
        try:
            with awake(f"{state.plan.title}"):
                await self._run()
        except StoreError as error:
            raise self._unkept(state.unkept or error) from error
        if state.unkept is not None and not ended(state.row):
            raise self._unkept(state.unkept)

    def _unkept(self, error: StoreError) -> Unkept:
        self._state.alive = False
        return unkept(self._state.report(), error, self._state.under_way)

    async def _run(self) -> None:
        state = self._state
        if state.row.outcome is not Outcome.RUNNING:
            await state.put_outcome(Outcome.RUNNING, ended=False)
        await self._write()
        if state.closing and not state.all_at_rest:
            return
        if self._has_shown_effect:
            await _together(self._read_again(), self._watch_and_look_up())
        if state.closing and not state.cancel_requested:
            return
        if state.row.watching:
            await self._watcher.conclude(self._why_not_watched())
        await state.put_outcome(self._outcome(), ended=True)

    async def _write(self) -> None:
        """Every stage. Beside the writes what is done already is looked at: a revoke's paths, and the services that are cut
        or given back, unless a stage waits for some of them."""
        meanwhile: list[Coroutine[Any, Any, None]] = []
        if self._urgent:
            meanwhile.append(prove_meanwhile(self._state))
        if self._state.row.watching and not (self._state.plan.gates or self._state.plan.goes_on):
            meanwhile.append(self._watcher.accompany())
        seeing = [asyncio.create_task(one) for one in meanwhile]
        try:
            await _together(self._prepare(), self._stages())
        finally:
            for one in seeing:
                one.cancel()
            ended = await asyncio.gather(*seeing, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error

    async def _watch_and_look_up(self) -> None:
        """Follow the consumers; meanwhile Azure's log is asked for the writes, and once where nobody is followed."""
        following = self._state.row.watching and self._held is None
        if not following:
            await attach(self._state, once=True)
            return
        looking = asyncio.create_task(attach(self._state, once=False))
        try:
            await self._watcher.follow()
        finally:
            looking.cancel()
            (ended,) = await asyncio.gather(looking, return_exceptions=True)
        if isinstance(ended, Exception):
            raise ended
        if not self._state.closing:
            await attach(self._state, once=True)

    # Before and during the writes

    async def _prepare(self) -> None:
        """What must be known before the first write, next to the steps' looks.

        A revoke gives the signals no more than one further round trip after the looks: a signal that needs several reads
        in a row counts as unknown, and is read again while it is followed.
        """
        try:
            if self._state.row.first_write_at is None:
                await self._watcher.take_before(self._until_late())
        finally:
            self._ready.go()

    async def _until_late(self) -> None:
        """Returns when a signal that is not there yet would hold the first write up."""
        if not self._urgent:
            await asyncio.sleep(BEFORE_SECONDS)
            return
        began = monotonic()
        await self._ready.all_looked.wait()
        await asyncio.sleep(min(max(monotonic() - began, _LEAST_GRACE), BEFORE_SECONDS))

    def _gates_before_left(self) -> frozenset[int]:
        """Stages whose earlier ones are all at rest, and that are not themselves."""
        steps = list(zip(self._state.plan.steps, self._state.row.steps, strict=True))
        stages = {gate.stage for gate in self._state.plan.gates}
        return frozenset(
            stage
            for stage in stages
            if all(row.state in AT_REST for step, row in steps if step.stage < stage)
            and any(row.state not in AT_REST for step, row in steps if step.stage >= stage)
        )

    async def _gate(self, stage: int) -> bool:
        """Follow whom the stage waits for; False where they were not seen as they should be, and nothing more is begun."""
        gates = [gate for gate in self._state.plan.gates if gate.stage == stage]
        if not gates or stage in self._decided:
            return True
        wanted = {(fold(gate.consumer_id), gate.service) for gate in gates}
        names = words.listed([consumer_name(self._state.plan, gate.consumer_id) for gate in gates])
        with self._state.waiting(f"It waits until {names} shows the effect; the rest is cut then."):
            await self._watcher.follow(wanted)
        if self._state.stopping.is_set():
            return False
        if self._watcher.confirmed(wanted):
            return True
        self._held = f"{names} did not show the effect, so that the rest was not begun. Look why, then go on with it."
        await self._state.note(self._held)
        return False

    async def _stages(self) -> None:
        numbered = list(enumerate(self._state.plan.steps, start=1))
        if not await self._answered_has_ended():
            return
        for number, steps in itertools.groupby(sorted(numbered, key=lambda s: s[1].stage), key=lambda s: s[1].stage):
            stage = [n for n, _ in steps]
            if any(self._state.step(n).state not in AT_REST for n in stage) and not await self._gate(number):
                return
            if not await none_comes_late(self._state, stage) or not await all_count(self._state, stage):
                return
            if not await self._nobody_is_cut(stage):
                return
            await _together(*(self._stepper(n).run() for n in stage))
            if any(self._state.step(n).state not in AT_REST for n in stage):
                return
            if any(self._state.plan.steps[n - 1].verb is StepVerb.ACTIVATE_ROLE for n in stage):
                # what was signed in with before does not know of the role
                self._state.session.forget_tokens()

    async def _answered_has_ended(self) -> bool:
        """False where Azure still works on what is to be given back: the first step that is left says so."""
        why = await still_under_way(self._state)
        left = next((n for n, step in enumerate(self._state.row.steps, start=1) if step.state not in AT_REST), None)
        if why is not None and left is not None and not self._state.stopping.is_set():
            await self._state.put_step(left, StepState.FAILED, event="failed", error=why, note=why)
        return why is None

    async def _nobody_is_cut(self, stage: list[int]) -> bool:
        """False where an undo or a detach would take a grant or a key from a consumer that reports, or may report, it.

        The plan was made with that in mind; what other people attached since then, or what an earlier stage could not
        change, is seen only now. What is not known keeps the grant.
        """
        left = [n for n in stage if self._state.step(n).state not in AT_REST]
        taking = [n for n in left if takes_away(self._state.plan.steps[n - 1])]
        if self._state.plan.verb not in _CAREFUL or not taking:
            return True
        try:
            why = await self._who_is_cut([self._state.plan.steps[n - 1] for n in taking])
        except AzureFailure as failure:
            if await self._line.was_away(failure) and not self._state.stopping.is_set():
                return await self._nobody_is_cut(stage)
            why = (f"Who uses the key could not be read, so that nothing is taken: {failure.message}",)
        if self._state.stopping.is_set():
            return False
        for n in taking if why else ():
            await self._state.put_step(n, StepState.FAILED, event="failed", error=" ".join(why), note=" ".join(why))
        return not why

    async def _who_is_cut(self, steps: list[Step]) -> tuple[str, ...]:
        """Sentences: whom the steps would cut. Waits for those who leave the key just now, by this operation's own doing.

        Raises AzureFailure.
        """
        state = self._state
        changed = [
            step.target
            for step, row in zip(state.plan.steps, state.row.steps, strict=True)
            if step.verb is StepVerb.SET_CONSUMER_KEY and row.state in AT_REST
        ]
        deadline = monotonic() + max(state.session.clock.real_seconds(rotating.SECONDS), _LEAST_ROTATION_REAL)
        noted = False
        while True:
            index = Index(await read_keys_of(state.inventory, state.plan, everywhere=True))
            why = would_cut(index, steps)
            if not why or would_cut(rotating.rotated(index, changed), steps) or monotonic() > deadline:
                return why
            if not noted:
                await state.note(f"It is waited until the former key is left: {' '.join(why)}")
                noted = True
            pause = state.session.clock.real_seconds(_ROTATION_PAUSE)
            if not await state.pause(min(max(pause, 0.5), _ROTATION_PAUSE)):
                return why

    def _stepper(self, n: int) -> Stepper:
        return Stepper(self._state, n, urgent=self._urgent, ready=self._ready, line=self._line)

    async def _heal(self, consumer_id: str) -> None:
        """Once more ask a consumer that lost its key again, while what was given back spreads."""
        for n, step in enumerate(self._state.plan.steps, start=1):
            healed = step.verb in _HEALS and fold(step.target) == fold(consumer_id)
            if healed and self._state.step(n).state in AT_REST:
                await self._stepper(n).again()

    # After the writes

    async def _read_again(self) -> None:
        """The key as it is now: for the paths that the plan meant to close, and for whoever looks at the estate."""
        await prove_run(self._state)

    @property
    def _has_shown_effect(self) -> bool:
        """True where there is something to look at: something was or may have been changed, or all was so already."""
        return self._state.all_at_rest or any(step.state in MAY_HAVE_ACTED for step in self._state.row.steps)

    def _why_not_watched(self) -> str:
        if self._held is not None:
            return "its stage was not begun"
        if self._state.stopping.is_set():
            return "watching was stopped"
        return "nothing was changed by this operation"

    def _outcome(self) -> Outcome:
        state = self._state
        states = {step.state for step in state.row.steps}
        if state.cancel_requested and not state.all_at_rest:
            return Outcome.CANCELLED
        if not state.all_at_rest:
            some = states & {StepState.DONE, StepState.SKIPPED, *MAY_HAVE_ACTED}
            return Outcome.PARTIAL if some else Outcome.FAILED
        whole = not state.open_paths and not state.plan.left and (not state.row.watching or self._watcher.all_confirmed)
        return Outcome.DONE if whole else Outcome.PARTIAL


async def _together(*work: Coroutine[Any, Any, None]) -> None:
    """Side by side, each to its own end: one that fails drops no answer of another. Raises the first error then."""
    for result in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
