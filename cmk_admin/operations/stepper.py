"""The life of one step: look, write once, and tell for certain what came of it."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic

from cmk_admin.cloud.session import LongRunning, Receipt, answered_as, receipts
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.steps import AT_REST, Step, StepState, StepVerb
from cmk_admin.operations.executors import EXECUTORS, Accepted, Executor, Look, Seen
from cmk_admin.operations.line import Line
from cmk_admin.operations.polling import LONG_RUNNING_SECONDS, WAITS, Polling, is_transient
from cmk_admin.operations.ready import Ready
from cmk_admin.operations.reports import another_way
from cmk_admin.operations.state import OperationState

URGENT_LOOK_SECONDS = 5.0
"""A revoke does not wait longer for a look before it writes."""
_LEAST_PATIENCE = 300.0
"""Azure's seconds for which a refusal that may pass is tried again where no longer time is documented."""
_LEAST_PATIENCE_REAL = 15.0
"""Real seconds of the same: a try takes its time however fast Azure's clock runs."""
_PATIENCE_PAUSE = 15.0
"""Azure's seconds between tries of what Azure refuses for now."""

_SHARED = frozenset({StepVerb.SET_POLICY})
"""Verbs that change one part of what others change too: Azure refuses one of two writes at the same moment (409)."""


