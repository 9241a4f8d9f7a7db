"""The steps that give clusters and disk encryption sets a key: how each is written down."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from cmk_admin.domain import kubernetes
from cmk_admin.domain.ids import KeyId, fold, last
from cmk_admin.domain.steps import Json, Step, StepVerb
from cmk_admin.domain.verbs.changes import UNLESS_KEPT, principal_of

ETCD, DISKS, DISK_SET = "aks-etcd", "aks-disks", "disk-encryption-set"
LEGACY, NEW = "legacy", "new"
PUBLIC, PRIVATE = "Public", "Private"


def etcd_facts(
    *, key: KeyId | None, network: str | None, vault: str | None, identity: str | None, new: bool
) -> dict[str, Json]:
    """A cluster's etcd encryption: service, key (None: none of the customer's), engine, network, vault, identity.

    engine: ``legacy`` or ``new``, None without any; network: ``Public`` or ``Private``; vault: ARM id, for ``Private``
    alone; identity: the cluster's user-assigned one, which the settings imply and no write of them changes.
    """
    return {
        "service": ETCD,
        "key": None if key is None else str(key),
        "engine": NEW if new else LEGACY if key is not None else None,
        "network": network,
        "vault": vault,
        "identity": identity,
    }


def disk_set_facts(*, key: KeyId | None, source_vault: str | None) -> dict[str, Json]:
    """The active key of a disk encryption set: service, key (versioned), source_vault (its ARM id, within the set's own
    subscription alone)."""
    return {"service": DISK_SET, "key": None if key is None else str(key), "source_vault": source_vault}


def new_disk_set_facts(
    *, location: str, key: KeyId | None, source_vault: str | None, encryption_type: str | None
) -> dict[str, Json]:
    """A disk encryption set that is made: location, key (versioned), source_vault, encryption_type."""
    return {
        "location": location,
        "key": None if key is None else str(key),
        "source_vault": source_vault,
        "encryption_type": encryption_type,
    }


def create_disk_set(resource_id: str, *, location: str, key: KeyId, source_vault: str | None) -> Step:
    """before: None; after: `new_disk_set_facts`. Azure makes the set's own identity with it."""
    return Step(
        verb=StepVerb.CREATE_DISK_SET,
        target=resource_id,
        words=f"Create disk encryption set {last(resource_id)} with key {key.name}",
        undo_words=f"Delete disk encryption set {last(resource_id)}, which Azure refuses while a disk uses it",
        before=None,
        after=new_disk_set_facts(
            location=location, key=key, source_vault=source_vault, encryption_type=kubernetes.CUSTOMER_KEY
        ),
        request=f"PUT {resource_id}",
    )


def storage_class_facts(name: str, disk_set_id: str, sku: str) -> dict[str, Json]:
    """A storage class in a cluster: storage_class (its name), provisioner, disk_set (ARM id), sku."""
    return {"storage_class": name, "provisioner": kubernetes.PROVISIONER, "disk_set": disk_set_id, "sku": sku}


def apply_storage_class(cluster_id: str, name: str, disk_set_id: str, *, stage: int, sku: str = kubernetes.SKU) -> Step:
    """before: None (no such class); after: `storage_class_facts`; the target is ``CLUSTER_ID|NAME``."""
    cluster = last(cluster_id)
    yaml = kubernetes.storage_class_yaml(name, disk_set_id, sku=sku)
    return Step(
        verb=StepVerb.APPLY_STORAGE_CLASS,
        target=storage_class_target(cluster_id, name),
        words=f"Make storage class {name} in cluster {cluster}, on disk encryption set {last(disk_set_id)}",
        undo_words=f"Delete storage class {name} in cluster {cluster}; volumes that were claimed with it stay",
        before=None,
        after=storage_class_facts(name, disk_set_id, sku),
        request=f"POST {cluster_id}/runCommand: kubectl apply -f {name}.yaml\n{yaml}",
        stage=stage,
    )


def storage_class_target(cluster_id: str, name: str) -> str:
    """``CLUSTER_ID|NAME``."""
    return f"{cluster_id}|{name}"


def parse_storage_class_target(target: str) -> tuple[str, str]:
    """Cluster id, name."""
    cluster_id, _, name = target.partition("|")
    return cluster_id, name


