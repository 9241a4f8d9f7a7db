"""The steps that only a revoke makes: what a version may be used for, a vault's firewall, a key's end, a service's stop."""

from collections.abc import Mapping

from cmk_admin.domain import words
from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.model import Consumer, KeyVersion, Vault
from cmk_admin.domain.services import service
from cmk_admin.domain.steps import Json, Step, StepVerb
from cmk_admin.domain.verbs.changes import operations_request

FIREWALL_SECONDS = 900
"""Azure's seconds within which a change of a vault's network rules counts (KVD general/network-security.md)."""
FIREWALL_SOURCE = "KVD general/network-security.md"

OPENING = frozenset({"unwrapkey", "decrypt"})
"""The operations that open a wrapped data key, folded."""


def narrow_operations(version: KeyVersion, operations: tuple[str, ...]) -> Step:
    """Take unwrapKey and decrypt from a version. before, after: ``{"operations": [...]}``."""
    left = tuple(one for one in operations if one.lower() not in OPENING)
    what = f"version {words.shortened(version.id.version or '', 13)} of {version.id.name}"
    gone = words.listed([one for one in operations if one.lower() in OPENING])
    return Step(
        verb=StepVerb.SET_OPERATIONS,
        target=str(version.id),
        words=f"Take {gone} out of the operations of {what}",
        undo_words=f"Put {gone} back into the operations of {what}",
        before={"operations": list(operations)},
        after={"operations": list(left)},
        request=operations_request(str(version.id), left),
    )


def shut_firewall(vault: Vault) -> Step:
    """Let nobody through a vault's firewall but what its rules name. before, after: ``default_action`` and ``bypass``."""
    return Step(
        verb=StepVerb.SET_NETWORK,
        target=vault.id,
        words=f"Shut the firewall of {vault.name}, to trusted Azure services too",
        undo_words=f"Open the firewall of {vault.name} as it was",
        before={
            "default_action": "Deny" if vault.default_deny else "Allow",
            "bypass": "AzureServices" if vault.trusted_bypass else "None",
        },
        after={"default_action": "Deny", "bypass": "None"},
        effect_seconds=FIREWALL_SECONDS,
        effect_source=FIREWALL_SOURCE,
        request=f"PATCH {vault.id}: networkAcls.defaultAction Deny, networkAcls.bypass None, its rules unchanged",
    )


def delete_key(key: KeyId) -> Step:
    """Delete a key softly, with all its versions. before: ``{}``; after: None (gone)."""
    return Step(
        verb=StepVerb.DELETE_KEY,
        target=str(key.key),
        words=f"Delete key {key.name} of {key.vault_name} with all its versions (recoverable)",
        undo_words=f"Recover deleted key {key.name} of {key.vault_name} with all its versions",
        before={},
        after=None,
        request=f"DELETE {key.key}",
    )


def suspend_rotation(key: KeyId, policy: Mapping[str, Json]) -> Step:
    """Take the rotation out of a key's rotation policy; what it notifies of stays."""
    actions = policy.get("lifetime_actions")
    listed = actions if isinstance(actions, list) else []
    return Step(
        verb=StepVerb.SET_ROTATION,
        target=str(key.key),
        words=f"Suspend the automatic rotation of {key.name}",
        undo_words=f"Rotate {key.name} automatically again",
        before=dict(policy),
        after={**policy, "lifetime_actions": [one for one in listed if not is_rotation(one)]},
        request=f"PUT {key.key}/rotationpolicy",
    )


def is_rotation(action: Json) -> bool:
    """Whether an action of a rotation policy makes a new version."""
    what = action.get("action", action) if isinstance(action, dict) else action
    kind = what.get("type") if isinstance(what, dict) else what
    return str(kind).lower() == "rotate"


def stop_consumer(consumer: Consumer) -> Step:
    """Stop a service at once. before, after: ``{"service": NAME, "running": bool}``."""
    what = f"{service(consumer.service).title} {consumer.name}"
    return Step(
        verb=StepVerb.STOP_CONSUMER,
        target=consumer.id,
        words=f"Stop {what}",
        undo_words=f"Start {what} again",
        before={"service": consumer.service, "running": True},
        after={"service": consumer.service, "running": False},
        effect_source=service(consumer.service).stops_at_once or None,
        request=f"POST stop of {consumer.id}",
    )
