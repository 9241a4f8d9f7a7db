"""What the signed-in account needs for steps that are planned: each right, and the locks that are in the way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cmk_admin.domain import words
from cmk_admin.domain.ids import key_scope, last, subscription_of
from cmk_admin.domain.index import Index
from cmk_admin.domain.permissions import DATA_ACTIONS
from cmk_admin.domain.problems import Problem
from cmk_admin.domain.steps import Step, StepVerb
from cmk_admin.domain.surroundings import Surroundings
from cmk_admin.domain.verbs import changes, rights
from cmk_admin.domain.verbs.attach_aks_etcd import RUN_COMMAND
from cmk_admin.domain.verbs.changes_aks import parse_storage_class_target

WRITE_VAULTS = "Microsoft.KeyVault/vaults/write"
DELETE_DISK_SET = "Microsoft.Compute/diskEncryptionSets/delete"
WRITE_ELIGIBILITIES = "Microsoft.Authorization/roleEligibilityScheduleRequests/write"
"""Its write is what takes an eligible role away too: a request for it (RBACD pim-resource-roles, REST pages)."""

_KEY_WORDS = {
    StepVerb.SET_ENABLED: "update",
    StepVerb.SET_OPERATIONS: "update",
    StepVerb.SET_ROTATION: "setrotationpolicy",
    StepVerb.DELETE_KEY: "delete",
    StepVerb.RECOVER_KEY: "recover",
}
"""What steps on a key itself need, in access-policy words."""
_DELETES = (StepVerb.REMOVE_ASSIGNMENT, StepVerb.DELETE_IDENTITY, StepVerb.DELETE_DISK_SET)
_SWITCHES = {
    ("mysql-flexible", False): "Microsoft.DBforMySQL/flexibleServers/stop/action",
    ("mysql-flexible", True): "Microsoft.DBforMySQL/flexibleServers/start/action",
    ("mysql-single", False): "Microsoft.DBforMySQL/servers/stop/action",
    ("mysql-single", True): "Microsoft.DBforMySQL/servers/start/action",
    ("aks-etcd", False): "Microsoft.ContainerService/managedClusters/stop/action",
    ("aks-etcd", True): "Microsoft.ContainerService/managedClusters/start/action",
}
"""What stops (False) and starts (True) a consumer by itself."""
_MACHINES = ("aks-disks", "disk-encryption-set")
"""Services that are stopped and started by their machines, which stand in groups of their own."""
_OF_MACHINES = {
    False: "Microsoft.Compute/virtualMachineScaleSets/deallocate/action",
    True: "Microsoft.Compute/virtualMachineScaleSets/start/action",
}
_ON = (StepVerb.START_CONSUMER, StepVerb.START_NODES)


@dataclass(frozen=True, slots=True)
class Need:
    """An action of the resource manager, or of the data plane, at a scope; `what` finishes “this account may not …”."""

    scope: str
    action: str
    what: str
    data: bool = False
    above: bool = False
    """True where it is asked for above the place where it must be: a no there may be a yes at the place itself."""


def need(index: Index, step: Step) -> Need | None:
    """The one right that Azure asks for at a step. None: it needs none, what it needs is not known, or a vault gives it
    by its access policies."""
    found = _need(index, step)
    if found is not None:
        return found
    scope = _scope_of_key(index, step)
    vault = index.vault_of(changes.key_of(step)) if scope else None
    if scope is None or vault is None or not vault.rbac:
        return None
    word = _KEY_WORDS[step.verb]
    return Need(scope, DATA_ACTIONS[word], f"{word} keys in {vault.name}", data=True)


def on_data_plane(step: Step) -> bool:
    """Whether a step is a write to a vault's data plane, which no lock stops and any firewall may."""
    return step.verb in _KEY_WORDS


def scopes(index: Index, steps: Sequence[Step]) -> tuple[str, ...]:
    """Where it must be known what the account may do, for `missing`; each once."""
    asked = [wanted.scope for step in steps if (wanted := _need(index, step)) is not None]
    asked += [scope for step in steps if (scope := _scope_of_key(index, step)) is not None]
    return tuple(dict.fromkeys(asked))


def missing(index: Index, around: Surroundings, steps: Sequence[Step], *, field: str = "") -> tuple[Problem, ...]:
    """What the account may not do of these steps (blocks), and of what it could not be found out (does not); each once."""
    found = (_missing(index, around, step) for step in steps)
    return tuple(dict.fromkeys(replace(one, field=field) for one in found if one is not None))


