"""What each command does: open, look, plan, run, print. Decisions are made in the domain and in operations."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from cmk_admin import __version__
from cmk_admin.cli import incident
from cmk_admin.cli.choices import chosen
from cmk_admin.cli.connection import SIGN_IN_HELP, hosts_document, hosts_text, signed_in_text
from cmk_admin.cli.drill import debrief_text
from cmk_admin.cli.estate import CSV_HEAD as ESTATE_HEAD
from cmk_admin.cli.estate import coverage_text, estate_rows, estate_text
from cmk_admin.cli.mapping import CSV_HEAD as MAPPING_HEAD
from cmk_admin.cli.mapping import mapping_rows, mapping_text
from cmk_admin.cli.names import WIZARD_NAMES
from cmk_admin.cli.options import Options
from cmk_admin.cli.output import DONE, INTERRUPTED, NOT_DONE, Output, dump, write_file
from cmk_admin.cli.record import PrintRecord
from cmk_admin.cli.reports import (
    connection_option,
    instead_words,
    operation_document,
    operation_text,
    operations_text,
    plan_text,
    short_plan_text,
)
from cmk_admin.cli.waiting import Waiting
from cmk_admin.domain import mapping, resolve
from cmk_admin.domain.errors import AzureFailure, CmkError, FailureKind, Refused
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Coverage, Estate
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.script import script
from cmk_admin.domain.steps import Outcome
from cmk_admin.domain.table import to_csv
from cmk_admin.domain.verbs.restore import answered
from cmk_admin.domain.verbs.revoking import Cause, RevokeDraft
from cmk_admin.domain.wire import JsonObject, coverage_json, estate_json, mapping_json, plan_to_json
from cmk_admin.operations.interface import Backend, ConnectionChoice, Connector, OperationReport, Unkept, WatchResult

T = TypeVar("T")


class Interrupted(CmkError):
    """Ctrl+C while nothing was being changed."""

    def __init__(self) -> None:
        super().__init__("interrupted", "Interrupted; nothing was changed.")


class Commands:
    """One command of one process. `stop` is set when somebody presses Ctrl+C."""

    def __init__(self, options: Options, output: Output, stop: asyncio.Event, *, print_record: PrintRecord) -> None:
        self._options, self._output, self._stop = options, output, stop
        self._print_record = print_record

    async def run(self, connect: Connector) -> int:
        """Open the connection, do what was asked, close it. Returns the exit status. Raises CmkError."""
        choice = self._options.choice
        assert choice is not None
        if choice.live is None:
            backend = await self._unless_stopped(connect(choice))
        else:
            backend = await self._signed_in(connect, choice)
        try:
            status = await _COMMANDS[self._options.command or ""](self, backend)
            if choice.drill is not None:
                self._output.note(debrief_text(await backend.debrief()))
            return status
        finally:
            # Closed twice after Ctrl+C: nothing is left to close then.
            await backend.close()

    async def _signed_in(self, connect: Connector, choice: ConnectionChoice) -> Backend:
        """A real Azure: who was signed in how is said, and where that failed, how else to sign in."""
        try:
            backend = await self._unless_stopped(connect(choice, self._output.sign_in))
        except AzureFailure as failure:
            if failure.kind is FailureKind.SIGN_IN:
                self._output.note(SIGN_IN_HELP)
            raise
        self._output.note(signed_in_text(backend.info))
        return backend

    # Looking

    async def estate(self, backend: Backend) -> int:
        """Everything that could be read."""
        estate = await self._unless_stopped(backend.read())
        index = Index(estate)
        self._answer(
            backend, estate, estate_json(index), lambda: estate_text(estate), (ESTATE_HEAD, estate_rows(estate))
        )
        return DONE

    async def mapping(self, backend: Backend) -> int:
        """Who uses which key."""
        estate = await self._unless_stopped(backend.read())
        index = Index(estate)
        rows = mapping.rows(index)

        def text() -> str:
            return mapping_text(rows, index) + "\n\n" + coverage_text(estate.coverage)

        self._answer(backend, estate, mapping_json(index), text, (MAPPING_HEAD, mapping_rows(rows)))
        return DONE

    async def operations(self, backend: Backend) -> int:
        """What was done in this connection."""
        reports = await self._unless_stopped(backend.operations())
        self._output.say({"operations": [operation_document(r) for r in reports]}, operations_text(reports))
        return DONE

    async def connection(self, backend: Backend) -> int:
        """Whether each host answers."""
        hosts = await self._unless_stopped(backend.reach(self._options.vault))
        self._output.say(hosts_document(hosts), hosts_text(hosts))
        return DONE if all(host.ok for host in hosts) else NOT_DONE

    def _answer(
        self,
        backend: Backend,
        estate: Estate,
        document: JsonObject,
        text: Callable[[], str],
        sheet: tuple[tuple[str, ...], tuple[tuple[str, ...], ...]],
    ) -> None:
        """To standard output, or whole into the file; a CSV file gets its circumstances beside it."""
        chosen, out = self._options.format, self._options.out
        contents = {"csv": lambda: to_csv(*sheet), "json": lambda: dump(document), "table": lambda: text() + "\n"}
        content = contents[chosen]()
        if out is None:
            self._output.content(content)
            return
        written: JsonObject = {"file": str(out), "meta": None, "rows": len(sheet[1])}
        if chosen == "csv":
            beside = out.with_name(out.name + ".meta.json")
            write_file(beside, dump(self._circumstances(backend, estate)))
            written["meta"] = str(beside)
        write_file(out, content)
        self._output.say({"written": written, "coverage": coverage_json(estate.coverage)}, f"Wrote {out}.")
        self._warn(estate.coverage)

    def _circumstances(self, backend: Backend, estate: Estate) -> JsonObject:
        info = backend.info
        return {
            "command": self._options.command,
            "connection": {
                "kind": info.kind.value,
                "key": info.key,
                "cloud": info.account.cloud,
                "tenant_id": info.account.tenant_id,
                "account": info.account.name,
                "object_id": info.account.object_id,
            },
            "time": estate.read_at.isoformat().replace("+00:00", "Z"),
            "coverage": coverage_json(estate.coverage),
            "version": __version__,
            "filter": None,
        }

    def _warn(self, coverage: Coverage) -> None:
        if not coverage.complete:
            self._output.note(coverage_text(coverage))

    async def record(self, backend: Backend) -> int:
        """Everything that was written down about an operation."""
        from cmk_admin.cli.record import write_record

        record = await self._unless_stopped(backend.record(self._options.operation))
        return write_record(record, self._options.format, self._options.out, self._output, self._print_record)

    # Changing

    async def revoke(self, backend: Backend) -> int:
        """Cut consumers off a key, or disable it."""
        options = self._options
        index = Index(await self._unless_stopped(backend.read()))
        key = resolve.key(index, options.target, vault_suffixes=backend.info.vault_suffixes)
        consumers = tuple(resolve.consumer(index, c, key=key).id for c in options.consumers)
        draft = RevokeDraft(
            key=key,
            consumers=tuple(dict.fromkeys(consumers)),
            method=options.method,
            cause=Cause(options.cause or Cause.SERVICE),
            principals=tuple(dict.fromkeys(resolve.principal(index, one) for one in options.identities)),
            reason=options.reason,
            ticket=options.ticket,
        )
        plan = await self._unless_stopped(backend.prepare_revoke(draft))
        if options.also:
            # What may be chosen is known from the plan only
            draft = replace(draft, choices=chosen(plan.choices, options.also))
            plan = await self._unless_stopped(backend.prepare_revoke(draft))
        return await self._carry_out(backend, plan)

    async def wizard(self, backend: Backend) -> int:
        """What one of the wizards does in the window."""
        from cmk_admin.cli.wizards import WIZARDS

        index = Index(await self._unless_stopped(backend.read()))
        make = WIZARDS[self._options.command or ""].draft
        draft = await self._unless_stopped(make(self._options.wizard, index, backend))
        return await self._carry_out(backend, await self._unless_stopped(backend.prepare(draft)))

    async def restore(self, backend: Backend) -> int:
        """Give back what an operation took, or what some of the services need of it."""
        operation, consumers = self._options.operation, self._options.consumers
        plan = await self._unless_stopped(backend.prepare_restore(operation, consumers=consumers))
        return await self._carry_out(backend, answered(plan, "clean") if self._options.clean else plan)

    async def proof(self, backend: Backend) -> int:
        """Read every path of a revoke again, once or on a schedule."""
        if self._options.follow:
            return await incident.follow(backend, self._options.operation, self._output, self._stop)
        report = await self._unless_stopped(backend.prove(self._options.operation))
        self._output.say(incident.proof_document(report), incident.proof_text(report))
        return DONE if report.proof is not None and report.proof.closed else NOT_DONE

    async def close(self, backend: Backend) -> int:
        """Close the incident of a revoke, where every path is closed or was given back; else with --anyway only."""
        options = self._options
        report = await self._unless_stopped(backend.close_incident(options.operation, anyway=options.anyway))
        self._output.say(operation_document(report), incident.proof_text(report))
        held = report.proof.held_words(datetime.now(UTC)) if report.proof is not None else ""
        if report.answered_by is None and held:
            self._output.note(f"It is closed although {held}: nobody reads them again.")
        return DONE

    async def resume(self, backend: Backend) -> int:
        """Go on with an interrupted operation."""
        report = await self._unless_stopped(backend.operation(self._options.operation))
        if self._options.plan or not self._options.yes:
            return self._show(
                operation_document(report), operation_text(report, connection_option(self._options.choice))
            )
        self._check_expected(report.plan, report.operation)
        run = partial(backend.resume, report.operation, watch=self._options.watch)
        return await self._follow(backend, run)

    async def undo(self, backend: Backend) -> int:
        """Take back what an operation did."""
        return await self._carry_out(backend, await self._unless_stopped(backend.prepare_undo(self._options.operation)))

    async def _carry_out(self, backend: Backend, plan: Plan) -> int:
        if self._options.script is not None:
            account = backend.info.account
            write_file(self._options.script, script(plan, cloud=account.cloud, tenant=account.tenant_id))
            self._output.note(f"Wrote {self._options.script}.")
        if self._options.plan or not self._options.yes:
            return self._show(plan_to_json(plan), plan_text(plan))
        if plan.problems:
            raise Refused("refused", " ".join(plan.problems), subject=plan.subject, next=instead_words(plan))
        if plan.verb == "revoke" and not plan.steps:
            nothing = " ".join(("Nothing is to be done.", *plan.findings))
            raise Refused("refused", nothing, subject=plan.subject, next=instead_words(plan))
        self._check_expected(plan, plan.subject)
        self._output.note(short_plan_text(plan) + "\n")
        options = self._options
        run = partial(backend.run, plan, reason=options.reason, ticket=options.ticket, watch=options.watch)
        return await self._follow(backend, run)

    def _check_expected(self, plan: Plan | None, subject: str) -> None:
        """Raises Refused where the plan is not the one that was seen."""
        expected = self._options.expect
        if expected is not None and (plan is None or plan.hash != expected):
            now = plan.hash if plan is not None else "unknown"
            raise Refused(
                "plan-changed",
                f"The plan is not the one that was seen: its hash is {now} and not {expected}. Nothing was done.",
                subject=subject,
                next="Look at the plan again with --plan, and give the hash that it has now.",
            )

    def _show(self, document: JsonObject, text: str) -> int:
        """The plan instead of the deed: asked for, or for want of --yes."""
        self._output.say(document, text)
        if self._options.plan:
            return DONE
        self._output.note("Nothing was done. Add --yes to do it.")
        return NOT_DONE

    async def _follow(self, backend: Backend, run: Callable[..., Coroutine[Any, Any, OperationReport]]) -> int:
        """Run it with progress. Ctrl+C closes the connection, which finishes the call in flight and leaves the rest."""
        waiting, waited = Waiting(self._output), None
        running = asyncio.ensure_future(run(on_boundary=self._output.boundary, on_report=waiting.told))
        if await self._first(running, self._stop):
            waited = waiting.now
            self._output.note("Stopping: the call in flight is finished first.")
            await backend.close()
        where = connection_option(self._options.choice)
        try:
            report = replace(await running, paused=waited)
        except Unkept as error:
            error.next = f"{error.next} {where}".rstrip()
            self._output.stopped(error, operation_document(error.report), operation_text(error.report))
            return NOT_DONE
        self._output.say(operation_document(report), operation_text(report, where))
        if _complete(report, watched=self._options.watch):
            return DONE
        return INTERRUPTED if self._stop.is_set() else NOT_DONE

    # Ctrl+C

    async def _unless_stopped(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of work that changes nothing. Raises Interrupted, and cancels the work, on Ctrl+C."""
        task = asyncio.ensure_future(work)
        if await self._first(task, self._stop):
            task.cancel()
            await asyncio.wait((task,))
            raise Interrupted
        return await task

    async def _first(self, task: "asyncio.Future[Any]", event: asyncio.Event) -> bool:
        """Wait for either; True where the event came and the task is still running."""
        waiting = asyncio.ensure_future(event.wait())
        await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        return not task.done()


def _complete(report: OperationReport, *, watched: bool) -> bool:
    """Every write accepted and, where it was asked for, every consumer confirmed."""
    seen = all(w.result is WatchResult.CONFIRMED for w in report.watch)
    return report.outcome is Outcome.DONE and (seen or not watched)


_COMMANDS: dict[str, Callable[[Commands, Backend], Coroutine[Any, Any, int]]] = {
    "estate": Commands.estate,
    "mapping": Commands.mapping,
    "operations": Commands.operations,
    "connection": Commands.connection,
    "revoke": Commands.revoke,
    "restore": Commands.restore,
    "resume": Commands.resume,
    "undo": Commands.undo,
    "proof": Commands.proof,
    "close": Commands.close,
    "record": Commands.record,
    **dict.fromkeys(WIZARD_NAMES, Commands.wizard),
}
