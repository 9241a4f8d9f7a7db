"""From the confirming click to the last accepted write and to the proof, for 1, 10 and 50 writes, in round trips of 80 ms."""

import asyncio
import json
import tempfile
from pathlib import Path
from time import perf_counter

from cmk_admin.cloud.session import Session
from cmk_admin.operations.backend import OpenBackend, open_backend
from cmk_admin.operations.interface import Boundary, OperationReport
from cmk_admin.runtime.connection import read_connection
from tests.operations.many_steps import plan_many
from tests.support import Sandbox, serve

LATENCY_MS = 80
COUNTS = (1, 10, 50)


async def one(backend: OpenBackend, session: Session, count: int) -> tuple[float, float]:
    """Round trips to the last accepted write, and to the paths having been read again."""
    plan = await plan_many(backend, session, count)
    await backend.refresh_key(_key(backend))
    accepted: list[float] = []
    proven: list[float] = []

    def boundary(crossed: Boundary) -> None:
        if crossed.event == "accepted":
            accepted.append(perf_counter())

    def report(now: OperationReport) -> None:
        if now.proof is not None and not proven:
            proven.append(perf_counter())

    began = perf_counter()
    await backend.run(plan, watch=False, on_boundary=boundary, on_report=report)
    ended = proven[0] if proven else perf_counter()
    unit = LATENCY_MS / 1000
    return (accepted[-1] - began) / unit, (ended - began) / unit


def _key(backend: OpenBackend) -> str:
    assert backend.estate is not None
    one = next(c for c in backend.estate.consumers if c.name == "dcc-mysql")
    return str(one.slots[0].key_id.key)


async def measure(sandbox: Sandbox, home: Path) -> dict[int, tuple[float, float]]:
    """All counts, in one warm session."""
    backend = await open_backend(read_connection(sandbox.file), home)
    session = await Session.open(read_connection(sandbox.file))
    try:
        await backend.read()
        return {count: await one(backend, session, count) for count in COUNTS}
    finally:
        await session.close()
        await backend.close()


def main() -> None:
    """Print what was measured."""
    with tempfile.TemporaryDirectory(prefix="cmk-admin-bench-") as folder:
        sandbox = serve(Path(folder, "azure"), "--latency-ms", str(LATENCY_MS))
        try:
            found = asyncio.run(measure(sandbox, Path(folder, "home")))
        finally:
            sandbox.stop()
    each = {"click_to_write": 0, "click_to_proof": 1}
    figures = {f"{name}_{count}": round(times[at], 2) for name, at in each.items() for count, times in found.items()}
    told = ", ".join(f"{count}: {write:.1f} and {proof:.1f}" for count, (write, proof) in found.items())
    print(json.dumps({**figures, "notes": [f"round trips to the last accepted write and to the proof, {told}"]}))


if __name__ == "__main__":
    main()