class Stepper:
    """Runs one step of an operation from wherever the journal says that it stands. Never raises AzureFailure."""

    def __init__(self, state: OperationState, n: int, *, urgent: bool, ready: Ready, line: Line) -> None:
        """`ready` is told that the step has looked, and lets it write when all that must be known before is known."""
        self._state = state
        self._n = n
        self._step: Step = state.plan.steps[n - 1]
        self._executor: Executor = EXECUTORS[self._step.verb]
        self._urgent = urgent
        self._ready = ready
        self._line = line
        self._polling = Polling(state, n, line)
        self._began = False
        """Whether Azure accepted a request and went on doing it: whatever is refused later, something of it may be there."""
        self._may_come = False
        """Whether an earlier request got no answer, and its target does not show that it is being changed."""

    async def run(self) -> None:
        """Bring the step to an end, or stop before its next write where no further step is wanted."""
        try:
            await self._run()
        finally:
            self._ready.looked(self._n)

    async def _run(self) -> None:
        row = self._state.step(self._n)
        if row.state in AT_REST or self._state.stopping.is_set():
            return
        if row.state is StepState.ACCEPTED and row.address and await self._follow(row.address):
            return
        uncertain = row.state in (StepState.INTENT, StepState.SENT, StepState.ACCEPTED, StepState.UNKNOWN)
        look = await self._first_look(uncertain=uncertain)
        if uncertain:
            look = await self._no_longer_late(look, since=row.changed_at)
        if look.seen is Seen.AFTER and look.broken is not None and uncertain:
            # its own, which is mended by writing it again
            look = replace(look, seen=Seen.BEFORE)
        foreign = look.foreign or look.broken
        if look.seen is Seen.AFTER and foreign is not None and not uncertain:
            await self._fail(foreign)
        elif look.seen is Seen.AFTER:
            await self._already(uncertain=uncertain)
        elif look.seen is Seen.CHANGED:
            await self._fail(
                look.refused or f"It was changed since the plan was made and is left alone: {look.difference}."
            )
        elif look.seen is Seen.UNSEEN and not uncertain and self._state.stopping.is_set():
            return  # it was waited for the network, and then no further step was wanted
        elif look.seen is Seen.UNSEEN and (uncertain or not self._urgent):
            await self._unseen(look, uncertain=uncertain)
        else:
            self._ready.looked(self._n)
            await self._ready.wait()
            await self._write(look)

    async def again(self) -> None:
        """Do a step that is done once more: what it asked for was undone meanwhile."""
        await self._write(Look(seen=Seen.BEFORE))

    # Looking

    async def _first_look(self, *, uncertain: bool) -> Look:
        if self._urgent and not uncertain:
            try:
                look = await asyncio.wait_for(self._look_once(), URGENT_LOOK_SECONDS)
                away = look.failure is not None and await self._line.was_away(look.failure)
                return await self._look() if away else look
            except TimeoutError:
                return Look(seen=Seen.UNSEEN, difference=f"no answer within {URGENT_LOOK_SECONDS:g} seconds")
        return await self._look()

    async def _look(self) -> Look:
        """Look until it is seen, as long as the reason why not may pass."""
        look = await self._look_once()
        waits = iter(WAITS)
        while look.failure is not None and is_transient(look.failure):
            if not await self._line.was_away(look.failure):
                wait = next(waits, None)
                if wait is None or not await self._state.pause(max(wait, look.failure.retry_after or 0.0)):
                    return look
            elif self._state.stopping.is_set():
                return look
            look = await self._look_once()
        return look

    async def _no_longer_late(self, look: Look, *, since: datetime) -> Look:
        """Look until what was sent (not after `since`, aware) either shows or cannot come any more."""
        gone = max((datetime.now(UTC) - since).total_seconds(), 0.0)
        deadline = monotonic() + look.late - gone
        while look.seen is Seen.BEFORE and look.late and monotonic() < deadline:
            if not await self._state.pause(1.0):
                break
            look = await self._look()
        return look

    async def _look_once(self) -> Look:
        """One look; at a target that is being changed, so many as it takes until that has ended."""
        deadline = monotonic() + LONG_RUNNING_SECONDS
        look = await self._see()
        while look.seen is Seen.BUSY:
            self._ready.looked(self._n)  # what else is to be done does not wait for this to end
            pause = self._patience_pause()
            with self._state.waiting(
                f"“{self._step.words}”: {look.difference}. It goes on by itself when that has ended."
            ):
                if monotonic() + pause > deadline or not await self._state.pause(pause):
                    return Look(seen=Seen.UNSEEN, busy=look.difference)
                look = await self._see()
        return look

    async def _see(self) -> Look:
        try:
            return await self._executor.look(self._state.session, self._step)
        except AzureFailure as failure:
            return Look(seen=Seen.UNSEEN, difference=failure.message, failure=failure)

    async def _already(self, *, uncertain: bool) -> None:
        if uncertain:
            await self._done("It was found done.")
        else:
            await self._state.put_step(self._n, StepState.SKIPPED, note="It is already so; nothing was sent.")

    async def _unseen(self, look: Look, *, uncertain: bool) -> None:
        why = _unseen_words("How it stands", look)
        if uncertain:
            await self._state.put_step(self._n, StepState.UNKNOWN, error=why, note=why)
        else:
            await self._fail(f"{why} Nothing was sent.")

    # Writing

    async def _write(self, look: Look) -> None:
        """Send the write, and again only where it is certain that it has not been done."""
        waits = iter(WAITS)
        patience_ends: float | None = None
        while not self._state.stopping.is_set():
            failure = await self._send(look)
            if failure is None:
                return
            if await self._line.was_away(failure):
                pause = 0.0
            elif self._executor.passes(failure) or self._role_is_new(failure):
                patience_ends = patience_ends or self._patience()
                pause = self._patience_pause(failure)
                if monotonic() + pause > patience_ends:
                    if not self._began or not await self._left_behind(failure):
                        await self._fail(failure.message, failure)
                    return
                await self._wait(failure, "Azure still refuses it while what was changed takes effect")
            else:
                look = await self._settle(failure)
                if look.seen is Seen.AFTER:
                    await self._done("Its answer was lost; it was found done.")
                    return
                wait = next(waits, None) if is_transient(failure) or self._collided(failure) else None
                if look.seen is not Seen.BEFORE or wait is None:
                    await self._give_up(failure, look)
                    return
                pause = 0.0 if failure.kind is FailureKind.LOST else max(wait, failure.retry_after or 0.0)
                await self._wait(failure, "It has not been done and is tried again")
            if not await self._state.pause(pause):
                await self._stopped(failure)
                return

    async def _send(self, look: Look) -> AzureFailure | None:
        """One request, with its boundaries; the failure where Azure did not take it."""
        await self._state.put_step(self._n, StepState.INTENT, event="intent")
        request = asyncio.create_task(self._request(look))
        await asyncio.sleep(0)  # lets the request leave before the journal is busy with it
        try:
            await self._state.put_step(self._n, StepState.SENT, event="sent")
        finally:
            (answer,) = await asyncio.gather(request, return_exceptions=True)
        if isinstance(answer, AzureFailure):
            return answer
        if isinstance(answer, BaseException):
            raise answer
        return await self._accepted(answer)

    async def _request(self, look: Look) -> Accepted:
        """The write itself, in a task of its own, so that the request id is its own too."""
        kept: list[Receipt] = []
        receipts.set(kept)
        accepted = await self._executor.do(self._state.session, self._step, look)
        newest = kept[-1] if kept else Receipt(date=None, correlation_id=None)
        return replace(
            accepted, request_id=answered_as.get(), azure_date=newest.date, correlation_id=newest.correlation_id
        )

    async def _accepted(self, accepted: Accepted) -> AzureFailure | None:
        already = accepted.already
        if accepted.was_gone and self._state.step(self._n).attempts == 1:
            already = "It was so already when the request came; nothing was changed by it."
        if already is not None:
            await self._state.put_step(self._n, StepState.SKIPPED, request_id=accepted.request_id, note=already)
            return None
        self._began |= bool(accepted.long_running)
        address = "\n".join(one.address for one in accepted.long_running) or None
        await self._state.put_step(
            self._n,
            StepState.ACCEPTED,
            event="accepted",
            request_id=accepted.request_id,
            address=address,
            azure_date=accepted.azure_date,
            correlation_id=accepted.correlation_id,
        )
        try:
            if accepted.long_running and not await self._polling.ended(accepted.long_running):
                return None
        except AzureFailure as failure:
            if is_transient(failure):
                await self._left(failure)
                return None
            if self._executor.passes(failure) or not await self._left_behind(failure):
                return failure
            return None
        await self._end()
        return None

    async def _end(self) -> None:
        """Azure says that it is done; where that is not enough, the target itself must say so too."""
        if self._executor.verifies:
            look = await self._look()
            for wait in WAITS:
                if look.seen is not Seen.BEFORE or not await self._state.pause(wait):
                    break
                look = await self._look()
            if look.seen is Seen.UNSEEN:
                await self._unseen(look, uncertain=True)
                return
            if look.broken is not None:
                await self._state.put_step(self._n, StepState.UNKNOWN, error=look.broken, note=look.broken)
                return
            if look.seen is not Seen.AFTER:
                what = look.difference or "it is as it was before"
                await self._fail(
                    look.refused or f"Azure said that it was done, but the target does not show it: {what}."
                )
                return
        await self._state.put_step(self._n, StepState.DONE, event="done")

    async def _left_behind(self, failure: AzureFailure) -> bool:
        """Whether what Azure began and says that it failed is there all the same, or may be: then it can be taken back."""
        if not self._executor.verifies:
            return False
        look = await self._look()
        if look.seen not in (Seen.AFTER, Seen.UNSEEN):
            return False
        there = look.broken or "The target shows it all the same."
        if look.seen is Seen.UNSEEN:
            there = _unseen_words("Whether something of it is there", look)
        why = f"{failure.message} {there} An undo takes it back."
        await self._state.put_step(self._n, StepState.UNKNOWN, error=why, request_id=failure.request_id, note=why)
        return True

    async def _settle(self, failure: AzureFailure) -> Look:
        """After a failure: whether it may be sent again. Looks wherever Azure may have done it all the same."""
        certain = failure.kind in (FailureKind.THROTTLED, FailureKind.UNREACHABLE)
        if certain or not (is_transient(failure) or failure.kind is FailureKind.CONFLICT):
            return Look(seen=Seen.BEFORE)
        await self._state.put_step(
            self._n, StepState.UNKNOWN, error=failure.message, request_id=failure.request_id, note=failure.message
        )
        look = await self._no_longer_late(await self._look(), since=datetime.now(UTC))
        self._may_come |= failure.kind is FailureKind.LOST and look.silent and look.seen is Seen.BEFORE
        return look

    async def _give_up(self, failure: AzureFailure, look: Look) -> None:
        if self._began and await self._left_behind(failure):
            return
        if look.seen is Seen.UNSEEN:
            why = f"{failure.message} {_unseen_words('Whether it was done', look)}"
            await self._state.put_step(self._n, StepState.UNKNOWN, error=why, request_id=failure.request_id, note=why)
        elif look.seen is Seen.CHANGED:
            await self._fail(f"{failure.message} It differs from the plan now: {look.difference}.", failure)
        elif failure.kind is FailureKind.LOST and (look.silent or not look.late):
            # looked at at once, and not waited for, or at what shows nothing: it is not known to have failed
            why = f"{failure.message} It does not show yet."
            await self._state.put_step(self._n, StepState.UNKNOWN, error=why, request_id=failure.request_id, note=why)
        else:
            advice = f" {failure.next}" if failure.next else ""
            await self._fail(failure.message + advice, failure)

    async def _stopped(self, failure: AzureFailure) -> None:
        """No further try is wanted. What was sent without an answer may still come: it has not failed."""
        why = f"It was stopped before it was tried again: {failure.message}"
        if failure.kind is FailureKind.LOST:
            await self._state.put_step(self._n, StepState.UNKNOWN, error=why, note=why)
        else:
            await self._fail(why, failure)

    # Long-running operations

    async def _follow(self, addresses: str) -> bool:
        """Go on with what Azure accepted in an earlier life. False: it is not known there or failed; begin again."""
        operations = tuple(LongRunning(address=address) for address in addresses.splitlines())
        try:
            ended = await self._polling.ended(operations)
        except AzureFailure as failure:
            if is_transient(failure):
                await self._left(failure)
                return True
            await self._state.note(f"Step {self._n}: What Azure had accepted did not end well: {failure.message}")
            return False
        if ended:
            await self._end()
        return True

    async def _left(self, failure: AzureFailure) -> None:
        """Azure works on it, but cannot be asked: it can be gone on with later."""
        why = f"Azure accepted it, but how it goes on could not be read: {failure.message}"
        await self._state.put_step(self._n, StepState.ACCEPTED, error=why, note=why)

    # Words and waits

    def _collided(self, failure: AzureFailure) -> bool:
        """Whether another write to the same thing was in the way, which is over in a moment."""
        return self._step.verb in _SHARED and failure.kind is FailureKind.CONFLICT

    def _role_is_new(self, failure: AzureFailure) -> bool:
        """Whether Azure may say no only because a role that this plan activated does not count everywhere yet."""
        if failure.kind is not FailureKind.FORBIDDEN or failure.status != 403:
            return False
        return any(
            step.verb is StepVerb.ACTIVATE_ROLE and step.stage < self._step.stage and row.state in AT_REST
            for step, row in zip(self._state.plan.steps, self._state.row.steps, strict=True)
        )

    def _patience(self) -> float:
        """Until when (monotonic) a refusal that may pass is tried again: what the plan changed counts by then."""
        effects = [s.effect_seconds for s in self._state.plan.steps if s.effect_seconds is not None]
        azure = max(_LEAST_PATIENCE, *effects, 0.0) * 1.2
        return monotonic() + max(self._state.session.clock.real_seconds(azure), _LEAST_PATIENCE_REAL)

    def _patience_pause(self, failure: AzureFailure | None = None) -> float:
        pause = min(max(self._state.session.clock.real_seconds(_PATIENCE_PAUSE), 0.5), _PATIENCE_PAUSE)
        return max(pause, failure.retry_after or 0.0) if failure else pause

    async def _wait(self, failure: AzureFailure, words: str) -> None:
        error = f"{words}: {failure.message}"
        first = self._state.step(self._n).error != error
        state = StepState.UNKNOWN if failure.kind is FailureKind.LOST else StepState.SENT
        note = error if first else None
        await self._state.put_step(self._n, state, error=error, request_id=failure.request_id, note=note)

    async def _done(self, note: str) -> None:
        await self._state.put_step(self._n, StepState.ACCEPTED, event="accepted", note=note)
        await self._state.put_step(self._n, StepState.DONE, event="done")

    async def _fail(self, why: str, failure: AzureFailure | None = None) -> None:
        request_id = failure.request_id if failure else None
        if self._may_come:
            why = f"{why} An earlier request got no answer and may still have come."
            await self._state.put_step(self._n, StepState.UNKNOWN, error=why, request_id=request_id, note=why)
            return
        if failure is None or (failure.on_the_way and not self._began):
            self._state.unasked.add(self._n)
        if failure is not None:
            why += another_way(self._state.plan)
        await self._state.put_step(
            self._n, StepState.FAILED, event="failed", error=why, request_id=request_id, note=why
        )


def _unseen_words(what: str, look: Look) -> str:
    """Why a look told nothing, in a sentence."""
    return f"It is not over yet: {look.busy}." if look.busy else f"{what} could not be read: {look.difference}"
