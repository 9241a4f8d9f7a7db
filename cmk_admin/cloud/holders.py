"""Who holds grants: role assignments, definitions, groups and names, for a whole estate."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from cmk_admin.cloud import directory, roles
from cmk_admin.cloud.collected import Collected, problem_of
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import fold
from cmk_admin.domain.model import Principal, RoleAssignment, RoleDefinition, Vault

# What a role must reach into to matter here: keys, vaults, or the granting of either.
_RELEVANT = ("*", "microsoft.keyvault", "microsoft.authorization")


async def read_assignments(session: Session, into: Collected, subscription: str) -> None:
    """All assignments at, below and above a subscription; where it may not be asked, those over each of its vaults.

    Call it again for the vaults with `read_vault_assignments` once they are known.
    """
    scope = f"/subscriptions/{subscription}"
    try:
        add_assignments(into, await roles.assignments_in(session, scope))
    except AzureFailure as failure:
        into.fail(failure, f"{scope}/providers/Microsoft.Authorization/roleAssignments")
        into.unread_assignments.add(fold(scope))
    into.grew()


async def read_vault_assignments(session: Session, into: Collected) -> None:
    """For subscriptions that could not be asked: the vaults one by one, which an account may be allowed to."""

    async def one(vault: Vault) -> None:
        try:
            add_assignments(into, await roles.assignments_in(session, vault.id))
        except AzureFailure:
            # the subscription's own failure stands in coverage already
            into.unread_assignments.add(fold(vault.id))

    closed = {scope for scope in into.unread_assignments if scope.startswith("/subscriptions/")}
    vaults = [vault for vault in into.vaults.values() if f"/subscriptions/{vault.subscription_id}" in closed]
    await asyncio.gather(*(one(vault) for vault in vaults))
    for scope in closed:
        # told vault by vault now; a subscription without a visible vault stays unread as a whole
        if any(f"/subscriptions/{vault.subscription_id}" == scope for vault in vaults):
            into.unread_assignments.discard(scope)


async def read_definitions(session: Session, into: Collected, subscriptions: Iterable[str]) -> None:
    """The roles that can be assigned: one list, then by id what other subscriptions' custom roles add."""
    for subscription in subscriptions:
        try:
            found = await roles.definitions_in(session, f"/subscriptions/{subscription}")
        except AzureFailure:
            continue  # another subscription may answer; roles that stay unknown are noted in `read_missing_definitions`
        add_definitions(into, found)
        return


async def read_missing_definitions(session: Session, into: Collected, *, urgent: bool = False) -> None:
    """Roles that assignments name and no list held."""
    missing = {
        _guid(one.role_definition_id): one.role_definition_id
        for one in into.assignments.values()
        if _guid(one.role_definition_id) not in into.definitions
    }

    async def one(definition_id: str) -> None:
        try:
            add_definitions(into, [await roles.get_definition(session, definition_id, urgent=urgent)])
        except AzureFailure as failure:
            into.fail(failure, definition_id)

    await asyncio.gather(*(one(each) for each in missing.values()))


async def read_locks(session: Session, into: Collected, subscription: str) -> None:
    """All locks in a subscription."""
    scope = f"/subscriptions/{subscription}"
    try:
        for lock in await roles.locks_in(session, scope):
            into.locks[fold(lock.id)] = lock
    except AzureFailure as failure:
        into.fail(failure, f"{scope}/providers/Microsoft.Authorization/locks")


async def read_directory(session: Session, into: Collected, *, urgent: bool = False) -> None:
    """Names of everybody who holds a grant, and the members of the groups among them.

    Without names, ids are shown, and nothing is missing; without a group's members it is not known who can use a key,
    which is a problem of coverage.
    """
    kinds = {one.principal_id.lower(): one.principal_type for one in into.assignments.values()}
    by_policy = {e.object_id.lower() for v in into.vaults.values() if not v.rbac for e in v.access_policies}
    for object_id in by_policy:
        kinds.setdefault(object_id, None)
    kinds.update(dict.fromkeys({_.lower() for _ in into.identities}, "ServicePrincipal"))
    kinds.pop("", None)
    if not kinds:
        return
    named: dict[str, Principal] = {}
    forbidden: AzureFailure | None = None
    try:
        found = await directory.principals(session, kinds, urgent=urgent)
        named = {one.object_id.lower(): one for one in found}
    except AzureFailure as failure:
        forbidden = failure
    relevant = _holders_of_relevant_roles(into) | by_policy
    groups = [
        object_id
        for object_id in sorted(relevant)
        if ((named[object_id].kind if object_id in named else None) or kinds.get(object_id)) == "Group"
    ]
    unsure = [each for each in by_policy if forbidden and kinds.get(each) is None and each not in into.identities]
    if forbidden and unsure and forbidden.kind is not FailureKind.NOT_FOUND:
        into.problems.append(problem_of(forbidden, "directory"))
    members = dict(
        zip(groups, await asyncio.gather(*(_members(session, into, g, urgent) for g in groups)), strict=True)
    )
    for object_id, kind in kinds.items():
        known = named.get(object_id)
        identity = into.identities.get(object_id)
        if known is None:
            known = Principal(
                object_id=object_id,
                kind=kind,
                name=identity.name if identity else None,
                client_id=identity.client_id if identity else None,
            )
        into.principals[object_id] = replace(known, kind=known.kind or kind, members=members.get(object_id))


def add_assignments(into: Collected, found: Iterable[RoleAssignment]) -> None:
    """Note assignments."""
    for one in found:
        into.assignments[fold(one.id)] = one


def add_definitions(into: Collected, found: Iterable[RoleDefinition]) -> None:
    """Note roles. Assignments may name one with or without a subscription in front, so the GUID counts."""
    for one in found:
        into.definitions[_guid(one.id)] = one


async def _members(session: Session, into: Collected, group: str, urgent: bool) -> tuple[str, ...] | None:
    try:
        return await directory.transitive_members(session, group, urgent=urgent)
    except AzureFailure as failure:
        into.fail(failure, f"directory/groups/{group}")
        return None


def _holders_of_relevant_roles(into: Collected) -> set[str]:
    def relevant(role: RoleDefinition | None) -> bool:
        return role is None or any(
            action.lower().startswith(_RELEVANT) for action in (*role.actions, *role.data_actions)
        )

    return {
        one.principal_id.lower()
        for one in into.assignments.values()
        if relevant(into.definitions.get(_guid(one.role_definition_id)))
    }


def _guid(definition_id: str) -> str:
    return definition_id.rstrip("/").rsplit("/", 1)[-1].lower()
