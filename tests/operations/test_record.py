"""The record of a real revoke: who, why, each write with Azure's ids, measured effects; and no secret."""

import asyncio
import json

from cmk_admin.domain.record import Kind, Result, to_document, to_lines, verify
from cmk_admin.domain.steps import Outcome
from cmk_admin.operations.record_html import to_html
from tests.operations.stories import Azure, plan_grants


def test_a_revoke_and_its_restore_are_recorded_with_every_write(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_grants(backend)
            cut = await backend.run(plan, reason="leaked <b>token</b>", ticket="T-1")
            assert cut.outcome is Outcome.DONE, cut.log
            record = await backend.record(cut.operation)
            assert not record.complete
            planned = next(e for e in record.entries if e.kind == Kind.PLANNED)
            assert planned.facts["reason"] == "leaked <b>token</b>"
            assert planned.facts["plan_hash"] == plan.hash
            done = [e for e in record.entries if e.kind == Kind.STEP and e.facts["state"] == "done"]
            ids = {e.facts["n"]: e.facts["request_id"] for e in done}
            assert ids == {step.n: step.request_id for step in cut.steps}
            assert all(ids.values())
            measured = [e.facts["seconds"] for e in record.entries if e.kind == Kind.WATCH]
            assert [w.seconds for w in cut.watch] == [measured[-1]]
            assert [e.kind for e in record.entries].count(Kind.SIGNAL) == len(cut.watch)

            back = await backend.run(await backend.prepare_restore(cut.operation))
            whole = await backend.record(cut.operation)
            assert whole.entries[: len(record.entries)] == record.entries
            given = [e for e in whole.entries if e.kind == Kind.GIVEN_BACK]
            assert [e.facts["operation"] for e in given] == [back.operation]
            for text in (to_lines(whole), to_document(whole)):
                assert verify(text.encode(), whole.head).result is Result.INTACT
                assert "eyJ" not in text  # how a token begins
                assert "Bearer" not in text
            page = to_html(whole)
            assert ("INTERIM" in page) is not whole.complete
            assert "leaked &lt;b&gt;token&lt;/b&gt;" in page
            assert "<b>token" not in page
            assert whole.head in page
            assert all(str(step.request_id) in page for step in cut.steps)
            assert json.loads(to_document(whole))["head"] == whole.head

    asyncio.run(story())
