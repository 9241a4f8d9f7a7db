"""From the confirming click to the last accepted write and to the proof, in round trips of 80 ms.

What is cut: all services of a key, in one plan, each with its grant and followed by its signal; 1, 10 and 50 of them, and 50
that share one identity. Beside them 50 grants of one identity, at a key each. The best of several rounds, since others use
the machine too.

The depth is no time: how many requests after the click had to wait for one another, by the sandbox's own log, with answers
that take so long that the machine counts for nothing.
"""

import asyncio
import json
import math
import os
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import perf_counter, process_time

from cmk_admin.cloud.session import Session
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import StepState
from cmk_admin.operations.backend import OpenBackend, open_backend
from cmk_admin.operations.interface import Boundary, OperationReport, PathProof
from cmk_admin.runtime.connection import read_connection
from tests.bench import consumers
from tests.operations.many_steps import plan_many
from tests.support import Document, Sandbox, changes, serve

LATENCY_MS = 80
SLOW_MS = 600
"""What an answer takes besides, where it is counted which request waited for which."""
ROUNDS = 3
GRANTS = 50
BUDGET_SECONDS = 10.5
"""Until Azure's budget of reads is full again: 250, and 25 each second (`cmk_admin.cloud.limits`)."""
FEW = 10
"""So many services leave enough of it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One revoke: seconds after the click, and the processor's seconds of the program and of the sandbox till the last write."""

    write: float
    proof: float
    processor: float
    sandbox: float


async def cut(backend: OpenBackend, plan: Plan, sandbox: Sandbox) -> Taken:
    """Run a revoke to its proof; its services are followed meanwhile, and no longer."""
    accepted, proven = [(0.0, 0.0, 0.0)], [(0.0, 0.0, 0.0)]
    stopping: list[asyncio.Task[None]] = []

    def now() -> tuple[float, float, float]:
        return perf_counter(), process_time(), _processor(sandbox)

    def boundary(crossed: Boundary) -> None:
        if crossed.event == "accepted":
            accepted[0] = now()

    def report(told: OperationReport) -> None:
        if told.proof is not None and not stopping:
            proven[0] = now()
            stopping.append(asyncio.create_task(backend.cancel(told.operation)))

    began = now()
    done = await backend.run(plan, on_boundary=boundary, on_report=report)
    await asyncio.gather(*stopping)
    assert {step.state for step in done.steps} == {StepState.DONE}, done.log
    assert done.proof is not None, "it was not proven"
    wanted = {path.principal for path in plan.paths if path.step is not None}
    closed = {one.path.principal for one in done.proof.paths if one.state is PathProof.CLOSED}
    assert wanted <= closed, f"not proven: {done.proof}"
    write, processor, served = (there - here for there, here in zip(accepted[0], began, strict=True))
    return Taken(write=write, proof=proven[0][0] - began[0], processor=processor, sandbox=served)


def _processor(sandbox: Sandbox) -> float:
    """Seconds of the processor that the sandbox has used."""
    fields = Path(f"/proc/{sandbox.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure_key(backend: OpenBackend, session: Session, sandbox: Sandbox, key: str) -> tuple[Taken, int]:
    """The best of several rounds with one key, each after its grants were given back; and the depth."""
    assert backend.estate is not None
    before = backend.estate

    async def once(act: Callable[[Plan], Awaitable[Taken]]) -> Taken:
        plan = await consumers.plan_all(backend, key)
        if len(plan.watches) > FEW:
            await asyncio.sleep(BUDGET_SECONDS)
        taken = await act(plan)
        await consumers.give_back(session, before, plan)
        return taken

    rounds = [await once(lambda plan: cut(backend, plan, sandbox)) for _ in range(ROUNDS)]
    depths: list[int] = []

    async def slowly(plan: Plan) -> Taken:
        since = await asyncio.to_thread(sandbox.last_request)
        sandbox.fault(f"* *.azure.* delay:{SLOW_MS}")
        try:
            return await cut(backend, plan, sandbox)
        finally:
            sandbox.no_faults()
            depths.append(depth(sandbox.requests(since)))

    await once(slowly)
    best = min(rounds, key=lambda one: one.write)
    return Taken(best.write, min(one.proof for one in rounds), best.processor, best.sandbox), depths[0]


def depth(requests: list[Document]) -> int:
    """How many requests up to the last write came one after the other: each begun when the one before it had its answer."""
    whole = (LATENCY_MS + SLOW_MS) / 1000
    last = max(n for n, one in enumerate(requests) if changes(one))
    free, found = -math.inf, 0
    for one in requests[: last + 1]:  # in the order of their answers
        answered = datetime.fromisoformat(one["time"]).timestamp()
        if answered - whole >= free:
            free, found = answered, found + 1
    return found


async def measure_grants(backend: OpenBackend, session: Session, sandbox: Sandbox) -> Taken:
    """50 grants of one identity, at a key each."""
    return await cut(backend, await plan_many(backend, session, GRANTS), sandbox)


async def measure(sandbox: Sandbox, home: Path) -> dict[str, tuple[Taken, int]]:
    """All keys, in one warm session, by the name of the figure's row."""
    keys = {str(count): consumers.key_of(count) for count in consumers.COUNTS}
    keys[f"shared_{consumers.SHARED}"] = consumers.SHARED_KEY
    backend = await open_backend(read_connection(sandbox.file), home)
    session = await Session.open(read_connection(sandbox.file))
    try:
        await backend.read()
        return {row: await measure_key(backend, session, sandbox, key) for row, key in keys.items()}
    finally:
        await session.close()
        await backend.close()


async def measure_one_identity(sandbox: Sandbox, home: Path) -> Taken:
    """The same for the grants of one identity, in an estate that has more than services."""
    backend = await open_backend(read_connection(sandbox.file), home)
    session = await Session.open(read_connection(sandbox.file))
    try:
        await backend.read()
        rounds = []
        for _ in range(ROUNDS):
            await asyncio.sleep(BUDGET_SECONDS)
            rounds.append(await measure_grants(backend, session, sandbox))
        return min(rounds, key=lambda one: one.write)
    finally:
        await session.close()
        await backend.close()


def main() -> None:
    """Print what was measured."""
    with tempfile.TemporaryDirectory(prefix="cmk-admin-bench-") as folder:
        # Azure's clock as it is: one that runs faster asks the services more often than Azure allows.
        sandbox = serve(Path(folder, "azure"), "--latency-ms", str(LATENCY_MS), speed=1)
        try:
            grants = asyncio.run(measure_one_identity(sandbox, Path(folder, "first")))
            sandbox.post("estate", consumers.estate())
            found = asyncio.run(measure(sandbox, Path(folder, "second")))
        finally:
            sandbox.stop()
    unit = LATENCY_MS / 1000
    figures: dict[str, float] = {f"click_to_write_grants_{GRANTS}": round(grants.write / unit, 2)}
    notes = []
    for row, (taken, deep) in found.items():
        figures[f"click_to_write_{row}"] = round(taken.write / unit, 2)
        figures[f"click_to_proof_{row}"] = round(taken.proof / unit, 2)
        figures[f"depth_{row}"] = deep
        notes.append(
            f"click_to_write_{row}: of it {taken.processor * 1000:.0f} ms of the processor in the program and"
            f" {taken.sandbox * 1000:.0f} ms in the sandbox"
        )
    print(json.dumps({**figures, "notes": notes}))


if __name__ == "__main__":
    main()
