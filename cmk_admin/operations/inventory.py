"""The estate of one connection: read, read in part, kept for the next start."""

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path

from cmk_admin.cloud import inventory, namesakes
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Estate, Namesake
from cmk_admin.operations.interface import OnEstate
from cmk_admin.store.estate_store import EstateStore

_log = logging.getLogger(__name__)


class Inventory:
    """Holds the newest estate."""

    def __init__(self, session: Session, folder: Path) -> None:
        self._session = session
        self._store = EstateStore(folder)
        self.estate: Estate | None = None

    async def load_last(self) -> Estate | None:
        """What was saved last for this account, unless something newer is at hand already."""
        saved = await asyncio.to_thread(self._store.load, self._session.account.object_id)
        if self.estate is None:
            self.estate = saved
        return saved

    async def read(self, publish: OnEstate | None) -> Estate:
        """Read all of it and keep it. Raises AzureFailure where nothing could be read."""

        def growing(estate: Estate) -> None:
            if self.estate is None or not self.estate.coverage.finished:
                self.estate = estate  # while it grows, what was known whole before is worth more
            if publish is not None:
                publish(estate)

        self.estate = await inventory.read_estate(self._session, growing)
        await self.save()
        return self.estate

    async def known(self) -> Estate:
        """The newest estate at hand; read where there is none. Raises AzureFailure."""
        return self.estate or await self.load_last() or await self.read(None)

    async def refresh(self, key: KeyId, *, everywhere: bool = False, follows: bool = False) -> Estate:
        """Read one key anew from its providers; all of the estate where its vault is not known yet. Raises AzureFailure.

        `everywhere` and `follows`: see `cloud.refresh`.
        """
        known = self.estate or await self.load_last()
        if known is None or Index(known).vault_of(key) is None:
            known = await self.read(None)
        self.estate = await inventory.refresh(self._session, known, key, everywhere=everywhere, follows=follows)
        return self.estate

    async def look(self, keys: Iterable[KeyId], *, keep: bool = False) -> Estate:
        """The estate with these keys as they are now; `keep`: it is the newest at hand from then on.

        Where it is not kept, a reading that began before a change does not hide what was read after it. Raises AzureFailure.
        """
        estate = await self.known()
        for at, key in enumerate(keys):
            if keep:
                estate = await self.refresh(key, follows=at > 0)
            else:
                if Index(estate).vault_of(key) is None:
                    estate = await self.read(None)
                estate = await inventory.refresh(self._session, estate, key, follows=at > 0)
        return estate

    async def look_on(self, estate: Estate, key: KeyId, *, keep: bool = False) -> Estate:
        """One more key of an estate that was just looked at; `keep` as in `look`. Raises AzureFailure."""
        if keep:
            return await self.refresh(key, follows=True)
        return await inventory.refresh(self._session, estate, key, follows=True)

    async def ask(self, estate: Estate, keys: Iterable[KeyId]) -> tuple[Namesake, ...]:
        """What the vaults of an estate answer about keys of these names, there or softly deleted. Raises nothing of Azure's."""
        index = Index(estate)
        known = [(key, vault.id) for key in keys if (vault := index.vault_of(key)) is not None]
        return await namesakes.ask(self._session, known)

    async def freshly(self, keys: Iterable[KeyId]) -> Estate:
        """The estate with these keys read anew; all of it where a vault of theirs is not, or no longer, there.

        Raises AzureFailure.
        """
        estate = await self.known()
        for at, key in enumerate(keys):
            if Index(estate).vault_of(key) is None:
                return await self.read(None)
            try:
                estate = await self.refresh(key, follows=at > 0)
            except AzureFailure as failure:
                if failure.kind is not FailureKind.NOT_FOUND:
                    raise
                return await self.read(None)
        return estate

    async def save(self) -> None:
        """Keep the newest estate for the next start. A disk that does not take it is logged: it can be read again."""
        if self.estate is None or not self.estate.coverage.finished:
            return
        try:
            await asyncio.to_thread(self._store.save, self.estate)
        except OSError:
            _log.warning("the estate could not be saved", exc_info=True)
