"""What a page about a record says, section by section, in words and rows; and nothing of how it looks."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from cmk_admin.domain.ids import last
from cmk_admin.domain.record import Kind, Record
from cmk_admin.domain.verbs.restore import CLEAN, QUESTION
from cmk_admin.domain.words import closed_with
from cmk_admin.operations.proof_facts import GIVEN_BACK

Row = tuple[str, ...]
NONE = "–"
CUT = "not in the part that can be relied on"
UNKNOWN = "not known"


def title(record: Record) -> str:
    return str(_plan(record).get("title") or f"Operation {record.operation}")


def about(record: Record) -> list[Row]:
    """Who, where, when, why, and where it stands: name and value."""
    first, planned = dict(record.entries[0].facts), _planned(record)
    connection: Any = first.get("connection") or {}
    who: dict[str, Any] = planned.get("who") or {}
    nothing = "none given" if planned else absent(record)
    rows = [
        ("Operation", record.operation),
        ("Who", _person(who) if planned else absent(record)),
        ("Where", _where(connection, who)),
        ("Begun", _when(planned["created_at"]) if planned.get("created_at") else absent(record)),
        ("Reason", str(planned.get("reason") or nothing)),
        ("Ticket", str(planned.get("ticket") or nothing)),
        *_answers(record),
        ("Method", str(_plan(record).get("method") or NONE)),
        ("Plan", str(planned.get("plan_hash") or (NONE if planned else absent(record)))),
        ("Program", f"CMK Admin {first.get('program') or UNKNOWN}"),
        ("Where it stands", _stands(record)),
    ]
    if first.get("written_afterwards"):
        rows.append(("Note", "Written afterwards: a version of the program that kept no record began this operation."))
    return [row for row in rows if row[0] != "Method" or row[1] != NONE]


def absent(record: Record) -> str:
    """What stands in place of what the record does not say: of one that was cut it may have said it."""
    return CUT if record.cut else UNKNOWN


def entries(record: Record) -> str:
    """How many entries it has, as a sentence begins."""
    return "One entry" if len(record.entries) == 1 else f"{len(record.entries)} entries"


def _where(connection: dict[str, Any], who: dict[str, Any]) -> str:
    cloud = f", cloud {connection['cloud']}" if connection.get("cloud") else ""
    tenant = f", tenant {who['tenant']}" if who.get("tenant") else ""
    return f"{connection.get('kind') or UNKNOWN}{cloud}{tenant}"


def _stands(record: Record) -> str:
    """Where the operation stands, as far as the record can be relied on."""
    if not record.cut:
        return _stood(record)
    ended = any(entry.kind == Kind.OUTCOME for entry in record.entries)
    return f"In the part that can be relied on: {_stood(record)}" if ended else CUT


def _stood(record: Record) -> str:
    """The sentence that it ended with; where its paths say otherwise since, and nothing was given back, what they say."""
    ended = [str(e.facts.get("sentence") or "") for e in record.entries if e.kind == Kind.OUTCOME]
    said = (ended[-1] if ended else "") or "It has not ended."
    proofs: list[Any] = [e.facts["paths"] for e in record.entries if e.kind == Kind.PROOF]
    states = [one["state"] for one in (proofs[-1] if proofs else ()) if one.get("reason") != GIVEN_BACK]
    opened, unknown = states.count("open"), states.count("unknown")
    lead, _, rest = said.partition(": ")
    incident = [e.kind for e in record.entries if e.kind in (Kind.INCIDENT_OPENED, Kind.INCIDENT_CLOSED)]
    answered = any(e.kind == Kind.ANSWERED for e in record.entries)
    if answered or not incident or not (opened or unknown) or lead not in ("Done", "Partly done", "Cancelled"):
        return said
    if incident[-1] == Kind.INCIDENT_CLOSED:
        return f"{closed_with(opened, unknown)}: {rest}"
    return f"{'Open again' if opened else 'Done, not proved'}: {rest}" if lead == "Done" else said


def _answers(record: Record) -> list[Row]:
    """What was asked of a person before a restore, and what was answered."""
    asked = (one for one in _plan(record).get("checks") or () if one.get("name") == CLEAN)
    return [(QUESTION, str(one.get("said") or "not answered")) for one in asked]


def steps(record: Record) -> list[Row]:
    """Number, what, state, Azure's date, ids, error."""
    newest = _newest_steps(record)
    rows: list[Row] = []
    for step in _plan(record).get("steps", ()):
        facts = newest.get(step["n"], {})
        ids = [
            f"{name} {facts[key]}"
            for name, key in (("Request", "request_id"), ("Correlation", "correlation_id"))
            if facts.get(key)
        ]
        if len(ids) == 2 and facts["request_id"] == facts["correlation_id"]:
            ids = [f"Request and correlation {facts['request_id']}"]
        state = str(facts.get("state") or (CUT if record.cut else "planned"))
        error = f" {facts['error']}" if facts.get("error") else ""
        rows.append(
            (
                str(step["n"]),
                step["words"],
                f"{state}.{error}" if error else state,
                facts.get("azure_date") or NONE,
                "; ".join(ids) or NONE,
            )
        )
    return rows


