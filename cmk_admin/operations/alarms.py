"""Alarms: what was closed, or was not there, and is open now; by whom, where Azure tells."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from cmk_admin.cloud import activity
from cmk_admin.cloud.session import Session
from cmk_admin.domain import words
from cmk_admin.domain.access import AccessPath
from cmk_admin.domain.activity import policies_changed, resource_changed, told, vault_changed
from cmk_admin.domain.ids import fold
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import KeyVersion, RoleAssignment
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import StepVerb
from cmk_admin.domain.verbs.revoke import DELETE, FIREWALL
from cmk_admin.domain.words import ITSELF
from cmk_admin.operations.interface import PathProof
from cmk_admin.operations.proof import Reading, grants_behind
from cmk_admin.operations.proof_copies import planned_copies
from cmk_admin.operations.proof_rows import PathRow, named
from cmk_admin.store.incidents import AlarmRow

AWAY = "unreachable"
"""The kind of the alarm that no path could be read, because Azure could not be reached: once in an incident."""
_UNLOGGED = "Azure's Activity Log does not say by whom: it holds nothing of what is done in a vault itself."


async def alarms(
    session: Session,
    plan: Plan,
    reading: Reading,
    before: Sequence[PathRow],
    *,
    given_back: frozenset[str],
    cried: Collection[str] = (),
) -> tuple[AlarmRow, ...]:
    """What a reading must cry out about, held against the one before it.

    `given_back`: folded targets of what restores gave back on purpose; `cried`: kinds of the alarms so far.
    Raises nothing of Azure's.
    """
    former = {named(one.path): one for one in before}
    opened = [one for one in reading.rows if one.state is PathProof.OPEN and _was_not_open(former.get(named(one.path)))]
    itself = next((one for one in opened if one.path.via == ITSELF), None)
    said: list[tuple[str, str]] = []
    index = reading.index
    if index is not None and itself is not None:
        said += await _shut(session, index, plan, reading, given_back)
    elif index is not None:
        for row in opened:
            if grants_behind(reading, row) not in given_back:
                access, again = reading.found.get(named(row.path)), named(row.path) in former
                if access is None:  # no grant's: a way past what the method shut
                    said.append(("way-in", f"There is a way in now, by {row.path.via}: {row.reason}."))
                    continue
                if access.copy_of is not None and access.copy_of not in planned_copies(plan):
                    said.append(("copy", _copied(index, row, access)))
                    continue
                text = await _granted(session, index, row, access, again=again, now=session.clock.now())
                said.append(("re-granted", text))
    if index is not None and itself is None:
        said += await _new_versions(index, plan, reading, before)
    if unread := _unreadable(reading, before, said=AWAY in cried):
        said.append(unread)
    return tuple(AlarmRow(at=reading.at, kind=kind, text=text) for kind, text in said)


def _was_not_open(before: PathRow | None) -> bool:
    return before is None or (before.state is not PathProof.OPEN and before.known is not PathProof.OPEN)


async def _granted(
    session: Session, index: Index, row: PathRow, access: AccessPath, *, again: bool, now: datetime
) -> str:
    """Who gave the right to whom, where and when. `again`: it was found closed before."""
    who, where = words.who(index, access.principal_id), words.scope_in_full(index, access.scope)
    anew = " again" if again else ""
    role = access.role.name if access.role and access.role.name else "a role that could not be read"
    if access.eligibility is not None:
        return f"{who} may activate {role} on {where} by itself at any moment{anew}."
    if access.assignment is None:
        events = await activity.events_at(session, access.scope, about=activity.OF_VAULTS)
        since = told(index, events, lambda found: policies_changed(found, access.scope))
        return f"{who} may use the key{anew} by {row.path.via} of {where}: {since}."
    if (changed := _changed(index, access, now)) is not None:
        return f"{who} holds the role {role} on {where}, which {changed}: it may open the key{anew}."
    doer, at = await _doer(session, index, access.assignment)
    when = f" at {_moment(at, now)}" if at else ""
    if access.group_id is None:
        return f"{doer} granted {who} {role} on {where}{anew}{when}."
    group = words.who(index, access.group_id)
    return f"{who} may use the key{anew} as a member of {group}, which {doer} granted {role} on {where}{when}."


def _copied(index: Index, row: PathRow, access: AccessPath) -> str:
    """That a copy of the key is within reach, which the plan knew nothing of."""
    who, why = words.who(index, access.principal_id), row.reason or "it leads to a copy of the key"
    where = words.scope_in_full(index, access.scope)
    return f"{who} may get at the key elsewhere, by {row.path.via} on {where}: {why}. {_UNLOGGED}"


def _changed(index: Index, access: AccessPath, now: datetime) -> str | None:
    """Who changed the role of an assignment after it was made, and when; None where the role is older."""
    role, made = access.role, access.assignment.created_on if access.assignment else None
    if role is None or not role.custom or role.updated_on is None or made is None or role.updated_on <= made:
        return None
    by = words.who(index, role.updated_by) if role.updated_by else "somebody unnamed"
    return f"was changed by {by} at {_moment(role.updated_on, now)}"


async def _doer(session: Session, index: Index, assignment: RoleAssignment) -> tuple[str, datetime | None]:
    """Who made a role assignment, and when: as it says itself, else as the Activity Log does."""
    by, at = assignment.created_by, assignment.created_on
    if by:
        return words.who(index, by), at
    events = await activity.events_at(session, assignment.scope, about=f"resourceUri eq '{assignment.id}'")
    event = resource_changed(events or (), assignment.id)
    if event is None:
        return "Somebody unnamed", at
    named = index.name_of(event.caller_id) if event.caller_id else None
    return named or event.caller or "Somebody unnamed", at or event.at


def _moment(at: datetime, now: datetime) -> str:
    """The time alone where it was today."""
    today = at.astimezone(UTC).date() == now.astimezone(UTC).date()
    return f"{at.astimezone(UTC):%H:%M:%S} UTC" if today else words.exact(at)


def _unreadable(reading: Reading, before: Sequence[PathRow], *, said: bool) -> tuple[str, str] | None:
    """That paths which were known are not any more: once, until all of them are known again.

    `said`: there was an alarm already because Azure could not be reached; nothing new is learnt from the next one.
    """
    former = {named(one.path): one for one in before}
    if any(_lost(one) for one in before) or (reading.away and said):
        return None
    lost = [one for one in reading.rows if _lost(one) and named(one.path) in former]
    if not lost:
        return None
    paths = words.count(len(lost), "path is", "paths are")
    why = (lost[0].reason or "it could not be read again").rstrip(".")
    kind = AWAY if reading.away else "unreadable"
    it = "it is" if len(lost) == 1 else "they are"
    return kind, f"It cannot be read now whether {paths} still closed: {why}. That does not say that {it} open."


def _lost(row: PathRow) -> bool:
    """It was known once, and is not."""
    return row.state is PathProof.UNKNOWN and row.known is not None


async def _shut(
    session: Session, index: Index, plan: Plan, reading: Reading, given_back: frozenset[str]
) -> list[tuple[str, str]]:
    """What the method shut is open again."""
    vault_id = next((value for name, value in plan.context if name == "vault"), "")
    if plan.method == FIREWALL:
        events = await activity.events_at(session, vault_id, about=f"resourceUri eq '{vault_id}'")
        by = told(index, events, lambda found: vault_changed(found, vault_id), " as far as is known")
        return (
            []
            if fold(vault_id) in given_back
            else [("firewall-opened", f"The firewall of the vault is open again, {by}.")]
        )
    if plan.method == DELETE:
        return [] if fold(plan.subject) in given_back else [("recovered", "The key is there again: it was recovered.")]
    return [_version(plan, version) for version in reading.versions if fold(str(version.id)) not in given_back]


async def _new_versions(index: Index, plan: Plan, reading: Reading, before: Sequence[PathRow]) -> list[tuple[str, str]]:
    """Versions that came while others were open already: nothing else tells of them."""
    was = next((one for one in before if one.path.via == ITSELF), None)
    now = next((one for one in reading.rows if one.path.via == ITSELF), None)
    if was is None or now is None or was.state is not PathProof.OPEN or now.state is not PathProof.OPEN:
        return []
    return [
        _version(plan, version) for version in reading.versions if (version.id.version or "") not in (was.reason or "")
    ]


def _version(plan: Plan, version: KeyVersion) -> tuple[str, str]:
    revoked = {fold(step.target) for step in plan.steps if step.verb in (StepVerb.SET_ENABLED, StepVerb.SET_OPERATIONS)}
    name = f"version {version.id.version} of {version.id.name}"
    if fold(str(version.id)) in revoked:
        return "enabled-again", f"{name[:1].upper()}{name[1:]} can be used again. {_UNLOGGED}"
    at = f", created at {words.exact(version.created)}" if version.created else ""
    return "new-version", f"There is a new {name}, which is enabled{at}. {_UNLOGGED}"