def locked(index: Index, steps: Sequence[Step], *, field: str = "") -> tuple[Problem, ...]:
    """The locks that make Azure refuse one of these steps. They do not touch the data plane."""
    found: dict[str, Problem] = {}
    for step in steps:
        wanted = _need(index, step)
        if wanted is not None:
            for one in rights.locked(index, [wanted.scope], deletes=step.verb in _DELETES, field=field):
                found[one.sentence] = one
    return tuple(found.values())


def both(index: Index, around: Surroundings, steps: Sequence[Step], *, field: str = "") -> Iterator[Problem]:
    """What is `missing`, then what is `locked`."""
    yield from missing(index, around, steps, field=field)
    yield from locked(index, steps, field=field)


def _missing(index: Index, around: Surroundings, step: Step) -> Problem | None:
    wanted = _need(index, step)
    if wanted is not None:
        found = rights.missing(around, wanted.action, wanted.scope, wanted.what)
        if found is not None and wanted.above and found.blocks:
            return rights.unknown(f"{wanted.what} ({wanted.action} in the group of the machines)", wanted.scope)
        return found
    scope = _scope_of_key(index, step)
    vault = index.vault_of(changes.key_of(step)) if scope else None
    if scope is None or vault is None:
        return None
    return rights.missing_on_keys(index, vault, around, _KEY_WORDS[step.verb], scope=scope)


def _scope_of_key(index: Index, step: Step) -> str | None:
    """The key that a step is about, as a scope; None: it is about none, or of a vault that is not visible."""
    if step.verb not in _KEY_WORDS:
        return None
    key = changes.key_of(step)
    vault = index.vault_of(key)
    return key_scope(vault.id, key.name) if vault else None


def switch_scope(service: str, consumer_id: str) -> str:
    """Where it must be known what the account may do to stop a consumer and to start it again.

    The machines of a cluster and of a set are in its subscription (CD virtual-machines/disk-encryption.md: a set and its
    disks are in one).
    """
    subscription = subscription_of(consumer_id)
    return f"/subscriptions/{subscription}" if service in _MACHINES and subscription else consumer_id


def _switching(service: str, consumer_id: str, *, on: bool) -> Need | None:
    verb, scope = "start" if on else "stop", switch_scope(service, consumer_id)
    if service in _MACHINES:
        return Need(scope, _OF_MACHINES[on], f"{verb} the machines of {last(consumer_id)}", above=True)
    switch = _SWITCHES.get((service, on))
    return Need(scope, switch, f"{verb} {last(consumer_id)}") if switch else None


def _need(index: Index, step: Step) -> Need | None:
    """None: it needs nothing of the resource manager, or what it needs is not known."""
    before, after, target = step.before or {}, step.after or {}, step.target
    if step.verb is StepVerb.CREATE_ASSIGNMENT:
        scope = str(after.get("scope"))
        return Need(scope, rights.WRITE_ASSIGNMENTS, f"assign roles on {words.scope(index, scope)}")
    if step.verb is StepVerb.REMOVE_ASSIGNMENT:
        scope = str(before.get("scope"))
        return Need(scope, rights.DELETE_ASSIGNMENTS, f"take roles on {words.scope(index, scope)} away")
    if step.verb in (StepVerb.REMOVE_ELIGIBILITY, StepVerb.CREATE_ELIGIBILITY):
        scope = str((step.before or step.after or {}).get("scope"))
        return Need(scope, WRITE_ELIGIBILITIES, f"change who may activate roles on {words.scope(index, scope)}")
    if step.verb in (StepVerb.STOP_CONSUMER, *_ON):
        return _switching(str(after.get("service")), target, on=step.verb in _ON)
    if step.verb is StepVerb.SET_POLICY:
        vault_id = changes.parse_policy_target(target)[0]
        return Need(vault_id, rights.WRITE_POLICIES, f"change the access policies of {last(vault_id)}")
    if step.verb is StepVerb.SET_NETWORK:
        return Need(target, WRITE_VAULTS, f"change the firewall of {last(target)}")
    if step.verb in (StepVerb.REVALIDATE, StepVerb.SET_CONSUMER_KEY):
        taking = step.verb is StepVerb.SET_CONSUMER_KEY and after.get("key") is None
        action = rights.write_of(str(after.get("service")), taking=taking)
        return Need(target, action, f"change {last(target)}")
    if step.verb is StepVerb.DELETE_IDENTITY:
        return Need(target, rights.DELETE_IDENTITY, f"delete identity {last(target)}")
    if step.verb is StepVerb.DELETE_DISK_SET:
        return Need(target, DELETE_DISK_SET, f"delete disk encryption set {last(target)}")
    if step.verb in (StepVerb.DELETE_STORAGE_CLASS, StepVerb.REWRITE_SECRETS):
        cluster_id = parse_storage_class_target(target)[0]
        return Need(cluster_id, RUN_COMMAND, f"run commands in {last(cluster_id)}")
    return None
