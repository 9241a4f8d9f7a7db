"""Revokes by every method, with what can be chosen besides: what the kill and fault matrices run."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from cmk_admin.cloud import key_changes
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Json, StepState
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.executors import EXECUTORS, Seen
from cmk_admin.operations.interface import OperationReport
from tests.operations.stories import Azure, consumer

YEARLY: dict[str, Json] = {
    "lifetime_actions": [{"trigger": {"timeAfterCreate": "P1Y"}, "action": {"type": "Rotate"}}],
    "expiry_time": None,
}


async def _of_the_key(backend: OpenBackend, **asked: object) -> Plan:
    one = consumer(backend.estate or await backend.read(), "dcc-mysql")
    return await backend.prepare_revoke(RevokeDraft(key=one.slots[0].key_id.key, **asked))  # type: ignore[arg-type]


async def plan_operations(backend: OpenBackend) -> Plan:
    return await _of_the_key(backend, method="operations")


async def plan_firewall(backend: OpenBackend) -> Plan:
    return await _of_the_key(backend, method="firewall")


async def plan_delete(backend: OpenBackend) -> Plan:
    return await _of_the_key(backend, method="delete")


async def plan_stop(backend: OpenBackend) -> Plan:
    """Cut one server off, and stop it."""
    one = consumer(backend.estate or await backend.read(), "dcc-mysql")
    return await _of_the_key(backend, consumers=(one.id,), choices=(f"stop:{one.id}",))


async def plan_rotation(backend: OpenBackend) -> Plan:
    """Disable a key that rotates by itself, and suspend that. Who has `rotating` run before has such a key."""
    return await _of_the_key(backend, choices=("suspend-rotation",))


async def plan_staged(backend: OpenBackend) -> Plan:
    """Cut the flexible server off first, and the single server once that was seen."""
    estate = backend.estate or await backend.read()
    first, then = (consumer(estate, name) for name in ("dcc-mysql", "dcc-mysql-single"))
    return await _of_the_key(backend, consumers=(first.id, then.id), choices=(f"staged:{first.id}",))


async def plan_activated(backend: OpenBackend) -> Plan:
    """Disable a key and stop its server, of which the account may do the second: it activates a role for the first.

    In the scenario ``incident``.
    """
    one = consumer(backend.estate or await backend.read(), "in-mysql-own")
    draft = RevokeDraft(key=one.slots[0].key_id.key, method="disable", choices=(f"stop:{one.id}",))
    offered = (await backend.prepare_revoke(draft)).choices
    [role] = [choice.id for choice in offered if choice.id.startswith("activate:")]
    return await backend.prepare_revoke(replace(draft, choices=(*draft.choices, role)))


METHODS: dict[str, Callable[[OpenBackend], Awaitable[Plan]]] = {
    "operations": plan_operations,
    "firewall": plan_firewall,
    "delete": plan_delete,
    "stop": plan_stop,
    "rotation": plan_rotation,
    "staged": plan_staged,
}
OF_INCIDENT: dict[str, Callable[[OpenBackend], Awaitable[Plan]]] = {"activated": plan_activated}
STEPS = {"operations": 1, "firewall": 1, "delete": 1, "stop": 2, "rotation": 2, "staged": 2}


async def rotating(azure: Azure) -> None:
    """Let the key of MySQL rotate every year."""
    async with azure.opened() as backend:
        key = consumer(await backend.read(), "dcc-mysql").slots[0].key_id.key
    async with azure.session() as session:
        await key_changes.set_rotation(session, key, YEARLY)


async def seen(azure: Azure, report: OperationReport) -> set[Seen]:
    """How the targets of what a revoke changed stand, looked at by an eye of its own: AFTER is taken, BEFORE given back.

    A server that lost its key before it could be stopped was not stopped.
    """
    assert report.plan is not None
    changed = [step for step, it in zip(report.plan.steps, report.steps, strict=True) if it.state is StepState.DONE]
    assert changed
    async with azure.session() as session:
        return {(await EXECUTORS[step.verb].look(session, step)).seen for step in changed}


async def untouched(azure: Azure, plan: Plan) -> bool:
    """Whether every target of a plan stands as the plan found it."""
    async with azure.session() as session:
        found = [(await EXECUTORS[step.verb].look(session, step)).seen for step in plan.steps]
    return set(found) == {Seen.BEFORE}
