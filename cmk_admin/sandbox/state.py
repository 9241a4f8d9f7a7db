"""All that a sandbox knows: JSON documents by kind and id, written through to SQLite before a call is answered.

Kinds, and the shape of their documents (ids are compared without case; `World` folds them):

``meta``             one document ``world``: instance_id, tenant_id, scenario, seed
``subscription``     id = GUID: {subscriptionId, displayName, tenantId, managementGroup}
``managementGroup``  id = name: {name, displayName, parent: name or None}
``resource``         id = ARM id: the whole ARM envelope as GET answers it (id, name, type, location, tags, identity, sku,
                     kind, properties, etag ...); resource groups too (type Microsoft.Resources/resourceGroups)
``roleDefinition``   id = ``/providers/Microsoft.Authorization/roleDefinitions/GUID``: the ARM envelope
``roleAssignment``   id = full ARM id: the ARM envelope (properties: scope, roleDefinitionId, principalId, principalType,
                     condition, createdOn, createdBy ...)
``activation``       id = the ARM id of the assignment that somebody activated: {assignment, request, eligibility, start, end}
``scheduleRequest``  id = full ARM id: the ARM envelope of a request to PIM
``rolePolicy``       id = scope and role: {approval: whether who activates the role waits for an approver}
``lock``             id = full ARM id: the ARM envelope (properties.level CanNotDelete or ReadOnly)
``principal``        id = object id: {objectId, clientId, secret, displayName, kind, members, resourceId}; kind is
                     User, ServicePrincipal, ManagedIdentity or Group; members (object ids) only for groups;
                     resourceId is the ARM id a managed identity belongs to
``key``              id = ``VAULT/NAME`` (the vault's name): {vault, name, versions: [{version, jwk facts, attributes,
                     pem, tags ...}, oldest first], rotationPolicy, deleted: None or {deletedDate, scheduledPurgeDate}}
``secret``           id = ``VAULT/NAME``, and ``certificate`` likewise: what a list of them shows
``failover``         id = vault name: {region: from where it answers, and only reads}
``deletedVault``     id = vault name: {resource, deletionDate, scheduledPurgeDate}
``operation``        id = operation id: one long-running operation
``life``             id = ARM id of a consumer: its wrapped DEK and schedule; ``resting`` while the consumer is stopped
``kubernetes``       id = ARM id of a cluster: {storageClasses, secrets: with the key version that encrypts each, envelopes}
``command``          id = command id: {cluster, startedAt, result: None or what the run command answers}
``activity``         id = request id (and ``/end``): {at: a reading of `Clock.azure`, event: one of the Activity Log}
"""

import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .clock import Clock

Document = dict[str, Any]

STATE_FILE = "world.sqlite3"
"""What a state folder keeps the world in."""

# Reads of the past: Resource Graph's lag and role assignments that still count; the longest is a management-group
# removal of "several hours" (RBACD troubleshooting.md), so a day is ample.
PAST_SECONDS = 24 * 3600.0


