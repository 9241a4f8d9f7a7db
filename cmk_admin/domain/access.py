"""Who can use a key, and by which path.

A path that cannot be ruled out because something could not be read is a path too: its `unknown` says why.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from cmk_admin.domain.grants_of import let_in, reaching
from cmk_admin.domain.ids import KeyId, fold, is_management_group, key_scope, subscription_of
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import AccessPolicy, RoleAssignment, RoleDefinition, RoleEligibility, Vault
from cmk_admin.domain.permissions import GETS_AT_DATA, WORDS, allowed_words, permits, policy_words


class Level(StrEnum):
    """Where in Azure's tree a grant is made."""

    KEY = "key"
    VAULT = "vault"
    RESOURCE_GROUP = "resource group"
    SUBSCRIPTION = "subscription"
    MANAGEMENT_GROUP = "management group"
    ROOT = "tenant"


class PathKind(StrEnum):
    DIRECT = "direct"
    """A role assignment to the principal itself."""
    GROUP = "group"
    """A role assignment to a group that contains it."""
    POLICY = "policy"
    """The principal's own entry in the vault's access policies."""
    POLICY_GROUP = "policy-group"
    """The entry of a group that contains it."""
    POLICY_COMPOUND = "policy-compound"
    """An entry that counts only together with an application."""
    ELIGIBLE = "eligible"
    """A role that the principal, or a group of it, may activate by itself: it is not open now, and may be at any moment."""
    UNREAD = "unread"
    """Something could not be read; see `unknown`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPath:
    """One way by which a principal may do something with a key."""

    principal_id: str
    """Who uses it. For paths that nobody in particular is known to have (an unread scope): the one asked about or ''."""
    kind: PathKind
    scope: str
    """Where it was granted, in ARM's spelling; for access policies the vault's id."""
    level: Level
    allows: tuple[str, ...] = ()
    """What it allows, in access-policy words (`DATA_ACTIONS`), sorted; for re-granting the ARM action."""
    assignment: RoleAssignment | None = None
    role: RoleDefinition | None = None
    policy: AccessPolicy | None = None
    group_id: str | None = None
    unknown: str | None = None
    """Why it is not known whether the path is there; None: it is."""
    eligibility: RoleEligibility | None = None
    """Of a path that is only eligible."""
    copy_of: KeyId | None = None
    """The copy that it leads to, where it does not lead to the key that was asked about (`every_path.copies`)."""
    sibling_of: str | None = None
    """Id of the consumer that carries the identity besides the one by which it uses the key (`every_path.siblings`)."""

    @property
    def unread(self) -> bool:
        """True where it stands for what could not be read."""
        return self.kind is PathKind.UNREAD

    @property
    def inherited(self) -> bool:
        """True where it was granted above the key itself."""
        return self.level is not Level.KEY

    @property
    def above_vault(self) -> bool:
        """True where it reaches further than the vault."""
        return self.level not in (Level.KEY, Level.VAULT)

    @property
    def condition(self) -> str | None:
        """The assignment's condition. It is not evaluated: the path counts as open."""
        grant = self.assignment or self.eligibility
        return grant.condition if grant else None


def level_of(scope: str) -> Level:
    """Where in Azure's tree a scope stands; anything below a vault counts as a key."""
    folded = fold(scope)
    if folded == "/":
        return Level.ROOT
    if is_management_group(folded):
        return Level.MANAGEMENT_GROUP
    depth = folded.count("/")
    if depth <= 2:
        return Level.SUBSCRIPTION
    if depth <= 4:
        return Level.RESOURCE_GROUP
    return Level.VAULT if depth <= 8 else Level.KEY


def paths(
    index: Index, key: KeyId, principal_id: str, actions: tuple[str, ...] = GETS_AT_DATA
) -> tuple[AccessPath, ...]:
    """Every path by which a principal can do any of the data actions with a key, nearest first, and every unknown one.

    Those that it may open by itself at any moment come last (`PathKind.ELIGIBLE`); `usable` leaves them out.
    """
    return tuple(_data_paths(index, key, principal_id, actions))


def holders(index: Index, key: KeyId, actions: tuple[str, ...] = GETS_AT_DATA) -> tuple[AccessPath, ...]:
    """The same for everybody: one path for each principal; a group whose members are unread stands for itself."""
    return tuple(_data_paths(index, key, None, actions))


def control_paths(index: Index, scope: str, actions: tuple[str, ...], data: tuple[str, ...]) -> tuple[AccessPath, ...]:
    """Everybody who may do any of the actions at a scope by a role, of the resource manager or (`data`) of the vault."""

    def held(role: RoleDefinition) -> tuple[str, ...]:
        found = [action for action in actions if permits(role, action, data=False)]
        return (*found, *(action for action in data if permits(role, action, data=True)))

    return (*_role_paths(index, scope, None, held), *_unread_eligibilities(index, scope, ""))


def policy_paths(index: Index, vault: Vault, actions: tuple[str, ...]) -> tuple[AccessPath, ...]:
    """Everybody who may do any of the data actions by an access policy of a vault."""
    return tuple(_policy_paths(index, vault, None, frozenset(WORDS[action.lower()] for action in actions)))


def usable(found: tuple[AccessPath, ...]) -> tuple[AccessPath, ...]:
    """Those that are known to be open now."""
    return tuple(path for path in found if path.unknown is None and path.kind is not PathKind.ELIGIBLE)


