"""Who holds grants: role assignments, definitions, groups and names, for a whole estate."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from cmk_admin.cloud import directory, pim, roles
from cmk_admin.cloud.collected import Collected
from cmk_admin.cloud.lanes import together
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import contains, fold
from cmk_admin.domain.model import Principal, RoleAssignment, RoleDefinition, RoleEligibility, Vault

# Identities whose group memberships are asked for one by one; the resource manager takes 25 reads a second.
_ASKED_ONE_BY_ONE = 200
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


async def read_eligibilities(
    session: Session, into: Collected, scope: str, *, at_scope: bool = False, urgent: bool = False
) -> None:
    """Who may activate a role at, below and above a scope, and until when active ones last; with `at_scope` not below.

    Many accounts may not read this, and many tenants do not have it: what could not be read is noted for the paths that
    it leaves open, and is no problem of coverage.
    """

    async def eligible() -> None:
        read = pim.eligibilities_at if at_scope else pim.eligibilities_in
        try:
            found = await read(session, scope, urgent=urgent)
        except AzureFailure as failure:
            into.unread_eligibilities.add(fold(scope))
            found = await _own_eligibilities(session, scope, failure, urgent)
        else:
            into.unread_eligibilities.discard(fold(scope))
        into.eligibilities |= {fold(one.id): one for one in found}

    async def active() -> None:
        try:
            into.ends |= await pim.ends_in(session, scope, at_scope=at_scope, urgent=urgent)
        except AzureFailure:
            return  # then an assignment is not known to end, which is the careful side

    await together(eligible(), active())


async def _own_eligibilities(
    session: Session, scope: str, failure: AzureFailure, urgent: bool
) -> tuple[RoleEligibility, ...]:
    """What the account itself may activate, where it may not read who else may: a role that it needs may be among it."""
    if failure.kind is not FailureKind.FORBIDDEN:
        return ()
    try:
        return await pim.own_eligibilities(session, scope, urgent=urgent)
    except AzureFailure:
        return ()  # the scope is unread as it is


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
    await together(*(one(vault) for vault in vaults))
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
        for one in into.grants()
        if _guid(one.role_definition_id) not in into.definitions
    }

    async def one(definition_id: str) -> None:
        try:
            add_definitions(into, [await roles.get_definition(session, definition_id, urgent=urgent)])
        except AzureFailure as failure:
            into.fail(failure, definition_id)

    await together(*(one(each) for each in missing.values()))


def forget_custom_definitions(into: Collected, grants: Iterable[RoleAssignment | RoleEligibility]) -> None:
    """Forget what custom roles that these grants give were known to allow: they may have been changed."""
    named = {_guid(one.role_definition_id) for one in grants}
    into.definitions = {guid: one for guid, one in into.definitions.items() if guid not in named or not one.custom}


async def read_locks(session: Session, into: Collected, subscription: str) -> None:
    """All locks in a subscription."""
    scope = f"/subscriptions/{subscription}"
    try:
        for lock in await roles.locks_in(session, scope):
            into.locks[fold(lock.id)] = lock
    except AzureFailure as failure:
        into.fail(failure, f"{scope}/providers/Microsoft.Authorization/locks")


async def read_directory(
    session: Session, into: Collected, *, only: Collection[str] | None = None, urgent: bool = False
) -> None:
    """Names of everybody who holds a grant (or of `only` these), and the members of the groups among them.

    Without names, ids are shown, and nothing is missing; without a group's members it is not known who can use a key,
    which is a problem of coverage.
    """
    kinds = _holders(into)
    if only is not None:
        wanted = {each.lower() for each in only}
        kinds = {object_id: kind for object_id, kind in kinds.items() if object_id in wanted}
    if not kinds:
        return
    by_policy = _policy_holders(into)
    named: dict[str, Principal] = {}
    try:
        found = await directory.principals(session, kinds, urgent=urgent)
        named = {one.object_id.lower(): one for one in found}
    except AzureFailure as failure:
        if any(kinds.get(each, "") is None for each in by_policy):
            # an access policy does not say whether its holder is a group
            into.fail(failure, "directory")
    groups = [
        object_id
        for object_id in sorted(_holders_of_relevant_roles(into) | by_policy)
        if object_id in kinds and _kind(named.get(object_id), kinds[object_id]) == "Group"
    ]
    members = await together(*(_members(session, into, group, urgent) for group in groups))
    of_group = dict(zip(groups, members, strict=True))
    for object_id, kind in kinds.items():
        into.principals[object_id] = replace(
            named.get(object_id) or _unnamed(into, object_id),
            kind=_kind(named.get(object_id), kind),
            members=of_group.get(object_id),
        )


async def read_memberships(session: Session, into: Collected, principals: Collection[str] | None = None) -> None:
    """Where groups could not be read: whether the identities that use keys are in them.

    The resource manager expands groups for one principal at a time (``assignedTo``; RBACD role-assignments-list-rest.md),
    also for accounts that may not read the directory. Asked for `principals`, or for all identities that consumers use
    if these are few.
    """
    unread = {
        object_id for object_id, one in into.principals.items() if one.kind == "Group" and one.members is None
    } & {one.principal_id.lower() for one in into.assignments.values()}
    if not unread:
        return
    subscriptions = {vault.host: vault.subscription_id for vault in into.vaults.values()}
    asked = {
        (slot.principal_id.lower(), subscriptions[slot.key_id.host])
        for slot in into.slots_in(subscriptions)
        if slot.principal_id and (principals is None or slot.principal_id in principals)
    }
    if len(asked) > _ASKED_ONE_BY_ONE:
        return

    async def one(principal: str, subscription: str) -> None:
        scope = f"/subscriptions/{subscription}"
        try:
            found = await roles.assignments_of(session, scope, principal, urgent=principals is not None)
        except AzureFailure:
            return  # stays unknown, as coverage says of the group already
        reached = {each.principal_id.lower() for each in found} & unread
        above = {fold(each) for each in into.subscriptions[subscription].management_groups or ()} | {"/"}
        for group in unread:
            # only an assignment that this question would have shown can say that somebody is not in the group
            shown = any(
                each.principal_id.lower() == group and (contains(scope, each.scope) or fold(each.scope) in above)
                for each in into.assignments.values()
            )
            known = into.principals[group]
            if group in reached:
                known = replace(known, known_members=tuple(sorted({*known.known_members, principal})))
            elif shown:
                known = replace(known, known_others=tuple(sorted({*known.known_others, principal})))
            into.principals[group] = known

    await together(*(one(principal, subscription) for principal, subscription in sorted(asked)))


def keep_memberships(into: Collected, before: Mapping[str, Principal], *, but: Collection[str]) -> None:
    """What was answered about identities in groups that still cannot be read; not of those that are asked about anew."""
    asked = {one.lower() for one in but}

    def others(ids: Iterable[str]) -> tuple[str, ...]:
        return tuple(one for one in ids if one.lower() not in asked)

    for object_id, known in before.items():
        now = into.principals.get(object_id)
        if now is not None and now.kind == "Group" and now.members is None:
            into.principals[object_id] = replace(
                now, known_members=others(known.known_members), known_others=others(known.known_others)
            )


def _holders(into: Collected) -> dict[str, str | None]:
    """Everybody who holds a grant, and the managed identities: object id -> kind as far as it is told with the grant."""
    kinds: dict[str, str | None] = dict.fromkeys(_policy_holders(into))
    kinds.update(dict.fromkeys(into.identities, "ServicePrincipal"))
    for grant in into.grants():
        object_id = grant.principal_id.lower()
        kinds[object_id] = grant.principal_type or kinds.get(object_id)
    kinds.pop("", None)
    return kinds


def _policy_holders(into: Collected) -> set[str]:
    return {
        entry.object_id.lower() for vault in into.vaults.values() if not vault.rbac for entry in vault.access_policies
    }


def _kind(named: Principal | None, told: str | None) -> str | None:
    return (named.kind if named else None) or told


def _unnamed(into: Collected, object_id: str) -> Principal:
    """Somebody whom the directory did not tell; a managed identity is known by its resource all the same."""
    identity = into.identities.get(object_id)
    return Principal(
        object_id=object_id,
        kind=None,
        name=identity.name if identity else None,
        client_id=identity.client_id if identity else None,
    )


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
            action.lower().startswith(_RELEVANT)
            for block in role.blocks
            for action in (*block.actions, *block.data_actions)
        )

    return {
        one.principal_id.lower()
        for one in into.grants()
        if relevant(into.definitions.get(_guid(one.role_definition_id)))
    }


def _guid(definition_id: str) -> str:
    return definition_id.rstrip("/").rsplit("/", 1)[-1].lower()
