"""A backend that has one estate and no Azure: for what is on screen. Whole stories run on the real one."""

import asyncio
from pathlib import Path
from typing import Any

from cmk_admin.domain.model import Estate
from cmk_admin.operations.interface import ConnectionInfo, ConnectionKind, OnEstate, OnReport, OperationReport


class Shown:
    """Answers with `estate`, which a test may exchange; `published` are handed over before it."""

    def __init__(self, estate: Estate, folder: Path, *, last: Estate | None = None) -> None:
        self.newest = estate
        self.published: tuple[Estate, ...] = ()
        self.last = last
        self.failure: Exception | None = None
        self.refreshed: list[str] = []
        self.closed = False
        self.info = ConnectionInfo(
            kind=ConnectionKind.SANDBOX, key="test", account=estate.account, folder=folder, speed=60.0
        )

    @property
    def estate(self) -> Estate | None:
        return self.newest

    async def load_last(self) -> Estate | None:
        return self.last

    async def read(self, publish: OnEstate | None = None) -> Estate:
        if self.failure is not None:
            raise self.failure
        for estate in self.published:
            if publish is not None:
                publish(estate)
        return self.newest

    async def refresh_key(self, key_id: str) -> Estate:
        self.refreshed.append(key_id)
        return self.newest

    async def operations(self) -> tuple[OperationReport, ...]:
        return ()

    async def guard(self, _: OnReport) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None:
        self.closed = True

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"nothing on these screens may ask the backend for {name}")
