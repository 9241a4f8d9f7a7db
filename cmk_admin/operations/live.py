"""Opens a live Azure, and what is remembered of it."""

import asyncio
import logging
from pathlib import Path

from cmk_admin.cloud.live import Door, open_live
from cmk_admin.cloud.session import Session
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.connection import ConnectionInfo, ConnectionKind, LiveChoice, OnSignIn
from cmk_admin.runtime.paths import private_folder, write_private
from cmk_admin.runtime.settings import restore_folder
from cmk_admin.store.journal import Journal

RECORD = "account.json"
"""Which account signed in, as azure-identity writes it; no secret is in it."""

_log = logging.getLogger(__name__)


async def open_live_backend(choice: LiveChoice, home: Path, on_sign_in: OnSignIn | None = None) -> OpenBackend:
    """Sign in to a live Azure and open what is remembered of it under `home`: of this cloud, tenant and account alone.

    Raises BadInput (cloud, tenant, proxy, trust store), AzureFailure (unreachable, sign_in), StoreError.
    """
    connections = home / "connections"
    record = None if choice.anew else await asyncio.to_thread(_newest_record, connections, choice)
    door = Door(cloud=choice.cloud, tenant=choice.tenant, way=choice.way, record=record)
    session = await open_live(door, say=on_sign_in)
    try:
        key = key_of(session)
        chosen = restore_folder(home)
        folder = private_folder(connections / key)
        if session.record is not None:
            write_private(folder / RECORD, session.record.encode())
        journal = await Journal.open(folder)
    except BaseException:
        await session.close()
        raise
    info = ConnectionInfo(
        kind=ConnectionKind.LIVE,
        key=key,
        account=session.account,
        folder=folder,
        speed=session.clock.speed,
        vault_suffixes=session.names.vault_suffixes,
        restore_folder=chosen,
        signed_in_by=session.signed_in_by,
        notes=session.notes,
    )
    return OpenBackend(session, journal, info)


def key_of(session: Session) -> str:
    """The name of a live connection's folder: cloud, tenant and account."""
    account = session.account
    parts = (account.cloud, account.tenant_id.lower(), account.object_id.lower())
    return "live-" + "-".join("".join(c if c.isalnum() or c == "-" else "_" for c in part) for part in parts)


def _newest_record(connections: Path, choice: LiveChoice) -> str | None:
    """The account that signed in last to this cloud, and to the tenant where one is named.

    A tenant that is named by a domain is nobody's that we know of: the record has its id.
    """
    begins = f"live-{choice.cloud}-{(choice.tenant or '').lower()}"
    found = [path for path in connections.glob(f"live-*/{RECORD}") if path.parent.name.startswith(begins)]
    if not found:
        return None
    newest = max(found, key=lambda path: path.stat().st_mtime)
    try:
        return newest.read_text(encoding="utf-8")
    except (OSError, ValueError):
        _log.warning("the account of the last time cannot be read; it is asked for again")
        return None
