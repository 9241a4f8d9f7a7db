"""Whether the signed-in account may do what a plan would do: known before it is tried, never by trying."""

from collections.abc import Iterable

from cmk_admin.domain.ids import last
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Vault
from cmk_admin.domain.permissions import DATA_ACTIONS, policy_words
from cmk_admin.domain.problems import Problem
from cmk_admin.domain.roles import CONTRIBUTOR, CRYPTO_OFFICER
from cmk_admin.domain.services import service
from cmk_admin.domain.surroundings import Surroundings

WRITE_ASSIGNMENTS = "Microsoft.Authorization/roleAssignments/write"
DELETE_ASSIGNMENTS = "Microsoft.Authorization/roleAssignments/delete"
WRITE_POLICIES = "Microsoft.KeyVault/vaults/accessPolicies/write"
CREATE_IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities/write"
DELETE_IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities/delete"
ASSIGN_IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"
_WRITE = {
    "mysql-flexible": "Microsoft.DBforMySQL/flexibleServers/write",
    "mysql-single": "Microsoft.DBforMySQL/servers/keys/write",
}
_COUNTS = "a new assignment counts within 10 minutes."
_TAKE = {"mysql-single": "Microsoft.DBforMySQL/servers/keys/delete"}

_WHO = {
    WRITE_ASSIGNMENTS: "User Access Administrator or Owner",
    DELETE_ASSIGNMENTS: "User Access Administrator or Owner",
    WRITE_POLICIES: CONTRIBUTOR,
    CREATE_IDENTITY: "Managed Identity Contributor",
    DELETE_IDENTITY: "Managed Identity Contributor",
    ASSIGN_IDENTITY: "Managed Identity Operator",
}


def missing_on_keys(index: Index, vault: Vault, around: Surroundings, word: str, *, scope: str) -> Problem | None:
    """The right to do something with keys, in access-policy words (``create``, ``backup``); None: it is there.

    What is not known passes with a warning: nobody is kept from what they may do.
    """
    if vault.rbac:
        rights = around.rights_at(scope)
        if rights is None:
            return unknown(f"{word} keys in {vault.name}", vault.name)
        if rights.allow_data(DATA_ACTIONS[word]):
            return None
        return _lacking(
            f"This account may not {word} keys in {vault.name}: the role {CRYPTO_OFFICER} is missing there.",
            f"Ask somebody who may assign roles on it; {_COUNTS}",
            field="vault_id",
        )
    groups = index.group_ids_of(around.account_id)
    doubtful = False
    for entry in vault.access_policies:
        if word not in policy_words(entry) or entry.application_id is not None:
            continue
        if entry.object_id.lower() == around.account_id.lower() or entry.object_id.lower() in groups:
            return None
        doubtful = doubtful or _may_contain(index, entry.object_id, around.account_id)
    if doubtful:
        return unknown(f"{word} keys in {vault.name}, as a member of a group of its access policies,", vault.name)
    return _lacking(
        f"The access policies of {vault.name} do not give this account “{word}” for keys.",
        "Ask somebody who may change the vault for an access policy.",
        field="vault_id",
    )


def _lacking(fact: str, advice: str, *, field: str) -> Problem:
    return Problem(code="missing-right", sentence=f"{fact} {advice}", field=field, advice=advice)


def _may_contain(index: Index, object_id: str, member: str) -> bool:
    """Whether a principal may be a group that holds this member: only what was read rules it out."""
    principal = index.principal(object_id)
    if principal is None or principal.kind is None:
        return index.identity(object_id) is None
    return principal.kind == "Group" and principal.members is None and not index.is_outside(object_id, member)


def missing(around: Surroundings, action: str, scope: str, what: str, *, field: str = "") -> Problem | None:
    """The right to an ARM action at a scope; None: it is there. `what` finishes “this account may not …”."""
    rights = around.rights_at(scope)
    if rights is None:
        return unknown(what, scope, field=field)
    if rights.allow(action):
        return None
    role = _WHO.get(action, "Contributor")
    return _lacking(
        f"This account may not {what}: {action} is missing on {last(scope)}.",
        f"Ask for the role {role} there; {_COUNTS}",
        field=field,
    )


def write_of(service_name: str, *, taking: bool = False) -> str:
    """The ARM action that gives a service a key, or asks it to try its key again; with `taking`: that takes its key."""
    known = _TAKE.get(service_name) if taking else None
    return known or _WRITE.get(service_name) or f"{service(service_name).resource_type}/write"


def locked(index: Index, scopes: Iterable[str], *, deletes: bool, field: str = "") -> tuple[Problem, ...]:
    """Locks that make Azure refuse a write (ReadOnly), or a deletion too (CanNotDelete), at or above these scopes.

    Source: Azure Resource Manager's lock-resources page. Neither touches the data plane.
    """
    found: dict[str, Problem] = {}
    for scope in scopes:
        for lock in index.locks_over(scope):
            if lock.level.lower() == "readonly" or deletes:
                found[lock.id] = Problem(
                    code="locked",
                    sentence=f"The {lock.level} lock “{last(lock.id)}” on {last(lock.scope)} forbids it. Remove the lock first.",
                    field=field,
                )
    return tuple(found.values())


def unknown(what: str, where: str, *, field: str = "") -> Problem:
    """A right that could not be found out: a warning; `what` finishes “whether this account may …”."""
    return Problem(
        code="right-unknown",
        sentence=f"Whether this account may {what} could not be found out at {last(where)}.",
        field=field,
        blocks=False,
    )