def activity(record: Record) -> list[Row]:
    """Step and what Azure's Activity Log says of it, of each write that Azure accepted."""
    unseen = "It had not appeared when the operation last looked: an event shows within minutes."
    return [
        (str(n), str(f.get("activity") or unseen))
        for n, f in sorted(_newest_steps(record).items())
        if f.get("activity") or (f.get("correlation_id") and f["state"] in ("accepted", "done"))
    ]


def watches(record: Record) -> list[Row]:
    """Consumer, before, now, result, measured, why."""
    newest: dict[Any, dict[str, Any]] = {}
    for entry in record.entries:
        if entry.kind in (Kind.SIGNAL, Kind.WATCH):
            newest[(entry.facts["consumer"], entry.facts["service"])] = dict(entry.facts)
    return [
        (
            f"{last(str(f['consumer']))} ({f['service']})",
            f["before"] or "not known",
            f["now"] or "not known",
            str(f["result"]).replace("_", " "),
            _measured(f),
            f["reason"] or NONE,
        )
        for f in newest.values()
    ]


def paths(record: Record) -> list[Row]:
    """Way, where, who, before and planned, read again (with since when and why)."""
    plan = _plan(record)
    proofs: list[Any] = [e.facts["paths"] for e in record.entries if e.kind == Kind.PROOF]
    found: dict[Row, dict[str, Any]] = {_name(one["path"]): one for one in (proofs[-1] if proofs else ())}
    rows = [
        (*_way(path), f"open; {_intended(path)}", _proven(found.pop(_name(path), None), record))
        for path in plan.get("paths", ())
    ]
    rows += [(*_way(one["path"]), "not in the plan", _proven(one, record)) for one in found.values()]
    rows += [(*_way(path), "can open it again; stays", NONE) for path in plan.get("regrants") or ()]
    return rows


def still_open(record: Record) -> str:
    """What the last reading of the paths left open, in a sentence."""
    proofs = [e for e in record.entries if e.kind == Kind.PROOF]
    read: list[Any] = [e.facts["open"] for e in record.entries if e.kind == Kind.PATHS]
    if proofs:
        newest: dict[str, Any] = dict(proofs[-1].facts)
        states = [one["state"] for one in newest["paths"]]
        closed, unknown = states.count("closed"), states.count("unknown")
        left = f", {unknown} unknown" if unknown else ""
        return f"Last changed in the reading of {_when(newest['at'])}: {closed} of {len(states)} paths closed{left}."
    if not read:
        return f"What was found when they were read again is {CUT}." if record.cut else "They have not been read again."
    if not read[-1]:
        return "When they were read again after the writes, none was open or unknown."
    return "Still open or unknown when they were read again: " + "; ".join(
        f"{p['via']} at {p['scope']}" for p in read[-1]
    )


def alarms(record: Record) -> list[Row]:
    return [(_when(f["at"]), str(f["text"])) for f in _facts(record, Kind.ALARM)]


def incident(record: Record) -> list[Row]:
    """Opened, closed, opened again: when, and by whom where that is known."""
    rows: list[Row] = []
    for entry in record.entries:
        when = _when(entry.facts.get("at") or entry.at.isoformat())
        if entry.kind == Kind.INCIDENT_OPENED:
            again = entry.facts.get("again")
            rows.append((when, "Opened again: the paths are watched over anew" if again else "Opened"))
        elif entry.kind == Kind.INCIDENT_CLOSED:
            although = f", although {entry.facts['although']}" if entry.facts.get("although") else ""
            rows.append((when, f"Closed by {_named(record, entry.facts.get('by'))}{although}"))
    return rows


def given_back(record: Record) -> list[Row]:
    """Which operations gave it back: when, and what came of it."""
    rows: list[Row] = []
    for entry in record.entries:
        facts: dict[str, Any] = dict(entry.facts)
        if entry.kind == Kind.ANSWERED:
            what = f"Operation {facts['operation']} ({facts.get('verb')}) began, by {_person(facts.get('by'))}"
        elif entry.kind == Kind.GIVEN_BACK:
            what = f"Operation {facts['operation']} ended: {facts.get('sentence')}"
        else:
            continue
        rows.append((_when(entry.at.isoformat()), what))
    return rows


def lost(record: Record) -> list[str]:
    """What nothing gives back, and what each consumer loses or needs besides the key, in sentences."""
    plan = _plan(record)
    said = [str(one) for one in plan.get("not_restored") or ()]
    said += [
        f"{effect['consumer_name']} ({effect['service']}): lost for good: {_lower(effect['lost'])}. "
        f"Comes back: {_lower(effect['comes_back'])}."
        for effect in plan.get("effects") or ()
    ]
    return said


