"""The journal: what was written down comes back, also after the process that wrote it is gone."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.store.journal import Journal, OperationRow, StepRow, WatchRow

_NOW = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)


def _operation(id: str = "abc123", *, answers: str | None = None, minutes: int = 0) -> OperationRow:
    return OperationRow(
        id=id,
        verb="revoke",
        created_at=_NOW + timedelta(minutes=minutes),
        account="me",
        plan_hash="h",
        plan="{}",
        watching=True,
        outcome=Outcome.RUNNING,
        answers=answers,
        steps=(StepRow(n=1, changed_at=_NOW), StepRow(n=2, changed_at=_NOW)),
        watches=(WatchRow(consumer="/c", service="mysql-flexible"),),
    )


def test_an_operation_comes_back_with_its_steps_and_watches(tmp_path: Path) -> None:
    async def story() -> None:
        journal = await Journal.open(tmp_path)
        await journal.begin(_operation())
        await journal.close()
        journal = await Journal.open(tmp_path)
        assert await journal.load("abc123") == _operation()
        await journal.close()

    asyncio.run(story())


def test_a_steps_state_address_and_request_id_are_kept(tmp_path: Path) -> None:
    async def story() -> None:
        journal = await Journal.open(tmp_path)
        await journal.begin(_operation())
        sent = StepRow(n=2, state=StepState.SENT, changed_at=_NOW, attempts=1)
        await journal.put_step("abc123", sent, first_write_at=_NOW)
        later = _NOW + timedelta(seconds=1)
        row = replace(sent, state=StepState.ACCEPTED, changed_at=later, request_id="r", address="https://poll")
        await journal.put_step("abc123", row, note="Accepted.", first_write_at=later)
        found = await journal.load("abc123")
        assert found is not None
        assert found.steps == (StepRow(n=1, changed_at=_NOW), row)
        assert (found.first_write_at, found.last_write_at, found.notes) == (_NOW, later, ("Accepted.",))
        await journal.close()

    asyncio.run(story())


def test_operations_are_listed_newest_first_and_know_who_answered_them(tmp_path: Path) -> None:
    async def story() -> None:
        journal = await Journal.open(tmp_path)
        await journal.begin(_operation("aa1"))
        await journal.begin(_operation("aa2", answers="aa1", minutes=1))
        await journal.begin(_operation("bb3", answers="aa1", minutes=2))
        rows = await journal.all()
        assert [row.id for row in rows] == ["bb3", "aa2", "aa1"]
        assert (rows[-1].answered_by, rows[-1].given_back) == ("bb3", False)
        for n in (1, 2):
            await journal.put_step("aa2", StepRow(n=n, state=StepState.DONE, changed_at=_NOW))
        answered = await journal.load("aa1")
        assert answered is not None
        assert (answered.answered_by, answered.given_back) == ("aa2", True)
        assert await journal.matching("aa") == ("aa1", "aa2")
        assert await journal.matching("%") == ()
        await journal.close()

    asyncio.run(story())


def test_a_watch_keeps_what_was_seen_before_the_first_write(tmp_path: Path) -> None:
    async def story() -> None:
        journal = await Journal.open(tmp_path)
        await journal.begin(_operation())
        row = WatchRow(
            consumer="/c",
            service="mysql-flexible",
            before_word="Ready",
            before_lost=False,
            before_at=_NOW,
            seen_otherwise=True,
            seconds=1.5,
        )
        await journal.put_watch("abc123", row)
        found = await journal.load("abc123")
        assert found is not None
        assert found.watches == (row,)
        await journal.close()

    asyncio.run(story())


def test_the_outcome_and_what_was_still_open_are_kept(tmp_path: Path) -> None:
    async def story() -> None:
        journal = await Journal.open(tmp_path)
        await journal.begin(_operation())
        await journal.put_open_paths("abc123", "[]")
        await journal.put_outcome("abc123", Outcome.PARTIAL, sentence="Half.", ended_at=_NOW, note="Ended.")
        found = await journal.load("abc123")
        assert found is not None
        assert (found.outcome, found.sentence, found.ended_at, found.open_paths, found.notes) == (
            Outcome.PARTIAL,
            "Half.",
            _NOW,
            "[]",
            ("Ended.",),
        )
        await journal.close()

    asyncio.run(story())
