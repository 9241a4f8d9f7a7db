"""SQLite as the journal needs it: one connection on one thread, every commit on the disk before it is reported.

Write-ahead log with ``synchronous=FULL``: a commit that returned survives a crash of the process and of the machine
(sqlite.org/pragma.html#pragma_synchronous). Commits that arrive while one is under way share the next one, so that many
steps side by side cost one disk flush, not many.

A disk may be full at any moment. Room for the end of what is begun is kept (`store.reserve`): nothing is begun without it,
and only what tells how something ended may use it up.
"""

import asyncio
import logging
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from cmk_admin.domain.errors import CmkError
from cmk_admin.store.reserve import Reserve

_BUSY_MS = 10_000
"""How long to wait for another process's commit: a second window or a command line on the same journal."""

_NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
"""What SQLite says where a file could not grow: the disk is full, or a quota or a limit is reached."""

_log = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


class StoreError(CmkError):
    """What we remember could not be read or written. Nothing is sent to Azure that could not be journaled first."""


class _Write(NamedTuple):
    work: Work[Any]
    ends: bool
    """It tells how something ended."""


def known_migrations() -> tuple[tuple[int, str], ...]:
    """Number and text of each migration, in order; the number is the first four digits of its file's name."""
    folder = resources.files(__package__) / "migrations"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return tuple((int(f.name[:4]), f.read_text(encoding="utf-8")) for f in files)


