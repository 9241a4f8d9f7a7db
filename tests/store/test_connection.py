"""The journal's database: what a commit promises, and how a file is brought up to date."""

import asyncio
import sqlite3
import stat
from pathlib import Path

import pytest

from cmk_admin.store.connection import Database, StoreError, known_migrations

_FIRST = ((1, "CREATE TABLE word (text TEXT NOT NULL) STRICT;"),)
_SECOND = (*_FIRST, (2, "ALTER TABLE word ADD COLUMN length INTEGER;\nUPDATE word SET length = length(text);"))


def _insert(text: str | None) -> object:
    return lambda connection: connection.execute("INSERT INTO word (text) VALUES (?)", (text,))


async def _words(database: Database) -> list[str]:
    return await database.read(lambda c: [row["text"] for row in c.execute("SELECT text FROM word ORDER BY rowid")])


def test_a_committed_write_is_on_disk_before_the_database_is_closed(tmp_path: Path) -> None:
    async def story() -> None:
        database = await Database.open(tmp_path / "a.db", _FIRST)
        await database.write(_insert("kept"))  # type: ignore[arg-type]
        other = sqlite3.connect(tmp_path / "a.db")
        assert other.execute("SELECT text FROM word").fetchall() == [("kept",)]
        other.close()
        await database.close()

    asyncio.run(story())


def test_every_commit_is_flushed_to_the_disk(tmp_path: Path) -> None:
    async def story() -> None:
        database = await Database.open(tmp_path / "a.db", _FIRST)
        pragma = await database.read(
            lambda c: (c.execute("PRAGMA journal_mode").fetchone()[0], c.execute("PRAGMA synchronous").fetchone()[0])
        )
        assert pragma == ("wal", 2)
        await database.close()

    asyncio.run(story())


def test_one_bad_write_among_many_at_once_fails_alone(tmp_path: Path) -> None:
    async def story() -> None:
        database = await Database.open(tmp_path / "a.db", _FIRST)
        words = ["one", None, "three"]
        results = await asyncio.gather(
            *(database.write(_insert(word)) for word in words),  # type: ignore[arg-type]
            return_exceptions=True,
        )
        assert [isinstance(r, StoreError) for r in results] == [False, True, False]
        assert await _words(database) == ["one", "three"]
        await database.close()

    asyncio.run(story())


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    async def story() -> None:
        database = await Database.open(tmp_path / "a.db", _FIRST)
        await database.write(_insert("x"))  # type: ignore[arg-type]
        modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
        assert modes == {0o600}
        await database.close()

    asyncio.run(story())


def test_a_file_of_an_older_layout_is_copied_and_then_migrated(tmp_path: Path) -> None:
    async def story() -> None:
        database = await Database.open(tmp_path / "a.db", _FIRST)
        await database.write(_insert("four"))  # type: ignore[arg-type]
        await database.close()
        database = await Database.open(tmp_path / "a.db", _SECOND)
        lengths = await database.read(lambda c: [tuple(r) for r in c.execute("SELECT text, length FROM word")])
        await database.close()
        assert lengths == [("four", 4)]
        copy = sqlite3.connect(tmp_path / "a.db.before-0002")
        assert copy.execute("SELECT * FROM word").fetchall() == [("four",)]
        copy.close()

    asyncio.run(story())


def test_a_file_of_a_newer_layout_is_left_alone(tmp_path: Path) -> None:
    async def story() -> None:
        await (await Database.open(tmp_path / "a.db", _SECOND)).close()
        with pytest.raises(StoreError, match="newer version"):
            await Database.open(tmp_path / "a.db", _FIRST)

    asyncio.run(story())


@pytest.mark.parametrize("content", [b"this is no database at all", b"SQLite format 3\x00" + b"\xff" * 200])
def test_a_file_that_is_no_database_is_one_clear_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.db").write_bytes(content)
    with pytest.raises(StoreError, match="could not be used"):
        asyncio.run(Database.open(tmp_path / "a.db", _FIRST))


def test_migrations_are_numbered_without_gaps() -> None:
    assert [number for number, _ in known_migrations()] == list(range(1, len(known_migrations()) + 1))
