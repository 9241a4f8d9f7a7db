"""The steps themselves: how each is written down, turned round, and when Azure's facts count as the same."""

from cmk_admin.domain.index import Index
from cmk_admin.domain.model import AccessPolicy, Consumer, KeyVersion, RoleAssignment, Vault
from cmk_admin.domain.steps import Json, Step, StepVerb

ROLE_SECONDS = 600
"""Azure's seconds within which a role assignment counts everywhere (RBACD troubleshooting.md)."""


def assignment_facts(assignment: RoleAssignment) -> dict[str, Json]:
    """scope, role_definition_id, principal_id, principal_type, condition, condition_version, description,
    delegated_identity: all that a PUT of the same name needs to make it again."""
    raise NotImplementedError


def assignment_of(assignment_id: str, facts: dict[str, Json]) -> RoleAssignment:
    """The assignment that these facts describe."""
    raise NotImplementedError


def policy_facts(policy: AccessPolicy) -> dict[str, Json]:
    """tenant_id, object_id, application_id, keys, secrets, certificates, storage (lists as Azure spells them)."""
    raise NotImplementedError


def policy_of(facts: dict[str, Json]) -> AccessPolicy:
    """The entry that these facts describe."""
    raise NotImplementedError


def policy_target(vault_id: str, policy: AccessPolicy) -> str:
    """``VAULT_ID|OBJECT_ID[|APPLICATION_ID]``."""
    raise NotImplementedError


def parse_policy_target(target: str) -> tuple[str, str, str | None]:
    """Vault id, object id, application id."""
    raise NotImplementedError


def remove_assignment(index: Index, assignment: RoleAssignment) -> Step:
    """before: `assignment_facts`; after: None (gone)."""
    raise NotImplementedError


def set_policy(index: Index, vault: Vault, before: AccessPolicy | None, after: AccessPolicy | None) -> Step:
    """before, after: `policy_facts`, or None for no entry."""
    raise NotImplementedError


def set_enabled(version: KeyVersion, enabled: bool, *, known_use: bool = True) -> Step:
    """before, after: ``{"enabled": bool}``; the target is the versioned key id."""
    raise NotImplementedError


def heal(consumer: Consumer, *, stage: int) -> Step | None:
    """The step that brings a consumer back after its key, where it needs one.

    REVALIDATE or START_NODES; before: ``{}``, after: ``{"service": NAME}``; it has no undo.
    """
    raise NotImplementedError


def inverse(step: Step) -> Step | None:
    """The step that takes this one back; None where there is none."""
    raise NotImplementedError


def differences(verb: StepVerb, expected: dict[str, Json] | None, found: dict[str, Json] | None) -> tuple[str, ...]:
    """In what two sets of facts differ, in words; empty where they are the same. Ids and permissions compare without
    case, permissions without order, the facts that `expected` does not name are not compared."""
    raise NotImplementedError
