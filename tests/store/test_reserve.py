"""A disk that is full: room is kept for the end of what was begun, and for nothing else."""

import asyncio
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cmk_admin.store.connection import Database, StoreError
from cmk_admin.store.reserve import SIZE

_TABLE = ((1, "CREATE TABLE word (text TEXT NOT NULL) STRICT;"),)


def _insert(text: str) -> object:
    return lambda connection: connection.execute("INSERT INTO word (text) VALUES (?)", (text,))


@contextmanager
def no_file_grows_beyond(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _on_disk(path: Path) -> list[str]:
    beside = sqlite3.connect(path)
    found = [text for (text,) in beside.execute("SELECT text FROM word ORDER BY rowid")]
    beside.close()
    return found


def test_the_room_that_is_kept_is_the_files_own(tmp_path: Path) -> None:
    async def story() -> None:
        database = await Database.open(tmp_path / "a.db", _TABLE)
        kept = (tmp_path / "reserve").stat()
        assert (kept.st_size, kept.st_mode & 0o777) == (SIZE, 0o600)
        assert kept.st_blocks * 512 >= SIZE
        await database.close()

    asyncio.run(story())


def test_on_a_full_disk_only_what_tells_an_end_is_written_until_there_is_room_again(tmp_path: Path) -> None:
    async def story() -> None:
        database = await Database.open(tmp_path / "a.db", _TABLE)
        await database.write(_insert("begun"))  # type: ignore[arg-type]
        with no_file_grows_beyond((tmp_path / "a.db-wal").stat().st_size):
            with pytest.raises(StoreError, match="could not be used"):
                await database.write(_insert("another"))  # type: ignore[arg-type]
            assert (tmp_path / "reserve").exists()
            answers = await asyncio.gather(
                database.write(_insert("a third")),  # type: ignore[arg-type]
                database.write(_insert("ended"), ends=True),  # type: ignore[arg-type]
                return_exceptions=True,
            )
            assert [isinstance(one, StoreError) for one in answers] == [True, False]
            assert database.shortage is not None
            assert not (tmp_path / "reserve").exists()
            assert _on_disk(tmp_path / "a.db") == ["begun", "ended"]
            with pytest.raises(StoreError, match="no room for the journal, and nothing is begun without"):
                await database.write(_insert("a fourth"))  # type: ignore[arg-type]
            assert not (tmp_path / "reserve").exists()
        await database.write(_insert("begun again"))  # type: ignore[arg-type]
        assert database.shortage is None
        assert (tmp_path / "reserve").stat().st_size == SIZE
        assert _on_disk(tmp_path / "a.db") == ["begun", "ended", "begun again"]
        await database.close()

    asyncio.run(story())


def test_a_disk_that_takes_nothing_at_all_is_an_error_and_what_was_written_stays(tmp_path: Path) -> None:
    async def story() -> None:
        database = await Database.open(tmp_path / "a.db", _TABLE)
        await database.write(_insert("begun"))  # type: ignore[arg-type]
        with no_file_grows_beyond(1), pytest.raises(StoreError, match="could not be used"):
            await database.write(_insert("ended"), ends=True)  # type: ignore[arg-type]
        await database.write(_insert("later"))  # type: ignore[arg-type]
        assert _on_disk(tmp_path / "a.db") == ["begun", "later"]
        await database.close()

    asyncio.run(story())