def course(record: Record) -> list[Row]:
    """Interruptions and remarks, in order."""
    rows: list[Row] = []
    for entry in record.entries:
        when = _when(entry.at.isoformat())
        if entry.kind == Kind.GONE_ON:
            rows.append((when, f"Gone on with by {_person(entry.facts.get('who'))}"))
        elif entry.kind == Kind.NOTE:
            rows.append((when, str(entry.facts.get("text"))))
    return rows


def small_print(record: Record) -> list[Row]:
    """Each step's request, and its facts before and after, as they were planned; and when it crossed which boundary."""
    crossed: dict[Any, list[str]] = {}
    for entry in record.entries:
        if entry.kind == Kind.STEP:
            moment = entry.facts.get("changed_at") or entry.at.isoformat()
            crossed.setdefault(entry.facts["n"], []).append(f"{entry.facts['state']} {_when(moment, 'milliseconds')}")
    return [
        (
            str(step["n"]),
            str(step.get("request") or NONE),
            _plain(step.get("before")),
            _plain(step.get("after")),
            "; ".join(crossed.get(step["n"], ())) or (CUT if record.cut else "not begun"),
        )
        for step in _plan(record).get("steps", ())
    ]


def _planned(record: Record) -> dict[str, Any]:
    return next((dict(e.facts) for e in record.entries if e.kind == Kind.PLANNED), {})


def _plan(record: Record) -> dict[str, Any]:
    return _planned(record).get("plan") or {}


def _facts(record: Record, kind: Kind) -> Iterator[dict[str, Any]]:
    return (dict(e.facts) for e in record.entries if e.kind == kind)


def _newest_steps(record: Record) -> dict[int, dict[str, Any]]:
    """The last that was written of each step; what a later entry of it leaves out stays as it was said before."""
    newest: dict[int, dict[str, Any]] = {}
    for entry in record.entries:
        if entry.kind in (Kind.STEP, Kind.ACTIVITY):
            facts: dict[str, Any] = dict(entry.facts)
            before = newest.get(facts["n"], {})
            kept = {k: before.get(k) for k in ("request_id", "correlation_id", "azure_date", "activity")}
            newest[facts["n"]] = {**facts, **{k: facts.get(k) or v for k, v in kept.items()}}
    return newest


def _name(path: dict[str, Any]) -> Row:
    return (path.get("kind") or "use", path["principal"].lower(), path["scope"].lower(), path["via"])


def _way(path: dict[str, Any]) -> Row:
    via = path["via"] if path.get("condition") is None else f"{path['via']}, condition {path['condition']}"
    kind = {"eligible": " (eligible)", "copy": " (copy of the key)", "backup": " (by a backup)"}.get(
        path.get("kind") or "use", ""
    )
    return (via + kind, path["scope"], path.get("principal_name") or path["principal"] or NONE)


def _intended(path: dict[str, Any]) -> str:
    words = str(path["state"]).replace("_", " ")
    return f"{words}: {path['reason']}" if path.get("reason") else words


def _proven(one: dict[str, Any] | None, record: Record) -> str:
    if one is None:
        return CUT if record.cut else "not read again"
    why = f": {one['reason']}" if one.get("reason") else ""
    return f"{one['state']} since {_when(one['since'])}{why}{_counts(one)}"


def _counts(one: dict[str, Any]) -> str:
    """By when Azure no longer lets in by a path that is closed."""
    if one["state"] != "closed" or not one.get("settled_at"):
        return ""
    if one.get("counts_at"):
        return f"; it counts at the vault by {_when(one['counts_at'])} at the latest"
    return f"; Azure documents no time until it counts; it is taken to from {_when(one['settled_at'])} on"


def _measured(facts: dict[str, Any]) -> str:
    if facts["seconds"] is None:
        return NONE
    wall = facts["wall_seconds"]
    real = "" if wall is None or abs(wall - facts["seconds"]) < 1 else f" ({wall:.0f} s on this clock)"
    return f"{facts['seconds']:.0f} s{real}"


def _person(who: Any) -> str:
    if isinstance(who, dict):
        return f"{who.get('account') or 'name not known'} ({who.get('object_id') or 'id not known'})"
    return str(who or "somebody whose name is not known")


def _named(record: Record, who: Any) -> str:
    """An object id, with the name that the record has for it elsewhere."""
    for entry in record.entries:
        for one in (entry.facts.get("who"), entry.facts.get("by")):
            if isinstance(one, dict) and one.get("account") and one.get("object_id") == who:
                return _person(one)
    return _person(who)


def _when(text: Any, digits: str = "seconds") -> str:
    """A time as people read it: UTC. What is no time is shown as it stands."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return str(text)
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", digits) + " UTC"


def _plain(facts: Any) -> str:
    if not facts:
        return NONE
    if isinstance(facts, dict):
        return "; ".join(f"{k}: {_value(v)}" for k, v in facts.items() if v is not None) or NONE
    return _value(facts)


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text