class World:
    """The state of one sandbox.

    Handlers change it with `put` and `delete`; the server calls `commit` after a handler and before its answer, so one
    call is one transaction. Documents that `get` and `items` hand out must be treated as read-only: copy, change, put.
    """

    def __init__(self, clock: Clock, folder: Path | None = None) -> None:
        self.clock = clock
        self._documents: dict[str, dict[str, Document]] = {}
        self._past: dict[str, dict[str, list[tuple[float, Document | None]]]] = {}
        self._changed: dict[str, int] = {}
        self._ages = 0
        self._dirty: dict[tuple[str, str], Document | None] = {}
        self._dirty_past: list[tuple[str, str, float, Document | None]] = []
        self._db = _open(folder)
        self._load()

    @property
    def is_new(self) -> bool:
        """True until a scenario has been laid in."""
        return self.get("meta", "world") is None

    @property
    def tenant_id(self) -> str:
        """The one Entra tenant of this sandbox."""
        return str(self._documents["meta"]["world"]["tenant_id"])

    def get(self, kind: str, key: str) -> Document | None:
        """The current document, or None."""
        return self._documents.get(kind, {}).get(key.lower())

    def items(self, kind: str) -> Iterator[tuple[str, Document]]:
        """All current documents of a kind as (folded id, document), in the order they were made; safe against changes."""
        yield from list(self._documents.get(kind, {}).items())

    def put(self, kind: str, key: str, document: Document) -> None:
        """Make or replace a document."""
        self._remember(kind, key.lower())
        self._documents.setdefault(kind, {})[key.lower()] = document
        self._dirty[kind, key.lower()] = document

    def delete(self, kind: str, key: str) -> None:
        """Remove a document; nothing happens where there is none."""
        if self.get(kind, key) is None:
            return
        self._remember(kind, key.lower())
        del self._documents[kind][key.lower()]
        self._dirty[kind, key.lower()] = None

    def changed(self, kind: str) -> int:
        """A number that differs after every change of a kind, so that what was worked out from it can be kept until then."""
        return self._ages + self._changed.get(kind, 0)

    def as_of(self, kind: str, key: str, azure_seconds: float) -> Document | None:
        """The document as it was at that reading of `Clock.azure` (up to a day back)."""
        for until, document in self._past.get(kind, {}).get(key.lower(), ()):
            if azure_seconds < until:
                return document
        return self.get(kind, key)

    def items_as_of(self, kind: str, azure_seconds: float) -> Iterator[tuple[str, Document]]:
        """Like `items`, as it was at that reading."""
        past = self._past.get(kind, {})
        for key in dict.fromkeys([*self._documents.get(kind, {}), *past]):
            document = self.as_of(kind, key, azure_seconds) if key in past else self.get(kind, key)
            if document is not None:
                yield key, document

    def changes(self, kind: str, key: str) -> list[tuple[float, Document | None]]:
        """What a document was before: (until which reading, document or None), oldest first."""
        return list(self._past.get(kind, {}).get(key.lower(), ()))

    def ever(self, kind: str) -> list[str]:
        """Folded ids of all documents that are, or were within a day."""
        return list(dict.fromkeys([*self._documents.get(kind, {}), *self._past.get(kind, {})]))

    def commit(self) -> None:
        """Write what changed since the last commit, in one transaction, with the clock's reading."""
        if not self._dirty:
            return
        with self._db:
            self._db.executemany(
                "INSERT INTO document(kind, id, body) VALUES (?1, ?2, ?3) "
                "ON CONFLICT(kind, id) DO UPDATE SET body = excluded.body",
                [(k, i, json.dumps(d)) for (k, i), d in self._dirty.items() if d is not None],
            )
            self._db.executemany(
                "DELETE FROM document WHERE kind = ? AND id = ?", [key for key, d in self._dirty.items() if d is None]
            )
            self._db.executemany(
                "INSERT INTO past(kind, id, until, body) VALUES (?, ?, ?, ?)",
                [(k, i, until, json.dumps(d)) for k, i, until, d in self._dirty_past],
            )
            self._db.execute("DELETE FROM past WHERE until < ?", (self.clock.azure() - PAST_SECONDS,))
            self._save_clock()
        self._dirty.clear()
        self._dirty_past.clear()

    def save_clock(self) -> None:
        """Note the clock's reading, so that a push outlives a crash."""
        with self._db:
            self._save_clock()

    def close(self) -> None:
        """Commit, note the clock, and close the file."""
        self.commit()
        self.save_clock()
        self._db.close()

    def reset(self) -> None:
        """Forget everything, so that a scenario can be laid in anew."""
        self._documents.clear()
        self._past.clear()
        self._dirty.clear()
        self._dirty_past.clear()
        self._ages += 1
        with self._db:
            self._db.execute("DELETE FROM document")
            self._db.execute("DELETE FROM past")

    def forget_past(self) -> None:
        """Make the present look as if it had always been so: called once a scenario is laid in."""
        self._past.clear()
        self._dirty_past.clear()
        self._ages += 1
        with self._db:
            self._db.execute("DELETE FROM past")

    def _remember(self, kind: str, key: str) -> None:
        now = self.clock.azure()
        self._changed[kind] = self._changed.get(kind, 0) + 1
        before = self.get(kind, key)
        history = self._past.setdefault(kind, {}).setdefault(key, [])
        while history and history[0][0] < now - PAST_SECONDS:
            history.pop(0)
        history.append((now, before))
        self._dirty_past.append((kind, key, now, before))

    def _load(self) -> None:
        for kind, key, body in self._db.execute("SELECT kind, id, body FROM document ORDER BY n"):
            self._documents.setdefault(kind, {})[key] = json.loads(body)
        for kind, key, until, body in self._db.execute("SELECT kind, id, until, body FROM past ORDER BY n"):
            self._past.setdefault(kind, {}).setdefault(key, []).append((until, json.loads(body)))

    def _save_clock(self) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO clock(one, azure, pushed) VALUES (1, ?, ?)",
            (self.clock.azure(), self.clock.pushed),
        )


def forget(folder: Path) -> None:
    """Remove the world that a folder keeps; for whoever holds its lock."""
    for file in folder.glob(f"{STATE_FILE}*"):
        file.unlink()


def saved_clock(folder: Path | None) -> tuple[float, float]:
    """(Azure's seconds, pushed seconds) as the last run left them; zeros for a new folder."""
    db = _open(folder)
    try:
        row = db.execute("SELECT azure, pushed FROM clock").fetchone()
        return (float(row[0]), float(row[1])) if row else (0.0, 0.0)
    finally:
        db.close()


def _open(folder: Path | None) -> sqlite3.Connection:
    if folder is None:
        db = sqlite3.connect(":memory:")
    else:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / STATE_FILE
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        db = sqlite3.connect(path)
        db.execute("PRAGMA journal_mode = WAL")
    db.executescript(
        """
        CREATE TABLE IF NOT EXISTS document(
            n INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, UNIQUE(kind, id)) STRICT;
        CREATE TABLE IF NOT EXISTS past(
            n INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, until REAL NOT NULL, body TEXT NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS clock(one INTEGER PRIMARY KEY, azure REAL NOT NULL, pushed REAL NOT NULL) STRICT;
        """
    )
    return db
