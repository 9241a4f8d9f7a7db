"""A record as a page for reading: self-contained, without scripts. Whatever stands in the record is text, never markup.

Part of `interface`, and apart from it only because Jinja2 is loaded when a page is wanted, not before.
"""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cmk_admin.domain.ids import last
from cmk_admin.domain.record import Kind, Record


def to_html(record: Record) -> str:
    """The page. Raises FileNotFoundError where the installation is incomplete."""
    environment = Environment(autoescape=True, loader=FileSystemLoader(_folder()), undefined=StrictUndefined)
    first = record.entries[0].facts
    planned: dict[str, Any] = next((dict(e.facts) for e in record.entries if e.kind == Kind.PLANNED), {})
    plan = planned.get("plan") or {}
    return environment.get_template("record.html").render(
        record=record,
        title=plan.get("title") or f"Operation {record.operation}",
        about=_about(record, dict(first), planned),
        steps=_steps(record, plan),
        watches=_watches(record),
        paths=[
            (p["via"], p["scope"], p["principal_name"] or p["principal"], p["state"].replace("_", " "))
            for p in plan.get("paths", ())
        ],
        still_open=_still_open(record),
    )


def _about(record: Record, first: dict[str, Any], planned: dict[str, Any]) -> list[tuple[str, str]]:
    who, connection = planned.get("who") or {}, first.get("connection") or {}
    end = next((e.facts.get("sentence") for e in reversed(record.entries) if e.kind == Kind.OUTCOME), None)
    return [
        ("Operation", record.operation),
        ("Who", f"{who.get('account') or 'name not known'} ({who.get('object_id')})"),
        ("Where", f"{connection.get('kind')}, cloud {connection.get('cloud')}, tenant {who.get('tenant')}"),
        ("When", str(planned.get("created_at"))),
        ("Reason", planned.get("reason") or "none given"),
        ("Ticket", planned.get("ticket") or "none given"),
        ("Plan", str(planned.get("plan_hash"))),
        ("Program", str(first.get("program"))),
        ("Where it stands", str(end or "It has not ended.")),
    ]


def _steps(record: Record, plan: dict[str, Any]) -> list[tuple[str, ...]]:
    newest = {e.facts["n"]: e.facts for e in record.entries if e.kind in (Kind.STEP, Kind.ACTIVITY)}
    rows: list[tuple[str, ...]] = []
    for step in plan.get("steps", ()):
        facts: dict[str, Any] = dict(newest.get(step["n"], {}))
        ids = ", ".join(i for i in (facts.get("request_id"), facts.get("correlation_id")) if i)
        state = facts.get("state") or "planned"
        rows.append(
            (
                str(step["n"]),
                step["words"],
                state,
                facts.get("azure_date") or "–",
                ids or "–",
                facts.get("error") or "–",
            )
        )
    return rows


def _watches(record: Record) -> list[tuple[str, ...]]:
    kinds = (Kind.SIGNAL, Kind.WATCH)
    newest: dict[Any, dict[str, Any]] = {
        (e.facts["consumer"], e.facts["service"]): dict(e.facts) for e in record.entries if e.kind in kinds
    }
    return [
        (
            f"{last(f['consumer'])} ({f['service']})",
            f["before"] or "not known",
            f["now"] or "not known",
            f["result"].replace("_", " "),
            "–" if f["seconds"] is None else f"{f['seconds']:.0f}",
            f["reason"] or "–",
        )
        for f in newest.values()
    ]


def _still_open(record: Record) -> str:
    read: list[Any] = [e.facts["open"] for e in record.entries if e.kind == Kind.PATHS]
    if not read:
        return "The paths have not been read again."
    if not read[-1]:
        return "When they were read again after the writes, none was open or unknown."
    return "Still open or unknown when they were read again: " + "; ".join(
        f"{p['via']} at {p['scope']}" for p in read[-1]
    )


def _folder() -> Path:
    package = Path(__file__).resolve().parents[1]
    for place in (package / "_resources", package.parent / "resources"):
        if (place / "records").is_dir():
            return place / "records"
    raise FileNotFoundError("the program's resources (records) are missing from this installation")
