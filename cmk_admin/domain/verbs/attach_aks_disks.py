"""Attach a key to disks: a disk encryption set holds it, and clusters put new volumes on the set by a storage class."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cmk_admin.domain import kubernetes, words
from cmk_admin.domain.ids import KeyId, fold, last
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Vault
from cmk_admin.domain.permissions import permits
from cmk_admin.domain.plan import Watch
from cmk_admin.domain.problems import Problem
from cmk_admin.domain.roles import READER_OF_ALL, definition_id
from cmk_admin.domain.services import service
from cmk_admin.domain.services.fitness import fits
from cmk_admin.domain.steps import Json, Step
from cmk_admin.domain.surroundings import Surroundings, Target
from cmk_admin.domain.verbs import changes_aks, granting, making, rights
from cmk_admin.domain.verbs.attach_aks_etcd import may_run, standing
from cmk_admin.domain.verbs.attaching import AttachDraft, grant_problems, versioned
from cmk_admin.domain.verbs.changes_aks import DISK_SET
from cmk_admin.domain.verbs.granting import Grant
from cmk_admin.domain.verbs.new_resource import NewDiskSet

WRITE_SET = "Microsoft.Compute/diskEncryptionSets/write"
_READ_SET = "Microsoft.Compute/diskEncryptionSets/read"
_NAME = re.compile(r"[0-9A-Za-z_-]{1,80}")
"""Names of disk encryption sets (Azure's resource name rules)."""
OS_DISKS = (
    "Disks of the nodes themselves (OS disks) take a set only when a cluster is made, and keep it. For those make a new "
    "cluster that names the set, and move what runs over to it; volumes take the set by a storage class at any time."
)
VOLUMES = (
    "A storage class counts for volumes that are claimed from now on. Volumes that exist keep the key that they have: "
    "copy their data into new ones, or change each disk to the set while nothing uses it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A draft with everything that it names found."""

    draft: AttachDraft
    cluster: Target | None
    """None: the set itself is what gets the key."""
    old: Target | None
    """The set that was picked."""
    new: NewDiskSet | None
    vault: Vault
    kid: KeyId
    """With the version: a set names one, whether it follows the newest or not."""

    @property
    def set_id(self) -> str:
        return self.new.id if self.new else self.old.id if self.old else ""

    @property
    def set_name(self) -> str:
        return last(self.set_id)

    @property
    def source_vault(self) -> str | None:
        """The vault's ARM id, which is named within the set's own subscription alone (so Microsoft's SDK describes it)."""
        own = self.new.subscription_id if self.new else self.old.subscription_id if self.old else ""
        return self.vault.id if own.lower() == self.vault.subscription_id.lower() else None

    @property
    def after(self) -> dict[str, Json]:
        """The settings that a picked set gets."""
        return changes_aks.disk_set_facts(key=self.kid, source_vault=self.source_vault)

    @property
    def has_key(self) -> bool:
        """Whether a picked set has the key in this version already."""
        return self.old is not None and self.old.key is not None and self.old.key.folded == self.kid.folded


def problems(draft: AttachDraft, index: Index, around: Surroundings) -> tuple[Problem, ...]:
    """What forbids it and what should be known before."""
    case, found = _case(draft, index, around)
    said = [*found, *_cluster(draft, index, around)]
    if case is None:
        return tuple(said)
    said += _new_set(case, index, around) if case.new else _old_set(case, index, around)
    said += _place(case)
    said += _fitness(case, index, around)
    said += grant_problems(_grants(case), index, around, case.set_id)
    reading = _reading(case, index, stage=1)
    if reading:
        where = case.set_id if case.old else _group_of(case)
        what = f"assign roles on {case.set_name}"
        missing = rights.missing(around, rights.WRITE_ASSIGNMENTS, where, what, field="disk_set")
        said += [missing] if missing else []
    if not steps(draft, index, around) and not any(one.blocks for one in said):
        text = f"{case.set_name} has that key already, and is granted it: there is nothing to do."
        said.append(Problem(code="attached-already", sentence=text, field="disk_set"))
    return tuple(said)


def steps(draft: AttachDraft, index: Index, around: Surroundings) -> tuple[Step, ...]:
    """The set where it is to be made, the grants, the set's key where it has another, then the storage class."""
    case, _ = _case(draft, index, around)
    if case is None:
        return ()
    found: list[Step] = []
    if case.new is not None:
        found.append(
            changes_aks.create_disk_set(
                case.new.id, location=case.new.location, key=case.kid, source_vault=case.source_vault
            )
        )
    for grant in _grants(case):
        found += granting.steps(index, grant, stage=1)
    found += _reading(case, index, stage=1)
    if case.old is not None and not case.has_key:
        found.append(_change(case, case.old))
    if case.cluster is not None and draft.storage_class and draft.apply_storage_class:
        found.append(
            changes_aks.apply_storage_class(case.cluster.id, draft.storage_class, case.set_id, stage=3),
        )
    return tuple(found)


def watches(draft: AttachDraft, around: Surroundings) -> tuple[Watch, ...]:
    """None: a set shows no state of its own, and no machine uses a new one yet. The steps look at what they made."""
    return ()


def storage_class(draft: AttachDraft) -> str | None:
    """The YAML of the storage class that a draft means, to be shown and saved; None without a name or a set."""
    set_id = draft.new_disk_set.id if draft.new_disk_set else draft.disk_set
    if not draft.storage_class or not set_id or kubernetes.wrong_name(draft.storage_class):
        return None
    return kubernetes.storage_class_yaml(draft.storage_class, set_id)


# One check each


def _case(draft: AttachDraft, index: Index, around: Surroundings) -> tuple[_Case | None, tuple[Problem, ...]]:
    for_set = draft.service == DISK_SET
    chosen = draft.consumer if for_set else draft.disk_set
    new = draft.new_disk_set
    old = around.target(chosen) if chosen and not new else None
    cluster = None if for_set else around.target(draft.consumer)
    key = index.key(draft.key) if draft.key else None
    vault = index.vault_of(draft.key) if draft.key else None
    wrong: list[Problem] = []
    if new is None and old is None:
        said = "The disk encryption set could not be read." if chosen else "Choose a disk encryption set, or make one."
        wrong.append(Problem(code="no-disk-set", sentence=said, field="consumer" if for_set else "disk_set"))
    kid = (draft.key if draft.key and draft.key.version else None) or (versioned(key) if key else None)
    if draft.key is None:
        wrong.append(Problem(code="no-key", sentence="Choose the key.", field="key"))
    elif vault is None or key is None:
        where = "its vault cannot be seen by this account" if vault is None else f"it was not read in {vault.name}"
        wrong.append(Problem(code="no-key", sentence=f"{draft.key.name} cannot be used: {where}.", field="key"))
    elif kid is None:
        said = f"Which version {draft.key.name} has could not be read, and a disk encryption set names one."
        wrong.append(Problem(code="no-version", sentence=said, field="key"))
    if wrong or vault is None or kid is None:
        return None, tuple(wrong)
    return _Case(draft=draft, cluster=cluster, old=old, new=new, vault=vault, kid=kid), ()


def _cluster(draft: AttachDraft, index: Index, around: Surroundings) -> Iterator[Problem]:
    """The cluster, and the storage class in it."""
    if draft.service == DISK_SET:
        return
    cluster = around.target(draft.consumer) if draft.consumer else None
    if cluster is None:
        said = f"{last(draft.consumer)} could not be read as a cluster." if draft.consumer else "Choose the cluster."
        yield Problem(code="no-consumer", sentence=said, field="consumer")
        return
    held = cluster.settings.get("disk_set")
    mine = f" The nodes of {cluster.name} are on {last(str(held))}." if held else ""
    yield Problem(code="os-disks", sentence=OS_DISKS + mine, field="consumer", blocks=False)
    if draft.storage_class:
        wrong = kubernetes.wrong_name(draft.storage_class)
        if wrong:
            yield Problem(code="storage-class-name", sentence=wrong, field="storage_class")
        yield Problem(code="volumes", sentence=VOLUMES, field="storage_class", blocks=False)
    elif draft.apply_storage_class:
        yield Problem(code="storage-class-name", sentence="Name the storage class.", field="storage_class")
    if draft.apply_storage_class:
        yield from standing(cluster)
        if cluster.busy:
            said = f"{cluster.name} is being changed just now ({cluster.provisioning}): wait until that has ended."
            yield Problem(code="busy", sentence=said, field="consumer")
        yield from rights.locked(index, [cluster.id], deletes=False, field="consumer")
        yield from may_run(around, cluster, field="apply_storage_class")


def _new_set(case: _Case, index: Index, around: Surroundings) -> Iterator[Problem]:
    new = case.new
    if new is None:
        return
    if not _NAME.fullmatch(new.name):
        said = f"“{new.name}” is not a name for a disk encryption set: 1 to 80 letters, digits, _ and -."
        yield Problem(code="bad-disk-set-name", sentence=said, field="new_disk_set")
    if not new.group.strip():
        said = "Name the resource group that gets the disk encryption set."
        yield Problem(code="no-group", sentence=said, field="new_disk_set")
        return
    if index.consumer(new.id) is not None or around.target(new.id) is not None:
        said = f"There is a disk encryption set “{new.name}” in {new.group} already: pick it instead of making it."
        yield Problem(code="disk-set-exists", sentence=said, field="new_disk_set")
    group = _group_of(case)
    missing = rights.missing(
        around, WRITE_SET, group, f"make disk encryption sets in {new.group}", field="new_disk_set"
    )
    if missing is not None:
        yield missing
    yield from rights.locked(index, [group], deletes=False, field="new_disk_set")


def _old_set(case: _Case, index: Index, around: Surroundings) -> Iterator[Problem]:
    """A picked set that has another key gets this one, and with it everybody who uses the set."""
    old = case.old
    if old is None or case.has_key:
        return
    if old.busy:
        said = f"{old.name} is being changed just now ({old.provisioning}): wait until that has ended."
        yield Problem(code="busy", sentence=said, field="disk_set")
    missing = rights.missing(around, WRITE_SET, old.id, f"change {old.name}", field="disk_set")
    if missing is not None:
        yield missing
    yield from rights.locked(index, [old.id], deletes=False, field="disk_set")
    others = [
        one.name for one in index.held_by(old.id) if case.cluster is None or fold(one.id) != fold(case.cluster.id)
    ]
    whom = f", among them those of {words.listed(list(dict.fromkeys(others)))}" if others else ""
    said = f"{old.name} has {old.key.name if old.key else 'no key'} now: with its key that of every disk on it changes{whom}."
    yield Problem(code="shared-set", sentence=said, field="disk_set", blocks=False)
    if old.key is not None:
        said = (
            f"Keep {old.key} enabled and granted until the set names it no more among its previous keys, and as long as "
            "backups and copies of disks that were made before may have to be restored."
        )
        yield Problem(code="former-key", sentence=said, field="disk_set", blocks=False)


def _place(case: _Case) -> Iterator[Problem]:
    """Set, machines and disks lie in one region of one subscription (CD virtual-machines/disk-encryption.md)."""
    cluster = case.cluster
    location, subscription = _where(case)
    if cluster is None:
        return
    field = "new_disk_set" if case.new else "disk_set"
    if location.replace(" ", "").lower() != cluster.location.lower():
        said = f"{case.set_name} lies in {location} and {cluster.name} in {cluster.location}: disks take a set of their region."
        yield Problem(code="region", sentence=said, field=field)
    if subscription.lower() != cluster.subscription_id.lower():
        said = f"{case.set_name} and {cluster.name} lie in different subscriptions: disks take a set of their own one."
        yield Problem(code="subscription", sentence=said, field=field)


def _fitness(case: _Case, index: Index, around: Surroundings) -> tuple[Problem, ...]:
    key = index.key(case.kid)
    if key is None:
        return ()
    location, subscription = _where(case)
    place = case.old or Target(
        id=case.set_id, service=DISK_SET, name=case.set_name, location=location, subscription_id=subscription
    )
    return fits(
        service(DISK_SET),
        key,
        case.vault,
        now=around.now,
        target=place,
        version=case.kid.version,
        tenant_id=index.estate.account.tenant_id,
    )


def _where(case: _Case) -> tuple[str, str]:
    """Region and subscription of the set."""
    if case.new is not None:
        return case.new.location, case.new.subscription_id
    return (case.old.location, case.old.subscription_id) if case.old else ("", "")


def _group_of(case: _Case) -> str:
    return case.set_id.rsplit("/providers/", 1)[0]


# Steps


def _change(case: _Case, old: Target) -> Step:
    former = old.key.name if old.key else "its former key"
    return making.set_consumer_key(
        old.id,
        dict(old.settings),
        case.after,
        words=f"Give disk encryption set {old.name} the key {case.kid.name}",
        undo_words=f"Give disk encryption set {old.name} {former} again",
        request=f"PATCH {old.id}: properties.activeKey",
        stage=2,
    )


def _grants(case: _Case) -> list[Grant]:
    """The set's own identity on the key; of a set that is to be made the identity is made with it."""
    facts = service(DISK_SET)
    principal, who = case.set_id, case.set_name
    if case.old is not None:
        known = next((one for one in case.old.identities if one.principal_id), None)
        principal = (known.principal_id if known else None) or case.set_id
        who = last(known.resource_id) if known and known.resource_id else case.set_name
    return [
        Grant(
            vault=case.vault,
            key=case.kid.key,
            principal=principal,
            who=who,
            role=facts.role,
            permissions=facts.needs.permissions,
        )
    ]


def _reading(case: _Case, index: Index, *, stage: int) -> tuple[Step, ...]:
    """Reader on the set for the cluster's identity, without which it puts no volume on it.

    Source: AKSD azure-disk-customer-managed-keys.md.
    """
    if case.cluster is None:
        return ()
    carried = next((one for one in case.cluster.identities), None)
    if carried is None:
        return ()
    principal = carried.principal_id or carried.resource_id or case.cluster.id
    if _may_read(index, principal, case.set_id):
        return ()
    role = definition_id(READER_OF_ALL, _where(case)[1])
    if role is None:
        raise ValueError(f"{READER_OF_ALL} is built in")
    return (
        making.create_assignment(
            index,
            scope=case.set_id,
            role_definition_id=role,
            role_name=READER_OF_ALL,
            principal=principal,
            who=last(carried.resource_id) if carried.resource_id else case.cluster.name,
            stage=stage,
        ),
    )


def _may_read(index: Index, principal: str, set_id: str) -> bool:
    """Whether an identity is known to read the set: by a role of its own, or of a group that it is known to be in."""
    who = {principal.lower(), *index.group_ids_of(principal)}
    return any(
        one.principal_id.lower() in who
        and not one.condition
        and (role := index.role(one.role_definition_id)) is not None
        and permits(role, _READ_SET, data=False)
        for one in index.assignments_over(set_id)
    )
