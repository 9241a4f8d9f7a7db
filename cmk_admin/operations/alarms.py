"""Alarms: what was closed, or was not there, and is open now; by whom, where Azure tells."""

from collections.abc import Sequence

from cmk_admin.cloud import activity
from cmk_admin.cloud.session import Session
from cmk_admin.domain import words
from cmk_admin.domain.access import AccessPath
from cmk_admin.domain.activity import Event, policies_changed, resource_changed, told, vault_changed
from cmk_admin.domain.errors import AzureFailure
from cmk_admin.domain.ids import fold, subscription_of
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import KeyVersion
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import StepVerb
from cmk_admin.domain.verbs.revoke import DELETE, FIREWALL
from cmk_admin.operations.interface import PathProof
from cmk_admin.operations.proof import ITSELF, Reading, grants_behind
from cmk_admin.operations.proof_rows import PathRow, named
from cmk_admin.store.incidents import AlarmRow


async def alarms(
    session: Session, plan: Plan, reading: Reading, before: Sequence[PathRow], given_back: frozenset[str]
) -> tuple[AlarmRow, ...]:
    """What a reading must cry out about, held against the one before it.

    `given_back`: folded targets of what restores gave back on purpose. Raises nothing of Azure's.
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
                said.append(("re-granted", await _granted(session, index, row, reading.found[named(row.path)])))
    if index is not None and itself is None:
        said += await _new_versions(index, plan, reading, before)
    unread = [one for one in reading.rows if one.state is PathProof.UNKNOWN]
    news = [one for one in unread if (was := former.get(named(one.path))) and was.state is not PathProof.UNKNOWN]
    if news:
        count = words.count(len(news), "path")
        said.append(
            ("unreadable", f"{count} could not be read again, so that it is not known to be closed: {news[0].reason}.")
        )
    return tuple(AlarmRow(at=reading.at, kind=kind, text=text) for kind, text in said)


def _was_not_open(before: PathRow | None) -> bool:
    return before is None or (before.state is not PathProof.OPEN and before.known is not PathProof.OPEN)


async def _granted(session: Session, index: Index, row: PathRow, access: AccessPath) -> str:
    who = words.who(index, access.principal_id)
    head = f"{who} may use the key again by {row.path.via} at {row.path.scope}"
    if access.eligibility is not None:
        return f"{head}: it may activate it by itself at any moment."
    assignment = access.assignment
    if assignment is not None:
        events = await _events(session, assignment.scope, f"resourceUri eq '{assignment.id}'")
        logged = told(index, events, lambda found: resource_changed(found, assignment.id))
        if assignment.created_by or assignment.created_on:
            by = words.who(index, assignment.created_by) if assignment.created_by else "somebody unnamed"
            at = f" at {words.exact(assignment.created_on)}" if assignment.created_on else ""
            return f"{head}: granted by {by}{at}; in the Activity Log {logged}."
        return f"{head}: {logged}."
    events = await _events(session, access.scope, f"resourceUri eq '{access.scope}'")
    return f"{head}: {told(index, events, lambda found: policies_changed(found, access.scope))}."


async def _shut(
    session: Session, index: Index, plan: Plan, reading: Reading, given_back: frozenset[str]
) -> list[tuple[str, str]]:
    """What the method shut is open again."""
    vault_id = next((value for name, value in plan.context if name == "vault"), "")
    if plan.method == FIREWALL:
        events = await _events(session, vault_id, f"resourceUri eq '{vault_id}'")
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
    nobody = "Azure's Activity Log does not say by whom: it holds nothing of what is done in a vault itself."
    if fold(str(version.id)) in revoked:
        return "enabled-again", f"{name[:1].upper()}{name[1:]} can be used again. {nobody}"
    at = f", created at {words.exact(version.created)}" if version.created else ""
    return "new-version", f"There is a new {name}, which is enabled{at}. {nobody}"


async def _events(session: Session, scope: str, about: str) -> tuple[Event, ...] | None:
    """What the Activity Log says; None where it cannot be read."""
    subscription = subscription_of(scope)
    if subscription is None:
        return None
    try:
        found, _ = await activity.events(session, subscription, about=about, now=session.clock.now())
    except AzureFailure:
        return None
    return found
