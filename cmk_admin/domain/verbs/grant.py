"""Grant: let an identity use a key, with the least role that its service needs, at the key and nowhere above."""

from collections.abc import Iterator
from dataclasses import dataclass

from cmk_admin.domain import words
from cmk_admin.domain.ids import KeyId, key_scope
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Vault
from cmk_admin.domain.permissions import allowed_words
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.problems import Problem, blocking, warning
from cmk_admin.domain.roles import SERVICE_ENCRYPTION_USER
from cmk_admin.domain.services import SERVICES, service
from cmk_admin.domain.steps import Step
from cmk_admin.domain.surroundings import Surroundings
from cmk_admin.domain.verbs import granting, making, rights
from cmk_admin.domain.verbs.granting import Grant
from cmk_admin.domain.verbs.new_resource import NewIdentity


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantDraft:
    """Who shall use which key, and for what."""

    key: KeyId | None = None
    """Without version."""
    identity: str = ""
    """Object id of one that exists."""
    create_identity: NewIdentity | None = None
    """One that is to be made; then `identity` does not count."""
    role: str | None = None
    """Name of the role; None: the least one that `purpose` needs."""
    purpose: str = ""
    """A name of `domain.services`: whose needs set role and permissions; empty: those of most (wrap and unwrap)."""


def role_of(draft: GrantDraft) -> str:
    """The role that would be given: the chosen one, or the least one that the purpose needs."""
    return draft.role or (service(draft.purpose).role or SERVICE_ENCRYPTION_USER)


def problems(draft: GrantDraft, index: Index, around: Surroundings) -> tuple[Problem, ...]:
    """What forbids the grant and what should be known before it is given."""
    found: list[Problem] = []
    vault = index.vault_of(draft.key) if draft.key else None
    if draft.key is None or vault is None:
        said = (
            "Choose the key." if draft.key is None else f"The vault of {draft.key.name} cannot be seen by this account."
        )
        return (Problem(code="no-key", sentence=said, field="key"),)
    if index.key(draft.key) is None:
        said = f"{draft.key.name} was not read in {vault.name}: it may not exist."
        found.append(Problem(code="no-key", sentence=said, field="key", blocks=vault.problem is None))
    found += _identity(draft, index, around)
    found += _role(draft, index, vault)
    found += granting.missing_rights(vault, draft.key, around)
    found += rights.locked(index, [key_scope(vault.id, draft.key.name)], deletes=False)
    grant = _grant(draft, index, vault)
    if grant is not None:
        found += granting.warnings(index, grant)
        if grant.permissions and not granting.steps(index, grant, stage=0) and not _codes(found, "unknown-role"):
            said = f"{grant.who} may do that with {draft.key.name} already: there is nothing to give."
            found.append(Problem(code="granted-already", sentence=said, field="identity"))
    return tuple(found)


def plan(draft: GrantDraft, index: Index, around: Surroundings) -> Plan:
    """The identity where it is to be made, then the grant."""
    said = problems(draft, index, around)
    vault = index.vault_of(draft.key) if draft.key else None
    grant = _grant(draft, index, vault) if vault else None
    steps: list[Step] = []
    if draft.create_identity is not None:
        steps.append(making.create_identity(draft.create_identity.id, draft.create_identity.location))
    if grant is not None:
        steps += granting.steps(index, grant, stage=1 if steps else 0)
    name = draft.key.name if draft.key else "a key"
    return Plan(
        verb="grant",
        title=f"Let {grant.who if grant else 'an identity'} use {name}",
        subject=str(draft.key or ""),
        steps=() if blocking(said) and grant is None else tuple(steps),
        warnings=(*warning(said), *around.unread),
        problems=blocking(said),
        context=(("key", str(draft.key)),) if draft.key else (),
    )


def keys_of(draft: GrantDraft, index: Index) -> tuple[KeyId, ...]:
    """The key that it is about."""
    return (draft.key,) if draft.key else ()


def _grant(draft: GrantDraft, index: Index, vault: Vault) -> Grant | None:
    if draft.key is None or not (draft.identity or draft.create_identity):
        return None
    new = draft.create_identity
    role, needs = role_of(draft), service(draft.purpose).needs.permissions
    given = granting.gives(index, role, vault.subscription_id)
    # Of a role that was chosen by name all that it allows counts: less is not what was asked for
    wanted = allowed_words(given) if draft.role and vault.rbac and given else needs
    return Grant(
        vault=vault,
        key=draft.key,
        principal=new.id if new else draft.identity,
        who=new.name if new else words.who(index, draft.identity),
        role=given.name if given else role,
        permissions=wanted,
    )


def _identity(draft: GrantDraft, index: Index, around: Surroundings) -> Iterator[Problem]:
    if draft.create_identity is not None:
        yield from granting.identity_problems(draft.create_identity, index, around)
        return
    if not draft.identity:
        yield Problem(code="no-identity", sentence="Choose the identity, or have one created.", field="identity")
        return
    if index.identity(draft.identity) is not None:
        return
    principal = index.principal(draft.identity)
    if principal is None or principal.kind is None:
        said = "What kind of principal it is could not be read: it is granted as a service principal."
        yield Problem(code="principal-unknown", sentence=said, field="identity", blocks=False)
    elif principal.kind.lower() != "serviceprincipal":
        said = (
            f"{words.who(index, draft.identity)} is a {principal.kind}: only managed identities and service principals are "
            "granted keys here."
        )
        yield Problem(code="not-an-identity", sentence=said, field="identity")


def _codes(found: list[Problem], code: str) -> bool:
    return any(one.code == code for one in found)


def _role(draft: GrantDraft, index: Index, vault: Vault) -> Iterator[Problem]:
    if not vault.rbac:
        if draft.role is not None:
            said = f"{vault.name} goes by access policies, where the role {draft.role} does not count: choose no role."
            yield Problem(code="no-roles", sentence=said, field="role")
        return
    role = role_of(draft)
    if granting.role_id_of(index, role, vault.subscription_id) is None:
        said = f"No role “{role}” was read that could be given on {vault.name}."
        yield Problem(code="unknown-role", sentence=said, field="role")
        return
    given = granting.gives(index, role, vault.subscription_id)
    if given is None:
        return
    role = given.name
    allowed, needs = set(allowed_words(given)), service(draft.purpose)
    if not allowed:
        said = f"The role {role} allows nothing with keys."
        yield Problem(code="role-useless", sentence=said, field="role")
        return
    missing = [one for one in needs.needs.permissions if one not in allowed and one != "list"]
    if missing and draft.purpose in SERVICES:
        said = f"The role {role} does not allow {words.listed(missing)}, which {needs.title} needs."
        yield Problem(code="role-too-small", sentence=said, field="role", blocks=False)
    more = sorted(allowed - {"get", "list", *needs.needs.permissions})
    if draft.role and more:
        least = needs.role or SERVICE_ENCRYPTION_USER
        said = f"The role {role} also allows {words.listed(more)}: the least that suffices is {least}."
        yield Problem(code="role-wide", sentence=said, field="role", blocks=False)
