"""The steps that make and attach: how each is written down. Their inverses stand with all others in `changes`."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from cmk_admin.domain import words
from cmk_admin.domain.ids import KeyId, last
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Key, Vault
from cmk_admin.domain.roles import assignment_name
from cmk_admin.domain.steps import Json, Step, StepVerb
from cmk_admin.domain.verbs.changes import ROLE_SECONDS, ROLE_SOURCE

SERVICE_PRINCIPAL = "ServicePrincipal"


def key_facts(key: Key) -> dict[str, Json]:
    """key_type, size, operations (sorted), enabled, not_before and expires (Unix seconds), tags: all that is asked for."""
    return {
        "key_type": key.key_type,
        "size": key.size,
        "operations": list(key.operations or ()),
        "enabled": key.enabled,
        "not_before": seconds(key.not_before),
        "expires": seconds(key.expires),
        "tags": dict(key.tags),
    }


def seconds(moment: datetime | None) -> int | None:
    """A time as keys keep it: whole Unix seconds."""
    return None if moment is None else int(moment.timestamp())


def moment(value: Json) -> datetime | None:
    """The inverse of `seconds`."""
    return datetime.fromtimestamp(value, UTC) if isinstance(value, (int, float)) else None


def create_key(key: Key) -> Step:
    """before: None (the name is free); after: `key_facts`; the target is the key's id without version."""
    return Step(
        verb=StepVerb.CREATE_KEY,
        target=str(key.id.key),
        words=f"Create {words.key_type(key)} key {key.id.name} in {key.id.vault_name}",
        undo_words=f"Delete key {key.id.name} softly: its name stays taken",
        before=None,
        after=key_facts(key),
        request=f"POST {key.id.key}/create",
    )


def as_it_was_made(deleting: Step, *, certain: bool, began: datetime | None) -> Step:
    """The deletion of a key that was made, with what the key must be like so that nobody else's is deleted.

    before: `key_facts` and ``certain`` (False: nobody knows whether the operation made it, so that every fact must
    agree) and ``began`` (Unix seconds: no key of its making is older).
    """
    return replace(deleting, before={**(deleting.before or {}), "certain": certain, "began": seconds(began)})


def several_versions(count: int) -> str:
    """Why a key that was made with one version is not deleted now that it has `count`."""
    newer = "the newer one" if count == 2 else "the newer ones"
    return f"it has {count} versions now: deleting it would take {newer} too"


def backup_key(key: KeyId, file: str, *, stage: int) -> Step:
    """before: None (no such file); after: ``{"file": PATH}``. The file is the person's own, so that it has no undo."""
    return Step(
        verb=StepVerb.BACKUP_KEY,
        target=str(key.key),
        words=f"Write a backup of {key.name} to {file}",
        undo_words=None,
        before=None,
        after={"file": file},
        request=f"POST {key.key}/backup",
        stage=stage,
    )


def recover_key(key: KeyId) -> Step:
    """Bring a softly deleted key back. before: None (it is not there); after: ``{}`` (it is, as it was)."""
    return Step(
        verb=StepVerb.RECOVER_KEY,
        target=str(key.key),
        words=f"Recover deleted key {key.name} of {key.vault_name} with all its versions",
        undo_words=f"Delete key {key.name} softly: its name stays taken",
        before=None,
        after={},
        request=f"POST https://{key.host}/deletedkeys/{key.name}/recover",
    )


def let_trusted_in(vault: Vault) -> Step:
    """Open a vault's firewall to trusted Azure services. before: ``{"bypass": "None"}``; after: ``AzureServices``."""
    return Step(
        verb=StepVerb.SET_NETWORK,
        target=vault.id,
        words=f"Let trusted Azure services through the firewall of {vault.name}",
        undo_words=f"Let no trusted Azure services through the firewall of {vault.name}",
        before={"bypass": "None"},
        after={"bypass": "AzureServices"},
        request=f"PATCH {vault.id}: networkAcls.bypass, all else of it unchanged",
    )


def create_identity(resource_id: str, location: str) -> Step:
    """before: None; after: ``{"location": REGION}``."""
    return Step(
        verb=StepVerb.CREATE_IDENTITY,
        target=resource_id,
        words=f"Create managed identity {last(resource_id)}",
        undo_words=f"Delete managed identity {last(resource_id)}; one made again under the name is another",
        before=None,
        after={"location": location},
        request=f"PUT {resource_id}",
    )


def create_assignment(
    index: Index, *, scope: str, role_definition_id: str, role_name: str, principal: str, who: str, stage: int
) -> Step:
    """Give a managed identity a role. before: None; after: `changes.assignment_facts`.

    `principal` is an object id, or the ARM id of the resource whose identity it is, where that is yet to be made: the
    step asks the resource for it then. The name follows from the facts, so that the plan has the same hash each time.
    """
    name = assignment_name(scope, role_definition_id, principal)
    target = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    where = words.scope_in_full(index, scope)
    return Step(
        verb=StepVerb.CREATE_ASSIGNMENT,
        target=target,
        words=f"Give role {role_name} on {where} to {who}",
        undo_words=f"Remove role {role_name} of {who} on {where}",
        before=None,
        after={
            "scope": scope,
            "role_definition_id": role_definition_id,
            "principal_id": principal,
            "principal_type": SERVICE_PRINCIPAL,
            "condition": None,
            "condition_version": None,
            "description": None,
            "delegated_identity": None,
        },
        effect_seconds=ROLE_SECONDS,
        effect_source=ROLE_SOURCE,
        request=f"PUT {target}",
        stage=stage,
    )


def set_consumer_key(
    consumer_id: str,
    before: Mapping[str, Json],
    after: Mapping[str, Json],
    *,
    words: str,
    undo_words: str | None,
    request: str,
    stage: int,
) -> Step:
    """Change a consumer's encryption settings; the facts are in its service's own words and name the `service`."""
    return Step(
        verb=StepVerb.SET_CONSUMER_KEY,
        target=consumer_id,
        words=words,
        undo_words=undo_words,
        before=before,
        after=after,
        request=request,
        stage=stage,
    )
