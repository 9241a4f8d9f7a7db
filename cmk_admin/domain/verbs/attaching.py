"""What attaching a key has in common, whatever the service: the draft, and what is asked of key, resource and rights."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cmk_admin.domain.ids import KeyId, fold, key_scope
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Key
from cmk_admin.domain.problems import Problem
from cmk_admin.domain.services import service
from cmk_admin.domain.services.fitness import fits
from cmk_admin.domain.surroundings import Surroundings, Target
from cmk_admin.domain.verbs import granting, rights
from cmk_admin.domain.verbs.granting import Grant
from cmk_admin.domain.verbs.new_resource import NewDiskSet, NewIdentity


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachDraft:
    """Which key shall encrypt what. Fields that a service does not know are left as they are."""

    key: KeyId | None = None
    """Without version: the current version is attached, where the service names one."""
    consumer: str = ""
    """ARM id of the resource."""
    service: str = ""
    """A name of `domain.services`: mysql-flexible, mysql-single, aks-disks, aks-etcd, disk-encryption-set."""
    identity: str | None = None
    """ARM id of a user-assigned identity; None: the only one that the resource carries."""
    create_identity: NewIdentity | None = None
    """One that is to be made; then `identity` does not count."""
    geo_key: KeyId | None = None
    """For geo-redundant backup: a key in the paired region."""
    geo_identity: str | None = None
    """ARM id of the user-assigned identity that uses it."""
    disk_set: str | None = None
    """aks-disks: ARM id of a disk encryption set that exists."""
    new_disk_set: NewDiskSet | None = None
    """aks-disks: one that is to be made; then `disk_set` does not count."""
    engine: str | None = None
    """aks-etcd: ``legacy`` (versioned key id) or ``new`` (versionless; cannot be switched off again)."""
    network: str = "Public"
    """aks-etcd: keyVaultNetworkAccess, ``Public`` or ``Private``."""
    rewrite_secrets: bool = False
    """aks-etcd: encrypt the secrets that are there with the new key too."""
    storage_class: str | None = None
    """aks-disks: name of the StorageClass that puts new volumes on the set."""
    apply_storage_class: bool = False
    """aks-disks: apply it through the cluster's run command; else it is shown and saved only."""


def key_problems(
    key_id: KeyId | None, draft: AttachDraft, index: Index, around: Surroundings, target: Target | None, *, field: str
) -> Iterator[Problem]:
    """What the service would say of a key; `field` names the draft's attribute that holds it."""
    if key_id is None:
        yield Problem(code="no-key", sentence="Choose the key.", field=field)
        return
    vault, key = index.vault_of(key_id), index.key(key_id)
    if vault is None or key is None:
        where = "its vault cannot be seen by this account" if vault is None else f"it was not read in {vault.name}"
        yield Problem(code="no-key", sentence=f"{key_id.name} cannot be attached: {where}.", field=field)
        return
    for one in fits(
        service(draft.service), key, vault, now=around.now, target=target, tenant_id=index.estate.account.tenant_id
    ):
        yield Problem(code=one.code, sentence=one.sentence, field=field, blocks=one.blocks)


def target_problems(draft: AttachDraft, index: Index, around: Surroundings, *, write: str) -> Iterator[Problem]:
    """The resource can be seen, may be changed by this account (ARM action `write`), and no lock forbids it."""
    target = around.target(draft.consumer)
    if target is None:
        said = "Choose what the key shall encrypt." if not draft.consumer else "The resource could not be read."
        yield Problem(code="no-consumer", sentence=said, field="consumer")
        return
    if target.unclear is not None:
        yield Problem(code="key-unclear", sentence=target.unclear, field="consumer")
    missing = rights.missing(around, write, target.id, f"change {target.name}", field="consumer")
    if missing is not None:
        yield missing
    yield from rights.locked(index, [target.id], deletes=False, field="consumer")
    if target.busy:
        said = f"{target.name} is being changed just now ({target.state or target.provisioning}): wait until that has ended."
        yield Problem(code="busy", sentence=said, field="consumer")


def grant_problems(grants: Sequence[Grant], index: Index, around: Surroundings, consumer_id: str) -> Iterator[Problem]:
    """The right to give what is missing, locks at the key, and what the identities have or serve already."""
    for grant in grants:
        yield from granting.warnings(index, grant, consumer_id=consumer_id)
        if granting.steps(index, grant, stage=0):
            yield from granting.missing_rights(grant.vault, grant.key, around)
            yield from rights.locked(index, [key_scope(grant.vault.id, grant.key.name)], deletes=False, field="key")


def versioned(key: Key) -> KeyId | None:
    """The id of a key's current version; None where it was not read."""
    return KeyId(key.id.host, key.id.name, key.current_version) if key.current_version else None


def same_key(one: KeyId | None, other: KeyId | None) -> bool:
    """Whether two ids name the same key, whatever version they name."""
    if one is None or other is None:
        return one is other
    return fold(str(one.key)) == fold(str(other.key))
