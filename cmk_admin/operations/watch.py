"""Follow consumers' own signals until they show the effect, with the measured time. A guess is not an answer."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from cmk_admin.cloud.consumers import CONSUMERS
from cmk_admin.cloud.signals import Signal
from cmk_admin.domain.errors import AzureFailure
from cmk_admin.domain.ids import fold
from cmk_admin.domain.plan import Watch
from cmk_admin.domain.steps import MAY_HAVE_ACTED, StepState, StepVerb
from cmk_admin.domain.unfinished import Unfinished, unfinished
from cmk_admin.operations.interface import WatchResult
from cmk_admin.operations.line import Line
from cmk_admin.operations.reports import LOST_BEFORE, utc_text
from cmk_admin.operations.state import OperationState
from cmk_admin.store.journal import WatchRow

BEFORE_SECONDS = 5.0
"""A signal that takes longer does not hold the first write up; it counts as unknown."""
UNDOCUMENTED_SECONDS = 3600.0
"""Azure's seconds for which a consumer is followed where Microsoft documents no time."""
_POLL_AZURE_SECONDS = 10.0
_POLL_LEAST, _POLL_MOST = 0.2, 10.0
_ANSWER_SECONDS = 10.0
_LEAST_REAL = 5.0
"""Real seconds for which a consumer is followed at least: polls take their time however fast Azure's clock runs."""
_ACCOMPANY_AFTER = 2.0
"""Real seconds after which services are looked at although steps are still under way: writes that are quick come first."""
_HEAL_AZURE_SECONDS = 60.0
"""A consumer that lost its key again while it was given back is asked again no more often than this."""

_MACHINES = ("aks-disks", "disk-encryption-set")
"""Services that are seen by their machines, which a set and the clusters on it share."""

Heal = Callable[[str], Awaitable[None]]