def rewrite_secrets(cluster_id: str, *, stage: int) -> Step:
    """Write every secret of a cluster once more, so that etcd holds it under the key of now; doing it twice is the same.

    before: ``{}``, after: ``{"service": "aks-etcd"}``. It changes no secret's content, so that nothing is to be undone.
    """
    return Step(
        verb=StepVerb.REWRITE_SECRETS,
        target=cluster_id,
        words=f"Write all secrets of cluster {last(cluster_id)} again, so that each is encrypted anew",
        undo_words=None,
        before={},
        after={"service": ETCD},
        request=f"POST {cluster_id}/runCommand: kubectl get secrets --all-namespaces -o json | kubectl replace -f -",
        stage=stage,
    )


def etcd_request(cluster_id: str, after: Mapping[str, Json]) -> str:
    """The raw request of a change of etcd's settings, in words."""
    engine = " and kubernetesResourceObjectEncryptionProfile" if after.get("engine") == NEW else ""
    return f"PUT {cluster_id}: properties.securityProfile.azureKeyVaultKms{engine}, all else of it unchanged, under its etag"


ALIVE = (
    "AKS asks to keep the key of secrets in etcd alive and granted, also when the cluster names it no more; remove it "
    "yourself when no secret and no backup of the cluster needs that key any more."
)
"""Why no grant of a cluster on a key of its secrets is taken along, and who can tell when it may go.

Source: AKSD use-kms-etcd-encryption.md (12/22/2025): the former key stays valid until the next rotation, and after the
encryption was turned off the key must still stay alive.
"""


def in_safe_order(steps: Iterable[Step]) -> tuple[Step, ...]:
    """The steps of an undo, so that nothing loses a key that it still needs.

    After a change of a cluster's etcd key its secrets are written again: until then they need the former one. A disk
    encryption set that was made goes before the grants of its identity: Azure keeps it where a disk uses it by now.
    """
    given = tuple(steps)
    doomed = {fold(step.target): step.stage for step in given if step.verb is StepVerb.DELETE_DISK_SET}
    if not doomed and not any(changes_etcd(step) for step in given):
        return given
    found: list[Step] = []
    for step in given:
        gone = doomed.get(fold(_principal(step)))
        # a grant on the set itself goes with it and is taken first; one on the key waits for the set
        later = gone is not None and step.stage <= gone
        found.append(replace(step, stage=2 * gone + 1 if later and gone is not None else 2 * step.stage))
        if changes_etcd(step):
            found.append(rewrite_secrets(step.target, stage=2 * step.stage + 1))
    return tuple(sorted(found, key=lambda step: step.stage))


def stays(grant: Step) -> str:
    """The sentence about a grant that is kept for etcd; `grant` is the step that gave it."""
    undo = (grant.undo_words or "").removesuffix(UNLESS_KEPT)
    if grant.verb is StepVerb.CREATE_ASSIGNMENT and undo.startswith("Remove role "):
        what = f"The role {undo.removeprefix('Remove role ')} stays"
    else:
        what = f"The key permissions in the access policies of {last(grant.target.split('|')[0])} stay"
    return f"{what}: {ALIVE}"


def changes_etcd(step: Step) -> bool:
    """Whether a step changes the key of a cluster's secrets in etcd."""
    return step.verb is StepVerb.SET_CONSUMER_KEY and (step.after or {}).get("service") == ETCD


def _principal(step: Step) -> str:
    """Whose grant a step takes; '' where it takes none."""
    taking = step.verb in (StepVerb.REMOVE_ASSIGNMENT, StepVerb.SET_POLICY)
    return (principal_of(step) or "") if taking else ""


def etcd_words(
    cluster_id: str, before: Mapping[str, Json], after: Mapping[str, Json], key_name: str
) -> tuple[str, str]:
    """What a change of etcd's settings does, and what taking it back does."""
    cluster = last(cluster_id)
    had = before.get("key")
    off = f"Turn off the encryption of {cluster}'s secrets with {key_name}"
    if after.get("key") is None:
        return off, f"Encrypt the secrets of cluster {cluster} with {key_name} again"
    engine = "" if after.get("engine") == LEGACY else ", by the new engine, which cannot be switched off again"
    back = f"Give the secrets of cluster {cluster} their former key back" if had else off
    return f"Encrypt the secrets of cluster {cluster} in etcd with {key_name}{engine}", back
