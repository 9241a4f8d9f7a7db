"""The Activity Log: which of Azure's own events tells since when, and by whom, something is missing.

The log holds what was asked of the resource manager in the last 90 days, and nothing of what was done to keys in a vault
itself (AD azure-monitor/platform/activity-log.md).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cmk_admin.domain import words
from cmk_admin.domain.ids import contains, fold
from cmk_admin.domain.index import Index

RETENTION = timedelta(days=90)
SILENT = "the Activity Log does not say since when or by whom"
UNREAD = "the Activity Log could not be read, so that it does not say since when or by whom"
NOT_IN_IT = (
    "the Activity Log does not say since when or by whom, since it holds nothing of what is done in a vault itself"
)

ASSIGNMENTS = "/providers/microsoft.authorization/roleassignments/"
_REMOVED = ("microsoft.authorization/roleassignments/delete",)
_POLICIES = ("microsoft.keyvault/vaults/accesspolicies/write", "microsoft.keyvault/vaults/write")
_VAULT = ("microsoft.keyvault/vaults/write",)
_VAULT_GONE = ("microsoft.keyvault/vaults/delete",)
_IDENTITY_GONE = ("microsoft.managedidentity/userassignedidentities/delete",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One write, deletion or action that ended well."""

    at: datetime
    operation: str
    """Azure's name of it, lower case: ``microsoft.authorization/roleassignments/delete``."""
    words: str
    """What Azure calls it: ``Delete role assignment``."""
    resource_id: str
    caller: str
    """As Azure names it: a person's user principal name, or an object id."""
    caller_id: str | None = None
    """Object id."""
    principal_id: str | None = None
    """Of a role assignment: who held it, where the event tells."""
    correlation_id: str | None = None
    """Of the request: the one that its answer was given."""


def removal(events: Iterable[Event], scope: str, principal_id: str) -> Event | None:
    """The newest removal of a role assignment at a scope or above it, that was this principal's as far as it tells.

    An event that does not tell whose it was counts only where none does.
    """
    found = [one for one in events if one.operation in _REMOVED and contains(_assigned_at(one.resource_id), scope)]
    own = [one for one in found if (one.principal_id or "").lower() == principal_id.lower()]
    return _newest(own or [one for one in found if one.principal_id is None])


def policies_changed(events: Iterable[Event], vault_id: str) -> Event | None:
    """The newest change of a vault's access policies, or of the vault: which entries it changed is not in the log."""
    return _newest(_at(events, vault_id, _POLICIES))


def vault_changed(events: Iterable[Event], vault_id: str) -> Event | None:
    """The newest change of a vault itself: what was changed is not in the log."""
    return _newest(_at(events, vault_id, _VAULT))


def vault_deleted(events: Iterable[Event], host: str) -> Event | None:
    """The newest deletion of the vault with this host name."""
    name = host.split(".", 1)[0].lower()
    return _newest(
        one for one in events if one.operation in _VAULT_GONE and fold(one.resource_id).rsplit("/", 1)[-1] == name
    )


def identity_deleted(events: Iterable[Event], identity_id: str) -> Event | None:
    """The newest deletion of a user-assigned identity."""
    return _newest(_at(events, identity_id, _IDENTITY_GONE))


def resource_changed(events: Iterable[Event], resource_id: str) -> Event | None:
    """The newest write of a resource."""
    return _newest(
        one for one in events if one.operation.endswith("/write") and fold(one.resource_id) == fold(resource_id)
    )


def told(
    index: Index, events: tuple[Event, ...] | None, pick: Callable[[tuple[Event, ...]], Event | None], doubt: str = ""
) -> str:
    """``since 2026-03-12 12:04:10 UTC, by administrator (Delete role assignment)``, or that the log does not say.

    `doubt` is added where the event need not be the cause.
    """
    if events is None:
        return UNREAD
    event = pick(events)
    if event is None:
        return SILENT
    who = (index.name_of(event.caller_id) if event.caller_id else None) or event.caller or "somebody unnamed"
    since = f"since {words.exact(event.at)}, by {who} (“{event.words}” in the Activity Log)"
    return f"{since}{doubt}"


def _at(events: Iterable[Event], resource_id: str, operations: tuple[str, ...]) -> Iterable[Event]:
    """The events at a resource, whose sub-resources (``/accessPolicies/add``) Azure names below it."""
    return (one for one in events if one.operation in operations and contains(resource_id, one.resource_id))


def _newest(found: Iterable[Event]) -> Event | None:
    return max(found, key=lambda one: one.at, default=None)


def _assigned_at(resource_id: str) -> str:
    """The scope at which an assignment stood: its id without its own end."""
    return resource_id[: max(fold(resource_id).rfind(ASSIGNMENTS), 0)] or "/"