class Watcher:
    """The consumers of one operation. `heal` asks one of them to try its key again, where that is possible."""

    def __init__(self, state: OperationState, heal: Heal, line: Line) -> None:
        self._state = state
        self._heal = heal
        self._line = line

    async def take_before(self, late: Coroutine[Any, Any, None]) -> None:
        """Take and commit every signal that is not in the journal yet, before the first write.

        When `late` returns, and after `BEFORE_SECONDS`, those that are not there count as unknown.
        """
        wanted = [w for w in self._state.plan.watches if self._row(w).before_at is None]
        if not wanted:
            late.close()
            return
        signals = [asyncio.create_task(self._before(watch)) for watch in wanted]
        enough = asyncio.create_task(late)
        all_there = asyncio.create_task(_ended(signals))
        await asyncio.wait([all_there, enough], return_when=asyncio.FIRST_COMPLETED)
        for task in (enough, *signals):
            task.cancel()
        rows = []
        for watch, answer in zip(wanted, await asyncio.gather(*signals, return_exceptions=True), strict=True):
            if isinstance(answer, WatchRow):
                rows.append(answer)
            elif isinstance(answer, asyncio.CancelledError):
                rows.append(replace(self._row(watch), before_at=datetime.now(UTC)))
            else:
                raise answer
        await asyncio.gather(enough, all_there, return_exceptions=True)
        await self._state.put_watches(rows)

    async def follow(self, only: Collection[tuple[str, str]] | None = None) -> None:
        """Follow consumers side by side until each has its answer, or no further waiting is wanted.

        `only` (folded id, service): these; else all.
        """
        chosen = [w for w in self._state.plan.watches if only is None or _named(w) in only]
        await asyncio.gather(*(self._follow(w) for w in chosen if self._waiting(w)))

    async def accompany(self) -> None:
        """While steps are still under way, see who is cut already: one that is slow holds up nobody's measured time.

        Of whom is given back it is only kept that it was lost meanwhile: when its steps are over it may be back already.
        Nobody is judged late here, and what cannot be read is read again by `follow`. Until it is cancelled.
        """
        cuts = any(watch.wanted == "lost" for watch in self._state.plan.watches)
        await asyncio.sleep(max(self._interval(), _ACCOMPANY_AFTER if cuts else 0.0))
        while not self._state.stopping.is_set():
            if self._state.since_first_write is not None:
                left = [w for w in self._state.plan.watches if self._waiting(w) and self._may_learn(w)]
                await asyncio.gather(*(self._glance(watch) for watch in left))
            await asyncio.sleep(self._interval())

    def _may_learn(self, watch: Watch) -> bool:
        """Whether a glance may tell something of it that was not known before."""
        row = self._row(watch)
        if watch.wanted == "back":
            return not row.seen_otherwise
        return not row.before_lost and self._stopped(watch) is None

    async def _glance(self, watch: Watch) -> None:
        signal, _ = await self._signal(watch, _ANSWER_SECONDS)
        if signal is None or signal.silent or not self._waiting(watch):
            return
        await self._show(watch, signal)
        if watch.wanted == "lost" and signal.lost and self._row(watch).seen_otherwise:
            await self._end(watch, WatchResult.CONFIRMED, None)

    def confirmed(self, only: Collection[tuple[str, str]]) -> bool:
        """Whether each of these (folded id, service) was confirmed; one that the plan does not watch was not."""
        rows = {_named(w): self._row(w).result for w in self._state.plan.watches}
        return all(rows.get(one) == WatchResult.CONFIRMED for one in only)

    async def conclude(self, reason: str) -> None:
        """Whoever has no answer yet is not confirmed, for this reason."""
        rows = [self._row(watch) for watch in self._state.plan.watches if self._waiting(watch)]
        await self._state.put_watches(replace(row, result=WatchResult.NOT_CONFIRMED, reason=reason) for row in rows)

    @property
    def all_confirmed(self) -> bool:
        return all(self._row(watch).result == WatchResult.CONFIRMED for watch in self._state.plan.watches)

    # One consumer

    def _row(self, watch: Watch) -> WatchRow:
        return self._state.watch(watch)

    def _waiting(self, watch: Watch) -> bool:
        return self._row(watch).result == WatchResult.WAITING

    def _unfinished(self, watch: Watch) -> Unfinished | None:
        states = [step.state for step in self._state.row.steps]
        return unfinished(self._state.plan, watch, states, unasked=self._state.unasked)

    async def _before(self, watch: Watch) -> WatchRow:
        signal, _ = await self._signal(watch, BEFORE_SECONDS)
        row = replace(self._row(watch), before_at=datetime.now(UTC))
        if signal is None:
            return row
        seen = signal.lost is (watch.wanted == "back")
        return replace(row, before_word=signal.word, before_lost=signal.lost, now_word=signal.word, seen_otherwise=seen)

    async def _signal(self, watch: Watch, within: float) -> tuple[Signal | None, str | AzureFailure]:
        """The signal, or why there is none. A read that we are refused says nothing about the consumer."""
        service = CONSUMERS.get(watch.service)
        if service is None:
            return None, f"no signal is known for a {watch.service}"
        try:
            return await asyncio.wait_for(service.signal(self._state.session, watch.consumer_id), within), ""
        except TimeoutError:
            return None, "its state could not be read: no answer in time"
        except AzureFailure as failure:
            return None, failure

    async def _follow(self, watch: Watch) -> None:
        if (nothing := self._nothing_to_see(watch)) is not None:
            await self._end(watch, WatchResult.NOT_CONFIRMED, nothing)
            return
        healed_at = self._elapsed(watch)[0]
        if watch.service not in CONSUMERS:
            await self._end(watch, WatchResult.NOT_CONFIRMED, f"no signal is known for a {watch.service}")
            return
        if watch.wanted == "lost" and (stopped := self._stopped(watch)):
            await self._end(watch, WatchResult.NOT_CONFIRMED, stopped)
            return
        while not self._state.stopping.is_set():
            signal, problem = await self._signal(watch, _ANSWER_SECONDS)
            if isinstance(problem, AzureFailure) and await self._line.was_away(problem):
                continue
            if signal is not None:
                await self._show(watch, signal)
                if await self._judge(watch, signal):
                    return
            azure, _ = self._elapsed(watch)
            if azure > self._bound(watch):
                await self._too_late(watch, signal, problem)
                return
            back_wanted = watch.wanted == "back"
            if back_wanted and signal is not None and signal.lost and azure - healed_at > _HEAL_AZURE_SECONDS:
                await self._heal(watch.consumer_id)
                healed_at = self._elapsed(watch)[0]
            if not await self._state.pause(self._interval()):
                return

    def _nothing_to_see(self, watch: Watch) -> str | None:
        """Why a consumer cannot show what is wanted, however long it is followed."""
        left, acted = self._unfinished(watch), any(step.state in MAY_HAVE_ACTED for step in self._state.row.steps)
        if left is not None and left.untouched:
            return left.words
        if watch.wanted != "lost":
            return None
        if not (watch.steps or acted or self._state.all_at_rest):
            return "nothing was changed by this operation"
        return LOST_BEFORE if self._row(watch).before_lost else None

    async def _show(self, watch: Watch, signal: Signal) -> None:
        """Keep what was seen; commit only what changed."""
        row = self._row(watch)
        azure, real = self._elapsed(watch)
        otherwise = signal.lost is (watch.wanted == "back")
        new = replace(
            row,
            now_word=signal.word,
            seconds=azure,
            wall_seconds=real,
            seen_otherwise=row.seen_otherwise or otherwise,
        )
        if new.now_word != row.now_word or new.seen_otherwise != row.seen_otherwise:
            await self._state.put_watches([new])
        else:
            self._state.show_watch(new)

    async def _judge(self, watch: Watch, signal: Signal) -> bool:
        """True where the signal is an answer."""
        row = self._row(watch)
        if signal.silent:
            reason = f"Azure shows no state from which it could be seen (it is {signal.word})"
            await self._end(watch, WatchResult.NOT_CONFIRMED, reason)
            return True
        if watch.wanted == "lost":
            if not signal.lost:
                return False
            if row.seen_otherwise:
                await self._end(watch, WatchResult.CONFIRMED, None)
            else:
                reason = "it is lost, but its state before the first write could not be read"
                await self._end(watch, WatchResult.NOT_CONFIRMED, reason)
            return True
        if signal.lost is not False:
            return False
        if row.seen_otherwise:
            await self._end(watch, WatchResult.CONFIRMED, None)
            return True
        if self._settled():
            surprise = None if self._state.plan.goes_on else "it was not seen lost"
            await self._end(watch, WatchResult.CONFIRMED, surprise)
            return True
        return False

    def _stopped(self, watch: Watch) -> str | None:
        """Why a consumer that stands still proves nothing: this plan stopped it, or machines that are its too."""
        for step, row in zip(self._state.plan.steps, self._state.row.steps, strict=True):
            if step.verb is not StepVerb.STOP_CONSUMER or row.state not in (StepState.DONE, StepState.ACCEPTED):
                continue
            at = f"by this plan at {utc_text(row.changed_at)}"
            if fold(step.target) == fold(watch.consumer_id):
                return f"stopped {at}; that its key is refused is not confirmed by it"
            if watch.service in _MACHINES and (step.after or {}).get("service") in _MACHINES:
                return f"machines that may be its own were stopped {at}; that its key is refused is not confirmed by it"
        return None

    def _settled(self) -> bool:
        """True where all that was given back counts everywhere: a consumer that was up until now stays up."""
        effects = [
            planned.effect_seconds or 0
            for planned, row in zip(self._state.plan.steps, self._state.row.steps, strict=True)
            if row.state in (StepState.DONE, StepState.ACCEPTED)
        ]
        return self._since_last_write() >= max(effects, default=0)

    async def _too_late(self, watch: Watch, signal: Signal | None, problem: str | AzureFailure) -> None:
        documented = watch.within_seconds is not None
        within = UNDOCUMENTED_SECONDS if watch.within_seconds is None else watch.within_seconds
        minutes = f"{within / 60:.0f} minutes"
        if signal is None:
            why = f"its state could not be read: {problem.message}" if isinstance(problem, AzureFailure) else problem
            await self._end(watch, WatchResult.NOT_CONFIRMED, why)
        elif signal.lost is None:
            await self._end(watch, WatchResult.NOT_CONFIRMED, f"its state ({signal.word}) says neither")
        elif (left := self._unfinished(watch)) is not None:
            await self._end(watch, WatchResult.NOT_CONFIRMED, f"{left.words}; its state is still {signal.word}")
        elif not documented:
            reason = f"Microsoft documents no time for it; after {minutes} its state is still {signal.word}"
            await self._end(watch, WatchResult.NOT_CONFIRMED, reason)
        else:
            reason = f"past the documented {minutes} its state is still {signal.word}"
            await self._end(watch, WatchResult.CONTRADICTED, reason)

    async def _end(self, watch: Watch, result: WatchResult, reason: str | None) -> None:
        row = self._row(watch)
        azure, real = self._elapsed(watch)
        if row.seconds is None or result is not WatchResult.CONFIRMED:
            row = replace(row, seconds=azure, wall_seconds=real)
        await self._state.put_watches([replace(row, result=result, reason=reason)])

    # Time

    def _elapsed(self, watch: Watch) -> tuple[float, float]:
        """Azure's and real seconds since the first write that is meant for this consumer.

        Since the operation's first one where none of its own was made yet, or the plan names none; since the start where
        there was none at all.
        """
        state = self._state
        own = state.writes.since_first(watch.steps)
        real = (own or state.since_first_write or state.since_start).real_seconds()
        return state.session.clock.azure_seconds(real), real

    def _since_last_write(self) -> float:
        watch = self._state.since_last_write or self._state.since_first_write
        return self._state.session.clock.azure_seconds(watch.real_seconds()) if watch else float("inf")

    def _bound(self, watch: Watch) -> float:
        """`_elapsed` by when the documented time since the last write that is meant for this consumer is over."""
        clock = self._state.session.clock
        within = UNDOCUMENTED_SECONDS if watch.within_seconds is None else float(watch.within_seconds)
        within = max(within + 2 * clock.azure_seconds(self._interval()), clock.azure_seconds(_LEAST_REAL))
        last = self._state.writes.since_last(watch.steps) or self._state.since_last_write
        writing = self._elapsed(watch)[0] - clock.azure_seconds(last.real_seconds()) if last else 0.0
        return writing + within

    def _interval(self) -> float:
        """Real seconds between polls."""
        real = self._state.session.clock.real_seconds(_POLL_AZURE_SECONDS)
        return min(max(real, _POLL_LEAST), _POLL_MOST)


async def _ended(tasks: Collection[asyncio.Task[WatchRow]]) -> None:
    await asyncio.wait(tasks)


def _named(watch: Watch) -> tuple[str, str]:
    return fold(watch.consumer_id), watch.service
