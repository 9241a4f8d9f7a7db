"""What lets an identity use a key: the grant that is missing, and what else should be known before it is given."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cmk_admin.domain import words
from cmk_admin.domain.access import AccessPath, paths, usable
from cmk_admin.domain.ids import KeyId, fold, key_scope, last
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import AccessPolicy, RoleDefinition, Vault
from cmk_admin.domain.permissions import DATA_ACTIONS, allowed_words
from cmk_admin.domain.problems import Problem
from cmk_admin.domain.roles import definition_id
from cmk_admin.domain.steps import Step
from cmk_admin.domain.surroundings import Surroundings
from cmk_admin.domain.verbs import changes, making, rights
from cmk_admin.domain.verbs.new_resource import NewIdentity

_IDENTITY_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{2,127}")
"""Names of user-assigned identities (Azure's resource name rules: 3 to 128 characters)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What is to be given to whom on which key."""

    vault: Vault
    key: KeyId
    principal: str
    """Object id, or the ARM id of the resource whose identity it is, where that is yet to be made."""
    who: str
    """The identity's name."""
    role: str
    """Name of the role, for a vault that uses roles."""
    permissions: tuple[str, ...]
    """In access-policy words: what must be allowed, and the entry where the vault uses access policies."""


def steps(index: Index, grant: Grant, *, stage: int, even_if_wider: bool = False) -> tuple[Step, ...]:
    """The one step that gives it; none where the identity has it already.

    With `even_if_wider` a grant that reaches further than the key does not count as having it.
    """
    if _has(index, grant, wider=not even_if_wider):
        return ()
    if not grant.vault.rbac:
        return _policy_steps(index, grant, stage)
    role_id = role_id_of(index, grant.role, grant.vault.subscription_id)
    if role_id is None:
        return ()
    return (
        making.create_assignment(
            index,
            scope=key_scope(grant.vault.id, grant.key.name),
            role_definition_id=role_id,
            role_name=grant.role,
            principal=grant.principal,
            who=grant.who,
            stage=stage,
        ),
    )


def role_id_of(index: Index, role: str, subscription_id: str) -> str | None:
    """The definition of a role by name: a built-in one, or one that was read; None: there is none."""
    built_in = definition_id(role, subscription_id)
    if built_in is not None:
        return built_in
    return next((one.id for one in _definitions(index, role)), None)


def missing_rights(vault: Vault, key: KeyId, around: Surroundings) -> Iterator[Problem]:
    """The account's right to give a grant on a key."""
    if vault.rbac:
        scope, action, what = key_scope(vault.id, key.name), rights.WRITE_ASSIGNMENTS, f"assign roles on {key.name}"
    else:
        scope, action, what = vault.id, rights.WRITE_POLICIES, f"change the access policies of {vault.name}"
    found = rights.missing(around, action, scope, what)
    if found is not None:
        yield found


def identity_problems(new: NewIdentity, index: Index, around: Surroundings) -> Iterator[Problem]:
    """What forbids making an identity."""
    if not _IDENTITY_NAME.fullmatch(new.name):
        said = (
            f"“{new.name}” is not a name for an identity: 3 to 128 letters, digits, _ and -, a letter or digit first."
        )
        yield Problem(code="bad-identity-name", sentence=said, field="create_identity")
    if not new.has_group or fold(new.group_id) in around.missing_groups:
        said = "Name the resource group that gets the identity."
        if new.group.strip():
            said = f"There is no resource group “{new.group}” in the subscription: name one that is there."
        yield Problem(code="no-group", sentence=said, field="create_identity")
        return
    if index.identity_of(new.id) is not None:
        said = f"There is an identity “{new.name}” in {new.group} already: pick it instead of creating it."
        yield Problem(code="identity-exists", sentence=said, field="create_identity")
    found = rights.missing(
        around, rights.CREATE_IDENTITY, new.group_id, f"create identities in {new.group}", field="create_identity"
    )
    if found is not None:
        yield found
    yield from rights.locked(index, [new.group_id], deletes=False, field="create_identity")


def warnings(index: Index, grant: Grant, *, consumer_id: str | None = None) -> Iterator[Problem]:
    """What the identity has or serves already, and whom the key serves: nobody should be surprised by a shared one.

    `consumer_id` is the consumer that it is for: its own use is no surprise.
    """
    principal = grant.principal
    others = [use for use in index.uses_of_principal(principal) if fold(use.consumer.id) != fold(consumer_id or "")]
    if others:
        whom = words.listed(list(dict.fromkeys(use.consumer.name for use in others)))
        yield _warn(
            "shared-identity",
            f"{grant.who} serves {whom} already: whoever holds the identity then reaches both, and a revoke cuts both.",
        )
    mine = [p for p in usable(paths(index, grant.key, principal)) if p.principal_id.lower() == principal.lower()]
    wider = [path for path in mine if path.inherited or path.group_id]
    if wider:
        via = words.listed(list(dict.fromkeys(words.path(index, path) for path in wider)))
        yield _warn("more-already", f"{grant.who} reaches {grant.key.name} already, and more: {via}.")
    elsewhere = [
        one.scope
        for one in index.assignments_of(principal)
        if fold(one.scope) != fold(key_scope(grant.vault.id, grant.key.name))
        and (role := index.role(one.role_definition_id)) is not None
        and allowed_words(role)
        and not wider
    ]
    if elsewhere:
        where = words.listed([words.scope(index, scope) for scope in dict.fromkeys(elsewhere)])
        yield _warn("other-keys", f"{grant.who} has rights on keys elsewhere too: {where}.")
    users = [use for use in index.uses_of_key(grant.key) if fold(use.consumer.id) != fold(consumer_id or "")]
    if users:
        whom = words.listed(list(dict.fromkeys(use.consumer.name for use in users)))
        yield _warn(
            "shared-key", f"{grant.key.name} serves {whom} already: disabling or rotating it will concern both."
        )


def gives(index: Index, role: str, subscription_id: str) -> RoleDefinition | None:
    """What a role allows, where its definition was read."""
    role_id = role_id_of(index, role, subscription_id)
    return index.role(role_id) if role_id else None


def _has(index: Index, grant: Grant, *, wider: bool) -> bool:
    if grant.principal.startswith("/"):
        return False
    needed = {word for word in grant.permissions if word in DATA_ACTIONS}
    asked = tuple(DATA_ACTIONS[word] for word in needed)
    found: Sequence[AccessPath] = [
        path
        for path in usable(paths(index, grant.key, grant.principal, asked))
        if (wider or not path.inherited or path.policy is not None) and not path.condition
    ]
    return needed <= {word for path in found for word in path.allows}


def _policy_steps(index: Index, grant: Grant, stage: int) -> tuple[Step, ...]:
    before = next(
        (
            one
            for one in grant.vault.access_policies
            if one.object_id.lower() == grant.principal.lower() and one.application_id is None
        ),
        None,
    )
    entry = before or AccessPolicy(tenant_id=grant.vault.tenant_id, object_id=grant.principal)
    held = {one.lower() for one in entry.keys}
    more = tuple(one for one in grant.permissions if one.lower() not in held)
    step = changes.set_policy(index, grant.vault, before, replace(entry, keys=(*entry.keys, *more)))
    allowed = words.listed(list(more))
    return (
        replace(
            step,
            words=f"Let {grant.who} {allowed} with all keys of {grant.vault.name} by its access policies",
            undo_words=f"Take {allowed} from {grant.who} in the access policies of {grant.vault.name}",
            stage=stage,
        ),
    )


def _definitions(index: Index, role: str) -> list[RoleDefinition]:
    wanted = role.strip().lower()
    return [one for one in index.estate.role_definitions if wanted in (one.name.lower(), last(one.id).lower())]


def _warn(code: str, sentence: str) -> Problem:
    return Problem(code=code, sentence=sentence, blocks=False)
