"""What tests of operations share: the sandbox seen from outside, the backend, and a child process that is killed."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from cmk_admin.cloud import keys, roles
from cmk_admin.cloud.consumers import CONSUMERS
from cmk_admin.cloud.session import Session
from cmk_admin.domain.ids import last, parse_key_id
from cmk_admin.domain.model import Consumer, Estate
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import StepVerb
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.backend import OpenBackend, open_backend
from cmk_admin.operations.interface import Boundary, OperationReport
from cmk_admin.runtime.connection import read_connection
from tests.support import Document, Sandbox

T = TypeVar("T")
CHILD_SECONDS = 90


@dataclass(frozen=True, slots=True)
class Azure:
    """One running sandbox and the home of whoever works on it."""

    sandbox: Sandbox
    home: Path

    @asynccontextmanager
    async def opened(self, principal: str | None = None, home: Path | None = None) -> AsyncIterator[OpenBackend]:
        backend = await open_backend(read_connection(self.sandbox.file), home or self.home, principal=principal)
        try:
            yield backend
        finally:
            await backend.close()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """An eye of its own on Azure, beside the program's."""
        session = await Session.open(read_connection(self.sandbox.file))
        try:
            yield session
        finally:
            await session.close()

    def run(self, story: Callable[[OpenBackend], Awaitable[T]], principal: str | None = None) -> T:
        """Open the backend, live the story, close it."""

        async def whole() -> T:
            async with self.opened(principal) as backend:
                return await story(backend)

        return asyncio.run(whole())

    def sent(self, since: int = 0) -> list[Document]:
        """Writes that reached Azure, oldest first."""
        return self.sandbox.writes(since)


@dataclass(slots=True)
class Seen:
    """What the listeners were told."""

    boundaries: list[Boundary] = field(default_factory=list)
    reports: list[OperationReport] = field(default_factory=list)

    @property
    def events(self) -> list[tuple[int, str]]:
        return [(b.step, b.event) for b in self.boundaries]


def consumer(estate: Estate, name: str) -> Consumer:
    return next(one for one in estate.consumers if one.name == name)


async def plan_grants(backend: OpenBackend, name: str = "dcc-mysql") -> Plan:
    """Cut one consumer off the key that it uses."""
    one = consumer(backend.estate or await backend.read(), name)
    return await backend.prepare_revoke(RevokeDraft(key=one.slots[0].key_id.key, consumers=(one.id,)))


async def plan_disable(backend: OpenBackend, name: str = "dcc-mysql") -> Plan:
    """Disable every version of the key that a consumer uses."""
    one = consumer(backend.estate or await backend.read(), name)
    return await backend.prepare_revoke(RevokeDraft(key=one.slots[0].key_id.key))


PLANS: dict[str, Callable[[OpenBackend], Awaitable[Plan]]] = {"grants": plan_grants, "disable": plan_disable}


async def as_before(azure: Azure, plan: Plan) -> bool:
    """Whether every target of a revoke stands as it stood before, down to the assignment's name."""
    return all(await _facts(azure, plan, gone=False))


async def taken(azure: Azure, plan: Plan) -> bool:
    """Whether every target of a revoke is cut."""
    return all(await _facts(azure, plan, gone=True))


async def _facts(azure: Azure, plan: Plan, *, gone: bool) -> list[bool]:
    found = []
    async with azure.session() as session:
        for step in plan.steps:
            if step.verb is StepVerb.REMOVE_ASSIGNMENT:
                assignment = await roles.get_assignment(session, step.target)
                found.append((assignment is None) is gone)
            elif step.verb is StepVerb.SET_ENABLED:
                state = await keys.get_version(session, parse_key_id(step.target))
                found.append(state.enabled is not gone)
            else:
                raise AssertionError(step.verb)
    return found


async def state_of(azure: Azure, plan: Plan, name: str = "dcc-mysql") -> str:
    """A consumer's own word for how it is."""
    watch = next(one for one in plan.watches if last(one.consumer_id) == name)
    async with azure.session() as session:
        return (await CONSUMERS[watch.service].signal(session, watch.consumer_id)).word


def killed(azure: Azure, what: str, at: tuple[int, str], operation: str = "", *, principal: str = "") -> None:
    """Do something in a child process that kills itself as soon as a step crosses a boundary.

    `what`: ``grants`` and ``disable`` revoke; ``restore``, ``undo`` and ``resume`` need an operation.
    """
    command = [sys.executable, "-m", "tests.operations.child", str(azure.sandbox.file), str(azure.home)]
    command += [what, str(at[0]), at[1], operation, principal]
    done = subprocess.run(
        command, timeout=CHILD_SECONDS, capture_output=True, text=True, check=False, env=_environment()
    )
    assert done.returncode == -9, f"the child was not killed at {at}: {done.stdout}\n{done.stderr}"


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONWARNINGS": "error"}