class Database:
    """One SQLite file. All work runs on its own thread; use `open` and `close`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.shortage: StoreError | None = None
        """Why the room that is kept for ends was given up; None: it was not, or there is some again."""
        self._reserve = Reserve(path.with_name("reserve"))
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._connection: sqlite3.Connection | None = None
        self._waiting: list[tuple[_Write, asyncio.Future[Any]]] = []
        self._committer: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, path: Path, migrations: tuple[tuple[int, str], ...] | None = None) -> "Database":
        """Open or make the file (mode 0600) and bring it up to date; a copy is kept before a file is migrated.

        Raises StoreError where the file cannot be used or was written by a newer version of the program.
        """
        database = cls(path)
        steps = known_migrations() if migrations is None else migrations
        loop = asyncio.get_running_loop()
        try:
            database._connection = await loop.run_in_executor(database._thread, _connect, path, steps)
            await loop.run_in_executor(database._thread, database._keep_room)
        except BaseException:
            database._thread.shutdown(wait=False)
            raise
        return database

    async def read(self, work: Work[T]) -> T:
        """Run `work` on the connection, outside a transaction of ours. Raises StoreError."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, work)

    async def write(self, work: Work[T], *, ends: bool = False) -> T:
        """Run `work` in a transaction and return after its commit is on the disk. Raises StoreError.

        `ends`: it tells how something ended that was begun, and may use up the room that is kept for that. Anything else
        is refused while there is none.

        Cancelling the caller does not take the work back: once handed in, it is committed.
        """
        result: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((_Write(work, ends), result))
        if self._committer is None:
            self._committer = asyncio.create_task(self._commit_all(), name="journal")
        return await asyncio.shield(result)

    async def close(self) -> None:
        """Finish what was handed in, then close the file."""
        if self._committer is not None:
            await self._committer
        if self._connection is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
            self._connection = None
        self._thread.shutdown(wait=False)

    async def _commit_all(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                answers = await loop.run_in_executor(self._thread, self._commit, [write for write, _ in batch])
                for (_, result), (value, error) in zip(batch, answers, strict=True):
                    if result.cancelled():
                        continue
                    if error is not None:
                        result.set_exception(error)
                        result.exception()  # its caller may be gone; it is not a lost exception then
                    else:
                        result.set_result(value)
        finally:
            self._committer = None

    def _commit(self, batch: list[_Write]) -> list[tuple[Any, StoreError | None]]:
        """All of the batch in one transaction; where one fails, each in its own, so that it fails alone."""
        try:
            if not all(write.ends for write in batch):
                self._check_room()
            return [(value, None) for value in self._transaction([write.work for write in batch])]
        except StoreError as error:
            if len(batch) == 1:
                return [self._at_last(batch[0], error)]
        return [answer for write in batch for answer in self._commit([write])]

    # Room for the end of what is begun

    def _keep_room(self) -> None:
        """Have it before anything is begun; a disk that has none is told to whoever begins something."""
        if not self._reserve.held:
            try:
                self._reserve.take()
            except OSError:
                _log.warning("no room could be kept free for the journal", exc_info=True)

    def _check_room(self) -> None:
        if not self._reserve.held:
            try:
                self._reserve.take()
            except OSError as error:
                why = f"There is no room for the journal, and nothing is begun without: {error.strerror or error}."
                raise StoreError("store", why, subject=str(self.path), next="Make room on its disk.") from error
        self.shortage = None

    def _at_last(self, write: _Write, error: StoreError) -> tuple[Any, StoreError | None]:
        """Once more with the room that was kept for it. What the log of changes holds is put in its place first, so that
        the log begins anew."""
        if not write.ends or not _is_full(error) or not self._reserve.held:
            return None, error
        try:
            self._reserve.give_up()
            self.shortage = error
            self._run(lambda connection: connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchall())
            return self._transaction([write.work])[0], None
        except OSError as fault:
            return None, _failed(self.path, fault)
        except StoreError as still:
            return None, still

    def _transaction(self, batch: list[Work[Any]]) -> list[Any]:
        connection = self._open_connection()
        try:
            connection.execute("BEGIN IMMEDIATE")
            values = [work(connection) for work in batch]
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise _failed(self.path, error) from error
        return values

    def _run(self, work: Work[T]) -> T:
        try:
            return work(self._open_connection())
        except sqlite3.Error as error:
            raise _failed(self.path, error) from error

    def _open_connection(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreError("store", "The journal is closed.", subject=str(self.path))
        return self._connection


def _connect(path: Path, migrations: tuple[tuple[int, str], ...]) -> sqlite3.Connection:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_MS / 1000, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise _failed(path, error) from error
    try:
        connection.row_factory = sqlite3.Row
        connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        _migrate(connection, path, migrations)
    except sqlite3.Error as error:
        connection.close()
        raise _failed(path, error) from error
    except StoreError:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, path: Path, migrations: tuple[tuple[int, str], ...]) -> None:
    newest = migrations[-1][0]
    version = _version(connection)
    if version > newest:
        raise StoreError(
            "store",
            f"The journal was written by a newer version of the program (its layout is {version}, known is {newest}).",
            subject=str(path),
            next="Use the newer version, or another CMK_ADMIN_HOME.",
        )
    if 0 < version < newest:
        _back_up(connection, path.with_name(f"{path.name}.before-{newest:04}"))
    for number, text in migrations:
        if number <= version:
            continue
        connection.execute("BEGIN IMMEDIATE")
        try:
            if _version(connection) < number:  # another process may have been faster
                for statement in _statements(text):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version={number}")
            connection.execute("COMMIT")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _back_up(connection: sqlite3.Connection, target: Path) -> None:
    os.close(os.open(target, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600))
    copy = sqlite3.connect(target)
    try:
        connection.backup(copy)
    finally:
        copy.close()


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _statements(text: str) -> list[str]:
    statements, current = [], ""
    for line in text.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            statements.append(current)
            current = ""
    return statements


def _is_full(error: StoreError) -> bool:
    cause = error.__cause__
    return isinstance(cause, sqlite3.Error) and (cause.sqlite_errorcode & 0xFF) in _NO_ROOM


def _failed(path: Path, error: Exception) -> StoreError:
    return StoreError(
        "store",
        f"The journal could not be used: {error}.",
        subject=str(path),
        next="Check that the folder is writable and the disk is not full.",
    )