def _data_paths(index: Index, key: KeyId, principal_id: str | None, actions: tuple[str, ...]) -> Iterator[AccessPath]:
    vault = index.vault_of(key)
    if vault is None:
        return iter((no_vault(key, principal_id or ""),))
    wanted = frozenset(WORDS[action.lower()] for action in actions)
    if not vault.rbac:
        return _policy_paths(index, vault, principal_id, wanted)

    def words(role: RoleDefinition) -> tuple[str, ...]:
        allowed = allowed_words(role)
        return allowed if wanted.intersection(allowed) else ()

    return _role_paths(index, key_scope(vault.id, key.name), principal_id, words)


def _role_paths(
    index: Index, scope: str, principal_id: str | None, words: Callable[[RoleDefinition], tuple[str, ...]]
) -> Iterator[AccessPath]:
    """Paths by role assignments at the scope and above whose role has words for what was asked."""
    for assignment in reaching(
        index, f"assignments over {fold(scope)}", principal_id, lambda: index.assignments_over(scope), _holder
    ):
        yield from _through(index, assignment, principal_id, words, None)
    for above in index.unread_over(scope):
        yield AccessPath(
            principal_id=principal_id or "",
            kind=PathKind.UNREAD,
            scope=above,
            level=level_of(above),
            unknown=f"the role assignments of this {level_of(above)} could not be read",
        )
    yield from _unplaced(index, scope, principal_id, words)
    yield from _eligible(index, scope, principal_id, words)


def _holder(grant: RoleAssignment | RoleEligibility) -> tuple[str, str | None]:
    return grant.principal_id, grant.principal_type


def _eligible(
    index: Index, scope: str, principal_id: str | None, words: Callable[[RoleDefinition], tuple[str, ...]]
) -> Iterator[AccessPath]:
    """Paths by roles that are eligible at the scope and above.

    Where they could not be read, anybody who can be eligible may have one. A service's own identity cannot activate a role
    by itself (ED privileged-identity-management/pim-resource-roles-assign-roles.md), so that nothing is unknown of it; of
    an application, as whom somebody may work, it is.
    """
    for eligibility in reaching(
        index, f"eligibilities over {fold(scope)}", principal_id, lambda: index.eligibilities_over(scope), _holder
    ):
        yield from _through(index, eligibility, principal_id, words, None)
    if principal_id is None or index.is_managed_identity(principal_id):
        return
    yield from _unread_eligibilities(index, scope, principal_id)


def _unread_eligibilities(index: Index, scope: str, principal_id: str) -> Iterator[AccessPath]:
    for above in index.unread_eligibilities_over(scope):
        yield AccessPath(
            principal_id=principal_id,
            kind=PathKind.UNREAD,
            scope=above,
            level=level_of(above),
            unknown=f"the eligible roles of this {level_of(above)} could not be read",
        )


def _unplaced(
    index: Index, scope: str, principal_id: str | None, words: Callable[[RoleDefinition], tuple[str, ...]]
) -> Iterator[AccessPath]:
    """Assignments at management groups where it could not be read which groups stand above the subscription."""
    subscription = index.subscription(subscription_of(scope) or "")
    if subscription is not None and subscription.management_groups is not None:
        return
    for assignment in index.management_group_assignments:
        doubt = "it could not be read whether this management group stands above the vault's subscription"
        yield from _through(index, assignment, principal_id, words, doubt)


def _through(
    index: Index,
    grant: RoleAssignment | RoleEligibility,
    principal_id: str | None,
    words: Callable[[RoleDefinition], tuple[str, ...]],
    doubt: str | None,
) -> Iterator[AccessPath]:
    """The paths that one assignment (or eligible role) opens for the principal asked about, or for everybody."""
    role = index.role(grant.role_definition_id)
    assigned = isinstance(grant, RoleAssignment)
    allows = words(role) if role else ()
    if role and not allows:
        return
    if role is None:
        doubt = doubt or "the role's definition could not be read"

    for who, group, unknown in let_in(index, grant.principal_id, grant.principal_type, principal_id):
        kind = PathKind.DIRECT if group is None else PathKind.GROUP
        yield AccessPath(
            principal_id=who,
            kind=kind if assigned else PathKind.ELIGIBLE,
            scope=grant.scope,
            level=level_of(grant.scope),
            allows=allows,
            assignment=grant if isinstance(grant, RoleAssignment) else None,
            eligibility=grant if isinstance(grant, RoleEligibility) else None,
            role=role,
            group_id=group,
            unknown=doubt or unknown,
        )


def _policy_paths(index: Index, vault: Vault, principal_id: str | None, wanted: frozenset[str]) -> Iterator[AccessPath]:
    entries = reaching(
        index,
        f"policies of {fold(vault.id)}",
        principal_id,
        lambda: vault.access_policies,
        lambda entry: (entry.object_id, None),
    )
    for policy in entries:
        allows = policy_words(policy)
        if not wanted.intersection(allows):
            continue

        own = PathKind.POLICY_COMPOUND if policy.application_id else PathKind.POLICY
        for who, group, unknown in let_in(index, policy.object_id, None, principal_id):
            yield AccessPath(
                principal_id=who,
                kind=own if group is None else PathKind.POLICY_GROUP,
                scope=vault.id,
                level=Level.VAULT,
                allows=allows,
                policy=policy,
                group_id=group,
                unknown=unknown,
            )


def no_vault(key: KeyId, principal_id: str) -> AccessPath:
    """What stands for whatever a vault would tell that cannot be seen."""
    return AccessPath(
        principal_id=principal_id,
        kind=PathKind.UNREAD,
        scope=f"https://{key.host}",
        level=Level.VAULT,
        unknown="the vault is not visible to this account",
    )
