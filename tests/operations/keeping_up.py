"""Somebody who gives a key back as soon as the program has taken it, and takes it away again: by each method's own means."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from cmk_admin.cloud import api, roles
from cmk_admin.cloud.session import Session
from cmk_admin.domain.ids import parse_key_id, subscription_of
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Step, StepVerb
from tests.operations.stories import Azure

DELETION_SECONDS = 3.0
"""Azure's seconds after which a deletion, and a recovery, is done in the sandbox."""


class Somebody:
    """Works on Azure beside the program, on what the program's plan is about."""

    def __init__(self, azure: Azure, plan: Plan) -> None:
        self._azure, self._plan = azure, plan
        self._planted: list[str] = []

    async def plant(self) -> None:
        """Before the program writes: what it could not be given back in time is held twice. Only grants take their time."""
        async with self._azure.session() as session:
            for number, step in enumerate(self._plan.steps):
                if step.verb is StepVerb.REMOVE_ASSIGNMENT:
                    known = await roles.get_assignment(session, step.target)
                    assert known is not None
                    scope = f"/subscriptions/{subscription_of(known.scope)}"
                    wide = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{UUID(int=number + 1)}"
                    await roles.create_assignment(session, replace(known, id=wide, scope=scope))
                    self._planted.append(wide)

    async def give_back(self) -> None:
        """Undo what the program did, so that it counts at once."""
        async with self._azure.session() as session:
            for step in self._plan.steps:
                await self._set(session, step, step.before or {})

    async def take_again(self) -> None:
        """Do once more what the program did."""
        async with self._azure.session() as session:
            for one in self._planted:
                await session.arm("DELETE", one, api_version=api.AUTHORIZATION, urgent=True)
            for step in self._plan.steps:
                await self._set(session, step, step.after)

    async def _set(self, session: Session, step: Step, wanted: Any) -> None:
        if step.verb is StepVerb.SET_NETWORK:
            rules = {"defaultAction": wanted["default_action"], "bypass": wanted["bypass"], "ipRules": []}
            body = {"properties": {"networkAcls": rules}}
            await session.arm("PATCH", step.target, api_version=api.VAULTS, body=body, urgent=True)
            return
        if step.verb is StepVerb.REMOVE_ASSIGNMENT:
            return
        key = parse_key_id(step.target)
        path = f"/keys/{key.name}"
        if step.verb is StepVerb.SET_ENABLED:
            body = {"attributes": {"enabled": wanted["enabled"]}}
            await session.vault("PATCH", key.host, f"{path}/{key.version}", body=body, urgent=True)
        elif step.verb is StepVerb.SET_OPERATIONS:
            body = {"key_ops": wanted["operations"]}
            await session.vault("PATCH", key.host, f"{path}/{key.version}", body=body, urgent=True)
        elif step.verb is StepVerb.DELETE_KEY and wanted is None:
            await session.vault("DELETE", key.host, path, urgent=True)
        elif step.verb is StepVerb.DELETE_KEY:
            self._azure.sandbox.advance(DELETION_SECONDS)
            await session.vault("POST", key.host, f"/deletedkeys/{key.name}/recover", urgent=True)
            self._azure.sandbox.advance(DELETION_SECONDS)
        else:
            raise AssertionError(step.verb)
