"""One reading round for one draft: whatever fails is noted, and the rest is read all the same."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from cmk_admin.cloud import identities, roles
from cmk_admin.cloud.consumers import CONSUMERS
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure
from cmk_admin.domain.ids import fold, last
from cmk_admin.domain.index import Index
from cmk_admin.domain.surroundings import Rights, Surroundings, Target

T = TypeVar("T")


class Survey:
    """What is read for one draft; every reading may fail by itself."""

    def __init__(self, session: Session, index: Index) -> None:
        self.session, self.index = session, index
        self._rights: dict[str, Rights] = {}
        self._targets: dict[str, Target] = {}
        self._unread: dict[str, None] = {}
        self._missing_groups: set[str] = set()

    async def attempt(self, reading: Awaitable[T], what: str) -> T | None:
        """The result; None where it could not be read, which is noted as “what could not be read: why”."""
        try:
            return await reading
        except AzureFailure as failure:
            self._unread[f"{what} could not be read: {failure.message}"] = None
            return None

    def note(self, sentence: str) -> None:
        """Something that the person must know of what was read."""
        self._unread[sentence] = None

    async def rights(self, *scopes: str) -> None:
        """Read what the account may do at these scopes."""

        async def one(scope: str) -> None:
            found = await self.attempt(
                roles.permissions_at(self.session, scope), f"What this account may do on {last(scope)}"
            )
            if found is not None:
                self._rights[fold(scope)] = Rights(blocks=found)

        await asyncio.gather(*(one(scope) for scope in dict.fromkeys(scopes)))

    async def target(self, service: str, resource_id: str) -> Target | None:
        """Read a resource as its provider shows it now; None where it could not be read or takes no key from here."""
        kind = CONSUMERS.get(service)
        if kind is None or kind.target is None or not resource_id:
            return None
        found = await self.attempt(kind.target(self.session, resource_id), f"How {last(resource_id)} stands")
        if found is not None:
            self._targets[fold(resource_id)] = found
        return found

    async def groups(self, *group_ids: str) -> None:
        """Read whether these resource groups are there."""

        async def one(group_id: str) -> None:
            there = await self.attempt(
                identities.has_group(self.session, group_id), f"Whether there is a resource group {last(group_id)}"
            )
            if there is False:
                self._missing_groups.add(fold(group_id))

        await asyncio.gather(*(one(group_id) for group_id in dict.fromkeys(group_ids)))

    def result(self, **facts: Any) -> Surroundings:
        """All that was read, with what is known besides."""
        return Surroundings(
            now=self.session.clock.now(),
            account_id=self.session.account.object_id,
            rights=self._rights,
            targets=self._targets,
            missing_groups=frozenset(self._missing_groups),
            unread=tuple(self._unread),
            **facts,
        )
